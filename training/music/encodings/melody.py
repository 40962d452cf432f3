"""One melodic line with its rhythm: events of (duration, pitch).

Durations are counted in steps of a 24th of a quarter note, which holds thirty-second
notes and triplet sixteenths. An event never crosses a bar line: a note that does is
one event up to the line and a *hold* after it. Pitches are counted from the tonic, so
that a tune in D and the same tune in G are the same events in another form.

Beside the notes before it, an event's context holds echoes: what sounded at the same
place one, two, four and eight bars earlier. Folk tunes repeat themselves at just these
distances, and a small network need not spend its memory on it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from training.music.encodings.base import (
    Context,
    EncodedPiece,
    Event,
    Field,
    Form,
    IntArray,
    Mask,
    NotEncodable,
    allow,
    trace,
)
from training.music.encodings.context import (
    BARRED_FIELDS,
    BarGrid,
    barred_context,
    barred_form,
    tonic_pitch,
)
from training.music.score import (
    TICKS_PER_QUARTER,
    KeyChange,
    MetreChange,
    Note,
    Part,
    Score,
)

STEPS_PER_QUARTER = 24
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER

#: What one event may last, in steps. Other lengths are a sum of these.
DURATIONS = (
    *(1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 21, 24, 30, 32, 36, 42, 48, 54, 60, 66),
    *(72, 84, 96, 108, 120, 132, 144, 168, 192),
)
REST, HOLD = 0, 1
FIRST_PITCH = 2  # the symbol of LOWEST
LOWEST, HIGHEST = -36, 48  # semitones from the tonic, inclusive
NUM_PITCH_SYMBOLS = FIRST_PITCH + HIGHEST - LOWEST + 1
ECHO_BARS = (1, 2, 4, 8)

DURATION, PITCH = 0, 1


@cache
def durations_up_to(steps: int) -> Mask:
    return allow(len(DURATIONS), [i for i, d in enumerate(DURATIONS) if d <= steps])


_WITHOUT_HOLD = allow(NUM_PITCH_SYMBOLS, [REST, *range(FIRST_PITCH, NUM_PITCH_SYMBOLS)])
_ANY_PITCH = allow(NUM_PITCH_SYMBOLS, range(NUM_PITCH_SYMBOLS))


class MelodyWalk:
    """See ``base.Walk``."""

    __slots__ = ("_durations", "_grid", "_last", "_length", "_sounding", "step")

    def __init__(self, form: Form) -> None:
        self._grid = BarGrid.of(form, TICKS_PER_STEP)
        self._length = self._grid.length
        self.step = 0
        self._last: Event = (-1, -1)
        # For every step behind us: the symbol that sounded (1 +, 0 is nothing yet) and
        # the duration (1 +) of the event that began there (0 when none began).
        self._sounding: list[int] = []
        self._durations: list[int] = []

    @property
    def is_done(self) -> bool:
        return self.step >= self._length

    @property
    def tick(self) -> int:
        return self.step * TICKS_PER_STEP

    @property
    def sounding(self) -> int:
        """The symbol that sounds up to here; REST where nothing does."""
        return self._sounding[-1] - 1 if self._sounding else REST

    def context(self) -> Context:
        step, bar = self.step, self._grid.bar
        echoes: list[int] = []
        for bars in ECHO_BARS:
            then = step - bars * bar
            if then < 0:
                echoes += (0, 0)
            else:
                echoes += (self._sounding[then], self._durations[then])
        duration, pitch = self._last
        sounding = self._sounding[-1] if self._sounding else 0
        here = barred_context(self._grid, step, self._length)
        return (*here, duration + 1, pitch + 1, sounding, *echoes)

    def legal(self, field: int, chosen: Event) -> Mask:
        if field == DURATION:
            grid = self._grid
            to_bar_line = grid.bar - (self.step - grid.pickup) % grid.bar
            return durations_up_to(min(to_bar_line, self._length - self.step))
        return _WITHOUT_HOLD if self._last[PITCH] in (-1, REST) else _ANY_PITCH

    def advance(self, event: Event) -> None:
        duration, pitch = event
        steps = DURATIONS[duration]
        symbol = self._sounding[-1] if pitch == HOLD else pitch + 1
        self._sounding += [symbol] * steps
        self._durations.append(duration + 1)
        self._durations += [0] * (steps - 1)
        self._last = event
        self.step += steps

    def set_length(self, length_ticks: int) -> None:
        self._length = length_ticks // TICKS_PER_STEP

    def copy(self) -> MelodyWalk:
        other = MelodyWalk.__new__(MelodyWalk)
        other._grid, other._length = self._grid, self._length
        other.step, other._last = self.step, self._last
        other._sounding = self._sounding.copy()
        other._durations = self._durations.copy()
        return other


class MelodyEncoding:
    """See the module and ``base.Encoding``."""

    name = "melody"
    fields: tuple[Field, ...] = (
        Field("duration", len(DURATIONS)),
        Field("pitch", NUM_PITCH_SYMBOLS, hold=HOLD),
    )
    context_fields = (
        *BARRED_FIELDS,
        Field("last_duration", len(DURATIONS) + 1),
        Field("last_pitch", NUM_PITCH_SYMBOLS + 1),
        Field("sounding", NUM_PITCH_SYMBOLS + 1),
        *(
            Field(f"{what}_{bars}_bars_ago", size)
            for bars in ECHO_BARS
            for what, size in (
                ("sounding", NUM_PITCH_SYMBOLS + 1),
                ("duration", len(DURATIONS) + 1),
            )
        ),
    )

    def spec(self) -> dict[str, Any]:
        return {"name": self.name}

    def form_of(self, score: Score) -> Form:
        return barred_form(score)

    def walk(self, form: Form) -> MelodyWalk:
        return MelodyWalk(form)

    def encode(self, score: Score) -> EncodedPiece:
        notes = self._melody_of(score)
        form = self.form_of(score)
        grid = BarGrid.of(form, TICKS_PER_STEP)
        tonic = tonic_pitch(form.key)
        events: list[Event] = []
        step = 0
        for note in notes:
            start = note.start_tick // TICKS_PER_STEP
            events += cut(grid, step, start, REST)
            symbol = symbol_of(note.pitch - tonic)
            step = note.end_tick // TICKS_PER_STEP
            events += cut(grid, start, step, symbol)
        events += cut(grid, step, grid.length, REST)
        return trace(self, events, form)

    def decode(self, events: IntArray, form: Form) -> Score:
        tonic = tonic_pitch(form.key)
        notes: list[Note] = []
        tick = 0
        for duration, symbol in events.tolist():
            ticks = DURATIONS[duration] * TICKS_PER_STEP
            if symbol == HOLD and notes:
                last = notes.pop()
                length = last.duration_ticks + ticks
                notes.append(Note(last.start_tick, last.pitch, length))
            elif symbol >= FIRST_PITCH:
                pitch = tonic + LOWEST + symbol - FIRST_PITCH
                notes.append(Note(tick, pitch, ticks))
            tick += ticks
        return Score(
            parts=(Part(notes=tuple(notes), name="Melody"),),
            metres=(MetreChange(0, form.metre),),
            keys=(KeyChange(0, form.key),) if form.key else (),
            pickup_ticks=form.pickup_ticks,
        )

    def pitch_of(self, field: int, value: int, form: Form) -> int | None:
        if field != PITCH or value < FIRST_PITCH:
            return None
        return tonic_pitch(form.key) + LOWEST + value - FIRST_PITCH

    def voices(self, events: IntArray) -> IntArray:
        return np.zeros_like(events)

    @staticmethod
    def _melody_of(score: Score) -> tuple[Note, ...]:
        if len(score.parts) != 1:
            raise NotEncodable("A melody has one part; choose one before encoding.")
        part = score.parts[0]
        if not part.notes:
            raise NotEncodable("There are no notes.")
        if not part.is_monophonic:
            raise NotEncodable("Some notes sound together; a melody has one at a time.")
        for note in part.notes:
            if note.start_tick % TICKS_PER_STEP or note.duration_ticks % TICKS_PER_STEP:
                raise NotEncodable(
                    "Some notes are not on the grid; quantise the score first."
                )
        return part.notes


def symbol_of(interval: int) -> int:
    if not LOWEST <= interval <= HIGHEST:
        raise NotEncodable(f"A note {interval} semitones from the tonic is too far.")
    return FIRST_PITCH + interval - LOWEST


def cut(grid: BarGrid, start: int, end: int, symbol: int) -> list[Event]:
    """Events that fill ``start`` to ``end`` with a note or a rest, longest first."""
    events: list[Event] = []
    after = REST if symbol == REST else HOLD
    while start < end:
        room = min(end - start, grid.bar - grid.place(start))
        duration = int(np.searchsorted(DURATIONS, room, side="right")) - 1
        events.append((duration, after if events else symbol))
        start += DURATIONS[duration]
    return events
