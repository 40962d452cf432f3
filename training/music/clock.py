"""Seconds for many ticks: ``Score.seconds_at`` without counting anew each time."""

from __future__ import annotations

from bisect import bisect_right

from training.music.score import (
    DEFAULT_QPM,
    TICKS_PER_QUARTER,
    Score,
    TempoChange,
)


class Clock:
    """``Clock(score)(tick)`` is the second at which ``tick`` sounds."""

    def __init__(self, score: Score) -> None:
        changes = score.tempos or (TempoChange(0, DEFAULT_QPM),)
        self._ticks = [change.tick for change in changes]
        self._rates = [60.0 / (change.qpm * TICKS_PER_QUARTER) for change in changes]
        self._seconds = [0.0]
        for start, end, rate in zip(
            self._ticks, self._ticks[1:], self._rates, strict=False
        ):
            self._seconds.append(self._seconds[-1] + (end - start) * rate)

    def __call__(self, tick: int) -> float:
        change = max(0, bisect_right(self._ticks, tick) - 1)
        elapsed = (tick - self._ticks[change]) * self._rates[change]
        return self._seconds[change] + elapsed
