"""MusicXML, plain (.xml, .musicxml) or compressed (.mxl), as a score.

Read are the notes of every part with ties joined, metres, keys, tempos, pick-ups,
fermatas, names and General MIDI programs. Grace and cue notes are left out; repeats are
not played out, and of first and second endings only the last is kept, as with ABC.

The XML comes through defusedxml: files that define entities are refused. How bars that
do not add up are kept in step with the metre is told in ``barlines``.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from training.music import barlines
from training.music.barlines import Time, WrittenBar
from training.music.pitch import FIFTHS_OF_MODE, Key
from training.music.reading import (
    MAX_NOTES,
    MAX_PARTS,
    MAX_UNPACKED_BYTES,
    UnreadableScore,
    too_many_notes,
    within_limits,
)
from training.music.repeats import last_endings
from training.music.score import (
    DEFAULT_VELOCITY,
    MAX_TICK,
    TICKS_PER_QUARTER,
    KeyChange,
    Metre,
    Note,
    Part,
    Score,
    TempoChange,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

T = TypeVar("T")

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
    except (ValueError, ArithmeticError, OverflowError) as error:
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


def unpack(data: bytes) -> bytes:
    """The score inside an .mxl file, at most ``MAX_UNPACKED_BYTES`` of it.

    Sizes that the archive declares are not believed: only bytes read count.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = _root_file(archive)
            return _read_member(archive, name, MAX_UNPACKED_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise UnreadableScore(
            "This .mxl file is damaged or holds no score. Export it again, or send "
            "the uncompressed .musicxml file."
        ) from error
    except (RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise UnreadableScore(
            "This .mxl file is encrypted or packed in a way we cannot open. "
            "Send the uncompressed .musicxml file."
        ) from error


def _root_file(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if "META-INF/container.xml" in names:
        container = _read_member(archive, "META-INF/container.xml", 100_000)
        try:
            for element in fromstring(container, forbid_entities=True).iter("rootfile"):
                if element.get("full-path") in names:
                    return str(element.get("full-path"))
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            pass  # Files with a broken container still hold their score.
    for name in names:
        if name.endswith((".xml", ".musicxml")) and not name.startswith("META-INF"):
            return name
    raise KeyError("no score")


def _read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with archive.open(name) as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise UnreadableScore(
            "This .mxl file is too big when unpacked. "
            f"Send a score of at most {limit // 1024 // 1024} MB."
        )
    return data


@dataclass(slots=True)
class _Written:
    """A note of one part as it is written, in its measure."""

    measure: int
    offset: Time  # from the bar line
    duration: Time
    pitch: int
    velocity: int
    starts_tie: bool
    ends_tie: bool
    has_fermata: bool


@dataclass(slots=True)
class _PartReader:
    """Walks through the measures of one part."""

    program: int = 0
    drums: dict[str, int] = field(default_factory=dict)  # instrument id -> pitch
    is_drum: bool = False
    notes: list[_Written] = field(default_factory=list)
    extents: list[Time] = field(default_factory=list)  # of the music in each measure
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
            self.extents.append(self.extent)

    def ticks(self, element: Element) -> Time:
        duration = _number(element.findtext("duration")) / self.divisions
        return _exact(max(Fraction(0), duration) * TICKS_PER_QUARTER)

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
        self.notes.append(
            _Written(
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
        self.is_drum = True
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


def _exact(ticks: Fraction) -> Time:
    return ticks.numerator if ticks.denominator == 1 else ticks


class _Reader:
    """Puts the parts of one score together."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.measures = dict(_measures_by_part(root))
        self.bars: list[WrittenBar] = []
        self.implicit: set[int] = set()
        self.keys: dict[tuple[int, Time], tuple[int, str]] = {}  # -> fifths, mode
        self.tempos: dict[tuple[int, Time], float] = {}

    def read(self) -> Score:
        if not self.measures:
            raise UnreadableScore("There is no part in this MusicXML file.")
        if len(self.measures) > MAX_PARTS:
            raise UnreadableScore(f"Keep at most {MAX_PARTS} parts in the file.")
        count = max(len(measures) for measures in self.measures.values())
        self.bars = [WrittenBar(has_line=True) for _ in range(count)]
        readers: list[tuple[_PartReader, str]] = []
        for part_id, measures in self.measures.items():
            reader, name = self.part_reader(part_id)
            for index, offset, element in reader.read(measures):
                self.take(index, offset, element, is_first=not readers)
            for index, measure in enumerate(measures):
                if measure.get("implicit") == "yes":
                    self.implicit.add(index)
            readers.append((reader, name))
        return self.score(readers)

    def part_reader(self, part_id: str) -> tuple[_PartReader, str]:
        """A reader that knows what the part list says of the part, and its name."""
        reader = _PartReader()
        for listed in self.root.iterfind("part-list/score-part"):
            if listed.get("id") != part_id:
                continue
            for instrument in listed.iterfind("midi-instrument"):
                program = int(_number(instrument.findtext("midi-program"))) - 1
                reader.program = min(max(program, 0), 127)
                if instrument.findtext("midi-channel", "").strip() == "10":
                    reader.is_drum = True
                unpitched = int(_number(instrument.findtext("midi-unpitched")))
                if 1 <= unpitched <= 128:
                    reader.drums[instrument.get("id", "")] = unpitched - 1
            return reader, _text(listed.findtext("part-name"))
        return reader, ""

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
                self.tempos.setdefault((index, offset), qpm)

    def take_attributes(self, index: int, offset: Time, element: Element) -> None:
        for key in element.findall("key")[:1]:
            fifths = key.findtext("fifths")
            if fifths is not None:
                shift = int(_number(element.findtext("transpose/chromatic")))
                mode = _text(key.findtext("mode")).lower()
                self.keys[index, offset] = int(_number(fifths)) + shift * 7, mode
        for time in element.findall("time")[:1]:
            beats, unit = time.findtext("beats"), time.findtext("beat-type")
            if beats is not None and unit is not None:
                numerator = sum(int(_number(n)) for n in beats.split("+"))
                metre = Metre(numerator, int(_number(unit)))
                # In mid-bar it holds from the next bar on.
                at = index if not offset else min(index + 1, len(self.bars) - 1)
                self.bars[at].changes.append((0, metre))

    def take_barline(self, index: int, element: Element) -> None:
        is_left = element.get("location") == "left"
        bar = self.bars[index - 1] if is_left and index else self.bars[index]
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
                self.bars[index].endings = given

    def score(self, readers: list[tuple[_PartReader, str]]) -> Score:
        for index, bar in enumerate(self.bars):
            extents = [r.extents[index] for r, _ in readers if index < len(r.extents)]
            bar.duration = max(extents, default=0)
        place = {id(bar): index for index, bar in enumerate(self.bars)}
        self.fill_short_bars()
        kept = last_endings(self.bars)
        plan = barlines.plan(kept, None)
        starts = {
            place[id(bar)]: start for bar, start in zip(kept, plan.starts, strict=True)
        }
        fermatas: set[int] = set()
        parts = [
            Part(
                notes=_sounding(reader.notes, starts, fermatas),
                name=name,
                program=reader.program,
                is_drum=reader.is_drum,
            )
            for reader, name in readers
        ]
        title = self.root.findtext("work/work-title") or self.root.findtext(
            "movement-title"
        )
        return Score(
            parts=tuple(parts),
            metres=plan.metres,
            keys=_key_changes(_in_time(self.keys, starts), parts),
            tempos=tuple(
                TempoChange(tick, qpm)
                for tick, qpm in _in_time(self.tempos, starts).items()
            ),
            pickup_ticks=plan.pickup_ticks,
            phrase_end_ticks=tuple(sorted(fermatas)),
            title=_text(title),
            composer=self.composer(),
        )

    def composer(self) -> str:
        for creator in self.root.iterfind("identification/creator"):
            if creator.get("type") == "composer":
                return _text(creator.text)
        return ""

    def fill_short_bars(self) -> None:
        """Give bars that lack rests their full length, where that is what they lack.

        Short bars stay short at the start, before and after the end of a section, where
        the file calls them so, and where two of them make a whole.
        """
        metre = None
        last = len(self.bars) - 1
        for index, bar in enumerate(self.bars):
            metre = bar.metre or metre
            if metre is None or bar.duration >= metre.bar_ticks:
                continue
            whole = metre.bar_ticks
            before = self.bars[index - 1] if index else None
            after = self.bars[index + 1] if index < last else None
            is_cut = index == 0 or bar.is_section_end or before.is_section_end  # type: ignore[union-attr]
            is_half = any(
                other is not None and other.duration + bar.duration == whole
                for other in (before, after)
            )
            if not bar.duration or not (is_cut or is_half or index in self.implicit):
                bar.duration = whole


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


def _sounding(
    written: list[_Written], starts: dict[int, Time], fermatas: set[int]
) -> tuple[Note, ...]:
    """The notes in time, ties joined; those in endings that are left out are gone."""
    open_ties: dict[int, tuple[Time, Time, int, bool]] = {}
    notes: list[Note] = []

    def close(pitch: int) -> None:
        start, end, velocity, has_fermata = open_ties.pop(pitch)
        first = round(start)
        notes.append(Note(first, pitch, max(1, round(end) - first), velocity))
        if has_fermata:
            fermatas.add(first)

    placed = [(starts[w.measure] + w.offset, w) for w in written if w.measure in starts]
    for start, note in sorted(placed, key=lambda pair: pair[0]):
        end = start + note.duration
        velocity, has_fermata = note.velocity, note.has_fermata
        tied = open_ties.get(note.pitch)
        if tied is not None:
            if note.ends_tie and tied[1] == start:
                start, velocity, has_fermata = tied[0], tied[2], tied[3] or has_fermata
                del open_ties[note.pitch]
            else:
                close(note.pitch)
        open_ties[note.pitch] = (start, end, velocity, has_fermata)
        if not note.starts_tie:
            close(note.pitch)
    for pitch in list(open_ties):
        close(pitch)
    return tuple(sorted(notes))


def _in_time(
    changes: dict[tuple[int, Time], T], starts: dict[int, Time]
) -> dict[int, T]:
    """``changes`` by tick, the first of them at 0."""
    by_tick = {
        round(starts[measure] + offset): change
        for (measure, offset), change in sorted(changes.items(), key=lambda c: c[0])
        if measure in starts
    }
    if by_tick and 0 not in by_tick:
        by_tick[0] = by_tick[min(by_tick)]
    return dict(sorted(by_tick.items()))


def _key_changes(
    signatures: dict[int, tuple[int, str]], parts: list[Part]
) -> tuple[KeyChange, ...]:
    ends = [*list(signatures)[1:], MAX_TICK]
    return tuple(
        KeyChange(tick, _key(fifths, mode, _last_bass(parts, end)))
        for (tick, (fifths, mode)), end in zip(signatures.items(), ends, strict=True)
    )


def _key(fifths: int, mode: str, last_bass: int | None) -> Key:
    """The key a signature and mode name; without a mode, what the last bass suggests.

    Music of a signature of no sharps that ends on A is in A minor, else in C major.
    """
    mode = {"ionian": "major", "aeolian": "minor"}.get(mode, mode)
    if mode in FIFTHS_OF_MODE:
        return Key.from_fifths(fifths, mode)
    minor = Key.from_fifths(fifths, "minor")
    return minor if last_bass == minor.tonic else Key.from_fifths(fifths)


def _last_bass(parts: list[Part], end: int) -> int | None:
    """The pitch class that sounds lowest in the last chord before ``end``."""
    notes = [n for p in parts if not p.is_drum for n in p.notes if n.start_tick < end]
    stop = max((note.end_tick for note in notes), default=0)
    lowest = min((note.pitch for note in notes if note.end_tick == stop), default=None)
    return None if lowest is None else lowest % 12


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
