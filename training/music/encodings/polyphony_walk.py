"""The vocabulary of ``polyphony`` and the way through its events.

``polyphony.py`` says what they mean.
"""

from __future__ import annotations

from functools import cache

from training.music.encodings.base import Context, Event, Field, Form, Mask, allow
from training.music.encodings.context import (
    BARRED_FIELDS,
    BarGrid,
    barred_context,
    tonic_pitch,
)
from training.music.score import TICKS_PER_QUARTER

STEPS_PER_QUARTER = 24
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER
LOWEST_KEY, HIGHEST_KEY = 21, 108  # of a piano
#: The same in semitones from the tonic, whichever that is; inclusive.
LOWEST, HIGHEST = LOWEST_KEY - 71, HIGHEST_KEY - 60

PART, PITCH, DURATION, SHIFT = range(4)

#: What one event may last, in steps. Other lengths are a sum of these.
TIMES = (*range(1, 25), *range(26, 49, 2), *range(54, 97, 6), *range(108, 193, 12))
REST, HOLD = 0, 1
FIRST_PITCH = 2  # the symbol of LOWEST
NUM_PITCH_SYMBOLS = FIRST_PITCH + HIGHEST - LOWEST + 1
_TONIC = FIRST_PITCH - LOWEST  # its symbol
_LONGEST = TIMES[-1]

#: How long a part's last note still sounds (positive), or has been over, in steps;
#: 0 is "it ends here". Between these we do not tell.
_LEFTS = (
    *(-96, -48, -24, -12, -1, 0),
    *(1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 36, 48, 72, 96),
)
_NOTHING_YET = len(_LEFTS)
_LEFT_OF = [
    max(i for i, bound in enumerate(_LEFTS) if bound <= max(left, _LEFTS[0]))
    for left in range(_LEFTS[0], _LEFTS[-1] + 1)
]

_ONLY_REST = allow(NUM_PITCH_SYMBOLS, [REST])
_NO_TIME = allow(len(TIMES), [0])


@cache
def _pitches(first: int, last: int, may_hold: bool) -> Mask:
    return allow(NUM_PITCH_SYMBOLS, [HOLD] * may_hold + list(range(first, last + 1)))


@cache
def _times_up_to(steps: int) -> Mask:
    return allow(len(TIMES), [i for i, t in enumerate(TIMES) if t <= steps])


@cache
def _shifts_up_to(steps: int, may_stay: bool) -> Mask:
    values = [i for i, t in enumerate((0, *TIMES)) if t <= steps]
    return allow(1 + len(TIMES), values if may_stay else values[1:])


@cache
def _parts(size: int, first: int, last: int, may_rest: bool) -> Mask:
    """Parts from ``first`` to ``last``; of ``size`` values the last is nobody."""
    return allow(size, [*range(first, last + 1), *[size - 1] * may_rest])


