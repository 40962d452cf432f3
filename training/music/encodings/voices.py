"""Two to four singing voices on a grid of sixteenth notes: one event a sixteenth.

Each field is a voice, and its symbol says rest, hold (the note goes on) or the pitch
that begins, counted from the tonic. The outer voices are chosen before the inner ones,
as a harmony exercise is worked: soprano, bass, alto, tenor.

The context holds what each voice sounds and for how long, and how far the next fermata
is: chorales breathe where their lines of verse end, and a cadence needs to be seen
coming.
"""

from __future__ import annotations

from bisect import bisect_left
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

STEPS_PER_QUARTER = 4
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER
REST, HOLD = 0, 1
FIRST_PITCH = 2  # the symbol of LOWEST
LOWEST, HIGHEST = -38, 30  # semitones from the tonic, inclusive
NUM_SYMBOLS = FIRST_PITCH + HIGHEST - LOWEST + 1
MAX_HELD = 16  # steps a note has lasted, beyond which we stop counting
MAX_TO_FERMATA = 32  # steps to the next fermata
MAX_SINCE_FERMATA = 8
PART_NAMES = {
    2: ("Soprano", "Bass"),
    3: ("Soprano", "Alto", "Bass"),
    4: ("Soprano", "Alto", "Tenor", "Bass"),
}
ORDERS = {2: (0, 1), 3: (0, 2, 1), 4: (0, 3, 1, 2)}  # the part of each field

_ANY = allow(NUM_SYMBOLS, range(NUM_SYMBOLS))
_WITHOUT_HOLD = allow(NUM_SYMBOLS, [REST, *range(FIRST_PITCH, NUM_SYMBOLS)])


