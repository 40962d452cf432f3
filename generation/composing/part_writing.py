"""Voices that keep the rules of part-writing which nobody breaks by choice.

No two voices move in parallel fifths or octaves, and the bass of the final chord is the
tonic. Bach's chorales hold to both (parallels: 0.1 to 0.2 per 100 changes of chord); a
network that has read a few hundred of them has heard the rules but slips now and then.
Everything else is left to it.
"""

from __future__ import annotations

from typing import Self

from generation.composing.constraints import ConstrainedDraft, FieldMask
from training.music.encodings.base import Event, Form, Mask, allow
from training.music.encodings.voices import HOLD, NUM_SYMBOLS, VoicesEncoding

OCTAVE, FIFTH = 0, 7  # semitones modulo 12


class VoicesDraft(ConstrainedDraft):
    """Several voices, written by the rules."""

    __slots__ = ("_bass", "_known", "_pitches", "_sounding", "_upper", "final_tick")

    def __init__(
        self,
        encoding: VoicesEncoding,
        form: Form,
        masks: tuple[FieldMask | None, ...],
    ) -> None:
        super().__init__(encoding, form, masks)
        #: Where the last chord begins: the last fermata, or else the last beat.
        self.final_tick = (
            form.phrase_end_ticks[-1]
            if form.phrase_end_ticks
            else form.length_ticks - form.metre.beat_ticks
        )
        order = encoding.order
        self._upper = [[part < other for other in order] for part in order]
        self._bass = order.index(max(order))
        self._pitches = [encoding.pitch_of(0, v, form) for v in range(NUM_SYMBOLS)]
        self._sounding: list[int | None] = [None] * len(order)
        self._known: dict[tuple[str, int, int, int], Mask] = {}

    def allowed(self, field: int, chosen: Event, legal: Mask) -> Mask:
        mask = super().allowed(field, chosen, legal)
        key = self.form.key
        if field == self._bass and key and self.walk.tick >= self.final_tick:
            return self.narrowed(mask, self._tonic(key.tonic))
        here = self._sounding[field]
        if here is None:
            return mask
        for other, value in enumerate(chosen):
            before, now = self._sounding[other], self._pitches[value]
            if before is None or now is None or now == before:
                continue
            is_upper = self._upper[field][other]
            interval = (here - before if is_upper else before - here) % 12
            if interval in (OCTAVE, FIFTH):
                parallel = (now + interval if is_upper else now - interval) % 12
                up = now > before
                mask = self.narrowed(mask, self._avoid(here, parallel, up))
        return mask

    def advance(self, event: Event) -> None:
        self.walk.advance(event)
        for field, value in enumerate(event):
            if value != HOLD:
                self._sounding[field] = self._pitches[value]

    def copy(self) -> Self:
        other = super().copy()
        other._sounding = self._sounding.copy()
        return other

    def _avoid(self, here: int, pitch_class: int, is_up: bool) -> Mask:
        """All but the pitches of a class that lie above (or below) ``here``."""
        name = ("avoid", here, pitch_class, int(is_up))
        if name not in self._known:
            values = [
                value
                for value, pitch in enumerate(self._pitches)
                if pitch is None
                or pitch % 12 != pitch_class
                or pitch == here
                or (pitch > here) != is_up
            ]
            self._known[name] = allow(NUM_SYMBOLS, values)
        return self._known[name]

    def _tonic(self, tonic: int) -> Mask:
        """The tonic in every octave, and holding it when the bass is there already."""
        here = self._sounding[self._bass]
        is_there = here is not None and here % 12 == tonic
        name = ("tonic", tonic, int(is_there), 0)
        if name not in self._known:
            values = [
                value
                for value, pitch in enumerate(self._pitches)
                if (pitch is not None and pitch % 12 == tonic)
                or (value == HOLD and is_there)
            ]
            self._known[name] = allow(NUM_SYMBOLS, values)
        return self._known[name]