class PolyphonyWalk:
    """See ``base.Walk``."""

    __slots__ = (
        "_ends",
        "_grid",
        "_held",
        "_highest",
        "_last",
        "_last_pitch",
        "_length",
        "_lowest",
        "_nobody",
        "_num_parts",
        "_pitches",
        "_sounding",
        "step",
    )

    def __init__(self, form: Form, num_parts: int) -> None:
        """``num_parts`` is the encoding's; the form may have fewer."""
        self._grid = BarGrid.of(form, TICKS_PER_STEP)
        self._length = self._grid.length
        zero = _TONIC - tonic_pitch(form.key)  # the symbol of pitch 0
        self._lowest, self._highest = zero + LOWEST_KEY, zero + HIGHEST_KEY
        self._nobody = num_parts
        self._num_parts = len(form.instruments) or num_parts
        self.step = 0
        self._last: Event = (-1, REST, -1, -1)
        # Of a note that others may join at this step: its pitch, and how long it lasts
        # with its holds.
        self._last_pitch = REST
        self._held = 0
        # Of each part: the pitch begun last (REST: none yet) and where it ends.
        self._pitches = [REST] * num_parts
        self._ends = [0] * num_parts
        self._sounding: list[tuple[int, int]] = []  # (end, bit of its pitch class)

    @property
    def is_done(self) -> bool:
        return self.step >= self._length

    @property
    def tick(self) -> int:
        return self.step * TICKS_PER_STEP

    def context(self) -> Context:
        step = self.step
        part, pitch, duration, shift = self._last
        classes = 0
        for _, bit in self._sounding:
            classes |= bit
        first, most = _LEFTS[0], _LEFTS[-1]
        lefts = [
            _LEFT_OF[min(max(end - step, first), most) - first] if begun else -1
            for begun, end in zip(self._pitches, self._ends, strict=True)
        ]
        return (
            *barred_context(self._grid, step, self._length),
            self._num_parts,
            part + 1,
            pitch,
            duration + 1,
            shift + 1,
            classes & 15,
            classes >> 4 & 15,
            classes >> 8,
            *self._pitches,
            *[left if left >= 0 else _NOTHING_YET for left in lefts],
        )

    def legal(self, field: int, chosen: Event) -> Mask:
        if field == PART:
            return self._legal_parts()
        part = chosen[PART]
        if field == PITCH:
            if part == self._nobody:
                return _ONLY_REST
            if self._is_chord and part == self._last[PART]:
                may_hold = self._held < self._room
                return _pitches(self._last_pitch + 1, self._highest, may_hold)
            return _pitches(self._lowest, self._highest, False)
        if field == DURATION:
            if part == self._nobody:
                return _NO_TIME
            if chosen[PITCH] == HOLD:
                before = TIMES[self._last[DURATION]]
                return _times_up_to(min(before, self._room - self._held))
            return _times_up_to(min(_LONGEST, self._room))
        return _shifts_up_to(min(_LONGEST, self._room), self._may_stay(chosen))

    @property
    def _room(self) -> int:
        return self._length - self.step

    @property
    def _is_chord(self) -> bool:
        """Whether the next event begins together with the last one."""
        return self._last[SHIFT] == 0

    def _legal_parts(self) -> Mask:
        size, last_part = self._nobody + 1, self._num_parts - 1
        if not self._is_chord:
            return _parts(size, 0, last_part, True)
        may_go_on = self._last_pitch < self._highest or self._held < self._room
        return _parts(size, self._last[PART] + (not may_go_on), last_part, False)

    def _may_stay(self, chosen: Event) -> bool:
        """Whether anything could follow ``chosen`` at the same step."""
        part, pitch, duration = chosen
        if part == self._nobody:
            return False
        lasts = TIMES[duration]
        if pitch == HOLD:
            pitch = self._last_pitch
            lasts += self._held
        return part < self._num_parts - 1 or pitch < self._highest or lasts < self._room

    def advance(self, event: Event) -> None:
        part, pitch, duration, shift = event
        if pitch == HOLD:
            self._sounding.pop()
            self._held += TIMES[duration]
        elif pitch != REST:
            self._last_pitch = pitch
            self._held = TIMES[duration]
            self._pitches[part] = pitch
        if part != self._nobody:
            end = self.step + self._held
            self._ends[part] = end
            self._sounding.append((end, 1 << (self._last_pitch - _TONIC) % 12))
        self._last = event
        if shift:
            step = self.step = self.step + TIMES[shift - 1]
            self._sounding = [note for note in self._sounding if note[0] > step]

    def set_length(self, length_ticks: int) -> None:
        self._length = length_ticks // TICKS_PER_STEP

    def copy(self) -> PolyphonyWalk:
        other = PolyphonyWalk.__new__(PolyphonyWalk)
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other._pitches, other._ends = self._pitches.copy(), self._ends.copy()
        other._sounding = self._sounding.copy()
        return other


def context_fields(num_parts: int) -> tuple[Field, ...]:
    """(name, size) of what ``PolyphonyWalk.context`` returns, in order.

    Where we are, what came last, the pitch classes that sound (four to a field, one
    bit each, from the tonic up), and of each part its last pitch and how long that
    still sounds or has been over.
    """
    parts = range(1, num_parts + 1)
    return (
        *BARRED_FIELDS,
        Field("num_parts", num_parts + 1),
        Field("last_part", num_parts + 2),
        Field("last_pitch", NUM_PITCH_SYMBOLS),
        Field("last_duration", len(TIMES) + 1),
        Field("last_shift", len(TIMES) + 2),
        *(Field(f"sounding_classes_{i}", 16) for i in (1, 2, 3)),
        *(Field(f"part_{i}_pitch", NUM_PITCH_SYMBOLS) for i in parts),
        *(Field(f"part_{i}_left", _NOTHING_YET + 1) for i in parts),
    )
