"""Snapping played or loosely written music to a grid.

Every note stays: none vanishes, none gets length zero, and a part in which no two notes
sounded together stays such a part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from training.music.score import (
    TICKS_PER_QUARTER,
    KeyChange,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

TRIPLET_RELUCTANCE = 1.25  # a triplet must fit this much better than plain steps

_Change = TypeVar("_Change", MetreChange, KeyChange, TempoChange)


def quantize(
    score: Score, *, steps_per_quarter: int = 4, triplets: bool = True
) -> Score:
    """``score`` with every note on a grid of ``steps_per_quarter``.

    With ``triplets``, each quarter of each part takes the grid that fits its notes
    better: the plain one, or one of three steps where the plain one has four. Changes
    of metre, key and tempo go to the nearest plain step. Quantising twice changes
    nothing more.
    """
    if steps_per_quarter < 1 or TICKS_PER_QUARTER % steps_per_quarter:
        raise ValueError(
            f"A quarter cannot be cut into {steps_per_quarter} equal steps of whole "
            "ticks. Use 4 for sixteenths, 2 for eighths."
        )
    steps = [TICKS_PER_QUARTER // steps_per_quarter]
    if triplets and steps_per_quarter % 4 == 0:
        steps.append(TICKS_PER_QUARTER // (steps_per_quarter * 3 // 4))
    moved: dict[int, int] = {}  # starts of notes, before and after
    parts = tuple(
        replace(part, notes=_snapped(part, steps, moved)) for part in score.parts
    )
    plain = steps[0]
    pickup = min(_nearest(score.pickup_ticks, plain), score.metre.bar_ticks - 1)
    return replace(
        score,
        parts=parts,
        metres=_changes(score.metres, plain),
        keys=_changes(score.keys, plain),
        tempos=_changes(score.tempos, plain),
        pickup_ticks=pickup,
        phrase_end_ticks=tuple(
            sorted({moved.get(t, _nearest(t, plain)) for t in score.phrase_end_ticks})
        ),
    )


def is_on_grid(score: Score, steps_per_quarter: int) -> bool:
    """Whether every note starts and ends on a step."""
    step = TICKS_PER_QUARTER // steps_per_quarter
    return all(
        note.start_tick % step == 0 and note.duration_ticks % step == 0
        for part in score.parts
        for note in part.notes
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """The step each quarter of a part is cut into, in ticks."""

    plain: int
    steps: dict[int, int]  # quarter -> step

    def step_at(self, tick: int) -> int:
        return self.steps.get(tick // TICKS_PER_QUARTER, self.plain)

    def snap(self, tick: int) -> int:
        start = tick // TICKS_PER_QUARTER * TICKS_PER_QUARTER
        return start + _nearest(tick - start, self.step_at(tick))


def _nearest(tick: int, step: int) -> int:
    return (2 * tick + step) // (2 * step) * step


def _snapped(part: Part, steps: list[int], moved: dict[int, int]) -> tuple[Note, ...]:
    grid = _grid(part, steps)
    is_monophonic = part.is_monophonic
    snapped: list[Note] = []
    free_from = 0  # where a monophonic part may go on
    for note in part.notes:
        start = grid.snap(note.start_tick)
        if is_monophonic:
            start = max(start, free_from)
        end = max(grid.snap(note.end_tick), start + grid.step_at(start))
        if is_monophonic and snapped and snapped[-1].end_tick > start:
            cut = start - snapped[-1].start_tick
            snapped[-1] = replace(snapped[-1], duration_ticks=cut)
        moved.setdefault(note.start_tick, start)
        snapped.append(replace(note, start_tick=start, duration_ticks=end - start))
        free_from = start + grid.step_at(start)
    return tuple(snapped)


def _grid(part: Part, steps: list[int]) -> _Grid:
    """The step that fits each quarter; starts of notes count three times as much."""
    plain = steps[0]
    if len(steps) == 1:
        return _Grid(plain, {})
    places: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for note in part.notes:
        for tick, weight in ((note.start_tick, 3), (note.end_tick, 1)):
            quarter, offset = divmod(tick, TICKS_PER_QUARTER)
            places[quarter].append((offset, weight))

    def misfit(offsets: Iterable[tuple[int, int]], step: int) -> float:
        total = sum(w * (_nearest(o, step) - o) ** 2 for o, w in offsets)
        return total if step == plain else total * TRIPLET_RELUCTANCE

    return _Grid(
        plain,
        {
            quarter: min(steps, key=lambda step: misfit(offsets, step))
            for quarter, offsets in places.items()
        },
    )


def _changes(changes: tuple[_Change, ...], step: int) -> tuple[_Change, ...]:
    """The changes on the grid; of two that meet there the later one holds."""
    by_tick = {_nearest(change.tick, step): change for change in changes}
    return tuple(replace(change, tick=tick) for tick, change in by_tick.items())
