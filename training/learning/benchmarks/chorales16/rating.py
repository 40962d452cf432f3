"""What trained networks say of pieces: one, several, or one that learns as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from training.learning.benchmarks.chorales16.frames import (
    NUM_SYMBOLS,
    Frames,
    features,
)
from training.learning.benchmarks.chorales16.network import (
    FrameModelConfig,
    forward,
    initial_state,
    log_likelihoods,
)
from training.learning.benchmarks.chorales16.protocol import Predicted
from training.learning.benchmarks.chorales16.streams import Batch, lay_out, windows
from training.learning.devices import Rows
from training.learning.lstm import Carry
from training.learning.optimizer import Params

_ROWS, _WINDOW = 16, 128
_BAR = 16  # frames between two steps of dynamic evaluation


def predict(
    params: Params, pieces: Sequence[Frames], config: FrameModelConfig
) -> list[Predicted]:
    """Log-probabilities (T, 4, symbols) of each piece, from its true past, in nats."""
    rows = Rows(_ROWS)
    state = rows.split(initial_state(config, _ROWS), axis=0)
    known = [(features(piece), piece) for piece in pieces]
    found = []
    for batch in windows(known, rows=_ROWS, window=_WINDOW):
        log_probs, state = _predict(
            params, rows.split(batch, axis=1), state, config=config
        )
        found.append(np.asarray(log_probs))
    whole = np.concatenate(found)
    places = lay_out([len(piece) for piece in pieces], _ROWS)
    return [
        whole[start : start + len(piece), row]
        for (row, start), piece in zip(places, pieces, strict=True)
    ]


@partial(jax.jit, static_argnames="config")
def _predict(
    params: Params, batch: Batch, state: tuple[Carry, ...], *, config: FrameModelConfig
) -> tuple[jax.Array, tuple[Carry, ...]]:
    feature, frames, keep, _ = batch
    logits, state = forward(params, feature, frames, keep, state, {}, config)
    return jnp.stack([jax.nn.log_softmax(voice) for voice in logits], axis=2), state


def predict_in_all_keys(
    params: Params,
    pieces: Sequence[Frames],
    config: FrameModelConfig,
    *,
    most: int = 3,
    trust: float = 0.05,
) -> list[Predicted]:
    """The weighted mean of what one network says of a piece in all keys.

    Keys are those up to ``most`` semitones either way, for every piece the same. A
    key's weight at a frame is its likelihood of the frames before, to the power of
    ``trust``: 0 weighs all alike, 1 is Bayes's rule. Nothing looks ahead: a key in
    which a symbol falls out of the alphabet gives it no probability, and has no weight
    afterwards.
    """
    shifts = range(-most, most + 1)
    moved = [_moved(piece, shift) for piece in pieces for shift in shifts]
    found = iter(predict(params, moved, config))
    averaged = []
    for piece in pieces:
        by_key = np.stack([_moved_back(next(found), shift) for shift in shifts])
        averaged.append(_weighted(by_key.astype(np.float64), piece, trust))
    return averaged


def _moved(piece: Frames, semitones: int) -> Frames:
    """Transposed; a symbol that falls out of the alphabet becomes its nearest."""
    inside = np.clip(piece + semitones, 1, NUM_SYMBOLS - 1)
    return np.where(piece > 0, inside, 0).astype(np.int16)


def _moved_back(found: Predicted, semitones: int) -> Predicted:
    """What was said of symbols ``semitones`` higher, said of the symbols themselves."""
    symbols = np.arange(1, NUM_SYMBOLS)
    symbols = symbols[(symbols + semitones >= 1) & (symbols + semitones < NUM_SYMBOLS)]
    back = np.full_like(found, -np.inf)
    back[..., 0] = found[..., 0]
    back[..., symbols] = found[..., symbols + semitones]
    return back


def _weighted(by_key: Any, piece: Frames, trust: float) -> Predicted:
    """Of log-probabilities (keys, T, 4, symbols), see ``predict_in_all_keys``."""
    true = piece[None, ..., None].astype(np.int64)
    of_frames = np.take_along_axis(by_key, true, axis=-1)[..., 0].sum(axis=-1)
    before = np.zeros_like(of_frames)  # (keys, T): log-likelihood of the frames before
    before[:, 1:] = of_frames.cumsum(axis=1)[:, :-1]
    weights = np.where(np.isneginf(before), -np.inf, trust * np.maximum(before, -1e9))
    weights -= np.logaddexp.reduce(weights, axis=0)
    mixed = np.logaddexp.reduce(by_key + weights[..., None, None], axis=0)
    # What every key leaves out of the alphabet's rim is nobody's: share it out.
    mixed -= np.logaddexp.reduce(mixed, axis=-1)[..., None]
    return np.asarray(mixed, np.float32)


def mean(predictions: Sequence[Predicted]) -> Predicted:
    """The mean of probabilities, as log-probabilities."""
    stacked = np.stack(predictions).astype(np.float64)
    total = np.logaddexp.reduce(stacked, axis=0) - np.log(len(predictions))
    return np.asarray(total, np.float32)


def predict_and_learn(
    params: Params,
    pieces: Sequence[Frames],
    config: FrameModelConfig,
    *,
    rate: float,
    decay: float,
) -> list[Predicted]:
    """Dynamic evaluation (Krause et al. 2018): learning from each bar once it is rated.

    After every bar of a piece the weights take a step of ``rate`` down the gradient of
    that bar's loss, its norm clipped to 1, and go back ``decay`` of the way to where
    they were at first. Every piece begins with the weights as trained.
    """
    return [_learnt(params, piece, config, rate, decay) for piece in pieces]


def _learnt(
    params: Params, piece: Frames, config: FrameModelConfig, rate: float, decay: float
) -> Predicted:
    now, state, found = params, initial_state(config, 1), []
    for batch in windows([(features(piece), piece)], rows=1, window=_BAR):
        log_probs, state, now = _predict_and_step(
            now, params, batch, state, rate, decay, config=config
        )
        found.append(np.asarray(log_probs[:, 0]))
    return np.concatenate(found)[: len(piece)]


@partial(jax.jit, static_argnames="config")
def _predict_and_step(
    params: Params,
    origin: Params,
    batch: Batch,
    state: tuple[Carry, ...],
    rate: float,
    decay: float,
    *,
    config: FrameModelConfig,
) -> tuple[jax.Array, tuple[Carry, ...], Params]:
    feature, frames, keep, weights = batch

    def loss(params: Params) -> tuple[jax.Array, Any]:
        logits, after = forward(params, feature, frames, keep, state, {}, config)
        rated, _ = log_likelihoods(logits, frames)
        total = -jnp.sum(rated.sum(axis=-1) * weights)
        log_probs = [jax.nn.log_softmax(voice) for voice in logits]
        return total / jnp.maximum(weights.sum(), 1.0), (jnp.stack(log_probs, 2), after)

    (_, (log_probs, after)), grads = jax.value_and_grad(loss, has_aux=True)(params)
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in grads.values()))
    scale = rate * jnp.minimum(1.0, 1.0 / (norm + 1e-9))
    stepped = {
        name: weight - scale * grads[name] + decay * (origin[name] - weight)
        for name, weight in params.items()
    }
    return log_probs, after, stepped
