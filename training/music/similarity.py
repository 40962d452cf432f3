"""Whose music a piece repeats: melodic n-grams shared with a corpus.

Music that quotes a training piece at length has not been composed. Real, unseen
pieces share much with a corpus too, so a rate says little alone: compare it with
held-out ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.music.metrics import top_line
from training.music.score import Part, Score

#: Runs of intervals by which copying is judged: about two bars, and about four.
NGRAM_LENGTHS = (10, 20)

Hashes = npt.NDArray[np.uint32]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / the golden ratio
_MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # SplitMix64


@dataclass(frozen=True, slots=True)
class KnownNgrams:
    """Which runs of ``n`` melodic intervals a corpus holds, as sorted 32-bit hashes.

    Four bytes a run: 270,000 runs take a megabyte. Another run is taken for one of
    them with a probability of their number over 2^32, here six in 100,000.
    """

    n: int
    hashes: Hashes  # (runs,), ascending, each once

    def holds(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of ``hashes`` are known, in their order."""
        if not len(self.hashes):
            return np.zeros(len(hashes), bool)
        places = np.searchsorted(self.hashes, hashes)
        nearest: Hashes = self.hashes[np.minimum(places, len(self.hashes) - 1)]
        return np.equal(nearest, hashes)


def interval_ngrams(part: Part, n: int) -> Hashes:
    """A hash of every run of ``n`` melodic intervals in semitones, in order.

    Intervals are those of the highest notes, and the same in every key. The hash is a
    polynomial in them, modulo 2^64, whose bits are mixed as SplitMix64 does (Steele et
    al., 2014); the upper 32 stay.
    """
    pitches = np.array(top_line(part), np.int64)
    intervals = (np.diff(pitches) + 128).astype(np.uint64)
    length = len(intervals) - n + 1
    if length < 1:
        return np.zeros(0, np.uint32)
    mixed = np.zeros(length, np.uint64)
    for place in range(n):
        mixed = mixed * _MULTIPLIER + intervals[place : place + length]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIXERS[0]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIXERS[1]
    return (mixed >> np.uint64(32)).astype(np.uint32)


def known_ngrams(corpus: Iterable[Score], n: int) -> KnownNgrams:
    """All runs of ``n`` intervals in the first part of any score."""
    found = [interval_ngrams(part, n) for score in corpus for part in score.parts[:1]]
    return KnownNgrams(n, np.unique(np.concatenate([np.zeros(0, np.uint32), *found])))


def copying_rate(score: Score, known: KnownNgrams) -> float:
    """The share of the first part's runs that are ``known``; NaN if it is too short.

    Runs are of ``known.n`` intervals and overlap. Source: the n-gram novelty of music
    generation, e.g. Papadopoulos et al., "Avoiding Plagiarism in Markov Sequence
    Generation" (AAAI 2014), whose longest tolerated copy is a run's length.
    """
    if not score.parts:
        return math.nan
    hashes = interval_ngrams(score.parts[0], known.n)
    return float(known.holds(hashes).mean()) if len(hashes) else math.nan
