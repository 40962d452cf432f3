"""The seed's experiment: an LSTM tries to foretell notes that were drawn at random.

It must fail, and exactly so: R2 near 0 and log2 n bits a note (see ``random_notes``).
The network and its training are every other model's, on the ``pitches`` encoding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.learning.bundle import Arrays, CountedForms, Weights
from training.learning.config import ModelConfig, TrainConfig
from training.learning.measures import regression
from training.music.encodings import EncodedPiece, Encoding, Form, PitchesEncoding
from training.music.encodings.base import trace
from training.music.score import TICKS_PER_QUARTER
from training.random_notes import Pitches, Windows, best_possible

if TYPE_CHECKING:
    from training.learning.train import Epoch, TrainState

TEST_SHARE, VALID_SHARE = 0.2, 0.1
MIN_WINDOWS = 20  # so that each side of the split holds some
_EVALUATION_BATCH = 1_000

MODEL_CONFIG = ModelConfig(
    embedding_dim=32, lstm_units=64, lstm_layers=1, head_units=32
)
TRAIN_CONFIG = TrainConfig(epochs=4, batch_size=64, learning_rate=3e-3, dropout=0.0)


class TooFewWindows(ValueError):
    """Not enough to learn from some and test on others."""


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of pitches, (samples, window + 1), the last column to be foretold."""

    train: Pitches
    valid: Pitches
    test: Pitches


@dataclass(frozen=True, slots=True)
class TrainedControl:
    """What ``save_bundle`` needs of a trained network."""

    encoding: Encoding
    model_config: ModelConfig
    train_config: TrainConfig
    weights: Weights
    forms: CountedForms
    metrics: dict[str, Any]
    golden: Arrays


def split(windows: Windows, *, seed: int) -> Split:
    """Every row on one side, by chance: rows of random notes share nothing."""
    rows = np.concatenate([windows.x, windows.y], axis=1)
    if len(rows) < MIN_WINDOWS:
        raise TooFewWindows(
            f"{len(rows)} windows are too few. Use at least {MIN_WINDOWS}."
        )
    rows = np.random.default_rng(seed).permutation(rows)
    num_test, num_valid = num_held_out(len(rows))
    return Split(
        test=rows[:num_test],
        valid=rows[num_test : num_test + num_valid],
        train=rows[num_test + num_valid :],
    )


def num_held_out(num_rows: int) -> tuple[int, int]:
    """How many of so many rows are for the test, and how many to choose by."""
    return int(num_rows * TEST_SHARE), int(num_rows * VALID_SHARE)


