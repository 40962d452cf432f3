"""Why this note? As JSON, as a part of the piece's page, and as a page of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from generation.composing.recipe import BadRequest
from generation.composing.thinking import pitch_name
from generation.editing import WrongEdit
from generation.lookup import get_composition, whose
from generation.models import Composition
from generation.offers import offers_to
from generation.why import (
    Judge,
    Why,
    change_only,
    go_on_from,
    judge_of,
    length_of,
    part_name,
    place_of,
    why_note,
)
from training.music.pitch import Key
from training.music.score import Score

NOTES_A_PAGE = 100


# A piece never changes, but which models there are does.
_keep = cache_control(private=True, max_age=300)


@require_safe
@_keep
def why_json(request: HttpRequest, id: UUID) -> HttpResponse:
    """What the model thought where note ``note`` of ``part`` begins, both from 0."""
    composition = get_composition(id)
    judge = _judge(request, composition)
    try:
        why = _why(composition, judge, *_asked(request.GET))
    except BadRequest as error:
        return JsonResponse({"error": str(error)}, status=422)
    told = asdict(why) | {"verdict": why.verdict}
    assert judge.offer
    told["model"] = judge.offer.slug
    return JsonResponse(told)


@require_safe
def why(request: HttpRequest, id: UUID) -> HttpResponse:
    """One note explained; without a note all of them, each with a link."""
    composition = get_composition(id)
    if "note" not in request.GET:
        return _list(request, composition)
    is_part = request.GET.get("as") == "part"
    return _page(request, composition, request.GET, is_part=is_part)


@require_POST
def choose(request: HttpRequest, id: UUID) -> HttpResponse:
    """Another note instead: ``go_on`` writes on from it, ``only`` changes it alone."""
    composition = get_composition(id)
    judge = _judge(request, composition)
    part, note = _asked(request.POST)
    try:
        if "only" in request.POST:
            made = change_only(
                composition, part, note, request.POST["only"], **whose(request)
            )
        elif judge.offer is None:
            raise BadRequest(judge.why_not)
        else:
            choice = request.POST.get("go_on", "")
            made = go_on_from(
                composition, judge.offer.version, part, note, choice, **whose(request)
            )
    except (BadRequest, WrongEdit) as error:
        return _page(request, composition, request.POST, wrong=str(error), status=422)
    return redirect(made)


def _asked(values: Any) -> tuple[int, int]:
    """Numbers that are none are of no note."""

    def number(text: str) -> int:
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1

    return number(values.get("part", "0")), number(values.get("note", ""))


def _judge(request: HttpRequest, composition: Composition) -> Judge:
    asked = request.POST.get("with") or request.GET.get("with")
    return judge_of(composition, offers_to(request.user), asked)


def _why(composition: Composition, judge: Judge, part: int, note: int) -> Why:
    if judge.offer is None:
        raise BadRequest(judge.why_not)
    return why_note(composition, judge.offer.version, part, note)


def _page(
    request: HttpRequest,
    composition: Composition,
    values: Any,
    *,
    is_part: bool = False,
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    score = composition.as_score()
    part, note = _asked(values)
    if not 0 <= part < len(score.parts) or not 0 <= note < len(score.parts[part].notes):
        raise Http404("There is no such note in this piece.")
    judge = _judge(request, composition)
    context: dict[str, Any] = {
        "composition": composition,
        "judge": judge,
        "part": part,
        "note": note,
        "wrong": wrong,
        "neighbours": _neighbours(score, part, note),
    }
    try:
        context["why"] = _why(composition, judge, part, note)
    except BadRequest as error:
        context["unknown"] = str(error)
    template = "_why" if is_part else "why"
    return render(request, f"generation/{template}.html", context, status=status)


def _neighbours(score: Score, part: int, note: int) -> dict[str, int]:
    """The notes before and after in the same part, where there are any."""
    found = {}
    if note > 0:
        found["before"] = note - 1
    if note + 1 < len(score.parts[part].notes):
        found["after"] = note + 1
    return found


def _list(request: HttpRequest, composition: Composition) -> HttpResponse:
    score = composition.as_score()
    bits = composition.surprise
    is_judged = len(bits) == score.num_notes
    places = [
        (part, number, note)
        for part, one in enumerate(score.parts)
        for number, note in enumerate(one.notes)
    ]
    order = sorted(range(len(places)), key=lambda i: (places[i][2].start_tick, i))
    page = Paginator(order, NOTES_A_PAGE).get_page(request.GET.get("page"))
    rows = []
    for place in page:
        part, number, note = places[place]
        rows.append(
            {
                "part": part,
                "note": number,
                "name": pitch_name(note.pitch, score.key or Key()),
                "part_name": part_name(score, part),
                "where": place_of(score, note),
                "length": length_of(note.duration_ticks),
                "bits": bits[place] if is_judged else None,
            }
        )
    judge = _judge(request, composition)
    context = {"composition": composition, "rows": rows, "page": page, "judge": judge}
    return render(request, "generation/why_list.html", context)
