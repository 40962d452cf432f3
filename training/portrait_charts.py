"""What a version's music is like, as rows and bars that a page can draw."""

from __future__ import annotations

from dataclasses import dataclass

from training.models import Portrait
from training.music.distributions import DURATION_BINS, INTERVAL_BINS, WIDEST, Histogram
from training.music.profile import MEASURES, Comparison, Profile, Spread


@dataclass(frozen=True, slots=True)
class Unit:
    """How a page writes numbers: ``sign`` behind them, or none."""

    factor: float
    digits: int
    sign: str = ""

    def written(self, value: float) -> str:
        return f"{self.number(value)}{self.sign}"

    def band(self, low: float, high: float) -> str:
        return f"{self.number(low)} to {self.written(high)}"

    def number(self, value: float) -> str:
        return f"{self.factor * value:.{self.digits}f}"


_PERCENT = Unit(100, 1, " %")
_PLAIN = Unit(1, 2)

#: What a page calls each measure, what it means, and how its numbers are written.
WORDS: dict[str, tuple[str, str, Unit]] = {
    "pitch_class_entropy": (
        "Variety of notes",
        "in bits: 0 for one note for ever, 3.58 for all twelve alike",
        _PLAIN,
    ),
    "scale_consistency": (
        "Notes of one scale",
        "the share that fits the scale which fits best",
        _PERCENT,
    ),
    "groove_consistency": (
        "Steady rhythm",
        "how far a bar has the rhythm of the bar before",
        _PERCENT,
    ),
    "repeated_notes": ("Repeated notes", "the same pitch twice in a row", _PERCENT),
    "parallel_fifths": (
        "Parallel fifths",
        "in 100 changes of chord; chorales are kept from them",
        _PLAIN,
    ),
    "parallel_octaves": (
        "Parallel octaves",
        "in 100 changes of chord; chorales are kept from them",
        _PLAIN,
    ),
    "crossings": (
        "Voices crossed",
        "the time in which a voice sounds above the one over it",
        _PERCENT,
    ),
    "wide_spacing": (
        "Voices far apart",
        "the time in which two upper voices are more than an octave apart",
        _PERCENT,
    ),
    "authentic_cadences": (
        "Full closes",
        "phrases that end from dominant to tonic, V to I, in some key",
        _PERCENT,
    ),
    "half_cadences": ("Half closes", "phrases that stop on the dominant, V", _PERCENT),
    "phrases_on_tonic": (
        "Phrases that rest on the keynote",
        "of four bars each, by their last bar\u2019s longest note",
        _PERCENT,
    ),
    "phrases_on_tonic_chord": (
        "Phrases that rest on its chord",
        "on the keynote, its third or its fifth",
        _PERCENT,
    ),
    "ends_on_tonic": (
        "Pieces that end on the keynote",
        "by the lowest note of the end; composing sees to it",
        _PERCENT,
    ),
    "copied_10": (
        "Runs of 11 notes it had read",
        "in any key; real tunes share turns of phrase too",
        _PERCENT,
    ),
    "copied_20": (
        "Runs of 21 notes it had read",
        "far above real pieces, this would be copying",
        _PERCENT,
    ),
}
NOTE_VALUES = {
    60: "thirty-second",
    80: "triplet sixteenth",
    120: "sixteenth",
    160: "triplet eighth",
    180: "dotted sixteenth",
    240: "eighth",
    320: "triplet quarter",
    360: "dotted eighth",
    480: "quarter",
    720: "dotted quarter",
    960: "half",
    1440: "dotted half",
    1920: "whole or longer",
}


#: Where nine in ten of fewer real pieces lie says nothing.
FEWEST_FOR_A_BAND = 10


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """``real`` is empty where there is nothing to compare, ``band`` also of too few."""

    name: str
    label: str
    hint: str
    own: str
    real: str = ""
    band: str = ""  # of nine in ten real pieces
    verdict: str = ""  # where its mean lies outside of it


@dataclass(frozen=True, slots=True)
class Pair:
    """A bin of two histograms: shares in per cent, heights of the chart's 100."""

    label: str
    place: int  # from 0
    own: float
    real: float
    own_height: float
    real_height: float

    @property
    def own_top(self) -> float:
        return 100 - self.own_height

    @property
    def real_top(self) -> float:
        return 100 - self.real_height


@dataclass(frozen=True, slots=True)
class PairChart:
    """Two histograms over each other; ``overlap`` in per cent."""

    slug: str
    title: str
    overlap: float
    pairs: tuple[Pair, ...]

    @property
    def summary(self) -> str:
        """The chart in a sentence, for who cannot see it."""
        own = max(self.pairs, key=lambda pair: pair.own)
        real = max(self.pairs, key=lambda pair: pair.real)
        return (
            f"Its pieces have most at {own.label}, {own.own:.0f} %; "
            f"real pieces at {real.label}, {real.real:.0f} %. "
            f"The two agree for {self.overlap:.0f} %."
        )


def measure_rows(portrait: Portrait) -> list[MeasureRow]:
    """A row for each measure of the pieces it wrote, in the order of MEASURES."""
    own, real = portrait.own, portrait.real
    if own is None:
        return []
    known = [*(name for name in MEASURES if name in WORDS), "copied_10", "copied_20"]
    return [
        _row(name, own.measures[name], real.measures.get(name) if real else None)
        for name in known
        if name in own.measures
    ]


def _row(name: str, own: Spread, real: Spread | None) -> MeasureRow:
    label, hint, unit = WORDS[name]
    if real is None:
        return MeasureRow(name, label, hint, unit.written(own.mean))
    means = unit.written(own.mean), unit.written(real.mean)
    if real.pieces < FEWEST_FOR_A_BAND:
        return MeasureRow(name, label, hint, *means)
    side = Comparison(name, own, real).side
    return MeasureRow(
        *(name, label, hint, *means),
        band=unit.band(real.low, real.high),
        verdict=("", "higher than most", "lower than most")[side],
    )


def pair_charts(portrait: Portrait) -> list[PairChart]:
    """Intervals and note lengths of its pieces over those of real ones."""
    own, real = portrait.own, portrait.real
    if own is None or real is None:
        return []
    overlaps = portrait.overlaps()
    titles = {
        "intervals": ("Steps and leaps", [_interval(i) for i in INTERVAL_BINS]),
        "durations": ("Note lengths", [NOTE_VALUES[d] for d in DURATION_BINS]),
    }
    return [
        PairChart(name, title, 100 * overlaps[name], _pairs(name, labels, own, real))
        for name, (title, labels) in titles.items()
        if name in overlaps
    ]


def _pairs(
    name: str, labels: list[str], own: Profile, real: Profile
) -> tuple[Pair, ...]:
    shares: tuple[Histogram, Histogram] = (own.histograms[name], real.histograms[name])
    most = max(max(histogram) for histogram in shares)
    return tuple(
        Pair(label, place, 100 * a, 100 * b, 100 * a / most, 100 * b / most)
        for place, (label, a, b) in enumerate(zip(labels, *shares, strict=True))
    )


def _interval(semitones: int) -> str:
    if not semitones:
        return "the same note"
    way = "up" if semitones > 0 else "down"
    size = abs(semitones)
    return f"{way} {size}" if size <= WIDEST else f"{way} more than {WIDEST}"
