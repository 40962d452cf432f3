"""Scores on paper: PDF for the music stand, PNG for a message or a slide."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from training.music.drawing import Page, TooLongToEngrave, as_text, one_line
from training.music.score import Score

# A4, in millimetres.
_PAGE_HEIGHT, _TOP, _BOTTOM = 297.0, 14.0, 18.0
_LINE_WIDTH = 178.0
_TITLE_HEIGHT = 26.0
_STAFF_HEIGHTS = (7.6, 7.0, 6.4, 5.8, 5.2)  # from a beginner's part to a pocket score
_SEVERAL_PAGES = 6.4  # the height of a staff where one page is not enough
_SMALLEST_GAP = 4.0  # between lines of music

_PICTURE_PPI = 200  # 1,654 pixels across
_PICTURE_PIXELS = 12_000  # as high as anything opens
_PICTURE_STAFF = 7.0

_DOCUMENT = b"""
#let given = json(bytes(sys.inputs.given))
#let foot = context {
  set text(8pt, fill: luma(90))
  let last = counter(page).final().first()
  grid(
    columns: (1fr, auto),
    {
      given.footer
      if given.link != "" {
        linebreak()
        link(given.link, given.link)
      }
    },
    if last > 1 [#counter(page).display() / #last],
  )
}
#set document(title: given.title)
#set page(
  width: 210mm,
  height: if given.is_picture { auto } else { 297mm },
  margin: (x: 16mm, top: 14mm, bottom: 18mm),
  fill: white,
  footer: foot,
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


@dataclass(frozen=True, slots=True)
class Lettering:
    """What stands round the music. ``title`` defaults to the score's own; ``link`` is
    an address, printed below and to be pressed."""

    title: str | None = None
    subtitle: str = ""
    footer: str = ""
    link: str = ""


def write_pdf(score: Score, lettering: Lettering | None = None) -> bytes:
    """``score`` on A4 paper, on one page where it fits; the same score, the same bytes.

    Raises ``TooLongToEngrave``.
    """
    pages, gap = _paginate(Page(score))
    # The last page is not pulled apart to the foot of the sheet.
    spread = [number + 1 < len(pages) for number in range(len(pages))]
    given = {"gap": gap, "pages": pages, "spread": spread, "is_picture": False}
    return _typeset(given | _letters(score, lettering), format="pdf")


def write_png(score: Score, lettering: Lettering | None = None) -> bytes:
    """``score`` as one picture on white, as wide as a sheet and as high as needed.

    Raises ``TooLongToEngrave``.
    """
    lines, heights = _lines(Page(score), _PICTURE_STAFF)
    gap = 1.5 * _SMALLEST_GAP
    height = _TOP + _TITLE_HEIGHT + sum(heights) + gap * len(lines) + _BOTTOM
    if height / 25.4 * _PICTURE_PPI > _PICTURE_PIXELS:
        raise TooLongToEngrave(
            "This score is too long for one picture. Take the PDF instead."
        )
    given = {"gap": gap, "pages": [lines], "spread": [False], "is_picture": True}
    return _typeset(
        given | _letters(score, lettering), format="png", ppi=float(_PICTURE_PPI)
    )


def _letters(score: Score, lettering: Lettering | None) -> dict[str, str]:
    given = lettering or Lettering()
    return {
        "title": one_line(score.title if given.title is None else given.title),
        "subtitle": one_line(given.subtitle),
        "footer": one_line(given.footer),
        "link": one_line(given.link),
    }


def _typeset(given: dict[str, Any], **options: Any) -> bytes:
    # Imported here: a typesetter is no use to a process that only answers pages.
    import typst

    # The text of users travels as data and is never read as Typst's language.
    typeset = typst.compile(
        _DOCUMENT, sys_inputs={"given": json.dumps(given)}, timestamp=0, **options
    )
    return bytes(typeset)


def _paginate(page: Page) -> tuple[list[list[str]], float]:
    """Lines of music by page, as SVG, and the gap between them in millimetres.

    The largest size is taken at which the piece fits on one page.
    """
    first_page = _PAGE_HEIGHT - _TOP - _BOTTOM - _TITLE_HEIGHT
    for staff_height in _STAFF_HEIGHTS:
        lines, heights = _lines(page, staff_height)
        spare = first_page - sum(heights)
        if spare >= _SMALLEST_GAP * len(lines):
            return [lines], min(2.5 * _SMALLEST_GAP, spare / len(lines))
        if spare < -first_page:
            break  # No size makes one page of two.
    lines, heights = _lines(page, _SEVERAL_PAGES)
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
