"""What is foretold of training comes true, within a factor of 1.5."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

from tests.learning.tiny import learning_set
from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import CHECKPOINT_SECONDS, Timing, Work, epoch_seconds
from training.learning.timing import time_network
from training.learning.train import train
from training.music.encodings import MelodyEncoding

ENCODING = MelodyEncoding()
NETWORK = ModelConfig(embedding_dim=16, lstm_units=96, lstm_layers=1, head_units=16)
TRAINING = TrainConfig(batch_size=8, window=64, dropout=0.1)
WITHIN = 1.5
TRIES = 5


def epochs_of(pieces, number: int) -> list[float]:
    """Seconds of each epoch but the first, which compiles."""
    seconds: list[float] = []
    train(
        ENCODING,
        pieces.train,
        pieces.valid,
        model_config=NETWORK,
        config=replace(TRAINING, epochs=number),
        on_epoch=lambda epoch, state: seconds.append(epoch.seconds),
    )
    return seconds[1:]


def middle(before: Timing, after: Timing) -> Timing:
    """A machine that others use is not as quick at one time as at another."""
    return replace(
        before,
        step_seconds=math.sqrt(before.step_seconds * after.step_seconds),
        valid_seconds=math.sqrt(before.valid_seconds * after.valid_seconds),
    )


def test_epochs_take_as_long_as_was_foretold(monkeypatch):
    # What compiling takes is not asked here, and need not be done again and again.
    monkeypatch.setattr("jax.clear_caches", lambda: None)
    pieces = learning_set(60)
    some = [versions[0] for versions in pieces.train[:12]]
    lengths = [
        tuple(len(piece.events) for piece in side)
        for side in ([v[0] for v in pieces.train], pieces.valid, pieces.test)
    ]
    work = Work(*lengths)
    ratios = []
    for _ in range(TRIES):
        before = time_network(ENCODING, some, NETWORK, TRAINING)
        took = statistics.median(epochs_of(pieces, 5))
        after = time_network(ENCODING, some, NETWORK, TRAINING)

        expected = epoch_seconds(work, TRAINING, middle(before, after))
        ratios.append(took / (expected - CHECKPOINT_SECONDS))
        if 1 / WITHIN < ratios[-1] < WITHIN:
            return
    raise AssertionError(f"Never within a factor of {WITHIN}: {ratios}")
