"""How often what happens in many pieces: histograms, and how far two of them agree.

A histogram is a tuple of shares, one for each bin, that sum to 1; all are 0 when there
was nothing to count.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from training.music.metrics import melodic_intervals
from training.music.score import Score

Histogram = tuple[float, ...]

WIDEST = 12  # semitones; leaps beyond are counted together
#: From "down more than an octave" to "up more than an octave".
INTERVAL_BINS = tuple(range(-WIDEST - 1, WIDEST + 2))
#: Ticks of the note values that have a bin of their own, 480 to a quarter.
DURATION_BINS = (60, 80, 120, 160, 180, 240, 320, 360, 480, 720, 960, 1440, 1920)


def interval_histogram(scores: Iterable[Score]) -> Histogram:
    """The shares of melodic intervals in semitones, one for each of INTERVAL_BINS.

    Intervals are those from every note of a part to its next, of all scores together.
    Those wider than an octave are in the outermost bins. Source: the note-to-note pitch
    intervals of Yang & Lerch, "On the evaluation of generative models in music" (2020).
    """
    counts = Counter(
        max(-WIDEST - 1, min(WIDEST + 1, interval))
        for score in scores
        for interval in melodic_intervals(score)
    )
    return shares([counts[step] for step in INTERVAL_BINS])


def duration_histogram(scores: Iterable[Score]) -> Histogram:
    """The shares of note lengths, one for each of DURATION_BINS.

    A length of d ticks is counted in the bin b with the least |log d/b|, so that a tied
    or swung note falls to its neighbour. All notes of all scores together, drums left
    out. Source: the note length histogram of Yang & Lerch (2020).
    """
    lengths = Counter(
        note.duration_ticks
        for score in scores
        for part in score.parts
        if not part.is_drum
        for note in part.notes
    )
    counts = dict.fromkeys(DURATION_BINS, 0)
    for length, count in lengths.items():
        nearest = min(DURATION_BINS, key=lambda b: abs(math.log(length / b)))
        counts[nearest] += count
    return shares(list(counts.values()))


def shares(counts: list[int]) -> Histogram:
    """``counts`` divided by their sum."""
    total = sum(counts)
    return tuple(count / total if total else 0.0 for count in counts)


def overlap_area(a: Histogram, b: Histogram) -> float:
    """How far two histograms agree, 0 (nothing in common) to 1 (the same).

    The sum over bins of min(a, b): 1 minus the total variation distance. NaN when one
    of them is empty. Source: the overlapping area of Yang & Lerch (2020), who take it
    of smoothed densities of distances between pieces; we take it of the histograms as
    they stand, which needs no width of a kernel.
    """
    if not sum(a) or not sum(b):
        return math.nan
    return sum(min(x, y) for x, y in zip(a, b, strict=True))
