"""Any number of notes at once, in several parts: one event a note.

An event says what is played (*pitch*), for how long (*duration*), how long after it the
next event begins (*shift*, 0 within a chord) and who plays that (*part*). An event's
context then stands where its note begins and knows whose it is. A piece begins with an
event in which nobody plays, and ends when a shift reaches the end of the form. Notes
that begin together come in the order of parts, and within a part from the lowest up, so
that a score has one spelling.

Time is counted in 24ths of a quarter, which holds thirty-second notes and triplet
sixteenths as twelfths would not. Values that ``TIMES`` lacks are sums, longest first:
a note goes on in another event (pitch *hold*, right after its own), and a gap in an
event in which nobody plays. Pitches are counted from the tonic.

Striking a pitch that still sounds in the same part ends the old note, as on a piano. So
the law ``decode(encode(score)) == score`` holds for scores in which none overlap in
this way: see ``training.music.playable``, which makes any score such a one. A part's
name, program and compass are kept in the form; loudness, tempo and changes of key
are not kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from training.music.encodings.base import (
    EncodedPiece,
    Event,
    Field,
    Form,
    Instrument,
    IntArray,
    NotEncodable,
    trace,
)
from training.music.encodings.context import barred_form, tonic_pitch
from training.music.encodings.polyphony_walk import (
    DURATION,
    FIRST_PITCH,
    HIGHEST_KEY,
    HOLD,
    LOWEST,
    LOWEST_KEY,
    NUM_PITCH_SYMBOLS,
    PART,
    PITCH,
    REST,
    SHIFT,
    TICKS_PER_STEP,
    TIMES,
    PolyphonyWalk,
    context_fields,
)
from training.music.score import KeyChange, MetreChange, Note, Part, Score

MAX_PARTS = 8
MAX_NOTES = 50_000
#: Hundreds of notes held for an hour would be millions of events.
MAX_EVENTS = 2 * MAX_NOTES


class PolyphonyEncoding:
    """Up to ``num_parts`` parts. See the module and ``base.Encoding``."""

    name = "polyphony"

    def __init__(self, num_parts: int = MAX_PARTS) -> None:
        if not 1 <= num_parts <= MAX_PARTS:
            raise ValueError(
                f"The polyphony encoding has 1 to {MAX_PARTS} parts, not {num_parts}."
            )
        self.num_parts = num_parts
        self.fields = (
            Field("pitch", NUM_PITCH_SYMBOLS, hold=HOLD),
            Field("duration", len(TIMES)),
            Field("shift", 1 + len(TIMES)),
            Field("part", num_parts + 1),
        )
        self.context_fields = context_fields(num_parts)

    def spec(self) -> dict[str, Any]:
        return {"name": self.name, "num_parts": self.num_parts}

    def form_of(self, score: Score) -> Form:
        instruments = tuple(_instrument(part) for part in score.parts)
        return replace(barred_form(score), phrase_end_ticks=(), instruments=instruments)

    def walk(self, form: Form) -> PolyphonyWalk:
        return PolyphonyWalk(form, self.num_parts)

    def encode(self, score: Score) -> EncodedPiece:
        self._check(score)
        form = self.form_of(score)
        tonic = tonic_pitch(form.key)
        notes = sorted(
            (note.start_tick // TICKS_PER_STEP, number, note.pitch, note.duration_ticks)
            for number, part in enumerate(score.parts)
            for note in part.notes
        )
        starts = [start for start, *_ in notes]
        starts.append(form.length_ticks // TICKS_PER_STEP)
        # Rows of (part, pitch, duration, shift); in the end each is told who is next.
        rows = self._gap(starts[0]) or [(self.num_parts, REST, 0, 0)]
        for (start, part, pitch, ticks), end in zip(notes, starts[1:], strict=True):
            symbol = FIRST_PITCH + pitch - tonic - LOWEST
            *held, last = sum_of(ticks // TICKS_PER_STEP)
            for duration in held:
                rows.append((part, symbol, duration, 0))
                symbol = HOLD
            gap = self._gap(end - start)
            rows.append((part, symbol, last, gap[0][-1] if gap else 0))
            rows += gap[1:]
            if len(rows) > MAX_EVENTS:
                raise NotEncodable(
                    "Its notes are held for too long in all; shorten them, or cut the "
                    "piece into several."
                )
        parts = [part for part, *_ in rows[1:]] + [self.num_parts]
        events = [(*row[1:], part) for row, part in zip(rows, parts, strict=True)]
        return trace(self, events, form)

    def _gap(self, steps: int) -> list[Event]:
        """Rows in which nobody plays for ``steps``."""
        return [(self.num_parts, REST, 0, time + 1) for time in sum_of(steps)]

    def decode(self, events: IntArray, form: Form) -> Score:
        instruments = form.instruments or tuple(
            Instrument(name=f"Part {number + 1}") for number in range(self.num_parts)
        )
        parts = tuple(
            Part(notes=notes, name=instrument.name, program=instrument.program)
            for notes, instrument in zip(
                _notes(events, form, len(instruments)), instruments, strict=True
            )
        )
        return Score(
            parts=parts,
            metres=(MetreChange(0, form.metre),),
            keys=(KeyChange(0, form.key),) if form.key else (),
            pickup_ticks=form.pickup_ticks,
        )

    def pitch_of(self, field: int, value: int, form: Form) -> int | None:
        if field != PITCH or value < FIRST_PITCH:
            return None
        return tonic_pitch(form.key) + LOWEST + value - FIRST_PITCH

    def voices(self, events: IntArray) -> IntArray:
        now = np.roll(events[:, PART], 1)
        now[:1] = self.num_parts
        voices = np.zeros_like(events)
        voices[:, [PITCH, DURATION, SHIFT]] = now[:, None]
        return voices

    def _check(self, score: Score) -> None:
        """Refuse what has no events, and say what to do."""
        if not score.num_notes:
            raise NotEncodable("There are no notes.")
        if score.num_notes > MAX_NOTES:
            raise NotEncodable(
                f"There are more than {MAX_NOTES:,} notes; cut the piece into several."
            )
        if len(score.parts) > self.num_parts:
            raise NotEncodable(
                f"There are more than {self.num_parts} parts; merge some of them."
            )
        if any(part.is_drum for part in score.parts):
            raise NotEncodable("Drums have no pitches to learn; leave their part out.")
        for part in score.parts:
            check_part(part)


def check_part(part: Part) -> None:
    ends: dict[int, int] = {}
    for note in part.notes:
        if note.start_tick % TICKS_PER_STEP or note.duration_ticks % TICKS_PER_STEP:
            raise NotEncodable(
                "Some notes are not on the grid; quantise the score first."
            )
        if not LOWEST_KEY <= note.pitch <= HIGHEST_KEY:
            raise NotEncodable(
                "Some notes are too low or too high for a piano; move them by octaves."
            )
        if ends.get(note.pitch, 0) > note.start_tick:
            raise NotEncodable(
                "Some notes begin while the same pitch still sounds in their part; "
                "shorten the earlier ones."
            )
        ends[note.pitch] = note.end_tick


def _notes(events: IntArray, form: Form, num_parts: int) -> list[tuple[Note, ...]]:
    """The notes of every part, cut at the end of the form."""
    tonic = tonic_pitch(form.key)
    # Of each part, (start, pitch): end; and of each pitch the note struck last.
    ends: list[dict[tuple[int, int], int]] = [{} for _ in range(num_parts)]
    struck: list[dict[int, tuple[int, int]]] = [{} for _ in range(num_parts)]
    part, tick, note = 0, 0, (0, 0)
    for symbol, duration, shift, following in events.tolist():
        if symbol != REST:
            sounding = ends[part]
            if symbol != HOLD:
                note = (tick, tonic + LOWEST + symbol - FIRST_PITCH)
                before = struck[part].get(note[1])
                if before:
                    sounding[before] = min(sounding[before], tick)
                struck[part][note[1]] = note
                sounding[note] = tick
            end = sounding[note] + TIMES[duration] * TICKS_PER_STEP
            sounding[note] = min(end, form.length_ticks)
        if shift:
            tick += TIMES[shift - 1] * TICKS_PER_STEP
        part = following
    return [
        tuple(Note(tick, pitch, end - tick) for (tick, pitch), end in sounding.items())
        for sounding in ends
    ]


def _instrument(part: Part) -> Instrument:
    pitches = [note.pitch for note in part.notes]
    if not pitches:
        return Instrument(part.name, part.program)
    return Instrument(part.name, part.program, min(pitches), max(pitches))


def sum_of(steps: int) -> list[int]:
    """Numbers of ``TIMES`` that make up ``steps``, longest first."""
    numbers = []
    while steps > 0:
        number = int(np.searchsorted(TIMES, steps, side="right")) - 1
        numbers.append(number)
        steps -= TIMES[number]
    return numbers
