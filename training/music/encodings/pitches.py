"""Bare pitches, one after the other, all of one length: the seed project's music."""

from __future__ import annotations

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
from training.music.score import TICKS_PER_QUARTER, Note, Part, Score


class PitchesWalk:
    """See ``base.Walk``."""

    __slots__ = ("_last", "_length", "_mask", "tick")

    def __init__(self, form: Form, mask: Mask) -> None:
        self._length = form.length_ticks
        self._mask = mask
        self._last = -1
        self.tick = 0

    @property
    def is_done(self) -> bool:
        return self.tick >= self._length

    def context(self) -> Context:
        return (self._last + 1,)

    def legal(self, field: int, chosen: Event) -> Mask:
        return self._mask

    def advance(self, event: Event) -> None:
        (self._last,) = event
        self.tick += TICKS_PER_QUARTER

    def set_length(self, length_ticks: int) -> None:
        self._length = length_ticks

    def copy(self) -> PitchesWalk:
        other = PitchesWalk(Form(self._length), self._mask)
        other._last, other.tick = self._last, self.tick
        return other


class PitchesEncoding:
    """Quarter notes, ``lowest`` to ``highest`` inclusive. See ``base.Encoding``."""

    name = "pitches"

    def __init__(self, lowest: int = 60, highest: int = 71) -> None:
        if not 0 <= lowest <= highest <= 127:
            raise ValueError(f"There are no pitches from {lowest} to {highest}.")
        self.lowest, self.highest = lowest, highest
        size = highest - lowest + 1
        self.fields = (Field("pitch", size),)
        self.context_fields = (Field("last_pitch", size + 1),)
        self._mask = allow(size, range(size))

    def spec(self) -> dict[str, Any]:
        return {"name": self.name, "lowest": self.lowest, "highest": self.highest}

    def form_of(self, score: Score) -> Form:
        notes = sum(len(part.notes) for part in score.parts)
        return Form(length_ticks=notes * TICKS_PER_QUARTER)

    def walk(self, form: Form) -> PitchesWalk:
        return PitchesWalk(form, self._mask)

    def encode(self, score: Score) -> EncodedPiece:
        if len(score.parts) != 1:
            raise NotEncodable("A line of pitches has one part.")
        notes = score.parts[0].notes
        if any(
            note.start_tick != i * TICKS_PER_QUARTER
            or note.duration_ticks != TICKS_PER_QUARTER
            for i, note in enumerate(notes)
        ):
            raise NotEncodable(
                "Every note must be a quarter right after the one before."
            )
        outside = [n for n in notes if not self.lowest <= n.pitch <= self.highest]
        if outside:
            raise NotEncodable(
                f"Pitch {outside[0].pitch} is out of this model's range."
            )
        events: list[Event] = [(note.pitch - self.lowest,) for note in notes]
        return trace(self, events, self.form_of(score))

    def decode(self, events: IntArray, form: Form) -> Score:
        notes = tuple(
            Note(i * TICKS_PER_QUARTER, self.lowest + pitch, TICKS_PER_QUARTER)
            for i, (pitch,) in enumerate(events.tolist())
        )
        return Score(parts=(Part(notes=notes, name="Melody"),))

    def pitch_of(self, field: int, value: int, form: Form) -> int | None:
        return self.lowest + value

    def voices(self, events: IntArray) -> IntArray:
        return np.zeros_like(events)
