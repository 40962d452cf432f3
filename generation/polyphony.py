"""Polyphony that stays on its instruments, ends with a chord, and counts its notes.

Every part keeps to the compass that it has in the form, which is that of a training
piece. Nothing begins in the last quarter note, so that what sounds there is an ending.
All else is left to the network.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from generation.constraints import (
    ConstrainedDraft,
    FieldMask,
    PitchLimits,
    pitch_masks,
)
from generation.plans import with_bars
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

_NUM_SHIFTS = 1 + len(TIMES)
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

    __slots__ = ("_by_part", "_last_pitch", "_num_values", "_tops")

    def __init__(
        self,
        encoding: PolyphonyEncoding,
        form: Form,
        masks: tuple[FieldMask | None, ...],
    ) -> None:
        """``masks`` are those of the parts' pitches, see ``part_masks``."""
        super().__init__(encoding, form, (None,) * len(encoding.fields))
        self.walk: PolyphonyWalk = encoding.walk(form)
        self._by_part = masks
        self._tops = [_top(mask) for mask in masks]
        self._num_values = encoding.num_parts + 1
        self._last_pitch = 0  # of a chord, its highest so far in its last part

    def allowed(self, field: int, chosen: Event, legal: Mask) -> Mask:
        part = self.walk.part
        is_playing = part < len(self._by_part)
        if field == PITCH:
            return self._in_compass(part, legal) if is_playing else legal
        if field == DURATION:
            return legal
        # Where nothing higher is wished for, the part can add no more to its chord.
        pitch = self._last_pitch if chosen[PITCH] == HOLD else chosen[PITCH]
        is_at_top = is_playing and pitch >= self._tops[part]
        if field == PART:
            if is_at_top and chosen[SHIFT] == 0:
                return self.narrowed(legal, _later_parts(part, self._num_values))
            return legal
        if is_at_top and part + 1 == len(self._by_part):
            legal = self.narrowed(legal, _GO_ON)
        room = (self.form.length_ticks - self.walk.tick) // TICKS_PER_STEP
        if room <= TIMES[-1] + STEPS_PER_QUARTER:
            return self.narrowed(legal, _leaves_a_quarter(room))
        return legal

    def _in_compass(self, part: int, legal: Mask) -> Mask:
        mask = self._by_part[part]
        if mask is None or self.narrowed(legal, mask.pitches) is legal:
            return legal
        return self.narrowed(legal, mask.wished)

    def advance(self, event: Event) -> None:
        if event[PITCH] != HOLD:
            self._last_pitch = event[PITCH]
        super().advance(event)


def _top(mask: FieldMask | None) -> int:
    """The highest symbol that is wished for."""
    if mask is None:
        return NUM_PITCH_SYMBOLS
    return max(v for v in range(NUM_PITCH_SYMBOLS) if mask.pitches[v] == 0.0)


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
