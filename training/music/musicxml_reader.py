"""MusicXML, plain (.xml, .musicxml) or compressed (.mxl), as a score.

Read are the notes of every part with ties joined, metres, keys, tempos, pick-ups,
fermatas, names and General MIDI programs. Grace and cue notes are left out; repeats are
not played out, and of first and second endings only the last is kept, as with ABC.

The XML comes through defusedxml: files that define entities are refused. How bars that
do not add up are kept in step with the metre is told in ``barlines``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from training.music.assemble import (
    WrittenNote,
    WrittenPart,
    WrittenScore,
    assemble,
)
from training.music.barlines import Time, WrittenBar, exact
from training.music.mxl import unpack
from training.music.reading import (
    MAX_NOTES,
    MAX_PARTS,
    UnreadableScore,
    too_many_notes,
    too_many_parts,
    within_limits,
)
from training.music.score import DEFAULT_VELOCITY, TICKS_PER_QUARTER, Metre, Score

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

RECIPE_FIELD = "recipe"  # the miscellaneous-field that carries it
FULL_VELOCITY = 90  # what MusicXML calls 100 % of dynamics

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_QUARTERS = {  # of a metronome mark
    "breve": Fraction(8),
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
    "16th": Fraction(1, 4),
}


def read_musicxml(data: bytes) -> Score:
    """The score in ``data``; raises ``UnreadableScore``."""
    root = _parse(data)
    try:
        return within_limits(_Reader(root).read())
    except UnreadableScore:
        raise
    except (ValueError, LookupError, ArithmeticError) as error:
        raise UnreadableScore(
            f"This MusicXML file does not make sense as music ({error}). "
            "Open it in your notation program and export it again."
        ) from error


def read_musicxml_recipe(data: bytes) -> str | None:
    for element in _parse(data).iter("miscellaneous-field"):
        if element.get("name") == RECIPE_FIELD:
            return element.text
    return None


def _parse(data: bytes) -> Element:
    if data.startswith(b"PK"):
        data = unpack(data)
    if data.count(b"<note") > 4 * MAX_NOTES:  # rests and tied notes among them
        raise too_many_notes(data.count(b"<note"))
    try:
        root: Element = fromstring(data, forbid_entities=True)
    except DefusedXmlException as error:
        raise UnreadableScore(
            "This file defines XML entities, which no MusicXML file needs. "
            "Export it again from your notation program."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableScore(
            f"This file is not well-formed XML ({error}). "
            "Export it again from your notation program."
        ) from error
    if root.tag not in ("score-partwise", "score-timewise"):
        raise UnreadableScore(
            f"This is an XML file but no MusicXML score (it holds <{root.tag:.40}>)."
        )
    return root


@dataclass(slots=True)
class _PartReader:
    """Walks through the measures of one part."""

    part: WrittenPart
    drums: dict[str, int] = field(default_factory=dict)  # instrument id -> pitch
    divisions: Fraction = Fraction(1)  # a quarter note
    transpose: int = 0
    offset: Time = 0  # in the measure
    chord_offset: Time = 0
    extent: Time = 0

    def read(self, measures: list[Element]) -> Iterator[tuple[int, Time, Element]]:
        """Take the notes; yield every other element with its measure and place."""
        for index, measure in enumerate(measures):
            self.offset = self.extent = self.chord_offset = 0
            for element in measure:
                if element.tag == "note":
                    self.read_note(index, element)
                elif element.tag in ("backup", "forward"):
                    sign = 1 if element.tag == "forward" else -1
                    self.offset += sign * self.ticks(element)
                    self.offset = max(0, self.offset)
                    self.extent = max(self.extent, self.offset)
                else:
                    if element.tag == "attributes":
                        self.read_attributes(element)
                    yield index, self.offset, element
            self.part.extents.append(self.extent)

    def ticks(self, element: Element) -> Time:
        duration = _number(element.findtext("duration")) / self.divisions
        return exact(max(Fraction(0), duration) * TICKS_PER_QUARTER)

    def read_attributes(self, element: Element) -> None:
        divisions = _number(element.findtext("divisions"))
        if divisions > 0:
            self.divisions = divisions
        transpose = element.find("transpose")
        if transpose is not None:
            self.transpose = int(_number(transpose.findtext("chromatic"))) + 12 * int(
                _number(transpose.findtext("octave-change"))
            )

    def read_note(self, measure: int, element: Element) -> None:
        if element.find("grace") is not None:
            return
        duration = self.ticks(element)
        if element.find("chord") is None:
            self.chord_offset = self.offset
            self.offset += duration
            self.extent = max(self.extent, self.offset)
        pitch = self.pitch_of(element)
        if pitch is None or not duration or element.find("cue") is not None:
            return
        ties = {tie.get("type") for tie in element.findall("tie")}
        dynamics = element.get("dynamics")
        velocity = DEFAULT_VELOCITY
        if dynamics is not None:
            velocity = round(_number(dynamics) * FULL_VELOCITY / 100)
        self.part.notes.append(
            WrittenNote(
                measure=measure,
                offset=self.chord_offset,
                duration=duration,
                pitch=pitch,
                velocity=min(max(velocity, 1), 127),
                starts_tie="start" in ties,
                ends_tie="stop" in ties,
                has_fermata=element.find("notations/fermata") is not None,
            )
        )

    def pitch_of(self, element: Element) -> int | None:
        """The sounding pitch; None for rests."""
        pitch = element.find("pitch")
        if pitch is not None:
            step = _STEPS[(pitch.findtext("step") or "C").strip()]
            octave = int(_number(pitch.findtext("octave")))
            alter = round(_number(pitch.findtext("alter")))
            return _in_range(12 * (octave + 1) + step + alter + self.transpose)
        if element.find("unpitched") is None:
            return None
        self.part.is_drum = True
        instrument = element.find("instrument")
        if instrument is not None and instrument.get("id") in self.drums:
            return self.drums[str(instrument.get("id"))]
        step = _STEPS[(element.findtext("unpitched/display-step") or "C").strip()]
        octave = int(_number(element.findtext("unpitched/display-octave") or "4"))
        return _in_range(12 * (octave + 1) + step)


def _in_range(pitch: int) -> int:
    if not 0 <= pitch <= 127:
        raise ValueError(f"a note has pitch {pitch}")
    return pitch


def _number(text: str | None) -> Fraction:
    """A decimal as MusicXML writes them; 0 where nothing stands."""
    if text is None or len(text) > 40 or not text.strip():
        return Fraction(0)
    value = Fraction(text.strip())
    if abs(value) > 10**9:
        raise ValueError(f"the number {text.strip()} is out of all proportion")
    return value


class _Reader:
    """Puts the parts of one score together."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.written = WrittenScore(
            title=_text(
                root.findtext("work/work-title") or root.findtext("movement-title")
            ),
            composer=self.composer(),
        )

    def read(self) -> Score:
        measures_by_part = dict(_measures_by_part(self.root))
        if not measures_by_part:
            raise UnreadableScore(
                "There is no part in this MusicXML file. Export it again from your "
                "notation program."
            )
        if len(measures_by_part) > MAX_PARTS:
            raise too_many_parts(len(measures_by_part))
        count = max(len(measures) for measures in measures_by_part.values())
        self.written.bars = [WrittenBar(has_line=True) for _ in range(count)]
        for part_id, measures in measures_by_part.items():
            reader = self.part_reader(part_id)
            is_first = not self.written.parts
            for index, offset, element in reader.read(measures):
                self.take(index, offset, element, is_first=is_first)
            for index, measure in enumerate(measures):
                if measure.get("implicit") == "yes":
                    self.written.implicit.add(index)
            self.written.parts.append(reader.part)
        return assemble(self.written)

    def part_reader(self, part_id: str) -> _PartReader:
        """A reader that knows what the part list says of the part."""
        reader = _PartReader(WrittenPart())
        for listed in self.root.iterfind("part-list/score-part"):
            if listed.get("id") != part_id:
                continue
            reader.part.name = _text(listed.findtext("part-name"))
            for instrument in listed.iterfind("midi-instrument"):
                program = int(_number(instrument.findtext("midi-program"))) - 1
                reader.part.program = min(max(program, 0), 127)
                if instrument.findtext("midi-channel", "").strip() == "10":
                    reader.part.is_drum = True
                unpitched = int(_number(instrument.findtext("midi-unpitched")))
                if 1 <= unpitched <= 128:
                    reader.drums[instrument.get("id", "")] = unpitched - 1
        return reader

    def take(
        self, index: int, offset: Time, element: Element, *, is_first: bool
    ) -> None:
        """What stands between notes. Metre and key are those of the first part."""
        if element.tag == "attributes" and is_first:
            self.take_attributes(index, offset, element)
        elif element.tag == "barline":
            self.take_barline(index, element)
        elif element.tag in ("direction", "sound"):
            qpm = _tempo(element)
            if qpm is not None:
                self.written.tempos.setdefault((index, offset), qpm)

    def take_attributes(self, index: int, offset: Time, element: Element) -> None:
        for key in element.findall("key")[:1]:
            fifths = key.findtext("fifths")
            if fifths is not None:
                shift = int(_number(element.findtext("transpose/chromatic")))
                mode = _text(key.findtext("mode")).lower()
                self.written.keys[index, offset] = (
                    int(_number(fifths)) + shift * 7,
                    mode,
                )
        for time in element.findall("time")[:1]:
            beats, unit = time.findtext("beats"), time.findtext("beat-type")
            metre = _metre(beats or "", unit or "")
            if metre is not None:
                # In mid-bar it holds from the next bar on.
                at = index if not offset else min(index + 1, len(self.written.bars) - 1)
                self.written.bars[at].changes.append((0, metre))

    def take_barline(self, index: int, element: Element) -> None:
        is_left = element.get("location") == "left"
        bar = (
            self.written.bars[index - 1]
            if is_left and index
            else self.written.bars[index]
        )
        repeat = element.find("repeat")
        direction = repeat.get("direction") if repeat is not None else None
        style = _text(element.findtext("bar-style"))
        bar.ends_repeat |= direction == "backward"
        bar.starts_repeat |= direction == "forward"
        bar.is_section_end |= repeat is not None or style.startswith(
            ("light-", "heavy")
        )
        for ending in element.iterfind("ending"):
            if ending.get("type") == "start":
                numbers = (ending.get("number") or "").replace(",", " ").split()
                given = tuple(int(n) for n in numbers if n.isdigit() and len(n) < 4)
                self.written.bars[index].endings = given

    def composer(self) -> str:
        for creator in self.root.iterfind("identification/creator"):
            if creator.get("type") == "composer":
                return _text(creator.text)
        return ""


