"""The network of Chorales-16: an LSTM over frames, a head for each voice.

    x_t   = mask( sum over features k of  embedding[offset_k + feature_t[k]] )
    h_0,t = LSTM_0(x)_t
    h_l,t = h_l-1,t + LSTM_l(h_l-1)_t
    a_v,t = relu(h_t head.v.kernel + head.v.bias
                 + sum over voices g chosen before v of
                   head.v.given.g[symbol_g] + head.v.interval.g[symbol_g - last_v])
    logits_v,t[s] = (a_v,t head.v.out)[s] + (a_v,t head.v.step)[s - last_v]
                    + sum over g of (a_v,t head.v.apart.g)[s - symbol_g]
                    + sum over echoes e of (a_v,t head.v.echo)[e] if s = echo_e,v

A head rates each symbol three ways at once: as a pitch, as a step from what its voice
last sounded (step 0 is to go on), and as an interval from each voice already chosen.
The last two say the same in every key, so that all pieces teach them alike. And it says
how far to trust that what came at an earlier place like this one comes again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from training.learning.benchmarks.chorales16.frames import (
    ECHO_COLUMNS,
    LAST_COLUMNS,
    NONE,
    NUM_SYMBOLS,
    VOICES,
    feature_sizes,
)
from training.learning.initializers import glorot, orthogonal_gates
from training.learning.lstm import Carry, lstm, product
from training.learning.optimizer import Params

_STEPS = 2 * NUM_SYMBOLS + 1  # from -NUM_SYMBOLS to NUM_SYMBOLS
Masks = dict[str, jax.Array]


@dataclass(frozen=True, slots=True)
class FrameModelConfig:
    """The size of a network."""

    embedding_dim: int = 192
    lstm_units: int = 400
    lstm_layers: int = 2
    head_units: int = 256
    #: The order in which a frame's voices are chosen: outer voices first, as a harmony
    #: exercise is worked.
    voice_order: tuple[int, ...] = (0, 3, 1, 2)


def init_params(config: FrameModelConfig, seed: int) -> dict[str, Any]:
    """Fresh weights as float32 arrays, by the names above."""
    rng = np.random.default_rng(seed)
    units, hidden = config.lstm_units, config.head_units
    sizes = feature_sizes()
    scale = 1.0 / np.sqrt(len(sizes))
    params: dict[str, Any] = {
        "embedding": rng.normal(0, scale, (sum(sizes), config.embedding_dim)),
        "embedding.bias": np.zeros(config.embedding_dim),
    }
    for layer in range(config.lstm_layers):
        bias = np.zeros(4 * units)
        bias[units : 2 * units] = 1.0
        fan_in = units if layer else config.embedding_dim
        params[f"lstm.{layer}.kernel"] = glorot(rng, fan_in, 4 * units)
        params[f"lstm.{layer}.recurrent"] = orthogonal_gates(rng, units)
        params[f"lstm.{layer}.bias"] = bias
    for place, voice in enumerate(config.voice_order):
        name = f"head.{VOICES[voice]}"
        params[f"{name}.kernel"] = glorot(rng, units, hidden)
        params[f"{name}.bias"] = np.zeros(hidden)
        params[f"{name}.out"] = glorot(rng, hidden, NUM_SYMBOLS)
        params[f"{name}.out.bias"] = np.zeros(NUM_SYMBOLS)
        params[f"{name}.step"] = rng.normal(0, 0.02, (hidden, _STEPS))
        params[f"{name}.step.bias"] = np.zeros(_STEPS)
        params[f"{name}.echo"] = rng.normal(0, 0.02, (hidden, len(ECHO_COLUMNS)))
        params[f"{name}.echo.bias"] = np.zeros(len(ECHO_COLUMNS))
        for given in config.voice_order[:place]:
            other = VOICES[given]
            params[f"{name}.given.{other}"] = rng.normal(0, 0.1, (NUM_SYMBOLS, hidden))
            params[f"{name}.interval.{other}"] = rng.normal(0, 0.1, (_STEPS, hidden))
            params[f"{name}.apart.{other}"] = rng.normal(0, 0.02, (hidden, _STEPS))
    return {name: np.asarray(array, np.float32) for name, array in params.items()}


def forward(
    params: Params,
    features: jax.Array,
    frames: jax.Array,
    keep: jax.Array,
    state: tuple[Carry, ...],
    masks: Masks,
    config: FrameModelConfig,
    *,
    operands: Any = jnp.float32,
) -> tuple[list[jax.Array], tuple[Carry, ...]]:
    """Logits of the voices in S, A, T, B order, each (T, B, symbols), and the state.

    Args:
        features: (T, B, K), see ``frames.features``.
        frames: (T, B, 4) symbols, teacher forced: a head sees those chosen before it.
        keep: (T, B, 1), 0.0 where a piece begins.
        state: of each layer before the window.
        masks: inverted dropout: ``features`` (B, K), ``inputs`` (B, D), ``h.{l}``
            (B, H), ``recurrent.{l}`` (H, 4H; Merity et al. 2018), ``head.{voice}``
            (B, A); one for a whole window. Empty for none.
    """
    h = _embed(params, features, masks.get("features"), operands)
    if "inputs" in masks:
        h = h * masks["inputs"]
    after = []
    for layer in range(config.lstm_layers):
        recurrent = params[f"lstm.{layer}.recurrent"]
        if f"recurrent.{layer}" in masks:
            recurrent = recurrent * masks[f"recurrent.{layer}"]
        kernel, bias = params[f"lstm.{layer}.kernel"], params[f"lstm.{layer}.bias"]
        out, last = lstm(
            kernel, recurrent, bias, h, keep, state[layer], operands=operands
        )
        h = h + out if layer else out
        after.append(last)
        if f"h.{layer}" in masks:
            h = h * masks[f"h.{layer}"]
    logits: dict[int, jax.Array] = {}
    for place, voice in enumerate(config.voice_order):
        given = config.voice_order[:place]
        head = _Head(params, voice, given, operands, masks.get(f"head.{VOICES[voice]}"))
        logits[voice] = head.logits(h, features, frames)
    return [logits[voice] for voice in range(len(VOICES))], tuple(after)


def _embed(
    params: Params, features: jax.Array, mask: jax.Array | None, operands: Any
) -> jax.Array:
    # One product with a many-hot matrix: a gather's gradient is slow, see model.py.
    hot = [
        jax.nn.one_hot(features[..., k], size) for k, size in enumerate(feature_sizes())
    ]
    if mask is not None:
        hot = [one * mask[:, k, None] for k, one in enumerate(hot)]
    many_hot = jnp.concatenate(hot, axis=-1)
    return product(many_hot, params["embedding"], operands) + params["embedding.bias"]


@dataclass(frozen=True)
class _Head:
    """What rates the symbols of one voice, given those before it in the frame."""

    params: Params
    voice: int
    given: tuple[int, ...]
    operands: Any
    mask: jax.Array | None

    def logits(self, h: jax.Array, features: jax.Array, frames: jax.Array) -> jax.Array:
        last = features[..., LAST_COLUMNS.start + self.voice].astype(jnp.int32)
        last = jnp.where(last == NONE, 0, last)
        a = self._product(h, "kernel") + self._weight("bias")
        for voice in self.given:
            symbol = frames[..., voice].astype(jnp.int32)
            sounding = ((symbol > 0) & (last > 0))[..., None]
            interval = jax.nn.one_hot(symbol - last + NUM_SYMBOLS, _STEPS) * sounding
            a += self._product(
                jax.nn.one_hot(symbol, NUM_SYMBOLS), f"given.{VOICES[voice]}"
            )
            a += self._product(interval, f"interval.{VOICES[voice]}")
        a = jax.nn.relu(a)
        if self.mask is not None:
            a = a * self.mask
        logits = self._product(a, "out") + self._weight("out.bias")
        logits += _shifted(self._product(a, "step") + self._weight("step.bias"), last)
        for voice in self.given:
            symbol = frames[..., voice].astype(jnp.int32)
            logits += _shifted(self._product(a, f"apart.{VOICES[voice]}"), symbol)
        trust = self._product(a, "echo") + self._weight("echo.bias")
        for e, columns in enumerate(ECHO_COLUMNS):
            echo = features[..., columns.start + self.voice]
            # Where there is none, NONE is past the last symbol: all zeros.
            logits += trust[..., e, None] * jax.nn.one_hot(echo, NUM_SYMBOLS)
        return logits

    def _weight(self, kind: str) -> jax.Array:
        return self.params[f"head.{VOICES[self.voice]}.{kind}"]

    def _product(self, a: jax.Array, kind: str) -> jax.Array:
        return product(a, self._weight(kind), self.operands)


def _shifted(by_step: jax.Array, origin: jax.Array) -> jax.Array:
    """Ratings of steps (..., steps) as ratings of symbols, counted from ``origin``.

    Zero for silence, and where the origin is silent: there is no step to or from it.
    """
    symbols = jnp.arange(NUM_SYMBOLS)
    steps = jnp.clip(symbols - origin[..., None] + NUM_SYMBOLS, 0, _STEPS - 1)
    found = jnp.take_along_axis(by_step, steps, axis=-1)
    return found * ((symbols > 0) & (origin[..., None] > 0))


def initial_state(config: FrameModelConfig, batch: int) -> tuple[Carry, ...]:
    shape = (batch, config.lstm_units)
    return tuple(
        (jnp.zeros(shape), jnp.zeros(shape)) for _ in range(config.lstm_layers)
    )


def log_likelihoods(
    logits: list[jax.Array], frames: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """(T, B, 4) each: log p of what came, and whether it was the likeliest."""
    rated, hits = [], []
    for voice, of_voice in enumerate(logits):
        true = frames[..., voice].astype(jnp.int32)
        log_probs = jax.nn.log_softmax(of_voice)
        rated.append(jnp.sum(log_probs * jax.nn.one_hot(true, NUM_SYMBOLS), axis=-1))
        hits.append(of_voice.argmax(axis=-1) == true)
    return jnp.stack(rated, axis=-1), jnp.stack(hits, axis=-1)
