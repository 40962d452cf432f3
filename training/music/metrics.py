"""What a piece is like, in numbers: each measure with its formula and its source.

All are pure functions of a score; drums are left out. Rates are fractions of 1 unless
the name says other. Where a measure has nothing to measure it is NaN. Those of several
voices are in ``counterpoint``, those of endings in ``cadences``, those that compare
many pieces in ``distributions`` and ``similarity``; ``profile`` brings them together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from training.music.pitch import Key
from training.music.score import Note, Part, Score


def pitch_class_entropy(score: Score) -> float:
    """Shannon entropy of the histogram of pitch classes, in bits: 0 to log2 12 = 3.585.

    H = -sum of p(c) log2 p(c), where p(c) is the share of notes of class c. NaN without
    notes. Source: Wu & Yang, "The Jazz Transformer on the Front Line" (ISMIR 2020),
    there of windows of bars; over the whole piece as in Dong et al., "MusPy" (ISMIR
    2020), ``chroma_entropy``.
    """
    counts = Counter(note.pitch % 12 for note in _notes(score))
    total = counts.total()
    if not total:
        return math.nan
    return 0.0 - sum(n / total * math.log2(n / total) for n in counts.values())


def scale_consistency(score: Score, key: Key | None = None) -> float:
    """The share of notes in the scale of ``key``, or of the best major scale: 0 to 1.

    A natural minor scale has the notes of its relative major, so that the best of
    twelve is the best of all. NaN without notes. Source: Mogren, "C-RNN-GAN" (2016),
    and MusPy (ISMIR 2020), both as the best of all scales.
    """
    classes = [note.pitch % 12 for note in _notes(score)]
    if not classes:
        return math.nan
    keys = [key] if key else [Key(tonic) for tonic in range(12)]
    return max(sum(c in k.scale for c in classes) for k in keys) / len(classes)


def groove_consistency(score: Score, *, steps_per_quarter: int = 4) -> float:
    """How alike the rhythms of neighbouring bars are: 1 when they are the same.

    1 - the mean over neighbouring bars of d / Q, where d is the Hamming distance of
    their onset patterns on a grid of Q steps a bar; an onset between two steps counts
    for the one before it. Bars of unlike length are not compared; NaN when there are
    none to compare. Source: the grooving pattern similarity of Wu & Yang (ISMIR 2020),
    averaged over neighbours as in MusPy (ISMIR 2020).
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
    """Semitones from every note of a part to its next, rising positive.

    Of notes that begin together the highest is the melody's.
    """
    for part in score.parts:
        if not part.is_drum:
            for a, b in pairwise(top_line(part)):
                yield b - a


def top_line(part: Part) -> list[int]:
    """The highest pitch of each onset, in order of time."""
    # Notes are in order of start and then pitch: the last of a start is the highest.
    return list({note.start_tick: note.pitch for note in part.notes}.values())


def _notes(score: Score) -> list[Note]:
    return [note for part in score.parts if not part.is_drum for note in part.notes]
