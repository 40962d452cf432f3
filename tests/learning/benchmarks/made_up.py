"""A melody set that nobody sang, small enough to try everything on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.learning.benchmarks.melody8.data import MelodySet, Tune


def made_up_set(tunes: int = 24, seed: int = 0) -> MelodySet:
    rng = np.random.default_rng(seed)
    return MelodySet("0_made_up", tuple(_tune(rng) for _ in range(tunes)), 0, 0, 0)


def _tune(rng: np.random.Generator) -> Tune:
    length = int(rng.integers(10, 30))
    durations = rng.choice([120, 240, 480, 720], size=length)
    rests = rng.choice([0, 0, 0, 240], size=length)
    steps = rng.choice([-2, -1, 0, 1, 2], size=length)
    return Tune(
        pitches=60 + np.cumsum(steps) % 12,
        onsets=np.cumsum(durations + rests) - durations,
        durations=durations,
        fifths=int(rng.integers(-3, 4)),
        bar_ticks=int(rng.choice([1920, 1440])),
        beat_ticks=480,
        pickup_ticks=0,
    )


def with_other_future(melodies: MelodySet, tune: int, notes: int) -> MelodySet:
    """``melodies`` where ``tune`` goes backwards after its first ``notes`` notes."""
    old = melodies.tunes[tune]

    def turned(values):
        return np.concatenate([values[:notes], values[notes:][::-1]])

    new = replace(old, pitches=turned(old.pitches), durations=turned(old.durations))
    # Onsets after the turn: as if without rests.
    onsets = old.onsets.copy()
    onsets[notes:] = old.onsets[notes] + np.cumsum(
        [0, *new.durations[notes:-1].tolist()]
    )
    new = replace(new, onsets=onsets)
    return replace(
        melodies,
        tunes=(*melodies.tunes[:tune], new, *melodies.tunes[tune + 1 :]),
    )
