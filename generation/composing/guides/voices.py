"""The guide of ``voices``: every step of every voice has a symbol."""

from __future__ import annotations

from functools import cache
from typing import Self

from generation.composing.guides.base import Run, Wanted, duplicate, only
from generation.composing.guides.pacing import Queue, queue_of
from generation.composing.source import NOTES, PITCHES
from training.music.encodings.base import Event, Mask, allow
from training.music.encodings.context import tonic_pitch
from training.music.encodings.voices import (
    FIRST_PITCH,
    HIGHEST,
    HOLD,
    LOWEST,
    NUM_SYMBOLS,
    REST,
    TICKS_PER_STEP,
    VoicesEncoding,
    VoicesWalk,
    voice_symbols,
)
from training.music.score import Note, Part

_FRESH = allow(NUM_SYMBOLS, [REST, *range(FIRST_PITCH, NUM_SYMBOLS)])
_NOTE = allow(NUM_SYMBOLS, range(FIRST_PITCH, NUM_SYMBOLS))
_NO_NOTE = allow(NUM_SYMBOLS, [REST, HOLD])


@cache
def _next_in_line(value: int, may_hold: bool) -> Mask:
    return allow(NUM_SYMBOLS, [REST, value, *[HOLD] * may_hold])


class VoicesGuide:
    """See ``guides.Guide``."""

    def __init__(self, wanted: Wanted, encoding: VoicesEncoding) -> None:
        """Raises ``NotEncodable`` for runs that are not on the grid."""
        self._length = wanted.form.length_ticks // TICKS_PER_STEP
        self._tonic = tonic_pitch(wanted.form.key)
        fields = [wanted.runs[part] for part in encoding.order]
        self._given: list[dict[int, Mask]] = [{} for _ in fields]
        self._whole: list[set[int]] = [set() for _ in fields]
        self._queues: list[list[Queue]] = [[] for _ in fields]
        for field, runs in enumerate(fields):
            for run in runs:
                self._take(field, run, wanted)
        self._all_whole = frozenset.intersection(*map(frozenset, self._whole))
        self._has_queues = any(self._queues)
        self._fresh = [
            frozenset(
                tick // TICKS_PER_STEP
                for run in runs
                for tick in (run.start_tick, run.end_tick)
            )
            for runs in fields
        ]
        self._has_its_rhythm = wanted.has_its_rhythm
        # Of the music to be like: what each voice sounds, and whether it begins there.
        self._sounds: list[list[tuple[int, bool]]] = []
        if wanted.like is not None:
            self._sounds = [
                self._sounding(wanted.like[part]) for part in encoding.order
            ]
        self._used = [0] * len(fields)

    def _take(self, field: int, run: Run, wanted: Wanted) -> None:
        start, end = run.start_tick // TICKS_PER_STEP, run.end_tick // TICKS_PER_STEP
        symbols = voice_symbols(
            Part(notes=run.notes), tonic=self._tonic, length=self._length
        )
        if run.what == PITCHES:
            values = tuple(s for s in symbols if s >= FIRST_PITCH)
            queue = queue_of(run, values, wanted.form, TICKS_PER_STEP)
            self._queues[field].append(queue)
            return
        if run.what == NOTES:
            self._whole[field] |= set(range(start, end))
        for step in range(start, end):
            symbol = symbols[step]
            is_open = run.what != NOTES and symbol >= FIRST_PITCH
            mask = _NOTE if is_open else only(NUM_SYMBOLS, symbol)
            self._given[field][step] = mask

    def _sounding(self, notes: tuple[Note, ...]) -> list[tuple[int, bool]]:
        sounds = [(REST, False)] * self._length
        for note in notes:
            interval = note.pitch - self._tonic
            if LOWEST <= interval <= HIGHEST:
                start = note.start_tick // TICKS_PER_STEP
                end = min(-(-note.end_tick // TICKS_PER_STEP), self._length)
                symbol = FIRST_PITCH + interval - LOWEST
                for step in range(start, end):
                    sounds[step] = (symbol, step == start)
        return sounds

    def narrow(self, walk: VoicesWalk, field: int, chosen: Event) -> Mask | None:
        step = walk.step
        mask = self._given[field].get(step)
        if mask is not None:
            return mask
        for queue in self._queues[field]:
            if queue.start_step <= step < queue.end_step:
                return self._in_line(queue, step, field)
        return _FRESH if step in self._fresh[field] else None

    def _in_line(self, queue: Queue, step: int, field: int) -> Mask:
        bar, used = queue.bar_at(step), self._used[field]
        if bar.most <= used:
            return only(NUM_SYMBOLS, REST) if step in self._fresh[field] else _NO_NOTE
        value = queue.values[used]
        # Eighths while there is room.
        room = bar.end_step - step - 1
        if room // 2 < bar.fewest - used:
            return only(NUM_SYMBOLS, value)
        return _next_in_line(value, step not in self._fresh[field])

    def like(self, walk: VoicesWalk, field: int, chosen: Event) -> int:
        step = walk.step
        if not self._sounds or step in self._whole[field]:
            return -1
        symbol, begins = self._sounds[field][step]
        if symbol == REST and not self._has_its_rhythm:
            return -1
        is_held = not begins or not self._has_its_rhythm
        if is_held and symbol != REST and walk.sounding(field) == symbol:
            return HOLD if step not in self._fresh[field] else symbol
        return symbol

    def is_given(self, walk: VoicesWalk) -> bool:
        return walk.step in self._all_whole

    def advance(self, walk: VoicesWalk, event: Event) -> None:
        if not self._has_queues:
            return
        step = walk.step
        for field, queues in enumerate(self._queues):
            for queue in queues:
                if queue.start_step <= step < queue.end_step:
                    self._used[field] += event[field] >= FIRST_PITCH
                    if step + 1 == queue.end_step:
                        self._used[field] = 0

    def copy(self) -> Self:
        other = duplicate(self)
        other._used = self._used.copy()
        return other
