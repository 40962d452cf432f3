"""Training the network of Chorales-16."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from training.learning.benchmarks.chorales16.frames import (
    VOICES,
    Frames,
    feature_sizes,
    features,
    transpositions,
    voice_ranges,
)
from training.learning.benchmarks.chorales16.network import (
    FrameModelConfig,
    Masks,
    forward,
    init_params,
    initial_state,
    log_likelihoods,
)
from training.learning.benchmarks.chorales16.protocol import Figures, figures
from training.learning.benchmarks.chorales16.rating import predict
from training.learning.benchmarks.chorales16.streams import Batch, windows
from training.learning.devices import Rows, operands
from training.learning.lstm import Carry
from training.learning.optimizer import AdamW, Params, Weights, one_cycle


@dataclass(frozen=True, slots=True)
class FrameTrainConfig:
    """How a network is trained. Dropout rates hold for a whole window."""

    epochs: int = 60
    batch_size: int = 32
    window: int = 64
    learning_rate: float = 2.5e-3
    warmup: float = 0.1
    weight_decay: float = 0.03
    feature_dropout: float = 0.05  # of whole features
    input_dropout: float = 0.1
    dropout: float = 0.45  # of each layer's output
    recurrent_dropout: float = 0.4  # of recurrent weights (Merity et al. 2018)
    head_dropout: float = 0.4
    clip_norm: float = 1.0
    average_decay: float = 0.999
    seed: int = 0


@dataclass(frozen=True, slots=True)
class FrameEpoch:
    number: int  # from 1
    train_nats: float  # per token, with dropout
    valid: Figures | None  # of the averaged weights, where they were tried
    seconds: float


def train_frames(
    train: Sequence[Frames],
    valid: Sequence[Frames],
    *,
    model_config: FrameModelConfig,
    config: FrameTrainConfig,
    on_epoch: Callable[[FrameEpoch], None],
    try_every: int = 5,
) -> dict[str, npt.NDArray[np.float32]]:
    """The averaged weights of the epoch that was best on ``valid``, of those tried.

    Each epoch reads every piece once, transposed at random within the range that each
    voice has in ``train``.
    """
    ranges = voice_ranges(train)
    versions = [
        [(features(frames), frames) for frames in transpositions(piece, ranges)]
        for piece in train
    ]

    def epoch_batches(epoch: int) -> list[Batch]:
        rng = np.random.default_rng((config.seed, epoch))
        order = rng.permutation(len(versions)).tolist()
        drawn = [versions[i][rng.integers(len(versions[i]))] for i in order]
        return windows(drawn, rows=config.batch_size, window=config.window)

    rows = Rows(config.batch_size)
    weights = rows.copy(_fresh(init_params(model_config, config.seed)))
    total = len(epoch_batches(0)) * config.epochs
    step, best, best_nats = 0, weights.average, math.inf
    for epoch in range(config.epochs):
        started = time.monotonic()
        state = rows.split(initial_state(model_config, config.batch_size), axis=0)
        losses = []
        for batch in epoch_batches(epoch):
            rate = one_cycle(step, total, config.learning_rate, warmup=config.warmup)
            weights, state, loss = _update(
                weights,
                state,
                rows.split(batch, axis=1),
                jax.random.fold_in(jax.random.key(config.seed), step),
                jnp.float32(rate),
                jnp.float32(step + 1),
                model_config=model_config,
                config=config,
            )
            losses.append(loss)
            step += 1
        tried = None
        if (epoch + 1) % try_every == 0 or epoch + 1 == config.epochs:
            predicted = predict(weights.average, valid, model_config)
            tried = figures(predicted, valid)
            if tried.nats_per_token < best_nats:
                best_nats = tried.nats_per_token
                best = {k: jnp.array(w, copy=True) for k, w in weights.average.items()}
        nats = float(np.mean([float(loss) for loss in losses]))
        on_epoch(FrameEpoch(epoch + 1, nats, tried, time.monotonic() - started))
    return {name: np.asarray(array) for name, array in best.items()}


def _fresh(params: dict[str, Any]) -> Weights:
    # Copies, each its own: the update may reuse the memory of what it is given.
    def copies(scale: float) -> Params:
        return {name: jnp.array(array * scale) for name, array in params.items()}

    return Weights(copies(1.0), copies(0.0), copies(0.0), copies(1.0))


@partial(jax.jit, static_argnames=("model_config", "config"), donate_argnums=(0, 1))
def _update(
    weights: Weights,
    state: tuple[Carry, ...],
    batch: Batch,
    key: jax.Array,
    rate: jax.Array,
    number: jax.Array,
    *,
    model_config: FrameModelConfig,
    config: FrameTrainConfig,
) -> tuple[Weights, tuple[Carry, ...], jax.Array]:
    masks = _masks(key, batch[0].shape[1], model_config, config)
    (loss, state), grads = jax.value_and_grad(_loss, has_aux=True)(
        weights.params, state, batch, masks, model_config, operands()
    )
    optimizer = AdamW(config.clip_norm, config.weight_decay, config.average_decay)
    return optimizer.step(weights, grads, rate, number), state, loss / len(VOICES)


def _loss(
    params: Params,
    state: tuple[Carry, ...],
    batch: Batch,
    masks: Masks,
    config: FrameModelConfig,
    kind: Any,
) -> tuple[jax.Array, tuple[Carry, ...]]:
    """Nats per frame, and the state after the window."""
    feature, frames, keep, weights = batch
    logits, state = forward(
        params, feature, frames, keep, state, masks, config, operands=kind
    )
    rated, _ = log_likelihoods(logits, frames)
    total = jnp.sum(rated.sum(axis=-1) * weights)
    return -total / jnp.maximum(weights.sum(), 1.0), state


def _masks(
    key: jax.Array, batch: int, model: FrameModelConfig, config: FrameTrainConfig
) -> Masks:
    """Inverted dropout by the names that ``forward`` knows."""
    units = model.lstm_units
    shapes: dict[str, tuple[float, tuple[int, int]]] = {
        "features": (config.feature_dropout, (batch, len(feature_sizes()))),
        "inputs": (config.input_dropout, (batch, model.embedding_dim)),
    }
    for layer in range(model.lstm_layers):
        shapes[f"h.{layer}"] = (config.dropout, (batch, units))
        of_weights = (config.recurrent_dropout, (units, 4 * units))
        shapes[f"recurrent.{layer}"] = of_weights
    for voice in VOICES:
        shapes[f"head.{voice}"] = (config.head_dropout, (batch, model.head_units))
    masks = {}
    for number, (name, (rate, shape)) in enumerate(shapes.items()):
        if rate:
            mask_key = jax.random.fold_in(key, number)
            masks[name] = jax.random.bernoulli(mask_key, 1 - rate, shape) / (1 - rate)
    return masks
