"""Writing MusicXML 4.0, the format that notation programs exchange.

The same score gives the same text. ``musicxml_reader`` reads it back to an equal score
when its times are multiples of a 48th of a quarter, a note starts at every phrase end,
no part holds a pitch twice at once, and no key or tempo changes after the last bar.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection
from dataclasses import dataclass, replace

from training.music.copyist import notate
from training.music.notation import Head, Notation, Sign, Staff, Voice, WrittenBar
from training.music.pitch import Key
from training.music.score import DEFAULT_VELOCITY, TICKS_PER_QUARTER, Metre, Part, Score

RECIPE_FIELD = "recipe"  # the name of our miscellaneous-field
SOFTWARE = "AI Music Composer"
DRUM_CHANNEL = 10  # MusicXML counts channels from 1

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<!DOCTYPE score-partwise PUBLIC "
    '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNITS = {960: ("half", 0), 720: ("quarter", 1), 480: ("quarter", 0)}
_UNITS |= {1440: ("half", 1), 360: ("eighth", 1), 240: ("eighth", 0)}


def write_musicxml(score: Score, *, recipe: str = "", closed: bool = False) -> str:
    """``score`` as a MusicXML document.

    Every part has a staff, several are joined by a bracket. With ``closed`` a
    four-part choir is set on two staves, as chorales are printed; reading that back
    gives two parts instead of four.
    """
    score = _with_a_part(score)
    return _Writer(score, notate(score, closed=closed), for_page=False).text(recipe)


def plain_score(score: Score) -> Score:
    """``score`` without text of the user's: names of parts only as plain letters.

    (The engraver is C++ and not made for hostile text.)
    """
    parts = (
        replace(part, name=_plain_name(part.name)) for part in _with_a_part(score).parts
    )
    return replace(score, title="", composer="", parts=tuple(parts))


def write_page_musicxml(
    score: Score,
    notation: Notation,
    *,
    lines: Collection[int] = (),
    pages: Collection[int] = (),
) -> str:
    """``notation`` of a plain score for our own engraver: every notehead is named.

    ``lines`` and ``pages`` are the bars, counted from 0, that start a line or a page.
    """
    writer = _Writer(score, notation, for_page=True, lines=lines, pages=pages)
    return writer.text("")


def _with_a_part(score: Score) -> Score:
    """A score of nothing is written as an empty bar: a file needs a part."""
    return score if score.parts else replace(score, parts=(Part(),))


def _plain_name(name: str) -> str:
    letters = re.sub(r"[^A-Za-z0-9 .'()-]", "", name)
    return " ".join(letters.split())[:24]


@dataclass(slots=True)
class _Writer:
    score: Score
    notation: Notation
    for_page: bool
    lines: Collection[int] = ()
    pages: Collection[int] = ()

    def text(self, recipe: str) -> str:
        root = ET.Element("score-partwise", version="4.0")
        if self.score.title:
            work = ET.SubElement(root, "work")
            _add(work, "work-title", self.score.title)
        self._identification(root, recipe)
        self._part_list(root)
        for number, staff in enumerate(self.notation.staves, start=1):
            part = ET.SubElement(root, "part", id=f"P{number}")
            self._measures(part, staff, is_top=number == 1)
        ET.indent(root, " ")
        return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"

    def _identification(self, root: ET.Element, recipe: str) -> None:
        identification = ET.SubElement(root, "identification")
        if self.score.composer:
            _add(identification, "creator", self.score.composer, type="composer")
        encoding = ET.SubElement(identification, "encoding")
        _add(encoding, "software", SOFTWARE)
        for element in ("accidental", "beam", "stem"):
            value = "no" if element == "stem" else "yes"
            ET.SubElement(encoding, "supports", element=element, type=value)
        if recipe:
            miscellaneous = ET.SubElement(identification, "miscellaneous")
            _add(miscellaneous, "miscellaneous-field", recipe, name=RECIPE_FIELD)

    def _part_list(self, root: ET.Element) -> None:
        part_list = ET.SubElement(root, "part-list")
        staves = self.notation.staves
        if len(staves) > 1:
            group = ET.SubElement(part_list, "part-group", type="start", number="1")
            symbol = "brace" if self._is_closed else "bracket"
            _add(group, "group-symbol", symbol)
            _add(group, "group-barline", "yes")
        for number, staff in enumerate(staves, start=1):
            self._score_part(part_list, number, staff)
        if len(staves) > 1:
            ET.SubElement(part_list, "part-group", type="stop", number="1")

    @property
    def _is_closed(self) -> bool:
        return any(len(staff.parts) > 1 for staff in self.notation.staves)

    def _score_part(self, part_list: ET.Element, number: int, staff: Staff) -> None:
        part = self.score.parts[staff.parts[0]]
        element = ET.SubElement(part_list, "score-part", id=f"P{number}")
        names = (self.score.parts[index].name for index in staff.parts)
        name = "/".join(name for name in names if name)
        # A lone or closed score needs no names; they would only indent the music.
        shown = not self.for_page or not (
            self._is_closed or len(self.notation.staves) == 1
        )
        _add(element, "part-name", name if shown else "")
        if shown and len(self.notation.staves) > 1 and name:
            _add(element, "part-abbreviation", _abbreviation(name))
        instrument = ET.SubElement(element, "score-instrument", id=f"P{number}-I1")
        _add(instrument, "instrument-name", name if shown else "")
        midi = ET.SubElement(element, "midi-instrument", id=f"P{number}-I1")
        _add(midi, "midi-channel", str(_channel(number, part)))
        _add(midi, "midi-program", str(part.program + 1))

    def _measures(self, part: ET.Element, staff: Staff, *, is_top: bool) -> None:
        bars = self.notation.bars
        for index, (bar, voices) in enumerate(zip(bars, staff.bars, strict=True)):
            measure = ET.SubElement(part, "measure", number=str(bar.number))
            if bar.is_pickup:
                measure.set("implicit", "yes")
            if is_top and index and index in self.lines:
                kind = "new-page" if index in self.pages else "new-system"
                ET.SubElement(measure, "print", {kind: "yes"})
            self._attributes(measure, staff, bar, is_first=index == 0)
            for place, (voice, signs) in enumerate(voices):
                if place:
                    backup = ET.SubElement(measure, "backup")
                    _add(backup, "duration", str(bar.duration_ticks))
                stem = "" if len(voices) == 1 else ("up", "down")[place % 2]
                changes = self._changes(bar, signs, is_top) if place == 0 else []
                self._voice(measure, voice, signs, stem, changes)
            self._barline(measure, index)

    def _barline(self, measure: ET.Element, index: int) -> None:
        """A final bar line at the end, a double one before a new key or metre."""
        bar, *later = self.notation.bars[index : index + 2]
        is_turn = bool(later) and not bar.is_pickup
        is_turn &= any(b.new_metre or (b.keys and b.keys[0][0] == 0) for b in later)
        if not later or is_turn:
            barline = ET.SubElement(measure, "barline", location="right")
            _add(barline, "bar-style", "light-light" if later else "light-heavy")

    def _attributes(
        self, measure: ET.Element, staff: Staff, bar: WrittenBar, *, is_first: bool
    ) -> None:
        key = next((key for offset, key in bar.keys if offset == 0), None)
        if not (is_first or key or bar.new_metre):
            return
        attributes = ET.SubElement(measure, "attributes")
        if is_first:
            _add(attributes, "divisions", str(TICKS_PER_QUARTER))
        if key:
            _add_key(attributes, key)
        if bar.new_metre:
            _add_time(attributes, bar.metre)
        if is_first:
            clef = ET.SubElement(attributes, "clef")
            _add(clef, "sign", staff.clef.sign)
            _add(clef, "line", str(staff.clef.line))
            if staff.clef.octave_change:
                _add(clef, "clef-octave-change", str(staff.clef.octave_change))

    def _changes(
        self, bar: WrittenBar, signs: Voice, is_top: bool
    ) -> list[tuple[int, ET.Element]]:
        """Tempo marks, and keys that change inside the bar, with the ticks of the signs
        they stand before."""
        changes = []
        for offset, key in bar.keys:
            if offset > 0:
                attributes = ET.Element("attributes")
                _add_key(attributes, key)
                changes.append((bar.start_tick + offset, attributes))
        for offset, qpm in bar.tempos if is_top else ():
            tick = bar.start_tick + offset
            before = max(s.start_tick for s in signs if s.start_tick <= tick)
            changes.append((before, self._tempo(bar, qpm, tick - before)))
        return sorted(changes, key=lambda change: change[0])

    def _tempo(self, bar: WrittenBar, qpm: float, offset: int) -> ET.Element:
        direction = ET.Element("direction", placement="above")
        kind = ET.SubElement(direction, "direction-type")
        metronome = ET.SubElement(kind, "metronome", parentheses="no")
        unit, dots, per_minute = self._beats_per_minute(bar.metre, qpm)
        _add(metronome, "beat-unit", unit)
        for _ in range(dots):
            ET.SubElement(metronome, "beat-unit-dot")
        _add(metronome, "per-minute", per_minute)
        if offset:
            _add(direction, "offset", str(offset), sound="yes")
        ET.SubElement(direction, "sound", tempo=_number(qpm))
        return direction

    def _beats_per_minute(self, metre: Metre, qpm: float) -> tuple[str, int, str]:
        """The tempo as a metronome shows it, in beats of the metre when that can be
        said exactly (on our own page: rounded)."""
        beat = metre.beat_ticks if metre.beat_ticks in _UNITS else TICKS_PER_QUARTER
        per_minute = qpm * TICKS_PER_QUARTER / beat
        if self.for_page:
            return *_UNITS[beat], str(round(per_minute))
        if round(per_minute, 2) * beat / TICKS_PER_QUARTER != qpm:
            return "quarter", 0, _number(qpm)
        return *_UNITS[beat], _number(round(per_minute, 2))

    def _voice(
        self,
        measure: ET.Element,
        voice: int,
        signs: Voice,
        stem: str,
        changes: list[tuple[int, ET.Element]],
    ) -> None:
        for sign in signs:
            while changes and changes[0][0] <= sign.start_tick:
                measure.append(changes.pop(0)[1])
            for place, head in enumerate(sign.heads or (None,)):
                self._note(measure, sign, head, voice, stem, is_first=place == 0)

    def _note(
        self,
        measure: ET.Element,
        sign: Sign,
        head: Head | None,
        voice: int,
        stem: str,
        *,
        is_first: bool,
    ) -> None:
        note = ET.SubElement(measure, "note")
        if not is_first:
            ET.SubElement(note, "chord")
        if head is None:
            _start_rest(note, sign)
        else:
            self._start_pitched(note, head)
        _add(note, "duration", str(sign.duration_ticks))
        if head is not None:
            for kind in _ties(head):
                ET.SubElement(note, "tie", type=kind)
        _add(note, "voice", str(voice + 1))
        if not sign.fills_bar:
            _add(note, "type", sign.value)
        for _ in range(sign.dots):
            ET.SubElement(note, "dot")
        if head is not None and head.accidental:
            _add(note, "accidental", head.accidental)
        if sign.is_triplet:
            modification = ET.SubElement(note, "time-modification")
            _add(modification, "actual-notes", "3")
            _add(modification, "normal-notes", "2")
        if head is not None and stem and sign.value not in ("whole", "breve", "long"):
            _add(note, "stem", stem)
        if is_first:
            for level, state in enumerate(sign.beams, start=1):
                _add(note, "beam", state, number=str(level))
        self._notations(note, sign, head, stem, is_first=is_first)

    def _start_pitched(self, note: ET.Element, head: Head) -> None:
        if self.for_page:
            note.set("id", head.id)
        elif head.velocity != DEFAULT_VELOCITY:
            # In percent of MIDI's forte, which is velocity 90.
            note.set("dynamics", f"{head.velocity / 0.9:.2f}")
        pitch = ET.SubElement(note, "pitch")
        _add(pitch, "step", head.letter)
        if head.alteration:
            _add(pitch, "alter", str(head.alteration))
        _add(pitch, "octave", str(head.octave))

    def _notations(
        self,
        note: ET.Element,
        sign: Sign,
        head: Head | None,
        stem: str,
        *,
        is_first: bool,
    ) -> None:
        notations = ET.Element("notations")
        for kind in _ties(head) if head is not None else ():
            ET.SubElement(notations, "tied", type=kind)
        if is_first:
            bracket = "yes" if sign.has_bracket else "no"
            if sign.starts_triplet:
                ET.SubElement(notations, "tuplet", type="start", bracket=bracket)
            if sign.stops_triplet:
                ET.SubElement(notations, "tuplet", type="stop")
            if sign.has_fermata and self._shows_fermata(head):
                is_below = stem == "down"
                kind = "inverted" if is_below else "upright"
                ET.SubElement(notations, "fermata", type=kind)
        if len(notations):
            note.append(notations)

    def _shows_fermata(self, head: Head | None) -> bool:
        """In a closed score only the outer voices show fermatas, as in hymn books."""
        return head is not None and (not self._is_closed or head.part in (0, 3))


def _ties(head: Head) -> list[str]:
    return ["stop"] * head.ends_tie + ["start"] * head.starts_tie


def _start_rest(note: ET.Element, sign: Sign) -> None:
    if sign.is_hidden:
        note.set("print-object", "no")
    rest = ET.SubElement(note, "rest")
    if sign.fills_bar:
        rest.set("measure", "yes")


def _add_key(attributes: ET.Element, key: Key) -> None:
    element = ET.SubElement(attributes, "key")
    _add(element, "fifths", str(key.fifths))
    _add(element, "mode", key.mode)


def _add_time(attributes: ET.Element, metre: Metre) -> None:
    time = ET.SubElement(attributes, "time")
    _add(time, "beats", str(metre.numerator))
    _add(time, "beat-type", str(metre.denominator))


def _channel(number: int, part: Part) -> int:
    """A MIDI channel, 1 to 16; the drums' channel only for drums."""
    if part.is_drum:
        return DRUM_CHANNEL
    channels = [channel for channel in range(1, 17) if channel != DRUM_CHANNEL]
    return channels[(number - 1) % len(channels)]


_ABBREVIATIONS = {
    **{"soprano": "S.", "alto": "A.", "tenor": "T.", "bass": "B."},
    **{"violin": "Vln.", "viola": "Vla.", "violoncello": "Vc.", "cello": "Vc."},
    **{"flute": "Fl.", "oboe": "Ob.", "clarinet": "Cl.", "bassoon": "Bsn."},
}


def _abbreviation(name: str) -> str:
    """``"Soprano"`` is ``"S."``, ``"Violin 2"`` is ``"Vln. 2"``."""
    first, *rest = name.split()
    numbers = [word for word in rest if word.isdigit() or set(word) <= set("IV")]
    short = _ABBREVIATIONS.get(first.casefold(), f"{first[:3]}.")
    return " ".join([short, *numbers])


def _number(value: float) -> str:
    """A decimal without a needless fraction, exact."""
    return str(int(value)) if value == int(value) else repr(float(value))


def _add(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    element = ET.SubElement(parent, tag, attributes)
    element.text = _NOT_IN_XML.sub("", text)
