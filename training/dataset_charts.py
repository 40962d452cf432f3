"""What a dataset holds, as bars that a page can draw."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from training.music.pitch import Key, spell_pitch

MOST_ROWS = 12
MOST_COLUMNS = 32


@dataclass(frozen=True, slots=True)
class Bar:
    """``share`` is of the longest bar of its chart, in per cent."""

    label: str
    count: int
    share: float
    place: int  # from 0

    @property
    def rest(self) -> float:
        return 100 - self.share


@dataclass(frozen=True, slots=True)
class Chart:
    """``is_histogram``: its labels are numbers in order, so that it has a shape."""

    slug: str
    title: str
    of: str
    bars: tuple[Bar, ...]
    is_histogram: bool

    @property
    def summary(self) -> str:
        """The chart in a sentence, for who cannot see it."""
        longest = max(self.bars, key=lambda bar: bar.count)
        first, last = self.bars[0].label, self.bars[-1].label
        if self.is_histogram:
            return f"From {first} to {last}, most at {longest.label}."
        return f"Most: {longest.label}, {longest.count}."


def charts_of(counted: dict[str, list[list[Any]]]) -> list[Chart]:
    """The charts of ``Dataset.charts`` that have anything to show."""
    found = [
        _columns("bars", "Length", "pieces", counted.get("bars", [])),
        _columns("pitches", "Pitch", "notes", counted.get("pitches", [])),
        _rows("metres", "Metre", counted.get("metres", [])),
        _rows("keys", "Key", counted.get("keys", [])),
    ]
    return [chart for chart in found if chart.bars]


def _rows(slug: str, title: str, counted: list[list[Any]]) -> Chart:
    """The commonest first; what is left over in one last row."""
    pairs = [(str(label), int(count)) for label, count in counted]
    if len(pairs) > MOST_ROWS:
        others = sum(count for _, count in pairs[MOST_ROWS - 1 :])
        pairs = [*pairs[: MOST_ROWS - 1], ("others", others)]
    return Chart(slug, title, "pieces", _bars(pairs), is_histogram=False)


def _columns(slug: str, title: str, of: str, counted: list[list[Any]]) -> Chart:
    """In order, from the first number to the last, several to a column if many."""
    counts = {int(number): int(count) for number, count in counted}
    pairs = []
    if counts:
        lowest, highest = min(counts), max(counts)
        size = math.ceil((highest - lowest + 1) / MOST_COLUMNS)
        for start in range(lowest, highest + 1, size):
            end = min(start + size - 1, highest)
            count = sum(counts.get(number, 0) for number in range(start, end + 1))
            pairs.append((_label(slug, start, end), count))
    return Chart(slug, title, of, _bars(pairs), is_histogram=True)


def _label(slug: str, start: int, end: int) -> str:
    ends = [_note(n) if slug == "pitches" else str(n) for n in (start, end)]
    words = ends[0] if start == end else f"{ends[0]} to {ends[1]}"
    return words if slug == "pitches" else f"{words} bars"


def _note(pitch: int) -> str:
    letter, alteration, octave = spell_pitch(pitch, Key(0))
    return f"{letter}{'♯' * alteration or '♭' * -alteration}{octave}"


def _bars(pairs: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    pairs = list(pairs)
    most = max((count for _, count in pairs), default=0)
    return tuple(
        Bar(label, count, 100 * count / most if most else 0.0, place)
        for place, (label, count) in enumerate(pairs)
    )
