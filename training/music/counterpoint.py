"""How several voices move together: parallels, crossings, spacing.

All are pure functions of a score whose parts stand from the highest to the lowest, each
with one note at a time. Where a measure has nothing to measure it is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

from training.music.score import Part, Score

PERFECT_FIFTH, OCTAVE = 7, 0  # modulo 12

Sonority = tuple[int | None, ...]
#: Of an upper and a lower pitch, their number from the top, and how many pairs.
PairTest = Callable[[int, int, int, int], bool]


def onset_ticks(score: Score) -> list[int]:
    """Every tick at which a note of some pitched part begins, in order."""
    parts = [part for part in score.parts if not part.is_drum]
    return sorted({note.start_tick for part in parts for note in part.notes})


def sonorities(score: Score) -> list[Sonority]:
    """What each part sounds at every onset: pitches, or None for a rest."""
    times = onset_ticks(score)
    columns = [_sounding(part, times) for part in score.parts]
    return list(zip(*columns, strict=True))


def parallel_rate(score: Score, interval: int) -> float:
    """Parallel fifths or octaves per 100 changes of chord.

    100 * parallels / changes. A pair of parts moves in parallel when both change pitch
    together, in one direction, from ``interval`` (semitones modulo 12: 7 or 0) to the
    same one. A change of chord is an onset at which any part changes pitch; NaN when
    there is none. Source: the rule of every harmony book; counted by changes, so that
    slow and quick music compare.
    """
    changes = parallels = 0
    for before, after in pairwise(sonorities(score)):
        if before == after:
            continue
        changes += 1
        for a, b in combinations(range(len(before)), 2):
            old_a, old_b, new_a, new_b = before[a], before[b], after[a], after[b]
            if old_a is None or old_b is None or new_a is None or new_b is None:
                continue
            is_same = (old_a - old_b) % 12 == (new_a - new_b) % 12 == interval
            if is_same and (new_a - old_a) * (new_b - old_b) > 0:
                parallels += 1
    return 100.0 * parallels / changes if changes else math.nan


def crossing_rate(score: Score) -> float:
    """The share of sonorities, 0 to 1, in which a part sounds above the one over it."""
    return _rate(score, _is_crossed)


def wide_spacing_rate(score: Score) -> float:
    """The share of sonorities with neighbouring parts more than an octave apart.

    The lowest pair, tenor and bass, may stand apart, as harmony books have it.
    """
    return _rate(score, _is_wide)


def crossing_share(score: Score) -> float:
    """The share of the time, 0 to 1, in which a part sounds above the one over it.

    Time is counted from the first onset to the last note's end; on music written in
    sixteenths it is the share of sixteenth frames. NaN without two parts or notes.
    """
    return _share_of_time(score, _is_crossed)


def wide_spacing_share(score: Score) -> float:
    """The share of the time in which upper parts are more than an octave apart.

    Neighbours count, but for the lowest pair: tenor and bass may stand apart. Time as
    in ``crossing_share``. NaN without three parts, of which no two need be close.
    """
    if len(score.parts) < 3:
        return math.nan
    return _share_of_time(score, _is_wide)


def _is_crossed(upper: int, lower: int, pair: int, pairs: int) -> bool:
    return lower > upper


def _is_wide(upper: int, lower: int, pair: int, pairs: int) -> bool:
    return upper - lower > 12 and pair < pairs - 1


def _has(column: Sonority, holds: PairTest) -> bool:
    """Whether ``holds`` for some neighbours: upper, lower, number, how many pairs."""
    return any(
        holds(upper, lower, pair, len(column) - 1)
        for pair, (upper, lower) in enumerate(pairwise(column))
        if upper is not None and lower is not None
    )


def _rate(score: Score, holds: PairTest) -> float:
    columns = sonorities(score)
    hits = sum(_has(column, holds) for column in columns)
    return hits / len(columns) if columns else math.nan


def _share_of_time(score: Score, holds: PairTest) -> float:
    times = onset_ticks(score)
    if len(score.parts) < 2 or not times:
        return math.nan
    ends = [*times[1:], score.end_tick]
    held = sum(
        end - start
        for start, end, column in zip(times, ends, sonorities(score), strict=True)
        if _has(column, holds)
    )
    return held / (score.end_tick - times[0])


def _sounding(part: Part, times: Sequence[int]) -> list[int | None]:
    found: list[int | None] = []
    index = 0
    notes = part.notes
    for time in times:
        while index < len(notes) and notes[index].end_tick <= time:
            index += 1
        sounds = index < len(notes) and notes[index].start_tick <= time
        found.append(notes[index].pitch if sounds else None)
    return found
