"""The guide of ``melody`` and of ``pitches``: one line."""

from __future__ import annotations

from functools import cache
from typing import Self

from generation.composing.guides.base import Run, Wanted, duplicate, only
from generation.composing.guides.pacing import Queue, queue_of
from generation.composing.source import NOTES, PITCHES
from training.music.encodings import NotEncodable, PitchesEncoding
from training.music.encodings.base import Event, Mask, allow
from training.music.encodings.context import BarGrid, tonic_pitch
from training.music.encodings.melody import (
    DURATION,
    DURATIONS,
    FIRST_PITCH,
    HOLD,
    NUM_PITCH_SYMBOLS,
    PITCH,
    REST,
    TICKS_PER_STEP,
    MelodyWalk,
    cut,
    durations_up_to,
    symbol_of,
)
from training.music.encodings.pitches import PitchesWalk
from training.music.score import TICKS_PER_QUARTER, Note

_FRESH = allow(NUM_PITCH_SYMBOLS, [REST, *range(FIRST_PITCH, NUM_PITCH_SYMBOLS)])
_NOTE = allow(NUM_PITCH_SYMBOLS, range(FIRST_PITCH, NUM_PITCH_SYMBOLS))
_NO_NOTE = allow(NUM_PITCH_SYMBOLS, [REST, HOLD])
#: The least that a note to come is given while there is room, in steps.
_UNITS = (6, 3, 1)


@cache
def _next_in_line(value: int, may_hold: bool) -> Mask:
    return allow(NUM_PITCH_SYMBOLS, [REST, value, *[HOLD] * may_hold])


