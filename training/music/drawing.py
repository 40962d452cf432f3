"""Drawing notation with Verovio, and cleaning up after it.

Verovio draws, from MusicXML that we wrote ourselves and that holds no text of anybody
else's. Its drawings are made fit for a page with a strict content policy: no style
sheet, no font, no fixed size; ink is ``currentColor``, so that it follows the page.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from training.music.breaking import break_lines
from training.music.copyist import notate
from training.music.musicxml import plain_score, write_page_musicxml
from training.music.notation import Head, Sign, WrittenBar
from training.music.pitch import Key
from training.music.score import Score

MAX_ENGRAVED_NOTES = 6_000  # some five seconds' work
MAX_ENGRAVED_BARS = 2_000

_SVG = "{http://www.w3.org/2000/svg}"
_STAFF_HEIGHT = 72  # Verovio's, for its default unit
_STAFF_SPACE = 18
_MARGIN = 32  # for a brace and for bar numbers, which hang out to the left
_FONT = "Leipzig"  # Verovio's music font, and the folder of its glyphs
_HEAD_ID = re.compile(r"n\d+-\d+(-\d+)?")
_SHAPES = ("ellipse", "path", "polygon", "polyline", "rect", "use")
_TEXT_STYLES = {
    "tempo": ("font-weight", "bold"),
    "mNum": ("font-style", "italic"),
    "tupletNum": ("font-style", "italic"),
}
_EM_UNITS = 1000  # of the music font
_GLYPH_SPACE = 0.1  # em, between a metronome's note and its dot


class TooLongToEngrave(ValueError):
    """The piece is longer than what we draw. The message says how much fits."""


class Page:
    """A score ready to be drawn, at any width."""

    def __init__(self, score: Score) -> None:
        bars = sum(1 for _ in islice(score.bars(), MAX_ENGRAVED_BARS + 1))
        if score.num_notes > MAX_ENGRAVED_NOTES or bars > MAX_ENGRAVED_BARS:
            raise TooLongToEngrave(
                "This piece is too long to be drawn. Try a part of it: at most "
                f"{MAX_ENGRAVED_NOTES:,} notes in {MAX_ENGRAVED_BARS:,} bars."
            )
        self.score = plain_score(score)
        self.notation = notate(self.score, closed=True)

    def heads(self) -> Iterator[tuple[Head, Sign]]:
        for staff in self.notation.staves:
            for voices in staff.bars:
                for _, signs in voices:
                    for sign in signs:
                        for head in sign.heads:
                            yield head, sign

    def draw(self, *, staves_wide: float, lines_per_page: int) -> list[ET.Element]:
        """One drawing for every ``lines_per_page`` lines of music.

        ``staves_wide`` is the width of a line in heights of a staff.
        """
        page_width = round(staves_wide * _STAFF_HEIGHT)
        starts = break_lines(
            self._bar_widths,
            line_width=page_width - _MARGIN - self._indent,
            clef_width=self._clef_width,
            good_ends=self._good_line_ends,
        )
        text = write_page_musicxml(
            self.score, self.notation, lines=starts, pages=starts[::lines_per_page]
        )
        toolkit = _load(text, breaks="encoded", pageWidth=page_width)
        bars = iter(self.notation.bars)
        return [
            _clean(toolkit.renderToSVG(number), bars)
            for number in range(1, toolkit.getPageCount() + 1)
        ]

    @cached_property
    def _bar_spans(self) -> list[tuple[float, float]]:
        """Where each bar starts and ends when all stand in one line."""
        text = write_page_musicxml(self.score, self.notation)
        toolkit = _load(text, breaks="none", adjustPageWidth=True)
        root = ET.fromstring(toolkit.renderToSVG(1))
        spans = []
        for measure in _groups(root, "measure"):
            line = next(measure.iter(f"{_SVG}path")).get("d", "")
            start, end = re.findall(r"[ML](-?\d+)", line)
            spans.append((int(start) / 10, int(end) / 10))
        return spans

    @property
    def _bar_widths(self) -> list[float]:
        return [end - start for start, end in self._bar_spans]

    @property
    def _indent(self) -> float:
        """What braces and names of parts take from a line."""
        return self._bar_spans[0][0]

    @property
    def _clef_width(self) -> float:
        """About what a clef and key signature take at the start of a line."""
        key = self.score.key or Key()
        return _STAFF_SPACE * (4.0 + abs(key.fifths))

    @property
    def _good_line_ends(self) -> frozenset[int]:
        """Bars that end a phrase: with a fermata, or else every fourth."""
        bars = self.notation.bars
        fermatas = {
            tick for tick in self.score.phrase_end_ticks if tick < self.score.end_tick
        }
        if not fermatas:
            # A pick-up has number 0 and belongs to the phrase after it.
            return frozenset(
                i for i, bar in enumerate(bars) if bar.number and bar.number % 4 == 0
            )
        return frozenset(
            index
            for index, bar in enumerate(bars)
            if any(bar.start_tick <= tick < bar.end_tick for tick in fermatas)
        )


def _load(text: str, **options: Any) -> Any:
    # Imported here: Verovio takes 20 MB that most of what starts this program,
    # commands and workers, never needs.
    import verovio

    verovio.enableLog(verovio.LOG_ERROR)
    # The path to its resources is kept per thread: set it each time, before the font
    # is looked for.
    toolkit = verovio.toolkit(False)
    toolkit.setResourcePath(str(_resources()))
    toolkit.setOptions(
        {
            "adjustPageHeight": True,
            "footer": "none",
            "header": "none",
            "pageHeight": 60_000,
            "pageMarginBottom": 10,
            "minLastJustification": 0.55,
            "pageMarginLeft": _MARGIN,
            "pageMarginRight": 0,
            "pageMarginTop": 10,
            "smuflTextFont": "none",
            "svgFormatRaw": True,
            "svgRemoveXlink": True,
            "svgViewBox": True,
            "xmlIdSeed": 1,
        }
        | options
    )
    if not toolkit.loadData(text):
        raise RuntimeError(f"Verovio cannot read our MusicXML: {toolkit.getLog()}")
    return toolkit


@lru_cache(maxsize=1)
def _resources() -> Path:
    from importlib.resources import files

    return Path(str(files("verovio"))) / "data"


def as_text(root: ET.Element) -> str:
    ET.register_namespace("", _SVG.strip("{}"))
    return ET.tostring(root, encoding="unicode")


def one_line(text: str) -> str:
    """``text`` as a label or title may be: printable, without line breaks, not long."""
    printable = (letter for letter in text if letter.isprintable() or letter.isspace())
    return " ".join("".join(printable).split())[:300]


def _groups(root: ET.Element, name: str) -> Iterator[ET.Element]:
    for group in root.iter(f"{_SVG}g"):
        if name in group.get("class", "").split():
            yield group


def _clean(svg: str, bars: Iterator[WrittenBar]) -> ET.Element:
    """Verovio's drawing without style sheet, random names and fixed colours.

    Each bar gets its number and start as data attributes; ``bars`` is used up in step.
    """
    root = ET.fromstring(svg)
    for group in _groups(root, "measure"):
        bar = next(bars)
        group.set("data-bar", str(bar.number))
        group.set("data-start-tick", str(bar.start_tick))
    for group in _groups(root, "tempo"):
        _draw_metronome(group)
    _drop(root)
    for element in root.iter():
        _clean_element(element)
    for name, (attribute, value) in _TEXT_STYLES.items():
        for group in _groups(root, name):
            group.set(attribute, value)
    for sheet in root.iter(f"{_SVG}svg"):
        sheet.attrib.pop("color", None)
    root.attrib.pop("overflow", None)
    root.attrib.pop("version", None)
    root.set("fill", "currentColor")
    root.set("font-family", "serif")
    return root


def _drop(parent: ET.Element) -> None:
    """Take out what is never seen: the style sheet, notes of the program, markers."""
    for child in list(parent):
        classes = child.get("class", "").split()
        is_hidden = "placeholder" in classes or "pageMilestone" in classes
        if child.tag in (f"{_SVG}style", f"{_SVG}desc") or is_hidden:
            parent.remove(child)
        else:
            _drop(child)


def _clean_element(element: ET.Element) -> None:
    name = element.get("id", "")
    if name and not _HEAD_ID.fullmatch(name):
        del element.attrib["id"]
        # Glyphs are called by their code point and a random ending.
        code, _, ending = name.partition("-")
        if ending:
            element.set("id", f"glyph-{code}")
    href = element.get("href", "")
    if href.startswith("#"):
        element.set("href", f"#glyph-{href[1:].partition('-')[0]}")
    if element.tag.removeprefix(_SVG) in _SHAPES and "stroke" not in element.attrib:
        element.set("stroke", "currentColor")
    if element.get("font-family") == "Times, serif":
        del element.attrib["font-family"]


def _draw_metronome(group: ET.Element) -> None:
    """Draw the note of a tempo mark as a path: as text it would need a font."""
    for text in list(group.iter(f"{_SVG}text")):
        x, y = float(text.get("x", 0)), float(text.get("y", 0))
        leaves = [leaf for leaf in text.iter(f"{_SVG}tspan") if leaf.text]
        group.remove(text)
        words = ET.SubElement(group, f"{_SVG}text", y=str(y))
        for leaf in leaves:
            size = float(leaf.get("font-size", "0").removesuffix("px"))
            if leaf.get("font-family") != _FONT:
                words.set("font-size", f"{size:g}px")
                words.text = (words.text or "") + (leaf.text or "")
                continue
            for character in f"{leaf.text} ":
                x += _draw_glyph(group, character, x, y, size)
        words.set("x", f"{x:g}")
        words.text = (words.text or "").strip()


def _draw_glyph(
    group: ET.Element, character: str, x: float, y: float, size: float
) -> float:
    """Draw a character of the music font; returns its width."""
    if character.isspace():
        return size * _GLYPH_SPACE
    outline, width = _glyph(f"{ord(character):04X}")
    scale = size / _EM_UNITS
    place = f"translate({x:g} {y:g}) scale({scale:g} {-scale:g})"
    ET.SubElement(group, f"{_SVG}path", transform=place, d=outline)
    return width * scale


@lru_cache(maxsize=32)
def _glyph(code: str) -> tuple[str, float]:
    """The outline and advance width of a glyph, in units of the font."""
    path = ET.parse(_resources() / _FONT / f"{code}.xml").getroot().find("path")
    outline = "" if path is None else path.get("d", "")
    metrics = ET.parse(_resources() / f"{_FONT}.xml").getroot()
    advance = next(g.get("h-a-x", "0") for g in metrics if g.get("c") == code)
    return outline, float(advance)
