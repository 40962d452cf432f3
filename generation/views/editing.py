"""The doors of editing: the notes that a page sends, and moving a piece as a whole."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from generation.editing import WrongEdit, edit_piece, edits_from_json, transpose_piece
from generation.forms import ComposeForm, initial_from_recipe
from generation.lookup import get_composition, whose
from generation.models import Composition
from generation.offers import offers_to
from generation.views.pieces import composition_context


@require_POST
def edit(request: HttpRequest, id: UUID) -> HttpResponse:
    """A new piece of the notes in ``notes``; the page asks for JSON."""
    composition = get_composition(id)
    try:
        edits = edits_from_json(request.POST.get("notes", ""))
        made = edit_piece(composition, edits, **whose(request))
    except WrongEdit as error:
        if _wants_json(request):
            return JsonResponse({"error": str(error)}, status=422)
        return _page_that_says(request, composition, str(error))
    if _wants_json(request):
        return JsonResponse({"url": made.get_absolute_url()}, status=201)
    return redirect(made)


@require_POST
def transpose(request: HttpRequest, id: UUID) -> HttpResponse:
    composition = get_composition(id)
    asked = request.POST.get("semitones", "").strip()
    try:
        semitones = int(asked[:5])
    except ValueError:
        semitones = 0
    try:
        made = transpose_piece(composition, semitones, **whose(request))
    except WrongEdit as error:
        return _page_that_says(request, composition, str(error), semitones=asked[:5])
    return redirect(made)


def _page_that_says(
    request: HttpRequest, composition: Composition, wrong: str, semitones: str = ""
) -> HttpResponse:
    form = ComposeForm(
        offers=offers_to(request.user), initial=initial_from_recipe(composition.recipe)
    )
    context = composition_context(request, composition, form)
    context |= {"edit_wrong": wrong, "semitones": semitones}
    return render(request, "generation/composition_detail.html", context, status=422)


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
