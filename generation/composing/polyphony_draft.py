"""Polyphony that stays on its instruments, ends with a chord, and counts its notes.

Every part keeps to the compass that it has in the form, which is that of a training
piece. Nothing begins in the last quarter note; what begins in the last beat belongs to
the tonic's triad, and the lowest part stays on the tonic from the middle of the last
bar on. All else is left to the network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from generation.composing.constraints import (
    ConstrainedDraft,
    FieldMask,
    PitchLimits,
    pitch_masks,
)
from generation.composing.plans import with_bars
from training.music.encodings.base import Event, Form, Mask, allow
from training.music.encodings.polyphony import PolyphonyEncoding
from training.music.encodings.polyphony_walk import (
    DURATION,
    FIRST_PITCH,
    HOLD,
    NUM_PITCH_SYMBOLS,
    PART,
    PITCH,
    SHIFT,
    STEPS_PER_QUARTER,
    TICKS_PER_STEP,
    TIMES,
    PolyphonyWalk,
)
from training.music.score import TICKS_PER_QUARTER

_NUM_SHIFTS = 1 + len(TIMES)
_ANY_PITCH = allow(NUM_PITCH_SYMBOLS, range(NUM_PITCH_SYMBOLS))
_GO_ON = allow(_NUM_SHIFTS, range(1, _NUM_SHIFTS))


def part_masks(
    encoding: PolyphonyEncoding,
    form: Form,
    asked: PitchLimits,
    *,
    transposition: int = 0,
) -> tuple[FieldMask | None, ...]:
    """For each part the pitches wished for: ``asked``, and on its instrument.

    A range that is asked for stands instead of the compass of the instruments.
    """
    limits = [asked] * encoding.num_parts
    if form.instruments:
        limits = [asked] * len(form.instruments)
    if replace(asked, classes=PitchLimits().classes).is_free:
        limits = [
            replace(asked, lowest=player.lowest_pitch, highest=player.highest_pitch)
            for player in form.instruments
        ] or limits
    width = len(encoding.fields)
    return tuple(
        pitch_masks(encoding, form, [lim] * width, transposition=transposition)[PITCH]
        for lim in limits
    )


@cache
def _leaves_a_quarter(room: int) -> Mask:
    """Shifts that end the piece, or leave a quarter or more of ``room`` steps."""
    longest = room - STEPS_PER_QUARTER
    times = (0, *TIMES)
    return allow(
        _NUM_SHIFTS, [i for i, t in enumerate(times) if t in (0, room) or t <= longest]
    )


@cache
def _later_parts(part: int, size: int) -> Mask:
    return allow(size, range(part + 1, size))


class PolyphonyDraft(ConstrainedDraft):
    """A piece for several parts."""

    __slots__ = ("_last_pitch", "_num_values", "_wished")

    def __init__(
        self,
        encoding: PolyphonyEncoding,
        form: Form,
        masks: tuple[FieldMask | None, ...],
    ) -> None:
        """``masks`` are those of the parts' pitches, see ``part_masks``."""
        super().__init__(encoding, form, (None,) * len(encoding.fields))
        self.walk: PolyphonyWalk = encoding.walk(form)
        self._num_values = encoding.num_parts + 1
        self._last_pitch = 0  # of a chord, its highest so far in its last part
        # Of each part what is wished for on the way, in the last half bar, and in the
        # last beat: a mask, and the highest pitch in it.
        triad = _degrees(encoding, form, (0, 2, 4))
        tonic = _degrees(encoding, form, (0,))
        bass = _lowest_part(form, len(masks))
        self._wished: list[list[tuple[Mask, int]]] = []
        for part, mask in enumerate(masks):
            own = _ANY_PITCH if mask is None else mask.wished
            late = (own, tonic, tonic) if part == bass else (own, own, triad)
            both = [self.narrowed(own, zone) for zone in late]
            self._wished.append([(mask, _top(mask)) for mask in both])

    def allowed(self, field: int, chosen: Event, legal: Mask) -> Mask:
        if field == DURATION:
            return legal
        part = self.walk.part
        mask, top = _ANY_PITCH, NUM_PITCH_SYMBOLS
        room = self.form.length_ticks - self.walk.tick
        if part < len(self._wished):  # Otherwise nobody plays.
            mask, top = self._wished[part][self._zone(room)]
        if field == PITCH:
            return self.narrowed(legal, mask) if mask is not _ANY_PITCH else legal
        # Where nothing higher is wished for, the part can add no more to its chord.
        pitch = self._last_pitch if chosen[PITCH] == HOLD else chosen[PITCH]
        if field == PART:
            if pitch >= top and chosen[SHIFT] == 0:
                return self.narrowed(legal, _later_parts(part, self._num_values))
            return legal
        if pitch >= top and part + 1 == len(self._wished):
            legal = self.narrowed(legal, _GO_ON)
        room //= TICKS_PER_STEP
        if room <= TIMES[-1] + STEPS_PER_QUARTER:
            return self.narrowed(legal, _leaves_a_quarter(room))
        return legal

    def _zone(self, room: int) -> int:
        """0 on the way, 1 in the last half bar, 2 in the last beat or quarter."""
        metre = self.form.metre
        if room <= max(metre.beat_ticks, TICKS_PER_QUARTER):
            return 2
        return int(2 * room <= metre.bar_ticks)

    def advance(self, event: Event) -> None:
        if event[PITCH] != HOLD:
            self._last_pitch = event[PITCH]
        super().advance(event)


