"""From measures as notation programs write them to a score.

Readers of MusicXML and kern gather notes measure by measure; here the measures are put
in step with their metre (see ``barlines``), first endings left out (see ``repeats``),
and ties joined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from training.music import barlines
from training.music.barlines import Time, WrittenBar
from training.music.pitch import FIFTHS_OF_MODE, Key
from training.music.repeats import last_endings
from training.music.score import (
    DEFAULT_VELOCITY,
    MAX_TICK,
    KeyChange,
    Note,
    Part,
    Score,
    TempoChange,
)

Place = tuple[int, Time]  # a measure, counted from 0, and ticks from its bar line
T = TypeVar("T")


@dataclass(slots=True)
class WrittenNote:
    """A notehead in its measure."""

    measure: int
    offset: Time  # ticks from the bar line
    duration: Time
    pitch: int
    velocity: int = DEFAULT_VELOCITY
    starts_tie: bool = False
    ends_tie: bool = False
    has_fermata: bool = False


@dataclass(slots=True)
class WrittenPart:
    name: str = ""
    program: int = 0
    is_drum: bool = False
    notes: list[WrittenNote] = field(default_factory=list)
    extents: list[Time] = field(default_factory=list)  # of the music in each measure


@dataclass(slots=True)
class WrittenScore:
    """All that a file says; ``bars`` are the measures, the same for every part.

    ``keys`` are (fifths, mode), the mode empty where the file names none. Measures in
    ``implicit`` are short on purpose.
    """

    parts: list[WrittenPart] = field(default_factory=list)
    bars: list[WrittenBar] = field(default_factory=list)
    implicit: set[int] = field(default_factory=set)
    keys: dict[Place, tuple[int, str]] = field(default_factory=dict)
    tempos: dict[Place, float] = field(default_factory=dict)
    title: str = ""
    composer: str = ""


def assemble(written: WrittenScore) -> Score:
    """The score that ``written`` spells. Its bars are changed on the way."""
    for index, bar in enumerate(written.bars):
        extents = [p.extents[index] for p in written.parts if index < len(p.extents)]
        bar.duration = max(extents, default=0)
    _fill_short_bars(written)
    index_of = {id(bar): index for index, bar in enumerate(written.bars)}
    kept = last_endings(written.bars)
    plan = barlines.plan(kept, None)
    starts = {
        index_of[id(bar)]: start for bar, start in zip(kept, plan.starts, strict=True)
    }
    fermatas: set[int] = set()
    parts = [
        Part(
            notes=_sounding(part.notes, starts, fermatas),
            name=part.name,
            program=part.program,
            is_drum=part.is_drum,
        )
        for part in written.parts
    ]
    return Score(
        parts=tuple(parts),
        metres=plan.metres,
        keys=_key_changes(_in_time(written.keys, starts), parts),
        tempos=tuple(
            TempoChange(tick, qpm)
            for tick, qpm in _in_time(written.tempos, starts).items()
        ),
        pickup_ticks=plan.pickup_ticks,
        phrase_end_ticks=tuple(sorted(fermatas)),
        title=written.title,
        composer=written.composer,
    )


def _fill_short_bars(written: WrittenScore) -> None:
    """Give bars that lack rests their full length, where that is what they lack.

    Short bars stay short at the start, before and after the end of a section, where
    the file calls them so, and where two of them make a whole.
    """
    metre = None
    bars = written.bars
    for index, bar in enumerate(bars):
        metre = bar.metre or metre
        if metre is None or bar.duration >= metre.bar_ticks:
            continue
        whole = metre.bar_ticks
        neighbours = [*bars[max(index - 1, 0) : index], *bars[index + 1 : index + 2]]
        is_half = any(other.duration + bar.duration == whole for other in neighbours)
        is_cut = index == 0 or bar.is_section_end or bars[index - 1].is_section_end
        if not bar.duration or not (is_cut or is_half or index in written.implicit):
            bar.duration = whole


@dataclass(slots=True)
class _Sounding:
    """A note that ties may still prolong."""

    start: Time
    end: Time
    velocity: int
    has_fermata: bool


def _sounding(
    written: list[WrittenNote], starts: Mapping[int, Time], fermatas: set[int]
) -> tuple[Note, ...]:
    """The notes in time, ties joined; those in endings that are left out are gone."""
    tied: dict[int, _Sounding] = {}  # pitch -> the note that goes on
    notes: list[Note] = []

    def close(pitch: int) -> None:
        note = tied.pop(pitch)
        start = round(note.start)
        duration = max(1, round(note.end) - start)
        notes.append(Note(start, pitch, duration, note.velocity))
        if note.has_fermata:
            fermatas.add(start)

    placed = [(starts[w.measure] + w.offset, w) for w in written if w.measure in starts]
    for start, note in sorted(placed, key=lambda pair: pair[0]):
        before = tied.get(note.pitch)
        if before is not None and note.ends_tie and before.end == start:
            before.end = start + note.duration
            before.has_fermata |= note.has_fermata
        else:
            if before is not None:
                close(note.pitch)
            tied[note.pitch] = _Sounding(
                start, start + note.duration, note.velocity, note.has_fermata
            )
        if not note.starts_tie:
            close(note.pitch)
    for pitch in list(tied):
        close(pitch)
    return tuple(sorted(notes))


def _in_time(changes: dict[Place, T], starts: Mapping[int, Time]) -> dict[int, T]:
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
    changes: list[KeyChange] = []
    end = MAX_TICK
    for tick, (fifths, mode) in sorted(signatures.items(), reverse=True):
        changes.insert(0, KeyChange(tick, _key(fifths, mode, _last_bass(parts, end))))
        end = tick
    return tuple(changes)


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