class MelodyGuide:
    """See ``guides.Guide``."""

    def __init__(self, wanted: Wanted) -> None:
        """Raises ``NotEncodable`` for runs that are not on the grid."""
        form = wanted.form
        self._tonic = tonic_pitch(form.key)
        self._grid = BarGrid.of(form, TICKS_PER_STEP)
        self._given: dict[int, tuple[Mask, Mask]] = {}
        self._whole: set[int] = set()  # steps at which notes are given, not a rhythm
        (runs,) = wanted.runs
        self._queues: list[Queue] = []
        for run in runs:
            self._take(run, wanted)
        edges = sorted(tick // TICKS_PER_STEP for tick in wanted.edges)
        # Where a free event must end, and where no note may be held on.
        self._ends: list[int] = []
        for edge in (*edges, self._grid.length):
            self._ends += [edge] * (edge - len(self._ends))
        self._fresh = frozenset(edges)
        self._has_its_rhythm = wanted.has_its_rhythm
        # Of the music to be like: what sounds at each step, and up to where; and where
        # a note begins.
        self._sounds: list[tuple[int, int]] = []
        self._begins: frozenset[int] = frozenset()
        if wanted.like is not None:
            self._be_like(wanted.like[0])
        self._used = 0  # pitches of the queue at hand

    def _take(self, run: Run, wanted: Wanted) -> None:
        start, end = _step(run.start_tick), _step(run.end_tick)
        symbols = tuple(symbol_of(note.pitch - self._tonic) for note in run.notes)
        if run.what == PITCHES:
            self._queues.append(queue_of(run, symbols, wanted.form, TICKS_PER_STEP))
            return
        events: list[Event] = []
        step = start
        for note, symbol in zip(run.notes, symbols, strict=True):
            events += cut(self._grid, step, _step(note.start_tick), REST)
            step = _step(note.end_tick)
            events += cut(self._grid, _step(note.start_tick), step, symbol)
        events += cut(self._grid, step, end, REST)
        step = start
        for duration, symbol in events:
            mask = only(NUM_PITCH_SYMBOLS, symbol)
            if run.what == NOTES:
                self._whole.add(step)
            elif symbol >= FIRST_PITCH:
                mask = _NOTE
            self._given[step] = only(len(DURATIONS), duration), mask
            step += DURATIONS[duration]

    def _be_like(self, notes: tuple[Note, ...]) -> None:
        begins, step = [], 0
        for note in notes:
            start = min(note.start_tick // TICKS_PER_STEP, self._grid.length)
            end = min(-(-note.end_tick // TICKS_PER_STEP), self._grid.length)
            interval = note.pitch - self._tonic
            if start < step or not -36 <= interval <= 48:
                continue
            self._sounds += [(REST, start)] * (start - step)
            self._sounds += [(symbol_of(interval), end)] * (end - start)
            begins.append(start)
            step = end
        rest = self._grid.length - step
        self._sounds += [(REST, self._grid.length)] * rest
        self._begins = frozenset(begins)

    def narrow(self, walk: MelodyWalk, field: int, chosen: Event) -> Mask | None:
        step = walk.step
        given = self._given.get(step)
        if given is not None:
            return given[field]
        for queue in self._queues:
            if queue.start_step <= step < queue.end_step:
                return self._in_line(queue, step, field, chosen)
        if field == DURATION:
            room = self._ends[step] - step
            return durations_up_to(room) if room < self._grid.bar else None
        return _FRESH if step in self._fresh else None

    def _in_line(self, queue: Queue, step: int, field: int, chosen: Event) -> Mask:
        bar = queue.bar_at(step)
        room = bar.end_step - step
        must, may = bar.fewest - self._used, bar.most - self._used
        unit = next((u for u in _UNITS if u * must <= room), _UNITS[-1])
        if field == DURATION:
            return durations_up_to(max(1, room - unit * max(0, must - 1)))
        if may <= 0:
            return only(NUM_PITCH_SYMBOLS, REST) if step in self._fresh else _NO_NOTE
        value = queue.values[self._used]
        if must > 0 and room - DURATIONS[chosen[DURATION]] < unit * must:
            return only(NUM_PITCH_SYMBOLS, value)
        return _next_in_line(value, step not in self._fresh)

    def like(self, walk: MelodyWalk, field: int, chosen: Event) -> int:
        step = walk.step
        if not self._sounds or step in self._whole:
            return -1
        symbol, end = self._sounds[step]
        if field == DURATION:
            if not self._has_its_rhythm:
                return -1
            bar_line = step + self._grid.bar - self._grid.place(step)
            room = min(end, bar_line, self._ends[step]) - step
            return max(i for i, d in enumerate(DURATIONS) if d <= room)
        if step not in self._begins and symbol != REST and walk.sounding == symbol:
            return HOLD if step not in self._fresh else symbol
        return symbol

    def is_given(self, walk: MelodyWalk) -> bool:
        return walk.step in self._whole

    def advance(self, walk: MelodyWalk, event: Event) -> None:
        if not self._queues:
            return
        step = walk.step
        for queue in self._queues:
            if queue.start_step <= step < queue.end_step:
                self._used = 0 if step == queue.start_step else self._used
                self._used += event[PITCH] >= FIRST_PITCH
                if step + DURATIONS[event[DURATION]] >= queue.end_step:
                    self._used = 0

    def copy(self) -> Self:
        return duplicate(self)


def _step(tick: int) -> int:
    if tick % TICKS_PER_STEP:
        raise NotEncodable("Some notes are not on the grid; quantise the score first.")
    return tick // TICKS_PER_STEP


class PitchesGuide:
    """Quarter notes without a rhythm: what is kept is always notes."""

    def __init__(self, wanted: Wanted, encoding: PitchesEncoding) -> None:
        (runs,) = wanted.runs
        size = encoding.fields[0].size
        lowest = encoding.lowest
        self._given: dict[int, Mask] = {}
        self._like: dict[int, int] = {}
        for run in runs:
            if run.what == PITCHES or any(
                note.start_tick % TICKS_PER_QUARTER
                or note.duration_ticks != TICKS_PER_QUARTER
                for note in run.notes
            ):
                raise NotEncodable(
                    "It writes quarter notes alone, each right after the one before."
                )
            if run.what != NOTES:
                continue  # All rhythms are alike.
            if len(run.notes) * TICKS_PER_QUARTER != run.end_tick - run.start_tick:
                raise NotEncodable(
                    "Every note must be a quarter right after the one before."
                )
            for note in run.notes:
                if not lowest <= note.pitch <= encoding.highest:
                    raise NotEncodable(
                        f"Pitch {note.pitch} is out of this model's range."
                    )
                self._given[note.start_tick] = only(size, note.pitch - lowest)
        for note in wanted.like[0] if wanted.like is not None else ():
            if lowest <= note.pitch <= encoding.highest:
                self._like[note.start_tick] = note.pitch - lowest

    def narrow(self, walk: PitchesWalk, field: int, chosen: Event) -> Mask | None:
        return self._given.get(walk.tick)

    def like(self, walk: PitchesWalk, field: int, chosen: Event) -> int:
        return self._like.get(walk.tick, -1)

    def is_given(self, walk: PitchesWalk) -> bool:
        return walk.tick in self._given

    def advance(self, walk: PitchesWalk, event: Event) -> None:
        """Nothing to be remembered."""

    def copy(self) -> Self:
        return self
