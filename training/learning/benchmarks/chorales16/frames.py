"""Four voices, a sixteenth at a time: what is known before a frame, as integers.

A frame is (soprano, alto, tenor, bass), each a *symbol*: 0 for silence, 1 to 46 for the
pitches 36 to 81. Held and struck again look alike. Every feature of frame t follows
from t itself and from frames before t.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.int16]  # (T, 4)
Ints = npt.NDArray[np.int64]

VOICES = ("soprano", "alto", "tenor", "bass")
LOWEST, HIGHEST = 36, 81
NUM_SYMBOLS = 1 + HIGHEST - LOWEST + 1
NONE = NUM_SYMBOLS  # nothing yet
LAST_COLUMNS = slice(1, 5)  # of the features: what each voice sounded last
BAR = 16  # frames: the protocol gives the frame's index modulo 16, not the metre
MAX_HELD = 20
PAIRS = tuple(combinations(range(4), 2))
_WIDEST = 32  # semitones between two voices, beyond which we stop counting
_LEAP = 13
_LENGTHS = (2, 6, 12, 24, 48)  # frames that agree: at least so many

#: Of the features: what each voice had at the place that agrees, for each of two ways.
ECHO_COLUMNS = (slice(35, 39), slice(40, 44))


def from_pitches(piece: Sequence[Sequence[int]]) -> Frames:
    """Frames of MIDI pitches (0: silence) as symbols; ``ValueError`` outside 36..81."""
    pitches = np.array(piece, np.int16)
    if pitches.ndim != 2 or pitches.shape[1] != 4 or not len(pitches):
        raise ValueError("A piece is a list of frames of four pitches each.")
    if ((pitches != 0) & ((pitches < LOWEST) | (pitches > HIGHEST))).any():
        raise ValueError(f"Pitches are 0 or from {LOWEST} to {HIGHEST}.")
    return np.where(pitches, pitches - LOWEST + 1, 0).astype(np.int16)


def feature_sizes() -> list[int]:
    """How many values each feature has, in the order of ``features``."""
    return [
        BAR,
        *[NUM_SYMBOLS + 1] * 4,  # what each voice sounds
        *[NUM_SYMBOLS + 1] * 4,  # what it sounded before that
        *[MAX_HELD + 1] * 4,  # for how long
        *[2 * _LEAP + 2] * 4,  # the step it took to get there
        *[2 * _WIDEST + 2] * 6,  # the interval of each pair
        *[2] * 12,  # which pitch classes sound
        *[NUM_SYMBOLS + 1] * 4,  # what came the last time that these frames did
        len(_LENGTHS) + 1,  # and how many frames agreed
        *[NUM_SYMBOLS + 1] * 4,  # the last time that the soprano sang this
        len(_LENGTHS) + 1,
    ]


def features(frames: Frames) -> npt.NDArray[np.int16]:
    """(T, number of features), each below its size."""
    length = len(frames)
    time = np.arange(length)
    last = np.full((length, 4), NONE, np.int64)
    last[1:] = frames[:-1]
    changed = np.zeros((length, 4), bool)  # whether a voice changed in the frame before
    changed[1:] = True
    changed[2:] = frames[1:-1] != frames[:-2]
    since = np.where(changed, time[:, None], 0)
    since = np.maximum.accumulate(since, axis=0)
    held = np.minimum(time[:, None] - since + 1, MAX_HELD)
    held[0] = 0
    before = np.full((length, 4), NONE, np.int64)
    for voice in range(4):
        started = since[:, voice]  # the frame after that in which the note began
        known = started >= 2
        before[known, voice] = frames[started[known] - 2, voice]
    columns = [
        (time % BAR)[:, None],
        last,
        before,
        held,
        _difference(last, before, _LEAP),
        np.stack([_difference(last[:, a], last[:, b], _WIDEST) for a, b in PAIRS], 1),
        _classes(last),
        *_echo(frames),
        *_echo(frames[:, :1], frames),
    ]
    return np.concatenate(columns, axis=1).astype(np.int16)


def _echo(watched: Frames, frames: Frames | None = None) -> tuple[Ints, Ints]:
    """What came the last time that ``watched`` (T, n) went as it went just now.

    Of the earlier places in the piece before which the most frames agree with those
    before t (the latest of equals), the frame that came there, (T, 4), and how long the
    agreement is, (T, 1), by ``_LENGTHS``. Agreement within one held chord says nothing:
    it has to reach back past the last change. Chorales repeat whole lines.
    """
    frames = watched if frames is None else frames
    length = len(watched)
    echoed = np.full((length, 4), NONE, np.int64)
    agreed = np.zeros((length, 1), np.int64)
    agreement = np.zeros(length, np.int64)  # of the frames before t and before each s
    held = 0  # frames for which nothing has changed
    for t in range(1, length):
        is_same = (watched[:t] == watched[t - 1]).all(axis=1)
        # The frames before s end with s - 1.
        agreement[1:t] = np.where(is_same[: t - 1], agreement[: t - 1] + 1, 0)
        held = held + 1 if t > 1 and is_same[t - 2] else 1
        reaching = np.where(agreement[:t] > held, agreement[:t], 0)
        longest = reaching.max()
        if longest:
            s = t - 1 - int(reaching[::-1].argmax())
            echoed[t] = frames[s]
            agreed[t] = np.searchsorted(_LENGTHS, longest, side="right")
    return echoed, agreed


def _difference(a: Ints, b: Ints, most: int) -> Ints:
    """0 where either does not sound, else 1 + the clipped difference from -most up."""
    sounding = (a != NONE) & (b != NONE) & (a > 0) & (b > 0)
    return np.where(sounding, np.clip(a - b, -most, most) + most + 1, 0)


def _classes(last: Ints) -> Ints:
    """(T, 12): whether each pitch class sounds."""
    sounding = (last > 0) & (last != NONE)
    classes = (last - 1 + LOWEST) % 12
    return np.stack(
        [((classes == c) & sounding).any(axis=1) for c in range(12)], axis=1
    ).astype(np.int64)


def transpose(frames: Frames, semitones: int) -> Frames:
    """The frames ``semitones`` higher; silence stays."""
    return np.where(frames > 0, frames + semitones, 0).astype(np.int16)


def voice_ranges(pieces: Sequence[Frames]) -> list[tuple[int, int]]:
    """The lowest and highest sounding symbol of each voice, over all pieces."""
    whole = np.concatenate(pieces).astype(int)
    lows = np.where(whole > 0, whole, NUM_SYMBOLS).min(axis=0)
    return list(zip(lows.tolist(), whole.max(axis=0).tolist(), strict=True))


def fits(piece: Frames, semitones: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether every voice of ``piece``, moved, stays in its range."""
    for voice, (low, high) in enumerate(ranges):
        sounding = piece[:, voice][piece[:, voice] > 0] + semitones
        if len(sounding) and not low <= sounding.min() <= sounding.max() <= high:
            return False
    return True


def transpositions(piece: Frames, ranges: Sequence[tuple[int, int]]) -> list[Frames]:
    """The piece in every key in which all its voices stay in their ranges."""
    semitones = [s for s in range(-12, 13) if fits(piece, s, ranges)]
    return [transpose(piece, s) for s in semitones]