def train_control(
    windows: Windows,
    *,
    epochs: int,
    seed: int,
    split_seed: int | None = None,
    model_config: ModelConfig = MODEL_CONFIG,
    train_config: TrainConfig = TRAIN_CONFIG,
    on_epoch: Callable[[Epoch, TrainState], None],
    state: TrainState | None = None,
    curve: Sequence[Mapping[str, float]] = (),
    on_window: Callable[[float], None] = lambda fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainedControl:
    """Train on ``windows``, test on rows kept apart, measure beside the baselines.

    ``state`` and what follows ``on_epoch`` are as in ``run_training``. The rows are
    divided by ``split_seed``, or by ``seed`` where that is None.
    """
    # Keras and JAX belong to this process alone, see training.house.
    from training.learning.run import curve_point, golden_logits
    from training.learning.train import train

    sides = split(windows, seed=seed if split_seed is None else split_seed)
    lowest, highest = pitch_range(windows)
    encoding = PitchesEncoding(lowest, highest)
    config = replace(
        train_config, epochs=epochs, seed=seed, window=windows.x.shape[1] + 1
    )
    whole_curve = list(curve)

    def note_epoch(epoch: Epoch, state: TrainState) -> None:
        whole_curve.append(curve_point(epoch))
        on_epoch(epoch, state)

    test = pieces_of(encoding, sides.test)
    weights = train(
        encoding,
        [(piece,) for piece in pieces_of(encoding, sides.train)],
        pieces_of(encoding, sides.valid),
        model_config=model_config,
        config=config,
        on_epoch=note_epoch,
        state=state,
        on_window=on_window,
        should_stop=should_stop,
    )
    log_probs = foretell(weights, test, model_config)
    return TrainedControl(
        encoding=encoding,
        model_config=model_config,
        train_config=config,
        weights=weights,
        forms=((test[0].form, len(sides.train)),),
        metrics={
            "test": measure_last(log_probs, sides.test[:, -1], lowest=lowest),
            "baselines": baselines(sides, lowest=lowest, highest=highest),
            "curve": whole_curve,
            "counts": {
                "pieces": len(windows.x),
                "notes": len(windows.x) * (windows.x.shape[1] + 1),
                "train": len(sides.train),
                "valid": len(sides.valid),
                "test": len(sides.test),
            },
        },
        golden=golden_logits(encoding, model_config, weights, test[0]),
    )


def pitch_range(windows: Windows) -> tuple[int, int]:
    """The lowest and the highest pitch there is."""
    both = (windows.x, windows.y)
    return min(int(a.min()) for a in both), max(int(a.max()) for a in both)


def pieces_of(encoding: PitchesEncoding, rows: Pitches) -> list[EncodedPiece]:
    """Each row as a piece of its own."""
    form = Form(length_ticks=rows.shape[1] * TICKS_PER_QUARTER)
    events = (rows - encoding.lowest).tolist()
    return [trace(encoding, [(value,) for value in row], form) for row in events]


def foretell(
    weights: Weights, pieces: list[EncodedPiece], model_config: ModelConfig
) -> npt.NDArray[np.float32]:
    """Log-probabilities (pieces, pitches) of each piece's last note, in nats."""
    import jax
    import jax.numpy as jnp

    from training.learning.model import forward, initial_state

    params = {name: jnp.asarray(array) for name, array in weights.items()}
    found = []
    for start in range(0, len(pieces), _EVALUATION_BATCH):
        batch = pieces[start : start + _EVALUATION_BATCH]
        contexts = np.stack([piece.contexts for piece in batch], axis=1)
        events = np.stack([piece.events for piece in batch], axis=1)
        resets = np.zeros(events.shape[:2], np.float32)
        state = initial_state(model_config, len(batch))
        logits, _ = forward(params, contexts, events, resets, state, {}, model_config)
        found.append(np.asarray(jax.nn.log_softmax(logits[0][-1])))
    return np.concatenate(found)


def measure_last(
    log_probs: npt.NDArray[np.float32], actual: Pitches, *, lowest: int
) -> dict[str, Any]:
    """The seed's measures of the note after each window, and bits beside them."""
    pitches = lowest + np.arange(log_probs.shape[1])
    chosen = log_probs[np.arange(len(actual)), actual - lowest]
    hits = pitches[log_probs.argmax(axis=1)] == actual
    expected = np.exp(log_probs.astype(np.float64)) @ pitches.astype(np.float64)
    return {
        "bits_per_note": float(-chosen.mean() / math.log(2)),
        "accuracy": {"pitch": float(hits.mean())},
        **regression(expected, actual.astype(np.float64)),
    }


def baselines(sides: Split, *, lowest: int, highest: int) -> dict[str, Any]:
    """What needs no network, and what no network can pass."""
    actual = sides.test[:, -1].astype(np.float64)
    num_pitches = highest - lowest + 1
    uniform = np.full_like(actual, (lowest + highest) / 2)
    return {
        "repeat_last": regression(sides.test[:, -2].astype(np.float64), actual),
        "mean": regression(np.full_like(actual, sides.train.mean()), actual),
        "uniform": {
            "bits_per_note": math.log2(num_pitches),
            **regression(uniform, actual),
        },
        "best_possible": best_possible(num_pitches),
    }
