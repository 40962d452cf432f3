"""The guide of ``polyphony``: events of several parts come in one order of time.

Given notes are struck when they are due and by whom they are due. Between them the
parts that are open may play: never past the edge of what is kept in their own part, and
in the order of parts where something given begins at the same time. Where nothing is
open until the next given note, the way there is given too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

from generation.composing.guides.base import Run, Wanted, duplicate, only
from generation.composing.source import NOTES, PITCHES
from training.music.encodings import NotEncodable, PolyphonyEncoding
from training.music.encodings.base import Event, Mask, allow
from training.music.encodings.context import tonic_pitch
from training.music.encodings.polyphony import check_part, sum_of
from training.music.encodings.polyphony_walk import (
    DURATION,
    FIRST_PITCH,
    HOLD,
    LONGEST,
    LOWEST,
    NUM_PITCH_SYMBOLS,
    PART,
    PITCH,
    REST,
    SHIFT,
    TICKS_PER_STEP,
    TIMES,
    PolyphonyWalk,
    shifts_up_to,
    times_up_to,
)
from training.music.score import Note, Part

_NOTE = allow(NUM_PITCH_SYMBOLS, range(FIRST_PITCH, NUM_PITCH_SYMBOLS))
_NUM_SHIFTS = 1 + len(TIMES)


@cache
def _parts(size: int, parts: tuple[int, ...]) -> Mask:
    return allow(size, parts)


@dataclass(frozen=True, slots=True, order=True)
class _Struck:
    """A note that is given: by whom, which, and for how long, as numbers of TIMES."""

    part: int
    symbol: int
    times: tuple[int, ...]
    is_open: bool = False  # its pitch is to be found


class PolyphonyGuide:
    """See ``guides.Guide``."""

    def __init__(self, wanted: Wanted, encoding: PolyphonyEncoding) -> None:
        """Raises ``NotEncodable`` for what has no place on the grid."""
        form = wanted.form
        self._nobody = encoding.num_parts
        self._length = form.length_ticks // TICKS_PER_STEP
        self._zero = FIRST_PITCH - LOWEST - tonic_pitch(form.key)
        self._edges: list[list[int]] = []  # of each part: start, end, start, ..
        self._given: dict[int, list[_Struck]] = {}
        for part, runs in enumerate(wanted.runs):
            for run in runs:
                self._take(part, run)
            self._edges.append(_edges(runs))
        for struck in self._given.values():
            struck.sort()
        self._due = sorted(self._given)
        self._has_its_rhythm = wanted.has_its_rhythm
        self._like: dict[int, list[_Struck]] = {}
        for part, notes in enumerate(wanted.like or ()):
            for note in notes:
                step = note.start_tick // TICKS_PER_STEP
                self._like.setdefault(step, []).append(self._struck(part, note))
        for struck in self._like.values():
            struck.sort()
        self._like_steps = sorted(self._like)
        self._done = 0  # given notes of this step that have been struck
        self._pieces = 0  # and events of the one at hand

    def _take(self, part: int, run: Run) -> None:
        if run.what == PITCHES:
            raise NotEncodable(
                "With several parts it keeps notes or their rhythm, not pitches alone."
            )
        check_part(Part(notes=run.notes))
        for note in run.notes:
            step = note.start_tick // TICKS_PER_STEP
            struck = self._struck(part, note, is_open=run.what != NOTES)
            self._given.setdefault(step, []).append(struck)

    def _struck(self, part: int, note: Note, *, is_open: bool = False) -> _Struck:
        steps = max(1, note.duration_ticks // TICKS_PER_STEP)
        symbol = self._zero + note.pitch
        return _Struck(part, symbol, tuple(sum_of(steps)), is_open)

    # Where we are --------------------------------------------------------------------

    def _kept(self, part: int, step: int) -> bool:
        return bisect_right(self._edges[part], step) % 2 == 1

    def _edge(self, part: int, step: int) -> int:
        """Where what is open, or kept, ends in this part."""
        edges = self._edges[part]
        place = bisect_right(edges, step)
        return edges[place] if place < len(edges) else self._length

    def _open_parts(self, step: int, first: int, before: int) -> tuple[int, ...]:
        return tuple(
            part
            for part in range(first, min(before, len(self._edges)))
            if not self._kept(part, step)
        )

    def _next_due(self, step: int) -> int:
        place = bisect_right(self._due, step)
        return self._due[place] if place < len(self._due) else self._length

    def _at_hand(self, walk: PolyphonyWalk) -> _Struck | None:
        """What is given for the next event, if it is that."""
        struck = self._given.get(walk.step, ())
        if self._done < len(struck) and struck[self._done].part == walk.part:
            return struck[self._done] if self._kept(walk.part, walk.step) else None
        return None

    def _still_due(self, walk: PolyphonyWalk) -> list[_Struck]:
        """What is given at this step and remains after the next event.

        A note of several events counts while the last is not the next.
        """
        struck = self._given.get(walk.step, [])
        now = self._at_hand(walk)
        is_last = now is not None and self._pieces + 1 == len(now.times)
        return struck[self._done + is_last :]

    # What is given -------------------------------------------------------------------

    def narrow(self, walk: PolyphonyWalk, field: int, chosen: Event) -> Mask | None:
        if field == PART:
            return self._who(walk, chosen)
        if field == SHIFT:
            return self._when(walk)
        if walk.part == self._nobody:
            return None
        now = self._at_hand(walk)
        if now is not None:
            if field == DURATION:
                return only(len(TIMES), now.times[self._pieces])
            if self._pieces:
                return only(NUM_PITCH_SYMBOLS, HOLD)
            return _NOTE if now.is_open else only(NUM_PITCH_SYMBOLS, now.symbol)
        room = self._edge(walk.part, walk.step) - walk.step
        if field == DURATION:
            room -= walk.held if chosen[PITCH] == HOLD else 0
            return times_up_to(room) if room < LONGEST else None
        return _NOTE if walk.chord_pitch != REST and walk.held >= room else None

    def _when(self, walk: PolyphonyWalk) -> Mask:
        if self._still_due(walk):
            return only(_NUM_SHIFTS, 0)
        step, part = walk.step, walk.part
        gap = self._next_due(step) - step
        first = 0 if part == self._nobody else part
        may_stay = bool(self._open_parts(step, first, self._nobody))
        if not may_stay and all(
            self._kept(p, step) and self._edge(p, step) >= step + gap
            for p in range(len(self._edges))
        ):
            return only(_NUM_SHIFTS, 1 + sum_of(gap)[0])
        return shifts_up_to(min(gap, LONGEST), may_stay)

    def _who(self, walk: PolyphonyWalk, chosen: Event) -> Mask | None:
        size = self._nobody + 1
        part, shift = walk.part, chosen[SHIFT]
        if shift == 0:
            due = self._still_due(walk)
            now = self._at_hand(walk)
            if now is not None and due and due[0] is now:
                return only(size, part)  # It is held on.
            first = 0 if part == self._nobody else part
            before = due[0].part if due else self._nobody
            given = (due[0].part,) if due else ()
            return _parts(size, (*self._open_parts(walk.step, first, before), *given))
        step = walk.step + TIMES[shift - 1]
        if step >= self._length:
            return None
        struck = self._given.get(step)
        if struck:
            given = (struck[0].part,)
            return _parts(size, (*self._open_parts(step, 0, struck[0].part), *given))
        return _parts(size, (*self._open_parts(step, 0, self._nobody), self._nobody))

    def is_given(self, walk: PolyphonyWalk) -> bool:
        chosen: Event = ()
        for field in (PITCH, DURATION, SHIFT, PART):
            mask = walk.legal(field, chosen)
            narrowed = self.narrow(walk, field, chosen)
            fitting = mask if narrowed is None else mask + narrowed
            values = (fitting == 0.0).nonzero()[0]
            if len(values) != 1:
                return False
            chosen = (*chosen, int(values[0]))
        return True

    def advance(self, walk: PolyphonyWalk, event: Event) -> None:
        now = self._at_hand(walk)
        if now is not None:
            self._pieces += 1
            if self._pieces == len(now.times):
                self._done, self._pieces = self._done + 1, 0
        if event[SHIFT]:
            self._done = self._pieces = 0

    # What it is like -----------------------------------------------------------------

    def like(self, walk: PolyphonyWalk, field: int, chosen: Event) -> int:
        if not self._like or self._at_hand(walk) is not None:
            return -1
        step, part = walk.step, walk.part
        here = self._like.get(step, ())
        if field == PITCH:
            above = walk.chord_pitch
            own = (s.symbol for s in here if s.part == part and s.symbol > above)
            symbol = next(own, -1)
            return symbol if symbol < NUM_PITCH_SYMBOLS else -1
        if not self._has_its_rhythm:
            return -1
        if field == DURATION:
            mine = part, chosen[PITCH]
            return next((s.times[0] for s in here if (s.part, s.symbol) == mine), -1)
        if field == SHIFT:
            after = [s for s in here if (s.part, s.symbol) > (part, chosen[PITCH])]
            if after and part != self._nobody:
                return 0
            place = bisect_right(self._like_steps, step)
            there = [*self._like_steps[place : place + 1], self._length][0]
            gap = min(there, self._next_due(step)) - step
            return 1 + sum_of(gap)[0] if gap > 0 else -1
        if chosen[SHIFT] == 0:
            after = [s for s in here if (s.part, s.symbol) > (part, chosen[PITCH])]
            return after[0].part if after else -1
        there_struck = self._like.get(step + TIMES[chosen[SHIFT] - 1])
        return there_struck[0].part if there_struck else self._nobody

    def copy(self) -> Self:
        return duplicate(self)


def _edges(runs: Sequence[Run]) -> list[int]:
    """Starts and ends in steps; runs that touch are one."""
    edges: list[int] = []
    for run in runs:
        ticks = run.start_tick, run.end_tick
        if any(tick % TICKS_PER_STEP for tick in ticks):
            raise NotEncodable("What is kept must begin and end on the grid.")
        start, end = (tick // TICKS_PER_STEP for tick in ticks)
        if edges and edges[-1] == start:
            edges[-1] = end
        else:
            edges += [start, end]
    return edges
