"""How well a network predicts pieces it has not seen.

Every event is predicted from the true past (teacher forcing), whole pieces at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from training.learning.adaptive import AdaptiveBits, measure_adaptive
from training.learning.config import ModelConfig
from training.learning.input_pipeline import windows
from training.learning.measures import Predictions, measure
from training.learning.model import State, forward, initial_state
from training.learning.optimizer import Params
from training.music.encodings import EncodedPiece, Encoding

_BATCH_SIZE, _WINDOW = 16, 128
_MOST_REMEMBERED = 20_000  # events, read in some seconds with a memory
FloatArray = npt.NDArray[np.float32]


def evaluate(
    encoding: Encoding,
    params: Params,
    config: ModelConfig,
    pieces: Sequence[EncodedPiece],
) -> dict[str, Any]:
    """The measures of ``measures.measure`` for the network's own predictions."""
    return measure(encoding, pieces, list(predict(encoding, params, config, pieces)))


def evaluate_adaptive(
    encoding: Encoding,
    params: Params,
    config: ModelConfig,
    pieces: Sequence[EncodedPiece],
) -> AdaptiveBits:
    """What learning from the piece at hand is worth, over the first ``pieces`` that
    make up 20,000 events."""
    some: list[EncodedPiece] = []
    for piece in pieces:
        if some and sum(len(p.events) for p in some) > _MOST_REMEMBERED:
            break
        some.append(piece)
    return measure_adaptive(encoding, some, predict(encoding, params, config, some))


def evaluate_bits(
    encoding: Encoding,
    params: Params,
    config: ModelConfig,
    pieces: Sequence[EncodedPiece],
) -> float:
    """Mean bits per event, all fields together."""
    bits, events = 0.0, 0.0
    for weights, chosen in _by_window(params, config, pieces):
        bits -= sum(float((c * weights).sum()) for c in chosen) / math.log(2)
        events += float(weights.sum())
    return bits / events


def predict(
    encoding: Encoding,
    params: Params,
    config: ModelConfig,
    pieces: Sequence[EncodedPiece],
) -> Iterator[Predictions]:
    """For each piece, the log-probabilities (time, size) of every field, in nats."""
    for piece in pieces:
        yield [np.asarray(p) for p in logits_of(params, config, piece, normalise=True)]


def logits_of(
    params: Params, config: ModelConfig, piece: EncodedPiece, *, normalise: bool = False
) -> list[FloatArray]:
    """Logits (or log-probabilities) of one whole piece, (time, size) for each field."""
    length = len(piece.events)
    # Lengths are rounded up, so that a handful of compiled sizes serve all pieces.
    padded = -(-length // 256) * 256
    contexts = np.zeros((padded, 1, piece.contexts.shape[1]), np.int16)
    events = np.zeros((padded, 1, piece.events.shape[1]), np.int16)
    contexts[:length, 0], events[:length, 0] = piece.contexts, piece.events
    logits, _ = _logits(
        params,
        contexts,
        events,
        np.zeros((padded, 1), np.float32),
        initial_state(config, 1),
        config=config,
    )
    if normalise:
        logits = [jax.nn.log_softmax(field) for field in logits]
    return [np.asarray(field[:length, 0]) for field in logits]


def _by_window(
    params: Params, config: ModelConfig, pieces: Sequence[EncodedPiece]
) -> Iterator[tuple[FloatArray, list[FloatArray]]]:
    """Weights (time, batch) and each field's log-probability of what came."""
    state = initial_state(config, _BATCH_SIZE)
    for window in windows(pieces, batch_size=_BATCH_SIZE, window=_WINDOW):
        chosen, state = _chosen(
            params,
            window.contexts,
            window.events,
            window.resets,
            state,
            config=config,
        )
        yield window.weights, [np.asarray(c) for c in chosen]


@partial(jax.jit, static_argnames="config")
def _logits(
    params: Params,
    contexts: jax.Array,
    events: jax.Array,
    resets: jax.Array,
    state: State,
    *,
    config: ModelConfig,
) -> tuple[list[jax.Array], State]:
    return forward(params, contexts, events, resets, state, {}, config)


@partial(jax.jit, static_argnames="config")
def _chosen(
    params: Params,
    contexts: jax.Array,
    events: jax.Array,
    resets: jax.Array,
    state: State,
    *,
    config: ModelConfig,
) -> tuple[list[jax.Array], State]:
    logits, state = forward(params, contexts, events, resets, state, {}, config)
    chosen = [
        jnp.take_along_axis(
            jax.nn.log_softmax(field), events[..., f, None].astype(jnp.int32), axis=-1
        )[..., 0]
        for f, field in enumerate(logits)
    ]
    return chosen, state
