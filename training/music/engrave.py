"""Scores to look at, as SVG for the page, and when which of their notes sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from training.music.clock import Clock
from training.music.drawing import (
    MAX_ENGRAVED_NOTES,
    Page,
    TooLongToEngrave,
    as_text,
    one_line,
)
from training.music.score import Score

__all__ = [
    "MAX_ENGRAVED_NOTES",
    "Engraving",
    "Moment",
    "TooLongToEngrave",
    "engrave",
]

DEFAULT_WIDTH = 900
STAFF_HEIGHT = 30.0  # CSS pixels at scale 1
LINES_PER_PAGE = 8


class Moment(TypedDict):
    """What sounds from ``start_tick`` until the next moment."""

    start_tick: int
    start_seconds: float
    page: int  # counted from 0
    note_ids: list[str]


@dataclass(frozen=True, slots=True)
class Engraving:
    """A score as SVG pages.

    ``note_ids[part, index]`` are the names, in the drawings, of the noteheads of note
    ``index`` of a part: one, or several when it is tied.
    """

    svg_pages: tuple[str, ...]
    timemap: list[Moment]
    note_ids: dict[tuple[int, int], tuple[str, ...]]


def engrave(
    score: Score,
    *,
    width: int = DEFAULT_WIDTH,
    scale: float = 1.0,
    label: str = "Score",
) -> Engraving:
    """Draw ``score`` for a column ``width`` CSS pixels wide.

    The drawings stretch with the page; ``width`` and ``scale`` (1.0: a staff is 30
    pixels high) settle how much music goes on a line. ``label`` is what a screen reader
    says. Raises ``TooLongToEngrave``.
    """
    page = Page(score)
    drawings = page.draw(
        staves_wide=width / (STAFF_HEIGHT * scale), lines_per_page=LINES_PER_PAGE
    )
    label = one_line(label)
    page_of: dict[str, int] = {}
    for number, root in enumerate(drawings):
        place = f", page {number + 1} of {len(drawings)}" if len(drawings) > 1 else ""
        root.set("role", "img")
        root.set("aria-label", f"{label}{place}")
        ids = (element.get("id") for element in root.iter())
        page_of.update((name, number) for name in ids if name)
    note_ids: dict[tuple[int, int], tuple[str, ...]] = {}
    for head, _ in page.heads():
        key = head.part, head.index
        note_ids[key] = (*note_ids.get(key, ()), head.id)
    return Engraving(
        svg_pages=tuple(as_text(root) for root in drawings),
        timemap=_timemap(score, page, page_of),
        note_ids=note_ids,
    )


def _timemap(score: Score, page: Page, page_of: dict[str, int]) -> list[Moment]:
    starts: dict[int, list[str]] = {}
    stops: dict[int, list[str]] = {}
    for head, sign in page.heads():
        note = score.parts[head.part].notes[head.index]
        start = sign.start_tick if head.ends_tie else note.start_tick
        stop = sign.end_tick if head.starts_tie else note.end_tick
        starts.setdefault(start, []).append(head.id)
        stops.setdefault(stop, []).append(head.id)
    clock = Clock(score)
    sounding: dict[str, None] = {}  # a set that keeps its order
    moments: list[Moment] = []
    number = 0
    for tick in sorted(starts.keys() | stops.keys()):
        for name in stops.get(tick, []):
            sounding.pop(name, None)
        sounding.update(dict.fromkeys(starts.get(tick, [])))
        number = max((page_of.get(name, 0) for name in sounding), default=number)
        moments.append(
            Moment(
                start_tick=tick,
                start_seconds=round(clock(tick), 4),
                page=number,
                note_ids=list(sounding),
            )
        )
    return moments