class VoicesWalk:
    """See ``base.Walk``."""

    __slots__ = (
        "_fermatas",
        "_grid",
        "_held",
        "_length",
        "_places",
        "_sounding",
        "step",
    )

    def __init__(self, form: Form, num_parts: int) -> None:
        self._grid = BarGrid.of(form, TICKS_PER_STEP)
        self._length = self._grid.length
        self._fermatas = [tick // TICKS_PER_STEP for tick in form.phrase_end_ticks]
        # What depends on the step alone, shared by copies that are as long.
        self._places: dict[int, Context] = {}
        self.step = 0
        self._sounding = [REST] * num_parts  # the symbol that each voice sounds
        self._held = [0] * num_parts  # steps for which it has sounded

    @property
    def is_done(self) -> bool:
        return self.step >= self._length

    @property
    def tick(self) -> int:
        return self.step * TICKS_PER_STEP

    def sounding(self, field: int) -> int:
        """The symbol that the voice sounds up to here, REST where it is silent."""
        return self._sounding[field]

    def context(self) -> Context:
        place = self._places.get(self.step)
        if place is None:
            place = self._places[self.step] = self._place()
        held = [min(steps, MAX_HELD) for steps in self._held]
        return (*place, *self._sounding, *held)

    def _place(self) -> Context:
        step = self.step
        following = bisect_left(self._fermatas, step)
        to_fermata, since = MAX_TO_FERMATA + 1, MAX_SINCE_FERMATA
        if following < len(self._fermatas):
            to_fermata = min(self._fermatas[following] - step, MAX_TO_FERMATA)
        if following:
            since = min(step - self._fermatas[following - 1], MAX_SINCE_FERMATA)
        return (*barred_context(self._grid, step, self._length), to_fermata, since)

    def legal(self, field: int, chosen: Event) -> Mask:
        return _WITHOUT_HOLD if self._sounding[field] == REST else _ANY

    def advance(self, event: Event) -> None:
        for field, symbol in enumerate(event):
            if symbol == HOLD:
                self._held[field] += 1
            else:
                self._sounding[field] = symbol
                self._held[field] = int(symbol != REST)
        self.step += 1

    def set_length(self, length_ticks: int) -> None:
        self._length = length_ticks // TICKS_PER_STEP
        self._places = {}

    def copy(self) -> VoicesWalk:
        other = VoicesWalk.__new__(VoicesWalk)
        other._grid, other._length = self._grid, self._length
        other._fermatas, other.step = self._fermatas, self.step
        other._places = self._places
        other._sounding, other._held = self._sounding.copy(), self._held.copy()
        return other


class VoicesEncoding:
    """``num_parts`` voices, highest first. See the module and ``base.Encoding``."""

    name = "voices"

    def __init__(self, num_parts: int = 4) -> None:
        if num_parts not in ORDERS:
            raise ValueError(f"The voices encoding has 2 to 4 parts, not {num_parts}.")
        self.num_parts = num_parts
        self.order = ORDERS[num_parts]
        names = [PART_NAMES[num_parts][part].lower() for part in self.order]
        self.fields = tuple(Field(name, NUM_SYMBOLS, hold=HOLD) for name in names)
        self.context_fields = (
            *BARRED_FIELDS,
            Field("steps_to_fermata", MAX_TO_FERMATA + 2),
            Field("steps_since_fermata", MAX_SINCE_FERMATA + 1),
            *(Field(f"{name}_sounding", NUM_SYMBOLS) for name in names),
            *(Field(f"{name}_held", MAX_HELD + 1) for name in names),
        )

    def spec(self) -> dict[str, Any]:
        return {"name": self.name, "num_parts": self.num_parts}

    def form_of(self, score: Score) -> Form:
        return barred_form(score)

    def walk(self, form: Form) -> VoicesWalk:
        return VoicesWalk(form, self.num_parts)

    def encode(self, score: Score) -> EncodedPiece:
        if len(score.parts) != self.num_parts:
            raise NotEncodable(
                f"There must be {self.num_parts} parts, one for a voice."
            )
        form = self.form_of(score)
        if any(tick % TICKS_PER_STEP for tick in form.phrase_end_ticks):
            raise NotEncodable("Some fermatas are not on the sixteenth grid.")
        length = form.length_ticks // TICKS_PER_STEP
        tonic = tonic_pitch(form.key)
        columns = [
            voice_symbols(score.parts[part], tonic=tonic, length=length)
            for part in self.order
        ]
        return trace(self, list(zip(*columns, strict=True)), form)

    def decode(self, events: IntArray, form: Form) -> Score:
        tonic = tonic_pitch(form.key)
        parts = [Part()] * self.num_parts
        for field, part in enumerate(self.order):
            notes = _notes(events[:, field].tolist(), tonic)
            parts[part] = Part(notes=notes, name=PART_NAMES[self.num_parts][part])
        return Score(
            parts=tuple(parts),
            metres=(MetreChange(0, form.metre),),
            keys=(KeyChange(0, form.key),) if form.key else (),
            pickup_ticks=form.pickup_ticks,
            phrase_end_ticks=form.phrase_end_ticks,
        )

    def pitch_of(self, field: int, value: int, form: Form) -> int | None:
        if value < FIRST_PITCH:
            return None
        return tonic_pitch(form.key) + LOWEST + value - FIRST_PITCH

    def voices(self, events: IntArray) -> IntArray:
        return np.tile(np.array(self.order, np.int16), (len(events), 1))


def voice_symbols(part: Part, *, tonic: int, length: int) -> list[int]:
    """One symbol a step for ``length`` steps."""
    if not part.is_monophonic:
        raise NotEncodable(f"The part {part.name!r} has notes that sound together.")
    symbols = [REST] * length
    for note in part.notes:
        if note.start_tick % TICKS_PER_STEP or note.duration_ticks % TICKS_PER_STEP:
            raise NotEncodable("Some notes are not on the grid of sixteenths.")
        interval = note.pitch - tonic
        if not LOWEST <= interval <= HIGHEST:
            raise NotEncodable(
                f"A note {interval} semitones from the tonic is too far."
            )
        start = note.start_tick // TICKS_PER_STEP
        end = note.end_tick // TICKS_PER_STEP
        symbols[start:end] = [HOLD] * (end - start)
        symbols[start] = FIRST_PITCH + interval - LOWEST
    return symbols


def _notes(symbols: list[int], tonic: int) -> tuple[Note, ...]:
    begun: list[list[int]] = []  # of each note its step, its symbol and its steps
    for step, symbol in enumerate(symbols):
        if symbol >= FIRST_PITCH:
            begun.append([step, symbol, 1])
        elif symbol == HOLD and begun:
            begun[-1][2] += 1
    lowest = tonic + LOWEST - FIRST_PITCH
    return tuple(
        Note(step * TICKS_PER_STEP, lowest + symbol, steps * TICKS_PER_STEP)
        for step, symbol, steps in begun
    )
