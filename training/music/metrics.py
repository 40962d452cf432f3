"""What a piece is like, in numbers: each measure with its formula and its source.

All are pure functions of a score. Rates are fractions of 1 unless the name says other.
Where a measure has nothing to measure it is NaN.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise

from training.music.pitch import Key
from training.music.score import Note, Part, Score

PERFECT_FIFTH, OCTAVE = 7, 0  # modulo 12


def pitch_class_entropy(score: Score) -> float:
    """Shannon entropy of the histogram of pitch classes, in bits: 0 to log2 12 = 3.585.

    H = -sum of p(c) log2 p(c). Source: Wu & Yang, "The Jazz Transformer on the Front
    Line" (ISMIR 2020), over the whole piece.
    """
    counts = Counter(note.pitch % 12 for note in _notes(score))
    total = counts.total()
    if not total:
        return math.nan
    return 0.0 - sum(n / total * math.log2(n / total) for n in counts.values())


def scale_consistency(score: Score, key: Key | None = None) -> float:
    """The share of notes in the scale of ``key``, or of the best major scale.

    Source: Mogren, "C-RNN-GAN" (2016), there as the best of all scales.
    """
    classes = [note.pitch % 12 for note in _notes(score)]
    if not classes:
        return math.nan
    keys = [key] if key else [Key(tonic) for tonic in range(12)]
    return max(sum(c in k.scale for c in classes) for k in keys) / len(classes)


def groove_consistency(score: Score, *, steps_per_quarter: int = 4) -> float:
    """How alike the rhythms of neighbouring bars are.

    1 - the mean Hamming distance, per step, of the onset patterns of bars that follow
    each other. Source: Wu & Yang (ISMIR 2020). Bars of unlike length are not compared.
    """
    step = 480 // steps_per_quarter
    starts = {note.start_tick // step for note in _notes(score)}
    patterns = [
        [s in starts for s in range(bar.start_tick // step, bar.end_tick // step)]
        for bar in score.bars()
    ]
    distances = [
        sum(x != y for x, y in zip(a, b, strict=True)) / len(a)
        for a, b in pairwise(patterns)
        if a and len(a) == len(b)
    ]
    return 1.0 - sum(distances) / len(distances) if distances else math.nan


def repeated_note_rate(score: Score) -> float:
    """The share of notes, after each part's first, that repeat the pitch before."""
    intervals = list(melodic_intervals(score))
    if not intervals:
        return math.nan
    return sum(interval == 0 for interval in intervals) / len(intervals)


def melodic_intervals(score: Score) -> Iterator[int]:
    """Semitones from every note of a part to its next, rising positive."""
    for part in score.parts:
        for a, b in pairwise(part.notes):
            yield b.pitch - a.pitch


def parallel_rate(score: Score, interval: int) -> float:
    """Parallel fifths or octaves per 100 changes of chord.

    A pair of parts moves in parallel when both change pitch together, in one direction,
    from ``interval`` (semitones modulo 12: 7 or 0) to the same one. A change of chord
    is an onset at which any part changes pitch.
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
    """The share of sonorities in which a lower part sounds above a higher one."""
    return _rate(score, lambda upper, lower, pair: lower > upper)


def wide_spacing_rate(score: Score) -> float:
    """The share of sonorities with neighbouring parts more than an octave apart.

    The lowest pair, tenor and bass, may stand apart, as harmony books have it.
    """
    lowest = len(score.parts) - 2
    return _rate(score, lambda upper, lower, pair: upper - lower > 12 and pair < lowest)


def sonorities(score: Score) -> list[tuple[int | None, ...]]:
    """What each part sounds at every onset: pitches, or None for a rest."""
    times = sorted({note.start_tick for note in _notes(score)})
    columns = [_sounding(part, times) for part in score.parts]
    return list(zip(*columns, strict=True))


def ends_on_tonic(score: Score, key: Key) -> bool:
    """Whether the lowest note sounding last is the tonic."""
    last = max((n.start_tick for n in _notes(score)), default=-1)
    final = [n.pitch for n in _notes(score) if n.end_tick > last]
    return bool(final) and min(final) % 12 == key.tonic


def _notes(score: Score) -> list[Note]:
    return [note for part in score.parts if not part.is_drum for note in part.notes]


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


def _rate(score: Score, holds: Callable[[int, int, int], bool]) -> float:
    """The share of sonorities in which some pair (upper, lower, index) holds."""
    columns = sonorities(score)
    hits = 0
    for column in columns:
        pairs = enumerate(pairwise(column))
        hits += any(
            holds(upper, lower, pair)
            for pair, (upper, lower) in pairs
            if upper is not None and lower is not None
        )
    return hits / len(columns) if columns else math.nan
