"""Melodies that end as if they had wanted to.

Many a dance in the books leads straight back to its beginning and never ends; a piece
that is heard once should. So the last note of a melody is the tonic, in whatever octave
the network likes best, and lasts a quarter at least.
"""

from __future__ import annotations

from functools import cache

from generation.composing.constraints import ConstrainedDraft, FieldMask
from training.music.encodings.base import Encoding, Event, Form, Mask, allow
from training.music.encodings.melody import (
    DURATION,
    DURATIONS,
    FIRST_PITCH,
    NUM_PITCH_SYMBOLS,
    PITCH,
    STEPS_PER_QUARTER,
    TICKS_PER_STEP,
)

NOTE = allow(NUM_PITCH_SYMBOLS, range(FIRST_PITCH, NUM_PITCH_SYMBOLS))


class MelodyDraft(ConstrainedDraft):
    """A melody with an ending."""

    __slots__ = ("_tonic",)

    def __init__(
        self, encoding: Encoding, form: Form, masks: tuple[FieldMask | None, ...]
    ) -> None:
        super().__init__(encoding, form, masks)
        self._tonic = tonic_mask(encoding, form)

    def allowed(self, field: int, chosen: Event, legal: Mask) -> Mask:
        mask = super().allowed(field, chosen, legal)
        room = (self.form.length_ticks - self.walk.tick) // TICKS_PER_STEP
        if field == DURATION:
            if room <= DURATIONS[-1]:
                return self.narrowed(mask, _leaves_a_quarter(room))
        elif DURATIONS[chosen[DURATION]] == room:
            return self.narrowed(mask, self._tonic)
        return mask


@cache
def _leaves_a_quarter(room: int) -> Mask:
    """Durations that fill ``room`` steps or leave a quarter or more of them."""
    longest = room - STEPS_PER_QUARTER
    values = [i for i, d in enumerate(DURATIONS) if d == room or d <= longest]
    return allow(len(DURATIONS), values)


def tonic_mask(encoding: Encoding, form: Form) -> Mask:
    """The tonic in every octave; any note when there is no key."""
    if form.key is None:
        return NOTE
    pitches = [encoding.pitch_of(PITCH, v, form) for v in range(NUM_PITCH_SYMBOLS)]
    tonic = form.key.tonic
    values = [v for v, p in enumerate(pitches) if p is not None and p % 12 == tonic]
    return allow(NUM_PITCH_SYMBOLS, values)