def _top(mask: Mask) -> int:
    """The highest pitch that ``mask`` lets stand."""
    return int(np.flatnonzero(mask == 0.0)[-1])


def _lowest_part(form: Form, num_parts: int) -> int:
    """The part that reaches the lowest; the last of equals."""
    lows = [player.lowest_pitch for player in form.instruments] or [0] * num_parts
    return max(part for part, low in enumerate(lows) if low == min(lows))


def _degrees(encoding: PolyphonyEncoding, form: Form, degrees: Sequence[int]) -> Mask:
    """Notes on these degrees of the scale, and holds; anything when there is no key."""
    if form.key is None:
        return _ANY_PITCH
    classes = [form.key.scale[degree] for degree in degrees]
    pitches = [encoding.pitch_of(PITCH, v, form) for v in range(NUM_PITCH_SYMBOLS)]
    return allow(
        NUM_PITCH_SYMBOLS,
        [v for v, p in enumerate(pitches) if p is None or p % 12 in classes],
    )


class CountedPolyphony(PolyphonyDraft):
    """Parts that end at a bar line soon after ``num_notes`` have begun.

    The end is planned again at every bar line from the notes still missing; ``per_bar``
    is a first guess. The bar after the last missing note is the last, so that there
    is one to end in.
    """

    __slots__ = (
        "_bar_end",
        "_bars_written",
        "_habit",
        "_num_notes",
        "_pattern",
        "_written",
    )

    def __init__(
        self,
        encoding: PolyphonyEncoding,
        form: Form,
        masks: tuple[FieldMask | None, ...],
        *,
        num_notes: int,
        per_bar: float,
    ) -> None:
        bars = max(1, round(num_notes / per_bar))
        super().__init__(encoding, with_bars(form, bars), masks)
        self._pattern = form
        self._num_notes = num_notes
        self._habit = per_bar
        self._written = self._bars_written = 0
        self._bar_end = form.pickup_ticks or form.metre.bar_ticks

    def advance(self, event: Event) -> None:
        super().advance(event)
        self._written += event[PITCH] >= FIRST_PITCH
        if self.walk.tick >= self._bar_end or self.walk.is_done:
            self._plan()

    def _plan(self) -> None:
        while self.walk.tick >= self._bar_end:
            self._bars_written += self._bar_end > self.form.pickup_ticks
            self._bar_end += self.form.metre.bar_ticks
        left = self._num_notes - self._written
        if self.walk.is_done and left <= 0:
            return
        habit = (self._written + 2 * self._habit) / (self._bars_written + 2)
        bars = self._bars_written + max(1, math.ceil(left / habit - 0.25))
        form = with_bars(self._pattern, bars)
        if form.length_ticks <= self.walk.tick:  # It lacks what the pick-up holds.
            form = with_bars(self._pattern, bars + 1)
        self.form = form
        self.walk.set_length(form.length_ticks)
