"""A file that was composed here comes back: its piece again, or its form to change."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from generation import services
from generation.bringing import NotBrought
from generation.composing.recipe import BadRequest
from generation.forms import ComposeForm
from generation.lookup import whose
from generation.offers import offers_to
from generation.restoring import (
    NetworkNotHere,
    Restorable,
    compose_the_same,
    read_recipe,
    request_with,
)
from generation.sent import score_text
from training.music.score import Score


def offer_recipe(
    request: HttpRequest, text: str, score: Score | None, name: str
) -> HttpResponse:
    """What may be done with a recipe that came in a file, beside its notes.

    Raises ``NotBrought`` where nothing can be done.
    """
    found, problem = None, ""
    try:
        found = read_recipe(text, request.user)
    except NetworkNotHere as missing:
        problem = str(missing)
    except BadRequest as error:
        if score is None:
            raise NotBrought(str(error)) from None
        problem = str(error)
    if found is None and score is None:
        raise NotBrought(
            f"{problem} A recipe alone holds no notes: bring the piece as MIDI, "
            "MusicXML or ABC, and you can keep it as a melody."
        )
    context = {
        "found": found,
        "problem": problem,
        "file_name": name,
        "title": score.title if score else "",
        "score": score_text(score) if score else "",
    }
    return render(request, "generation/bring_recipe.html", context)


@require_POST
def the_same(request: HttpRequest) -> HttpResponse:
    """The piece of a recipe once more, note for note."""
    try:
        found = read_recipe(request.POST.get("recipe", ""), request.user)
        return redirect(compose_the_same(found, **whose(request)))
    except BadRequest as error:
        return _form_page(request, _form(request), error=error)


@require_POST
def restored(request: HttpRequest) -> HttpResponse:
    """The form with every control of a recipe; and, sent again, what it asks for."""
    try:
        found = read_recipe(request.POST.get("recipe", ""), request.user)
        if found.request is None:
            raise BadRequest("No network wrote this piece. Compose one of your own.")
    except BadRequest as error:
        return _form_page(request, _form(request), error=error)
    if "model" not in request.POST:
        return _form_page(request, _form(request, found), found)
    form = ComposeForm(request.POST, offers=offers_to(request.user))
    if form.is_valid():
        version = found.version
        if version is None or form.cleaned_data["model"] != version.model.slug:
            version = form.version
        try:
            return redirect(
                services.compose_now(
                    version,
                    request_with(found, form.cleaned_data),
                    **whose(request),
                )
            )
        except BadRequest as error:
            form.add_error(None, str(error))
    return _form_page(request, form, found)


def _form(request: HttpRequest, found: Restorable | None = None) -> ComposeForm:
    initial = found.initial if found else None
    return ComposeForm(offers=offers_to(request.user), initial=initial)


def _form_page(
    request: HttpRequest,
    form: ComposeForm,
    found: Restorable | None = None,
    *,
    error: BadRequest | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "found": found,
        "error": error,
        "action": reverse("compose_restored") if found else reverse("compose"),
    }
    status = 422 if error or form.errors else 200
    return render(request, "generation/compose.html", context, status=status)
