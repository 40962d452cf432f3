"""Scores to look at: SVG for the page, PDF for the music stand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypedDict

from training.music.clock import Clock
from training.music.drawing import (
    MAX_ENGRAVED_NOTES,
    Page,
    TooLongToEngrave,
    as_text,
)
from training.music.score import Score

__all__ = [
    "MAX_ENGRAVED_NOTES",
    "Engraving",
    "Moment",
    "TooLongToEngrave",
    "engrave",
    "write_pdf",
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
    label = _one_line(label)
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


# A4, in millimetres.
_PAGE_HEIGHT, _TOP, _BOTTOM = 297.0, 14.0, 18.0
_LINE_WIDTH = 178.0
_TITLE_HEIGHT = 26.0
_STAFF_HEIGHTS = (7.6, 7.0, 6.4, 5.8)  # from a beginner's part to a songbook
_SMALLEST_GAP = 4.0  # between lines of music

_DOCUMENT = b"""
#let given = json(bytes(sys.inputs.given))
#set document(title: given.title)
#set page(
  paper: "a4",
  margin: (x: 16mm, top: 14mm, bottom: 18mm),
  footer: context {
    set text(8pt, fill: luma(90))
    let last = counter(page).final().first()
    grid(
      columns: (1fr, auto),
      given.footer,
      if last > 1 [#counter(page).display() / #last],
    )
  },
)
#set text(font: ("Libertinus Serif", "DejaVu Sans"), 10pt)
#set par(spacing: 0pt)
#align(center)[
  #text(20pt, weight: "semibold", given.title)
  #if given.subtitle != "" {
    v(2.5mm)
    text(11pt, style: "italic", given.subtitle)
  }
]
#v(7mm)
#for (number, page) in given.pages.enumerate() {
  if number > 0 { pagebreak() }
  for (place, drawing) in page.enumerate() {
    if place > 0 { v(if given.spread.at(number) { 1fr } else { given.gap * 1mm }) }
    image(bytes(drawing), format: "svg", width: 100%)
  }
}
"""


def write_pdf(
    score: Score, *, title: str | None = None, subtitle: str = "", footer: str = ""
) -> bytes:
    """``score`` on A4 paper, on one page where it fits; the same score, the same bytes.

    ``title`` defaults to the score's own. Raises ``TooLongToEngrave``.
    """
    # Imported here: a typesetter is no use to a process that only answers pages.
    import typst

    pages, gap = _paginate(Page(score))
    given = {
        "title": _one_line(score.title if title is None else title),
        "subtitle": _one_line(subtitle),
        "footer": _one_line(footer),
        "gap": gap,
        "pages": pages,
        # The last page is not pulled apart to the foot of the sheet.
        "spread": [number + 1 < len(pages) for number in range(len(pages))],
    }
    # The text of users travels as data and is never read as Typst's language.
    return typst.compile(
        _DOCUMENT, sys_inputs={"given": json.dumps(given)}, format="pdf", timestamp=0
    )


def _one_line(text: str) -> str:
    printable = (letter for letter in text if letter.isprintable() or letter.isspace())
    return " ".join("".join(printable).split())[:300]


def _paginate(page: Page) -> tuple[list[list[str]], float]:
    """Lines of music by page, as SVG, and the gap between them in millimetres.

    The largest size is taken at which the piece fits on one page; one that never does
    is set in the last size but one.
    """
    first_page = _PAGE_HEIGHT - _TOP - _BOTTOM - _TITLE_HEIGHT
    for staff_height in _STAFF_HEIGHTS:
        lines, heights = _lines(page, staff_height)
        spare = first_page - sum(heights)
        if spare >= _SMALLEST_GAP * len(lines):
            return [lines], min(2.5 * _SMALLEST_GAP, spare / len(lines))
        if spare < -first_page:
            break  # No size makes one page of two.
    lines, heights = _lines(page, _STAFF_HEIGHTS[-2])
    return _fill_pages(lines, heights, first_page), 1.5 * _SMALLEST_GAP


def _lines(page: Page, staff_height: float) -> tuple[list[str], list[float]]:
    """Each line of music as SVG, and how high it is in millimetres."""
    drawings = page.draw(staves_wide=_LINE_WIDTH / staff_height, lines_per_page=1)
    heights = []
    for root in drawings:
        _, _, width, height = map(float, root.get("viewBox", "0 0 1 1").split())
        heights.append(height / width * _LINE_WIDTH)
    return [as_text(root) for root in drawings], heights


def _fill_pages(
    lines: list[str], heights: list[float], first_page: float
) -> list[list[str]]:
    pages: list[list[str]] = [[]]
    room = first_page
    for line, height in zip(lines, heights, strict=True):
        if pages[-1] and height > room:
            pages.append([])
            room = _PAGE_HEIGHT - _TOP - _BOTTOM
        pages[-1].append(line)
        room -= height + _SMALLEST_GAP
    return pages
