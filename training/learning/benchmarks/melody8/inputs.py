"""What the network is told before each note: numbers that follow from the past alone.

In task B also what the protocol gives of the note itself: its onset, its duration, its
place in the bar and the key signature. Classes are fixed beforehand and not taken from
the set, so that no later note can change how an earlier one is described.
"""

from __future__ import annotations

import numpy as np

from training.learning.benchmarks.melody8.data import Ints
from training.learning.benchmarks.melody8.experts import Task, first_pitch
from training.learning.benchmarks.melody8.views import ABSENT, Floats, Notes, earlier

_BACK = 3  # how many of the last notes are told; the state has to remember the rest
_WIDEST_LEAP = 13  # semitones; wider ones count as this
_WIDEST_SPAN = 18
_PLACES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)  # notes before, in classes
# Ticks between which durations are one class; just below what notation has.
_LENGTHS = (50, 70, 110, 150, 170, 230, 310, 350, 470, 700, 950, 1400, 1900)
_SIXTEENTHS = 32  # in the longest bar that is told apart
_BARS = (1, 2, 4, 8)  # back to what sounded then


def describe(notes: Notes, task: Task) -> Floats:
    """(N, D) inputs of the network, zero where there is nothing before."""
    columns = [*_pitches(notes), *_place(notes), *_tune_so_far(notes)]
    if task == "B":
        columns += [*_rhythm(notes), *_key(notes), *_echoes(notes)]
    return np.concatenate(columns, axis=1)


def _one_hot(ids: Ints, size: int) -> Floats:
    """(N, size); a row of zeros where ``ids`` is ABSENT."""
    rows = np.zeros((len(ids), size), np.float32)
    known = np.flatnonzero(ids != ABSENT)
    rows[known, ids[known]] = 1.0
    return rows


def _semitones(notes: Notes, reference: Ints, widest: int) -> Ints:
    """(N,) classes of the distance from ``reference``; ABSENT where that is."""
    distance = notes.alphabet[notes.pitch] - notes.alphabet[reference]
    known = reference != ABSENT
    return np.where(known, np.clip(distance, -widest, widest) + widest, ABSENT)


def _pitches(notes: Notes) -> list[Floats]:
    last = earlier(notes, notes.pitch, 1)
    interval = _semitones(notes, last, _WIDEST_LEAP)
    above_first = _semitones(notes, first_pitch(notes), _WIDEST_SPAN)
    above_first[notes.place == 0] = _WIDEST_SPAN
    columns = []
    for back in range(1, _BACK + 1):
        pitch = earlier(notes, notes.pitch, back)
        columns.append(_one_hot(pitch, notes.size))
        leap = earlier(notes, interval, back)
        columns.append(_one_hot(leap, 2 * _WIDEST_LEAP + 1))
    for back in (1, 2):
        distance = earlier(notes, above_first, back)
        columns.append(_one_hot(distance, 2 * _WIDEST_SPAN + 1))
    return columns


def _place(notes: Notes) -> list[Floats]:
    place = np.searchsorted(_PLACES, notes.place, side="right")
    return [
        _one_hot(place, len(_PLACES) + 1),
        _one_hot(notes.place % 8, 8),
    ]


def _tune_so_far(notes: Notes) -> list[Floats]:
    """Range, mean and pitch classes of the tune until now, from the last note."""
    summary = np.zeros((len(notes), 5), np.float32)
    chroma = np.zeros((len(notes), 12), np.float32)
    pitch = notes.alphabet[notes.pitch]
    for first, end in notes.bounds:
        past = pitch[first : end - 1]
        now = slice(first + 1, end)
        low, high = np.minimum.accumulate(past), np.maximum.accumulate(past)
        count = np.arange(1, len(past) + 1)
        mean = np.cumsum(past) / count
        summary[now] = np.stack(
            [
                (past - low) / 12,
                (high - past) / 12,
                (past - mean) / 6,
                (low - 66) / 6,
                (high - 72) / 6,
            ],
            axis=1,
        )
        counts = np.cumsum(_one_hot(past % 12, 12), axis=0) / count[:, None]
        turned = (np.arange(12) + past[:, None]) % 12
        chroma[now] = 3 * np.take_along_axis(counts, turned, axis=1)
    return [summary, chroma]


def _rhythm(notes: Notes) -> list[Floats]:
    """Durations, gaps between onsets, and where in the bar and the beat we are."""
    length = np.searchsorted(_LENGTHS, notes.duration, side="right")
    gap = np.searchsorted(_LENGTHS, notes.since_last, side="right")
    sixteenth = np.minimum(notes.in_bar // 120, _SIXTEENTHS - 1)
    of_beat = notes.in_bar % notes.beat_ticks * 12 // notes.beat_ticks
    bar = np.minimum(notes.bar_ticks // 240, 12)
    rest = np.where(
        notes.place > 0, notes.since_last - earlier(notes, notes.duration, 1) > 30, 0
    )
    sizes = len(_LENGTHS) + 1
    return [
        _one_hot(length, sizes),
        _one_hot(earlier(notes, length, 1), sizes),
        _one_hot(earlier(notes, length, 2), sizes),
        _one_hot(gap, sizes),
        _one_hot(sixteenth, _SIXTEENTHS),
        _one_hot(of_beat, 12),
        _one_hot(bar, 13),
        _one_hot(rest, 2),
        _one_hot(notes.bar_number % 4, 4),
        _one_hot(np.minimum(notes.bar_number, 15), 16),
    ]


def _key(notes: Notes) -> list[Floats]:
    degree = (notes.alphabet[notes.pitch] - notes.tonic) % 12
    return [
        _one_hot(notes.tonic, 12),
        _one_hot(earlier(notes, degree, 1), 12),
        _one_hot(earlier(notes, degree, 2), 12),
    ]


def _echoes(notes: Notes) -> list[Floats]:
    """What sounded 1, 2, 4 and 8 bars ago, from the last note; whether it was so then.

    As the product's melodies are told (``training/music/encodings``).
    """
    last = earlier(notes, notes.pitch, 1)
    columns = []
    for bars in _BARS:
        echo = sounding(notes, bars)
        step = np.where(
            (echo != ABSENT) & (last != ABSENT),
            np.clip(notes.alphabet[echo] - notes.alphabet[last], -12, 12) + 12,
            ABSENT,
        )
        was = np.where(echo == ABSENT, ABSENT, notes.pitch == echo)
        columns += [_one_hot(step, 25), _one_hot(earlier(notes, was, 1), 2)]
    return columns


def sounding(notes: Notes, bars: int) -> Ints:
    """(N,): the pitch last begun ``bars`` bars before each note, ABSENT before all."""
    found = np.full(len(notes), ABSENT)
    for first, end in notes.bounds:
        onset = notes.onset[first:end]
        then = onset - bars * notes.bar_ticks[first:end]
        at = np.searchsorted(onset, then, side="right") - 1
        found[first:end] = np.where(at >= 0, notes.pitch[first + at], ABSENT)
    return found
