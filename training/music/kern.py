"""Humdrum **kern files (.krn), read by music21.

music21 is imported when the first file is read. Only short-lived processes read kern:
see ``sandbox``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from training.music.assemble import (
    WrittenNote,
    WrittenPart,
    WrittenScore,
    assemble,
)
from training.music.barlines import Time, WrittenBar, exact
from training.music.pitch import FIFTHS_OF_MODE
from training.music.reading import (
    MAX_NOTES,
    MAX_PARTS,
    UnreadableScore,
    decode_text,
    too_many_notes,
    too_many_parts,
    within_limits,
)
from training.music.score import TICKS_PER_QUARTER, Metre, Score

_KEY = re.compile(r"^(?:.*\t)?\*([A-G]|[a-g])([#-]?):(\w*)", re.MULTILINE)
_MODE_OF_PREFIX = {name[:3]: name for name in FIFTHS_OF_MODE} | {
    "ion": "major",
    "aeo": "minor",
}


def read_kern(data: bytes) -> Score:
    """The score in ``data``, highest part first; raises ``UnreadableScore``."""
    text = decode_text(data)
    if "**kern" not in text:
        raise UnreadableScore(
            "This is no kern file: it has no **kern column. Send the score as "
            "MusicXML or MIDI instead."
        )
    num_rows = len(re.findall(r"^[^*!=\n]", text, re.MULTILINE))
    if num_rows > MAX_NOTES:
        raise too_many_notes(num_rows)
    from music21 import converter

    try:
        stream = converter.parseData(text, format="humdrum")
        score = assemble(_written(stream, text))
    except UnreadableScore:
        raise
    except Exception as error:  # music21 raises what its parser stumbled over
        raise UnreadableScore(
            "This kern file could not be read. Check it with a Humdrum tool, or send "
            "the score as MusicXML or MIDI."
        ) from error
    return within_limits(score)


def _written(stream: Any, text: str) -> WrittenScore:
    parts = list(stream.parts)
    if len(parts) > MAX_PARTS:
        raise too_many_parts(len(parts))
    metadata = stream.metadata
    written = WrittenScore(
        title=_one_line(metadata.title if metadata else None),
        composer=_one_line(metadata.composer if metadata else None),
    )
    measures_of = [list(part.getElementsByClass("Measure")) for part in parts]
    count = max((len(measures) for measures in measures_of), default=0)
    written.bars = [WrittenBar(has_line=True) for _ in range(count)]
    for part, measures in zip(parts, measures_of, strict=True):
        written_part = WrittenPart(name=_one_line(part.partName))
        for index, measure in enumerate(measures):
            written_part.extents.append(_ticks(measure.highestTime))
            _take_notes(measure, index, written_part)
            if not written.parts:
                _take_changes(measure, index, written)
        written.parts.append(written_part)
    _name_the_mode(written, text)
    return written


def _take_notes(measure: Any, index: int, part: WrittenPart) -> None:
    for note in measure.recurse().notes:
        duration = _ticks(note.duration.quarterLength)
        if note.duration.isGrace or not duration:
            continue
        tie = note.tie.type if note.tie is not None else ""
        has_fermata = any("Fermata" in e.classes for e in note.expressions)
        for pitch in note.pitches:
            part.notes.append(
                WrittenNote(
                    measure=index,
                    offset=_ticks(note.getOffsetInHierarchy(measure)),
                    duration=duration,
                    pitch=int(pitch.midi),
                    starts_tie=tie in ("start", "continue"),
                    ends_tie=tie in ("stop", "continue"),
                    has_fermata=has_fermata,
                )
            )


def _take_changes(measure: Any, index: int, written: WrittenScore) -> None:
    bar = written.bars[index]
    for element in measure.recurse():
        place = index, _ticks(element.getOffsetInHierarchy(measure))
        if "TimeSignature" in element.classes:
            bar.changes.append((0, Metre(element.numerator, element.denominator)))
        elif "KeySignature" in element.classes:
            mode = getattr(element, "mode", None) or ""
            if mode or place not in written.keys:
                written.keys[place] = int(element.sharps), mode
        elif "MetronomeMark" in element.classes:
            qpm = element.getQuarterBPM()
            if qpm is not None and 4 <= qpm <= 1000:
                written.tempos.setdefault(place, float(qpm))
        elif "Barline" in element.classes:
            bar.is_section_end |= element.type not in ("regular", "dotted")
            if "Repeat" in element.classes:
                bar.ends_repeat |= element.direction == "end"
                bar.starts_repeat |= element.direction == "start"


def _name_the_mode(written: WrittenScore, text: str) -> None:
    """Take the mode from the first line such as ``*G:dor``: music21 knows only two."""
    match = _KEY.search(text)
    if match is None or not written.keys:
        return
    letter, _, word = match.groups()
    mode = _MODE_OF_PREFIX.get(word[:3].lower())
    if mode is None:
        mode = "major" if letter.isupper() else "minor"
    first = min(written.keys)
    fifths, named = written.keys[first]
    written.keys[first] = fifths, named or mode


def _ticks(quarters: float | Fraction) -> Time:
    return exact(Fraction(quarters).limit_denominator(10_000) * TICKS_PER_QUARTER)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
