"""Whose music a piece repeats: melodic n-grams shared with a corpus.

Music that quotes a training piece at length has not been composed. Real, unseen
pieces share much with a corpus too, so a rate says little alone: compare it with
held-out ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from training.music.score import Part, Score


def interval_ngrams(part: Part, n: int) -> list[tuple[int, ...]]:
    """Every run of ``n`` melodic intervals in semitones, in order, in any key."""
    pitches = [note.pitch for note in part.notes]
    intervals = [b - a for a, b in zip(pitches, pitches[1:], strict=False)]
    return [tuple(intervals[i : i + n]) for i in range(len(intervals) - n + 1)]


def known_ngrams(corpus: Iterable[Score], n: int) -> frozenset[tuple[int, ...]]:
    """All runs of ``n`` intervals in the first part of any score."""
    return frozenset(
        ngram
        for score in corpus
        for part in score.parts[:1]
        for ngram in interval_ngrams(part, n)
    )


def copying_rate(score: Score, known: frozenset[tuple[int, ...]], n: int) -> float:
    """The share of the first part's ``n``-grams in ``known``; NaN if too short."""
    if not score.parts:
        return math.nan
    ngrams = interval_ngrams(score.parts[0], n)
    return sum(g in known for g in ngrams) / len(ngrams) if ngrams else math.nan
