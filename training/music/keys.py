"""Which key notes are in, where nobody says.

The key-finding algorithm of Krumhansl and Schmuckler: how long each pitch class sounds
is compared with how well it fits each key, as listeners rated it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from training.music.pitch import Key
from training.music.score import Score

#: How well each pitch class, in semitones above the tonic, fits a key, from 1 to 7.
#: Source: Krumhansl & Kessler, "Tracing the dynamic changes in perceived tonal
#: organization in a spatial representation of musical keys" (Psychological Review 89,
#: 1982), as in Krumhansl, "Cognitive Foundations of Musical Pitch" (1990), p. 30.
PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
#: Correlations this near to the best are as good; then the last note decides.
_ALIKE = 0.03


def find_key(score: Score) -> Key | None:
    """The major or minor key that the notes of ``score`` fit best; None without notes.

    For each of 24 keys r is Pearson's correlation, over the twelve pitch classes, of
    the ticks that the class sounds with its fit in ``PROFILES``; the greatest r wins.
    Of keys within 0.03 of it, one whose tonic is the lowest of the last notes comes
    first. Drums are left out. Music that uses all classes alike, or one alone, is in no
    key by this measure; then that last note is called the tonic of a major key.
    """
    durations = durations_by_class(score)
    if not any(durations):
        return None
    last = _last_pitch_class(score)
    fits = {
        Key(tonic, mode): correlation(
            durations, [profile[(pc - tonic) % 12] for pc in range(12)]
        )
        for mode, profile in PROFILES.items()
        for tonic in range(12)
    }
    best = max(fits.values())
    if best <= 0.0 or sum(map(bool, durations)) == 1:
        return Key(last)
    alike = [key for key, fit in fits.items() if fit > best - _ALIKE]
    at_home = [key for key in alike if key.tonic == last]
    return max(at_home or alike, key=lambda key: fits[key])


def durations_by_class(score: Score) -> list[int]:
    """The ticks that each pitch class sounds in all, C first; twelve of them."""
    durations = [0] * 12
    for part in score.parts:
        if not part.is_drum:
            for note in part.notes:
                durations[note.pitch % 12] += note.duration_ticks
    return durations


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Pearson's r, from -1 to 1; 0 where one side does not vary."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    across = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    spread_x = sum((x - mean_x) ** 2 for x in xs)
    spread_y = sum((y - mean_y) ** 2 for y in ys)
    if not spread_x or not spread_y:
        return 0.0
    return across / math.sqrt(spread_x * spread_y)


def _last_pitch_class(score: Score) -> int:
    notes = [n for part in score.parts if not part.is_drum for n in part.notes]
    end = max(note.end_tick for note in notes)
    return min(note.pitch for note in notes if note.end_tick == end) % 12
