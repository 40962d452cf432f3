"""Tiny pieces and configs for learning tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.generation.toys import random_weights
from training.learning.bundle import save_bundle
from training.learning.config import ModelConfig, TrainConfig
from training.learning.dataset import LearningSet, prepare
from training.learning.reference import reference_files, reference_of
from training.music.encodings import Encoding, MelodyEncoding
from training.music.pitch import Key
from training.music.score import KeyChange, Note, Part, Score

MODEL = ModelConfig(embedding_dim=12, lstm_units=16, lstm_layers=2, head_units=8)
TRAIN = TrainConfig(
    epochs=2, batch_size=4, window=16, learning_rate=1e-2, dropout=0.2, seed=3
)


def tune(seed: int, *, bars: int = 4, tonic: int = 2) -> Score:
    """A random walk on a major scale in quarters and eighths."""
    rng = np.random.default_rng(seed)
    scale = [
        62 + octave + step for octave in (0, 12) for step in (0, 2, 4, 5, 7, 9, 11)
    ]
    place, tick, notes = 4, 0, []
    while tick < bars * 1920:
        length = int(rng.choice([240, 480]))
        length = min(length, bars * 1920 - tick)
        place = int(np.clip(place + rng.choice([-2, -1, 1, 2]), 0, len(scale) - 1))
        notes.append(Note(tick, scale[place] - 2 + tonic, length))
        tick += length
    part = Part(notes=tuple(notes), name="Melody")
    return Score(parts=(part,), keys=(KeyChange(0, Key(tonic)),))


def learning_set(count: int = 40) -> LearningSet:
    scores = [tune(seed) for seed in range(count)]
    return prepare(MelodyEncoding(), scores, transpose=False)


def untrained_bundle(
    root: Path, name: str, encoding: Encoding, pieces: LearningSet
) -> Path:
    """A bundle as a run leaves one, of a network that has learnt nothing."""
    golden = pieces.test[0]
    return save_bundle(
        root,
        name=name,
        encoding=encoding,
        model_config=MODEL,
        train_config=TRAIN,
        weights=random_weights(encoding, MODEL),
        forms=pieces.forms,
        metrics={},
        provenance={"data_hash": pieces.data_hash},
        golden={"contexts": golden.contexts, "events": golden.events},
        folder_name=name,
        beside=reference_files(reference_of(encoding, pieces)),
    )
