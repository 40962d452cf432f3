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

PITCH, DURATION, SHIFT, PART = range(4)

#: What one event may last, in steps. Other lengths are a sum of these.
TIMES = (*range(1, 25), *range(26, 49, 2), *range(54, 97, 6), *range(108, 193, 12))
REST, HOLD = 0, 1
FIRST_PITCH = 2  # the symbol of LOWEST
NUM_PITCH_SYMBOLS = FIRST_PITCH + HIGHEST - LOWEST + 1
_TONIC = FIRST_PITCH - LOWEST  # its symbol
LONGEST = TIMES[-1]

ECHO_BARS = (1, 2, 4)

#: How long a part's last note still sounds (positive), or has been over, in steps;
#: 0 is "it ends here". Between these we do not tell.
_LEFTS = (
    *(-96, -48, -24, -12, -1, 0),
    *(1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 36, 48, 72, 96),
)
NO_LEFT = len(_LEFTS)  # nothing played yet
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
def times_up_to(steps: int) -> Mask:
    return allow(len(TIMES), [i for i, t in enumerate(TIMES) if t <= steps])


@cache
def shifts_up_to(steps: int, may_stay: bool) -> Mask:
    values = [i for i, t in enumerate((0, *TIMES)) if t <= steps]
    return allow(1 + len(TIMES), values if may_stay else values[1:])


@cache
def _parts(size: int, first: int, last: int, may_rest: bool) -> Mask:
    """Parts from ``first`` to ``last``; of ``size`` values the last is nobody."""
    return allow(size, [*range(first, last + 1), *[size - 1] * may_rest])


