"""How the pitches of a run come to stand in another rhythm: in order, and in time.

Every bar of a run takes about as many of its notes as it did in the source, so that
the harmony stays where it was; the last one takes those that are left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from generation.composing.guides.base import Run
from training.music.encodings.base import Form

#: How many notes ahead of the source or behind it a bar line may find us.
STRAY = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """Of a run's bar: its end, and how many of the run's notes began by then."""

    end_step: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class Queue:
    """The values of a run's pitches in order, and its bars."""

    start_step: int
    end_step: int
    values: tuple[int, ...]
    bars: tuple[Bar, ...]

    def bar_at(self, step: int) -> Bar:
        return next(bar for bar in self.bars if step < bar.end_step)


def queue_of(
    run: Run, values: tuple[int, ...], form: Form, ticks_per_step: int
) -> Queue:
    """``values`` are those of the run's notes."""
    bar_ticks, total = form.metre.bar_ticks, len(run.notes)
    ends = []
    end = run.start_tick - (run.start_tick - form.pickup_ticks) % bar_ticks
    while end < run.end_tick:
        end = min(end + bar_ticks, run.end_tick)
        ends.append(end)
    bars: list[Bar] = []
    for end in ends:
        begun = sum(note.start_tick < end for note in run.notes)
        fewest, most = max(0, begun - STRAY), min(total, begun + STRAY)
        if end == run.end_tick:
            fewest = most = total
        bars.append(Bar(end // ticks_per_step, fewest, most))
    for place in range(len(bars) - 1, 0, -1):
        # A bar has no more notes than steps: who is late for it, stays late.
        late, early = bars[place], bars[place - 1]
        least = late.fewest - (late.end_step - early.end_step)
        bars[place - 1] = replace(early, fewest=max(early.fewest, least))
    return Queue(
        run.start_tick // ticks_per_step,
        run.end_tick // ticks_per_step,
        values,
        tuple(bars),
    )
