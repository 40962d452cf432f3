"""Which of several pieces to keep: a critic with few and simple opinions.

``fault`` adds up what a listener would complain of. Every term is 0 for a sound piece
and about 1 for a plain defect; all are pure functions of the score and of how surprised
the network was.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import attrgetter

from training.music.cadences import ends_on_tonic
from training.music.counterpoint import crossing_rate, parallel_rate
from training.music.score import TICKS_PER_QUARTER, Note, Part, Score

#: A part may repeat a pitch this often in a row, and this share of its notes.
LONGEST_RUN = 4
REPEATS = 0.35
#: From this many bars on a melody should come back to what it said; this share of bars.
SHAPED_BARS, RETURNS = 12, 0.2
#: Of all time, how much may be silence.
SILENCE = 0.2
WIDE_LEAP = 12  # semitones, inclusive up to here


def fault(
    score: Score,
    *,
    bits_per_event: float,
    typical_bits: float,
    new: Score | None = None,
) -> float:
    """How much is wrong with ``score``; the lowest of several is the one to keep.

    ``typical_bits`` is what real pieces cost this model. Far above, it has lost its
    thread; far below, it turns in circles. Where not all was written now, ``new`` is
    what was, with its neighbourhood: voices are led there alone.
    """
    if not score.num_notes:
        return 100.0
    melody = score.parts[0]
    parts = [part for part in score.parts if part.notes]
    return (
        unlikelihood(bits_per_event, typical_bits)
        + weak_ending(score)
        + sum(monotony(part) for part in parts) / len(parts)
        + silence(score)
        + wide_leaps(melody)
        + shapelessness(score)
        + bad_counterpoint(new or score)
        + (len(score.parts) - len(parts))
    )


def unlikelihood(bits_per_event: float, typical_bits: float) -> float:
    """Distance from the typical, in halves of it; too predictable weighs half."""
    excess = (bits_per_event - typical_bits) / max(typical_bits, 1e-6)
    return 2.0 * excess if excess > 0 else -excess


def weak_ending(score: Score) -> float:
    """The last note: the tonic (for several parts, in the lowest), long, at the end."""
    last = max(part.notes[-1] for part in score.parts if part.notes)
    weakness = 0.0
    if score.key is not None and not ends_on_tonic(score, score.key):
        third_or_fifth = {score.key.scale[2], score.key.scale[4]}
        weakness += 0.6 if last.pitch % 12 in third_or_fifth else 1.2
    if last.duration_ticks < min(score.metre.beat_ticks, TICKS_PER_QUARTER):
        weakness += 0.5
    return weakness


def monotony(part: Part) -> float:
    """Repeated pitches beyond what songs have, and too few different ones."""
    pitches = [note.pitch for note in part.notes]
    if len(pitches) < 2:
        return 0.0
    longest = max(len(list(run)) for _, run in groupby(pitches))
    repeats = sum(a == b for a, b in pairwise(pitches)) / (len(pitches) - 1)
    wanted = min(5, len(pitches) // 4)
    return (
        0.25 * max(0, longest - LONGEST_RUN)
        + 3.0 * max(0.0, repeats - REPEATS)
        + 0.4 * max(0, wanted - len(set(pitches)))
    )


def silence(score: Score) -> float:
    """The share of the piece in which nothing sounds, beyond what breath needs."""
    sounding = 0
    reached = 0
    notes = [note for part in score.parts for note in part.notes]
    for note in sorted(notes, key=attrgetter("start_tick")):
        sounding += max(0, note.end_tick - max(reached, note.start_tick))
        reached = max(reached, note.end_tick)
    return 4.0 * max(0.0, 1.0 - sounding / max(1, score.end_tick) - SILENCE)


def wide_leaps(part: Part) -> float:
    """Leaps beyond an octave, per twenty notes."""
    leaps = sum(abs(b.pitch - a.pitch) > WIDE_LEAP for a, b in pairwise(part.notes))
    return 20.0 * leaps / max(20, len(part.notes))


def bad_counterpoint(score: Score) -> float:
    """Of several parts: crossings, and parallel fifths and octaves."""
    if len(score.parts) < 2:
        return 0.0
    measures = (
        2.0 * crossing_rate(score),
        0.1 * parallel_rate(score, 7),
        0.1 * parallel_rate(score, 0),
    )
    # Of one chord alone some measures say nothing.
    return sum(measure for measure in measures if not math.isnan(measure))


def shapelessness(score: Score) -> float:
    """Of one melody: too few bars that return, or nearly all of them."""
    if len(score.parts) != 1:
        return 0.0
    if score.end_tick < SHAPED_BARS * score.metre.bar_ticks:
        return 0.0
    returns = bar_repetition(score)
    return 2.0 * max(0.0, RETURNS - returns) + 2.0 * max(0.0, returns - 0.7)


def staleness(
    new: Sequence[Sequence[Note]], old: Sequence[Sequence[Note]], *, likeness: float
) -> float:
    """Of what was rewritten: how much gives back what stood there, part by part.

    The share of places that agree in onset and pitch (Jaccard), weighed by how little
    likeness was asked for. All of it is no rewriting at all.
    """
    before, after = _places(old), _places(new)
    if not before:
        return 0.0
    share = len(before & after) / len(before | after)
    return 2.0 * (1.0 - likeness) * share + (3.0 if share == 1.0 else 0.0)


def _places(parts: Sequence[Sequence[Note]]) -> set[tuple[int, int, int]]:
    return {
        (number, note.start_tick, note.pitch)
        for number, notes in enumerate(parts)
        for note in notes
    }


def bar_repetition(score: Score) -> float:
    """The share of bars of the first part that sounded before, note for note."""
    bars: Counter[tuple[tuple[int, int, int], ...]] = Counter()
    notes = iter(score.parts[0].notes)
    note = next(notes, None)
    for bar in score.bars():
        content = []
        while note is not None and note.start_tick < bar.end_tick:
            content.append(
                (note.start_tick - bar.start_tick, note.duration_ticks, note.pitch)
            )
            note = next(notes, None)
        bars[tuple(content)] += 1
    return 1.0 - len(bars) / max(1, bars.total())