class PolyphonyWalk:
    """See ``base.Walk``. ``part`` plays the next event; it may be nobody."""

    __slots__ = (
        "_begun",
        "_ends",
        "_grid",
        "_held",
        "_highest",
        "_last",
        "_last_part",
        "_last_pitch",
        "_length",
        "_lowest",
        "_nobody",
        "_num_parts",
        "_pitches",
        "_sounding",
        "part",
        "step",
    )

    def __init__(self, form: Form, num_parts: int) -> None:
        """``num_parts`` is the encoding's; the form may have fewer."""
        self._grid = BarGrid.of(form, TICKS_PER_STEP)
        self._length = self._grid.length
        zero = _TONIC - tonic_pitch(form.key)  # the symbol of pitch 0
        self._lowest, self._highest = zero + LOWEST_KEY, zero + HIGHEST_KEY
        self._num_parts = len(form.instruments) or num_parts
        self.step = 0
        self.part = self._nobody = num_parts
        self._last_part = num_parts
        self._last: Event = (REST, -1, -1, num_parts)
        # Of the note that began last: its pitch, and how long it lasts with its holds.
        self._last_pitch = REST
        self._held = 0
        # Of each part: the pitches begun last and before it (REST: none yet), for how
        # long the last one was struck, and where it ends.
        self._pitches = [(REST, REST, 0)] * num_parts
        self._ends = [0] * num_parts
        self._sounding: list[tuple[int, int]] = []  # (end, bit of its pitch class)
        # By part and step: (pitch, 1 + shift) of all that began, from the lowest up.
        self._begun: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}

    @property
    def is_done(self) -> bool:
        return self.step >= self._length

    @property
    def tick(self) -> int:
        return self.step * TICKS_PER_STEP

    def context(self) -> Context:
        step, part = self.step, self.part
        pitch, duration, shift, _ = self._last
        classes = 0
        for _, bit in self._sounding:
            classes |= bit
        first, most = _LEFTS[0], _LEFTS[-1]
        lefts = [
            _LEFT_OF[min(max(end - step, first), most) - first] if own[0] else NO_LEFT
            for own, end in zip(self._pitches, self._ends, strict=True)
        ]
        mine: tuple[int, ...] = (REST, REST, 0, NO_LEFT)
        if part != self._nobody:
            mine = (*self._pitches[part], lefts[part])
        return (
            *barred_context(self._grid, step, self._length),
            self._num_parts,
            part,
            *mine,
            *self._echoes(),
            self._last_part,
            pitch,
            duration + 1,
            shift + 1,
            classes & 15,
            classes >> 4 & 15,
            classes >> 8,
            *[own[0] for own in self._pitches],
            *lefts,
        )

    def _echoes(self) -> list[int]:
        """(pitch, shift) of what the part began at this place bars ago.

        In a chord, of the note that stood above what was struck last.
        """
        part, step, bar = self.part, self.step, self._grid.bar
        floor = self._last_pitch if self._is_chord else REST
        echoes: list[int] = []
        for bars in ECHO_BARS:
            chord = self._begun.get((part, step - bars * bar), ())
            echoes += next((note for note in chord if note[0] > floor), (REST, 0))
        return echoes

    @property
    def chord_pitch(self) -> int:
        """The pitch above which the next event's must lie; REST where any may come."""
        return self._last_pitch if self._is_chord else REST

    @property
    def held(self) -> int:
        """How long the note that began last lasts, with its holds, in steps."""
        return self._held

    @property
    def _is_chord(self) -> bool:
        """Whether the next event goes on with the last part's chord or note."""
        return self._last[SHIFT] == 0 and self.part == self._last_part

    def legal(self, field: int, chosen: Event) -> Mask:
        if field == PITCH:
            if self.part == self._nobody:
                return _ONLY_REST
            if self._is_chord:
                may_hold = self._held < self._room
                return _pitches(self._last_pitch + 1, self._highest, may_hold)
            return _pitches(self._lowest, self._highest, False)
        if field == DURATION:
            if self.part == self._nobody:
                return _NO_TIME
            if chosen[PITCH] == HOLD:
                before = TIMES[self._last[DURATION]]
                return times_up_to(min(before, self._room - self._held))
            return times_up_to(min(LONGEST, self._room))
        first = self._first_to_join(chosen)
        if field == SHIFT:
            may_stay = first < self._num_parts
            return shifts_up_to(min(LONGEST, self._room), may_stay)
        return self._legal_parts(chosen[SHIFT], first)

    @property
    def _room(self) -> int:
        return self._length - self.step

    def _first_to_join(self, chosen: Event) -> int:
        """The first part that may go on at this step after ``chosen``.

        The same one can when it has a higher pitch left, or holds its note on. When
        nobody plays, no one joins, but for the very beginning.
        """
        part = self.part
        if part == self._nobody:
            return part if self._last[SHIFT] >= 0 else 0
        pitch, lasts = chosen[PITCH], TIMES[chosen[DURATION]]
        if pitch == HOLD:
            pitch = self._last_pitch
            lasts += self._held
        return part if pitch < self._highest or lasts < self._room else part + 1

    def _legal_parts(self, shift: int, first: int) -> Mask:
        size, last = self._nobody + 1, self._num_parts - 1
        if shift == 0:
            return _parts(size, first, last, False)
        if TIMES[shift - 1] == self._room:  # The end.
            return _parts(size, 0, -1, True)
        return _parts(size, 0, last, True)

    def advance(self, event: Event) -> None:
        pitch, duration, shift, following = event
        part = self.part
        if pitch == HOLD:
            self._sounding.pop()
            self._held += TIMES[duration]
        elif pitch != REST:
            before, *_ = self._pitches[part]
            self._pitches[part] = (pitch, before, duration + 1)
            self._last_pitch = pitch
            self._held = TIMES[duration]
            place = part, self.step
            self._begun[place] = (*self._begun.get(place, ()), (pitch, 1 + shift))
        if part != self._nobody:
            end = self.step + self._held
            self._ends[part] = end
            self._sounding.append((end, 1 << (self._last_pitch - _TONIC) % 12))
        self._last = event
        self._last_part = part
        self.part = following
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
        other._sounding, other._begun = self._sounding.copy(), self._begun.copy()
        return other


def context_fields(num_parts: int) -> tuple[Field, ...]:
    """(name, size) of what ``PolyphonyWalk.context`` returns, in order.

    Where we are; who plays, what that part did last and at this place bars ago; the
    last event; the pitch classes that sound (four to a field, one bit each, from the
    tonic up); of each part its last pitch and how long it still sounds or is over.
    """
    parts = range(1, num_parts + 1)
    return (
        *BARRED_FIELDS,
        Field("num_parts", num_parts + 1),
        Field("part", num_parts + 1),
        Field("own_pitch", NUM_PITCH_SYMBOLS),
        Field("own_pitch_before", NUM_PITCH_SYMBOLS),
        Field("own_duration", len(TIMES) + 1),
        Field("own_left", NO_LEFT + 1),
        *(
            field
            for bars in ECHO_BARS
            for field in (
                Field(f"own_pitch_{bars}_bars_ago", NUM_PITCH_SYMBOLS),
                Field(f"own_shift_{bars}_bars_ago", len(TIMES) + 2),
            )
        ),
        Field("last_part", num_parts + 1),
        Field("last_pitch", NUM_PITCH_SYMBOLS),
        Field("last_duration", len(TIMES) + 1),
        Field("last_shift", len(TIMES) + 2),
        *(Field(f"sounding_classes_{i}", 16) for i in (1, 2, 3)),
        *(Field(f"part_{i}_pitch", NUM_PITCH_SYMBOLS) for i in parts),
        *(Field(f"part_{i}_left", NO_LEFT + 1) for i in parts),
    )
