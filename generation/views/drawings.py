"""What a piece looks like: its score, its roll, and its notes for the player."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from generation.lookup import get_composition, reader
from generation.models import Composition
from training.music.performing import written_score
from training.music.pianoroll import pianoroll_svg, playable_json

if TYPE_CHECKING:
    from training.music.engrave import Engraving

# A piece never changes: what is drawn from it may be kept.
keep = cache_control(private=True, max_age=86_400)


def engraving_of(id: UUID, width: int, written_for: str) -> Engraving:
    """Drawn once for all pages of a score. There is none of a very long one."""
    # A drawing stays when its piece is renamed or thrown away: the row is asked first.
    titles = Composition.objects.kept().filter(pk=id).values_list("title", flat=True)
    title = titles.first()
    if title is None:
        raise Http404("There is no such piece.")
    return drawn_engraving(id, width, title, written_for)


@lru_cache(maxsize=16)
def drawn_engraving(id: UUID, width: int, title: str, written_for: str) -> Engraving:
    # Verovio stays out of a process that draws no scores.
    from training.music.engrave import TooLongToEngrave, engrave

    try:
        score = written_score(get_composition(id).as_score(), written_for)
        return engrave(score, width=width, label=title)
    except TooLongToEngrave as too_long:
        raise Http404(str(too_long)) from None


# A telephone, a page of paper, a wide screen.
SCORE_WIDTHS = (400, 700, 1000)


def score_width(request: HttpRequest) -> int:
    """The widest of SCORE_WIDTHS that the page says it has room for."""
    try:
        asked = int(request.GET.get("width", "700")[:6])
    except ValueError:
        asked = 700
    return max((w for w in SCORE_WIDTHS if w <= asked), default=SCORE_WIDTHS[0])


@require_safe
@gzip_page
@keep
def score_svg(request: HttpRequest, id: UUID, page: int) -> HttpResponse:
    engraving = engraving_of(id, score_width(request), reader(request))
    if not 1 <= page <= len(engraving.svg_pages):
        raise Http404(f"This score has {len(engraving.svg_pages)} pages.")
    return HttpResponse(engraving.svg_pages[page - 1], content_type="image/svg+xml")


@require_safe
@gzip_page
@keep
def timemap_json(request: HttpRequest, id: UUID) -> HttpResponse:
    """When which note heads sound, for the cursor in the score."""
    engraving = engraving_of(id, score_width(request), reader(request))
    return JsonResponse(
        {"pages": len(engraving.svg_pages), "timemap": list(engraving.timemap)}
    )


def notes_etag(request: HttpRequest, id: UUID) -> str | None:
    row = Composition.objects.kept().filter(pk=id)
    told = row.values_list("title", "sound").first()
    if told is None:
        return None
    return f'"{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:20]}"'


# Its sound does change: asked each time, and sent only when it has.
@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=notes_etag)
@gzip_page
def notes_json(request: HttpRequest, id: UUID) -> HttpResponse:
    """What the player plays and the roll draws."""
    composition = get_composition(id)
    told = playable_json(composition.as_score(), title=composition.title)
    told["sound"] = composition.sound
    surprise = composition.surprise
    if len(surprise) == len(told["notes"]):
        told["notes"] = [
            {**note, "bits": bits}
            for note, bits in zip(told["notes"], surprise, strict=True)
        ]
    return JsonResponse(told)


@lru_cache(maxsize=256)
def drawn_roll(id: UUID) -> str:
    pieces = Composition.objects.kept().only("title", "score")
    score = get_object_or_404(pieces, pk=id).as_score()
    return pianoroll_svg(score, width=480, height=160)


@require_safe
@gzip_page
@keep
def roll_svg(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """A small drawing of the notes, for cards: twenty-four on a page of the library."""
    # A drawing stays when its piece is thrown away: the row is asked, not its notes.
    if not Composition.objects.kept().filter(pk=id).exists():
        raise Http404("There is no such piece.")
    etag = f'"{id.hex}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(drawn_roll(id), content_type="image/svg+xml")
    response["ETag"] = etag
    return response
