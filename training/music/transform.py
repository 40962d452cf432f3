"""Changing scores. Values in, values out: every function returns a new score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from training.music.pitch import HIGHEST_PITCH, LOWEST_PITCH
from training.music.score import (
    Bar,
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

CHOIR = ("Soprano", "Alto", "Tenor", "Bass")

_Change = TypeVar("_Change", MetreChange, KeyChange, TempoChange)


def transpose(score: Score, semitones: int) -> Score:
    """Every pitch and key ``semitones`` higher (lower when negative). Drums stay.

    Raises ``ValueError`` when a note would leave the range of MIDI.
    """
    pitches = [n.pitch for p in score.parts if not p.is_drum for n in p.notes]
    if pitches and not (
        min(pitches) + semitones >= LOWEST_PITCH
        and max(pitches) + semitones <= HIGHEST_PITCH
    ):
        raise ValueError(
            f"Moved by {semitones} semitones, this piece leaves the range of MIDI. "
            "Choose a smaller interval."
        )
    parts = tuple(
        part
        if part.is_drum
        else replace(
            part, notes=tuple(replace(n, pitch=n.pitch + semitones) for n in part.notes)
        )
        for part in score.parts
    )
    keys = tuple(replace(c, key=c.key.transposed(semitones)) for c in score.keys)
    return replace(score, parts=parts, keys=keys)


def transpose_to(score: Score, tonic: int) -> Score:
    """``score`` on another tonic (a pitch class), moved by -5 to 6 semitones.

    Raises ``ValueError`` when the score names no key.
    """
    if score.key is None:
        raise ValueError("This piece names no key. Say by how many semitones instead.")
    semitones = (tonic - score.key.tonic + 5) % 12 - 5
    return transpose(score, semitones)


def trim(score: Score, start_tick: int, end_tick: int) -> Score:
    """The music from ``start_tick`` to ``end_tick``, moved to tick 0.

    Notes that reach over an edge are cut there. What holds at ``start_tick`` (metre,
    key, tempo) holds at 0; when that lies inside a bar, the rest of the bar becomes a
    pick-up.
    """
    if not 0 <= start_tick < end_tick:
        raise ValueError("The end must lie after the start.")
    parts = tuple(
        replace(
            part,
            notes=tuple(
                replace(
                    note,
                    start_tick=max(note.start_tick, start_tick) - start_tick,
                    duration_ticks=min(note.end_tick, end_tick)
                    - max(note.start_tick, start_tick),
                )
                for note in part.notes
                if note.start_tick < end_tick and note.end_tick > start_tick
            ),
        )
        for part in score.parts
    )
    return replace(
        score,
        parts=parts,
        metres=_trimmed(score.metres, start_tick, end_tick),
        keys=_trimmed(score.keys, start_tick, end_tick),
        tempos=_trimmed(score.tempos, start_tick, end_tick),
        pickup_ticks=_pickup_at(score, start_tick),
        phrase_end_ticks=tuple(
            tick - start_tick
            for tick in score.phrase_end_ticks
            if start_tick <= tick < end_tick
        ),
    )


def take_bars(score: Score, first: int, last: int) -> Score:
    """Bars ``first`` to ``last`` (as ``Score.bars`` numbers them), both included."""
    bars = [bar for bar in score.bars() if first <= bar.number <= last]
    if not bars:
        raise ValueError(f"This piece has no bars {first} to {last}.")
    return trim(score, bars[0].start_tick, bars[-1].end_tick)


def _trimmed(
    changes: tuple[_Change, ...], start_tick: int, end_tick: int
) -> tuple[_Change, ...]:
    kept: list[_Change] = []
    for change in changes:
        if change.tick <= start_tick:
            kept = [replace(change, tick=0)]
        elif change.tick < end_tick:
            kept.append(replace(change, tick=change.tick - start_tick))
    return tuple(kept)


def _pickup_at(score: Score, tick: int) -> int:
    """What is left at ``tick`` of a bar that began before it."""
    for bar in score.bars():
        if bar.start_tick == tick:
            return score.pickup_ticks if tick == 0 else 0
        if bar.start_tick < tick < bar.end_tick:
            return _rest_of(bar, tick)
    return 0


def _rest_of(bar: Bar, tick: int) -> int:
    return min(bar.end_tick - tick, bar.metre.bar_ticks - 1)


def merge_parts(parts: Iterable[Part], *, name: str = "") -> Part:
    """All notes in one part, with the sound of the first that is no drum."""
    parts = list(parts)
    notes = tuple(sorted(note for part in parts for note in part.notes))
    lead = next((part for part in parts if not part.is_drum), None)
    if lead is None:
        return Part(notes=notes, name=name, is_drum=bool(parts))
    return Part(notes=notes, name=name or lead.name, program=lead.program)


def split_voices(part: Part) -> tuple[Part, ...]:
    """The part as voices in which no two notes sound together, the highest first.

    Notes that start together go to the voices that are free, from the top down.
    """
    voices: list[list[Note]] = []
    for start, chord in groupby(part.notes, key=lambda note: note.start_tick):
        notes = sorted(chord, key=lambda note: -note.pitch)
        free = [v for v in voices if not v or v[-1].end_tick <= start]
        while len(free) < len(notes):
            voices.append([])
            free.append(voices[-1])
        if len(notes) < len(free):
            free = _nearest_voices(notes, free)
        for note, voice in zip(notes, free, strict=True):
            voice.append(note)
    ordered = sorted(voices, key=lambda v: -sum(n.pitch for n in v) / len(v))
    return tuple(replace(part, notes=tuple(voice)) for voice in ordered)


def _nearest_voices(notes: list[Note], voices: list[list[Note]]) -> list[list[Note]]:
    """As many voices as notes, in order, each note near the last one of its voice."""
    chosen: list[list[Note]] = []
    for index, note in enumerate(notes):
        still_needed = len(notes) - index - 1
        places = range(len(voices) - still_needed)
        place = min(places, key=lambda p: abs(voices[p][-1].pitch - note.pitch))
        chosen.append(voices[place])
        voices = voices[place + 1 :]
    return chosen


def skyline(score: Score) -> Score:
    """The melody: at every moment the highest note, as one monophonic part.

    A note that starts below one still sounding is accompaniment and left out; one that
    starts above or after it cuts it off. Drums are not heard. (The skyline of
    Uitdenbogerd and Zobel 1998, without its habit of cutting long notes short.)
    """
    sources = [part for part in score.parts if not part.is_drum]
    melody: list[Note] = []
    notes = merge_parts(sources).notes
    for start, chord in groupby(notes, key=lambda note: note.start_tick):
        top = max(chord, key=lambda note: (note.pitch, note.duration_ticks))
        if melody and melody[-1].end_tick > start:
            if melody[-1].pitch > top.pitch:
                continue
            cut = start - melody[-1].start_tick
            melody[-1] = replace(melody[-1], duration_ticks=cut)
        melody.append(top)
    starts = {note.start_tick for note in melody}
    lead = sources[0] if sources else Part()
    return replace(
        score,
        parts=(replace(lead, notes=tuple(melody)),),
        phrase_end_ticks=tuple(t for t in score.phrase_end_ticks if t in starts),
    )


def choir(score: Score) -> Score | None:
    """The soprano, alto, tenor and bass of a score with other parts around them.

    None unless exactly one part is named for each.
    """
    voices: list[Part] = []
    for voice in CHOIR:
        named = [p for p in score.parts if p.name.lower().startswith(voice.lower())]
        if len(named) != 1:
            return None
        voices += named
    starts = {note.start_tick for part in voices for note in part.notes}
    phrase_ends = tuple(t for t in score.phrase_end_ticks if t in starts)
    return replace(score, parts=tuple(voices), phrase_end_ticks=phrase_ends)


def with_tempo(score: Score, qpm: float) -> Score:
    """``score`` starting at ``qpm``; later tempos keep their proportion to it."""
    changes = score.tempos or (TempoChange(0, qpm),)
    ratio = qpm / changes[0].qpm
    return replace(
        score,
        tempos=tuple(
            replace(change, qpm=min(max(change.qpm * ratio, 4.0), 1000.0))
            if change.tick
            else TempoChange(0, qpm)
            for change in changes
        ),
    )


def with_metre(score: Score, metre: Metre, pickup_ticks: int = 0) -> Score:
    """``score`` barred in one metre from start to end."""
    return replace(score, metres=(MetreChange(0, metre),), pickup_ticks=pickup_ticks)


def with_program(score: Score, part_index: int, program: int) -> Score:
    """``score`` with another General MIDI instrument in one part."""
    parts = list(score.parts)
    parts[part_index] = replace(parts[part_index], program=program)
    return replace(score, parts=tuple(parts))