def _measures_by_part(root: Element) -> Iterator[tuple[str, list[Element]]]:
    if root.tag == "score-partwise":
        for part in root.iterfind("part"):
            yield part.get("id", ""), part.findall("measure")
        return
    parts: dict[str, list[Element]] = {}
    for measure in root.iterfind("measure"):
        for part in measure.iterfind("part"):
            parts.setdefault(part.get("id", ""), []).append(part)
    yield from parts.items()


def _metre(beats: str, unit: str) -> Metre | None:
    """The metre of ``beats`` (which may be a sum) to ``unit``, if it can be counted."""
    try:
        return Metre(sum(int(_number(n)) for n in beats.split("+")), int(unit))
    except ValueError:
        return None


def _tempo(element: Element) -> float | None:
    """Quarters a minute, from what sounds or else from what is printed."""
    sound = element if element.tag == "sound" else element.find("sound")
    if sound is not None and sound.get("tempo"):
        qpm = float(_number(sound.get("tempo")))
    else:
        mark = element.find("direction-type/metronome")
        unit = (
            None if mark is None else _QUARTERS.get(_text(mark.findtext("beat-unit")))
        )
        if mark is None or unit is None:
            return None
        dotted = (
            unit * Fraction(3, 2) if mark.find("beat-unit-dot") is not None else unit
        )
        try:
            qpm = float(_number(mark.findtext("per-minute")) * dotted)
        except ValueError:  # "ca. 80"
            return None
    return qpm if 4 <= qpm <= 1000 else None


def _text(text: str | None) -> str:
    return " ".join((text or "").split())
