"""What many pieces are like: every measure's mean and spread, and histograms.

Two profiles stand beside each other: that of pieces a network wrote, and that of real
ones it never saw. The band in which nine in ten real pieces lie says how much a
difference means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from training.music.cadences import (
    Cadence,
    cadence_share,
    ends_on_tonic,
    resting_share,
)
from training.music.counterpoint import (
    OCTAVE,
    PERFECT_FIFTH,
    crossing_share,
    parallel_rate,
    wide_spacing_share,
)
from training.music.distributions import (
    Histogram,
    duration_histogram,
    interval_histogram,
    overlap_area,
)
from training.music.metrics import (
    groove_consistency,
    pitch_class_entropy,
    repeated_note_rate,
    scale_consistency,
)
from training.music.score import Score
from training.music.similarity import KnownNgrams, copying_rate

Measure = Callable[[Score], float]


@dataclass(frozen=True, slots=True)
class Spread:
    """One measure over many pieces. ``low`` and ``high`` are percentiles 5 and 95."""

    mean: float
    low: float
    median: float
    high: float
    pieces: int  # those in which there was something to measure


@dataclass(frozen=True, slots=True)
class Profile:
    """What ``pieces`` are like together, by the names in MEASURES and HISTOGRAMS.

    A measure that found nothing to measure in any piece is left out.
    """

    pieces: int
    notes: int
    measures: dict[str, Spread]
    histograms: dict[str, Histogram]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure of generated pieces beside the same of held-out ones."""

    name: str
    generated: Spread
    held_out: Spread

    @property
    def side(self) -> int:
        """0 where the generated mean lies in the band, -1 below it, 1 above.

        The band is where nine in ten held-out pieces lie, and reaches to their mean: of
        what hardly ever happens, the mean lies outside of what most pieces have.
        """
        real = self.held_out
        if self.generated.mean < min(real.low, real.mean):
            return -1
        return int(self.generated.mean > max(real.high, real.mean))


def _of_voices(measure: Measure) -> Measure:
    """``measure``, of scores with two parts or more that each sing one note at a time.

    Of others it is NaN.
    """

    def measure_voices(score: Score) -> float:
        are_voices = len(score.parts) > 1 and all(
            part.is_monophonic and not part.is_drum for part in score.parts
        )
        return measure(score) if are_voices else math.nan

    return measure_voices


def _of_melody(measure: Measure) -> Measure:
    return lambda score: measure(score) if len(score.parts) == 1 else math.nan


def _ends_on_tonic(score: Score) -> float:
    return float(ends_on_tonic(score, score.key)) if score.key else math.nan


#: By name; shares of 1 unless noted. Those of copying are made by ``copying_measures``.
MEASURES: dict[str, Measure] = {
    "pitch_class_entropy": pitch_class_entropy,  # bits
    "scale_consistency": scale_consistency,
    "groove_consistency": groove_consistency,
    "repeated_notes": repeated_note_rate,
    # per 100 changes of chord
    "parallel_fifths": _of_voices(partial(parallel_rate, interval=PERFECT_FIFTH)),
    "parallel_octaves": _of_voices(partial(parallel_rate, interval=OCTAVE)),
    "crossings": _of_voices(crossing_share),
    "wide_spacing": _of_voices(wide_spacing_share),
    "authentic_cadences": _of_voices(partial(cadence_share, kind=Cadence.AUTHENTIC)),
    "half_cadences": _of_voices(partial(cadence_share, kind=Cadence.HALF)),
    "phrases_on_tonic": _of_melody(partial(resting_share, degrees=frozenset({0}))),
    "phrases_on_tonic_chord": _of_melody(
        partial(resting_share, degrees=frozenset({0, 2, 4}))
    ),
    "ends_on_tonic": _ends_on_tonic,
}

HISTOGRAMS: dict[str, Callable[[Iterable[Score]], Histogram]] = {
    "intervals": interval_histogram,
    "durations": duration_histogram,
}


def copying_measures(known: Iterable[KnownNgrams]) -> dict[str, Measure]:
    """``copied_10`` for runs of ten intervals, and so on."""
    return {
        f"copied_{ngrams.n}": partial(copying_rate, known=ngrams) for ngrams in known
    }


def profile(scores: Sequence[Score], known: Iterable[KnownNgrams] = ()) -> Profile:
    """Measure ``scores``; ``known`` are what they may have copied from."""
    spreads = {}
    for name, measure in {**MEASURES, **copying_measures(known)}.items():
        values = [value for s in scores if not math.isnan(value := measure(s))]
        if values:
            spreads[name] = spread(values)
    return Profile(
        pieces=len(scores),
        notes=sum(score.num_notes for score in scores),
        measures=spreads,
        histograms={name: count(scores) for name, count in HISTOGRAMS.items()},
    )


def spread(values: Sequence[float]) -> Spread:
    """Mean and percentiles of one or more ``values``, interpolated between them."""
    low, median, high = np.percentile(values, [5, 50, 95]).tolist()
    return Spread(float(np.mean(values)), low, median, high, len(values))


def compare(generated: Profile, held_out: Profile) -> list[Comparison]:
    """The measures that both profiles have, in the order of MEASURES."""
    return [
        Comparison(name, ours, held_out.measures[name])
        for name, ours in generated.measures.items()
        if name in held_out.measures
    ]


def overlaps(generated: Profile, held_out: Profile) -> dict[str, float]:
    """The overlap area, 0 to 1, of each histogram that both have filled."""
    areas = {
        name: overlap_area(ours, held_out.histograms[name])
        for name, ours in generated.histograms.items()
        if name in held_out.histograms
    }
    return {name: area for name, area in areas.items() if not math.isnan(area)}


def profile_to_json(of: Profile) -> dict[str, Any]:
    """Plain JSON, rounded to six digits; ``profile_from_json`` undoes it."""
    return {
        "pieces": of.pieces,
        "notes": of.notes,
        "measures": {
            name: {key: _rounded(value) for key, value in asdict(found).items()}
            for name, found in of.measures.items()
        },
        "histograms": {
            name: [_rounded(share) for share in histogram]
            for name, histogram in of.histograms.items()
        },
    }


def profile_from_json(told: Mapping[str, Any]) -> Profile:
    """Raises ``ValueError`` for what ``profile_to_json`` cannot have written."""
    try:
        return Profile(
            pieces=int(told["pieces"]),
            notes=int(told["notes"]),
            measures={name: Spread(**s) for name, s in told["measures"].items()},
            histograms={
                name: tuple(map(float, h)) for name, h in told["histograms"].items()
            },
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"This is not a profile: {error!r}") from None


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.6g}")
