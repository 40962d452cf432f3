"""The network: embeddings of the context, a stack of LSTMs, one small head per field.

    x_t   = sum over context fields k of  embedding.k[context_t[k]]
    h_0,t = LSTM_0(x)_t
    h_l,t = h_l-1,t + LSTM_l(h_l-1)_t                     for l = 1 .. L-1
    a_f,t = relu(h_L-1,t head.f.kernel + head.f.bias
                 + sum over fields g < f of  head.f.given.g[event_t[g]])
    logits_f,t = a_f,t head.f.out.kernel + head.f.out.bias

It is built twice. ``build_model`` makes a Keras model from Keras's own layers: the
reference, which anyone who knows Keras can read. ``forward`` computes the same from the
same weights as one JAX function made to train fast. A test holds them equal.

Weights are a flat dictionary of float32 arrays. With C context fields of sizes c_k, F
event fields of sizes v_f, D = embedding_dim, H = lstm_units, A = head_units:

    embedding.{k}          (c_k, D)
    lstm.{l}.kernel        (D or H, 4H)   gates in Keras's order: input, forget,
    lstm.{l}.recurrent     (H, 4H)        candidate, output
    lstm.{l}.bias          (4H,)
    head.{f}.kernel        (H, A)
    head.{f}.bias          (A,)
    head.{f}.given.{g}     (v_g, A)       for g < f
    head.{f}.out.kernel    (A, v_f)
    head.{f}.out.bias      (v_f,)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from training.learning.bundle import Weights
from training.learning.config import ModelConfig
from training.learning.initializers import glorot, orthogonal_gates
from training.learning.lstm import lstm, product
from training.learning.optimizer import Params
from training.music.encodings import Encoding

_LSTM_WEIGHTS = ("kernel", "recurrent", "bias")
State = tuple[tuple[jax.Array, jax.Array], ...]  # (h, c), each (batch, H), per layer


def init_weights(encoding: Encoding, config: ModelConfig, seed: int) -> Weights:
    """Fresh weights: Glorot kernels, orthogonal recurrences, forget bias one."""
    rng = np.random.default_rng(seed)
    dim, units, hidden = config.embedding_dim, config.lstm_units, config.head_units
    # The embeddings are summed; this keeps their sum near unit variance.
    scale = 1.0 / np.sqrt(len(encoding.context_fields))
    weights: dict[str, Any] = {}
    for k, field in enumerate(encoding.context_fields):
        weights[f"embedding.{k}"] = rng.normal(0, scale, (field.size, dim))
    for layer in range(config.lstm_layers):
        fan_in = units if layer else dim
        bias = np.zeros(4 * units)
        bias[units : 2 * units] = 1.0
        weights[f"lstm.{layer}.kernel"] = glorot(rng, fan_in, 4 * units)
        weights[f"lstm.{layer}.recurrent"] = orthogonal_gates(rng, units)
        weights[f"lstm.{layer}.bias"] = bias
    for f, field in enumerate(encoding.fields):
        weights[f"head.{f}.kernel"] = glorot(rng, units, hidden)
        weights[f"head.{f}.bias"] = np.zeros(hidden)
        for g in range(f):
            size = encoding.fields[g].size
            weights[f"head.{f}.given.{g}"] = rng.normal(0, 0.1, (size, hidden))
        weights[f"head.{f}.out.kernel"] = glorot(rng, hidden, field.size)
        weights[f"head.{f}.out.bias"] = np.zeros(field.size)
    return {name: np.asarray(w, np.float32) for name, w in weights.items()}


def build_model(
    encoding: Encoding, config: ModelConfig, weights: Weights | None = None
) -> keras.Model:
    """The reference network.

    Inputs are ``contexts`` (batch, time, C) and ``events`` (batch, time, F), integers;
    outputs are the logits of each field in order, (batch, time, size).
    """
    contexts = keras.Input((None, len(encoding.context_fields)), dtype="int32")
    events = keras.Input((None, len(encoding.fields)), dtype="int32")
    embedded = [
        keras.layers.Embedding(field.size, config.embedding_dim, name=f"embedding.{k}")(
            contexts[..., k]
        )
        for k, field in enumerate(encoding.context_fields)
    ]
    h = keras.layers.Add()(embedded) if len(embedded) > 1 else embedded[0]
    for layer in range(config.lstm_layers):
        lstm = keras.layers.LSTM(
            config.lstm_units, return_sequences=True, name=f"lstm.{layer}"
        )
        h = keras.layers.Add()([h, lstm(h)]) if layer else lstm(h)
    outputs = []
    for f, field in enumerate(encoding.fields):
        terms = [keras.layers.Dense(config.head_units, name=f"head.{f}")(h)]
        for g in range(f):
            given = keras.layers.Embedding(
                encoding.fields[g].size, config.head_units, name=f"head.{f}.given.{g}"
            )
            terms.append(given(events[..., g]))
        hidden = keras.layers.Add()(terms) if f else terms[0]
        hidden = keras.layers.ReLU()(hidden)
        outputs.append(keras.layers.Dense(field.size, name=f"head.{f}.out")(hidden))
    model = keras.Model([contexts, events], outputs)
    if weights is not None:
        set_weights(model, weights)
    return model


def set_weights(model: keras.Model, weights: Weights) -> None:
    """Put ``weights`` into a model that ``build_model`` made."""
    for layer in model.layers:
        if not layer.weights:
            continue
        if f"{layer.name}.kernel" in weights:
            names = [f"{layer.name}.{kind}" for kind in _LSTM_WEIGHTS]
            layer.set_weights([weights[name] for name in names if name in weights])
        else:
            layer.set_weights([weights[layer.name]])


def forward(
    params: Params,
    contexts: jax.Array,
    events: jax.Array,
    resets: jax.Array,
    state: State,
    masks: dict[str, jax.Array],
    config: ModelConfig,
    *,
    operands: Any = jnp.float32,
) -> tuple[list[jax.Array], State]:
    """The logits of each field, (time, batch, size), and the state after the window.

    Args:
        contexts: (time, batch, C) integers.
        events: (time, batch, F) integers, teacher forced.
        resets: (time, batch), 1.0 where a new piece begins and the state is forgotten.
        state: of every LSTM layer before the window.
        masks: inverted dropout masks (batch, H) named ``h.{layer}`` and ``contexts``
            (batch, C), the same for the whole window (Gal & Ghahramani 2016); empty for
            none.
        operands: the type in which products are taken, see ``lstm.product``.
    """
    h = _embed(params, contexts, masks.get("contexts"), operands)
    keep = 1.0 - resets[..., None]
    new_state = []
    for layer in range(config.lstm_layers):
        out, last = lstm(
            params[f"lstm.{layer}.kernel"],
            params[f"lstm.{layer}.recurrent"],
            params[f"lstm.{layer}.bias"],
            h,
            keep,
            state[layer],
            operands=operands,
        )
        h = h + out if layer else out
        new_state.append(last)
        if f"h.{layer}" in masks:
            h = h * masks[f"h.{layer}"]
    logits = []
    for f in range(events.shape[-1]):
        hidden = product(h, params[f"head.{f}.kernel"], operands)
        hidden += params[f"head.{f}.bias"]
        for g in range(f):
            table = params[f"head.{f}.given.{g}"]
            chosen = jax.nn.one_hot(events[..., g], table.shape[0])
            hidden += product(chosen, table, operands)
        out = product(jax.nn.relu(hidden), params[f"head.{f}.out.kernel"], operands)
        logits.append(out + params[f"head.{f}.out.bias"])
    return logits, tuple(new_state)


def initial_state(config: ModelConfig, batch: int) -> State:
    """Zeros, each array its own: the update may reuse the memory it is given."""
    shape = (batch, config.lstm_units)
    return tuple(
        (jnp.zeros(shape), jnp.zeros(shape)) for _ in range(config.lstm_layers)
    )


def _embed(
    params: Params, contexts: jax.Array, mask: jax.Array | None, operands: Any
) -> jax.Array:
    # A gather's gradient is a scatter, which XLA runs on one core, slowly. One product
    # with a many-hot matrix gives the same sum and a gradient that is a product too.
    tables = [params[f"embedding.{k}"] for k in range(contexts.shape[-1])]
    one_hot = [
        jax.nn.one_hot(contexts[..., k], table.shape[0])
        for k, table in enumerate(tables)
    ]
    if mask is not None:
        one_hot = [hot * mask[:, k, None] for k, hot in enumerate(one_hot)]
    many_hot = jnp.concatenate(one_hot, axis=-1)
    return product(many_hot, jnp.concatenate(tables), operands)
