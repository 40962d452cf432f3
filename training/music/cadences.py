"""How phrases end: cadences of voices, and the degrees on which melodies rest.

What a phrase is differs. A chorale writes a fermata where one ends, and a model that
composes one is told where they stand. A tune writes nothing, but nearly all are made of
phrases of four bars. Without a fermata, the end of several voices is their last chord.
"""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import groupby

from training.music.counterpoint import onset_ticks, sonorities
from training.music.pitch import Key
from training.music.score import Bar, Note, Score

BARS_PER_PHRASE = 4
FOURTH_UP = 5  # or a fifth down, semitones modulo 12


class Cadence(StrEnum):
    """What the bass does at the end of a phrase."""

    AUTHENTIC = "authentic"
    HALF = "half"
    PLAGAL = "plagal"
    STEPWISE = "stepwise"
    OTHER = "other"


def cadences(score: Score) -> list[Cadence]:
    """The cadence at every fermata, or of the last chord where there are none.

    The bass is the lowest pitch that sounds. From its last other pitch class to that at
    the end of the phrase it moves by m semitones, modulo 12. In this order:

    * *authentic*: m = 5 (up a fourth or down a fifth) and the leading note, a semitone
      below the goal, sounded over the bass before: V-I, in whatever key;
    * *half*: it ends on the fifth degree of the piece's key;
    * *plagal*: m = 7 (down a fourth or up a fifth) to the first degree;
    * *stepwise*: m is 1, 2, 10 or 11, as in vii6-I or the phrygian ending;
    * *other*: all else, and where the bass has not moved yet.

    Without a key there are no half and plagal ones. Empty without notes. Source: the
    kinds of Aldwell & Schachter, "Harmony and Voice Leading", judged by the bass alone.
    """
    times = onset_ticks(score)
    columns = [[p for p in column if p is not None] for column in sonorities(score)]
    if not times:
        return []
    starts = score.phrase_end_ticks or (times[-1],)
    found = []
    for start in starts:
        heard = [c for t, c in zip(times, columns, strict=True) if t <= start and c]
        if heard:
            found.append(_cadence(heard, score.key))
    return found


def _cadence(heard: list[list[int]], key: Key | None) -> Cadence:
    """Of the last of ``heard``, the pitches of every chord up to it."""
    runs = [(bass, list(run)) for bass, run in groupby(heard, key=_bass_class)]
    if len(runs) < 2:
        return Cadence.OTHER
    (origin, chords), (goal, _) = runs[-2:]
    over_origin = {pitch % 12 for chord in chords for pitch in chord}
    motion = (goal - origin) % 12
    degree = (goal - key.tonic) % 12 if key else None
    if motion == FOURTH_UP and (goal - 1) % 12 in over_origin:
        return Cadence.AUTHENTIC
    if degree == 7:
        return Cadence.HALF
    if motion == 12 - FOURTH_UP and degree == 0:
        return Cadence.PLAGAL
    return Cadence.STEPWISE if motion in (1, 2, 10, 11) else Cadence.OTHER


def _bass_class(chord: list[int]) -> int:
    return min(chord) % 12


def cadence_share(score: Score, kind: Cadence) -> float:
    """The share of the phrase ends that are of ``kind``; NaN when none is known."""
    found = cadences(score)
    return found.count(kind) / len(found) if found else math.nan


def ends_on_tonic(score: Score, key: Key) -> bool:
    """Whether the lowest note sounding last is the tonic."""
    last = max((n.start_tick for n in _notes(score)), default=-1)
    final = [n.pitch for n in _notes(score) if n.end_tick > last]
    return bool(final) and min(final) % 12 == key.tonic


def resting_notes(score: Score) -> list[Note]:
    """The note on which each phrase of the first part comes to rest.

    In the last bar of every four, counted from the first whole one, and in the last
    bar of all: the note that sounds longest within the bar, of equals the first. A
    pick-up to the next phrase is shorter or stands later. Bars of silence have none.
    """
    if not score.parts:
        return []
    bars = [bar for bar in score.bars() if bar.number > 0]
    ends = [bar for bar in bars if bar.number % BARS_PER_PHRASE == 0]
    if bars and bars[-1] not in ends:
        ends.append(bars[-1])
    found = []
    for bar in ends:
        inside = [n for n in score.parts[0].notes if _time_inside(n, bar) > 0]
        if inside:
            found.append(max(inside, key=lambda note: _time_inside(note, bar)))
    return found


def _time_inside(note: Note, bar: Bar) -> int:
    return min(note.end_tick, bar.end_tick) - max(note.start_tick, bar.start_tick)


def resting_share(score: Score, degrees: frozenset[int]) -> float:
    """The share of phrases whose resting note is one of ``degrees`` of the key.

    A degree is an index in the scale from 0 (the tonic); {0, 2, 4} are those of the
    tonic chord. NaN without a key or without phrases.
    """
    notes = resting_notes(score)
    if score.key is None or not notes:
        return math.nan
    classes = {score.key.scale[degree] for degree in degrees}
    return sum(note.pitch % 12 in classes for note in notes) / len(notes)


def _notes(score: Score) -> list[Note]:
    return [note for part in score.parts if not part.is_drum for note in part.notes]
