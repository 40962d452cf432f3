"""A small LSTM that also says how far to trust each counted model, all folds at once.

With x_t the description of the past, c_t the experts' confidence, q_k,t their
predictions, and p any pitch of the set's alphabet:

    e_t       = relu(x_t W + b)
    h_t       = LSTM([e_t, c_t])
    g_t       = softplus(relu([h_t, c_t] G + b) G' + b')          one weight an expert
    logit_t,p = (h_t A)_p + sum over references r of (h_t R_r)_(p - r)
                + sum over experts k of g_k,t log q_k,t(p)

References are the last note, the tune's first note and, in task B, the tonic: what is
learnt of a leap at one pitch holds at all. The last sum is the weighted geometric mean
of ``short_term.combine``, with weights that are learnt instead of following from the
entropies alone. A training tune's experts have not counted it (``views``), so
trust learnt there is trust deserved on a new tune.

Every weight has the network as its first axis, and one step trains all of them: the
folds, static and adaptive, and the members of an ensemble. The set is the same for all;
what a network may not learn from has no part in its loss, and to a static network the
experts that learn are mute.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from training.learning.benchmarks.melody8.data import FOLDS, Ints
from training.learning.benchmarks.melody8.views import Floats, Notes

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.99, 1e-8

Params = dict[str, jax.Array]
Masks = tuple[Floats, Floats, Floats]


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Settled by a few trials on sets 1, 2 and 4; the other sets had no part in it."""

    embedding: int = 48
    units: int = 64
    gate_units: int = 24
    members: int = 1  # networks of the ensemble, each with its own inner fold
    epochs: int = 24
    look_every: int = 3  # epochs between measurements of the inner folds
    batch_notes: int = 1400
    peak_rate: float = 4e-3
    weight_decay: float = 0.05
    averaging: float = 0.98  # of weights, from step to step
    input_dropout: float = 0.1
    embedding_dropout: float = 0.3
    state_dropout: float = 0.4
    first_trust: float = 1.2  # sum of all gates before training


@dataclass(frozen=True, slots=True)
class Material:
    """All that a network is told of a set. N notes, S pitches, K experts, F folds."""

    notes: Notes
    inputs: Floats  # (N, D)
    references: tuple[Ints, ...]  # (N, S) each: the distance that each pitch would be
    log_probs: Floats  # (F, K, N, S)
    confidence: Floats  # (F, N, 3K)
    learning: npt.NDArray[np.bool_]  # (K,) which experts learn from the tune at hand


@partial(
    jax.tree_util.register_dataclass,
    data_fields=[
        "inputs",
        "references",
        "log_probs",
        "confidence",
        "pitch",
        "goes_on",
        "learns",
        "heard",
    ],
    meta_fields=[],
)
@dataclass(frozen=True, slots=True)
class Arrays:
    """``Material`` where JAX keeps it, and what each of M networks may see of it."""

    inputs: jax.Array
    references: tuple[jax.Array, ...]
    log_probs: jax.Array
    confidence: jax.Array
    pitch: jax.Array  # (N,)
    goes_on: jax.Array  # (N,) 0.0 at a tune's first note
    learns: jax.Array  # (M, N) 1.0 where the network may learn from the note
    heard: jax.Array  # (M, K) 1.0 where the network hears the expert


@dataclass(frozen=True, slots=True)
class Networks:
    """Who is who on the first axis of every weight: kind, then member, then fold."""

    members: int

    @property
    def count(self) -> int:
        return 2 * self.members * FOLDS

    @property
    def test(self) -> Ints:
        """(M,): the fold that each is tried on."""
        return np.tile(np.arange(FOLDS), 2 * self.members)

    @property
    def inner(self) -> Ints:
        """(M,): the training fold by which each stops early."""
        member = np.tile(np.repeat(np.arange(self.members), FOLDS), 2)
        return (self.test + 1 + member) % FOLDS

    @property
    def adaptive(self) -> npt.NDArray[np.bool_]:
        """(M,): who hears the experts that learn from the tune at hand."""
        return np.repeat([False, True], self.members * FOLDS)


def init_params(
    material: Material, config: NetworkConfig, rng: np.random.Generator
) -> Params:
    """Fresh weights for every network: the experts' plain product, almost."""
    networks = Networks(config.members).count
    units, size = config.units, material.notes.size
    experts, sure = material.log_probs.shape[1], material.confidence.shape[-1]

    def normal(fan_in: int, fan_out: int, scale: float = 1.0) -> Any:
        return rng.normal(0, scale / np.sqrt(fan_in), (networks, fan_in, fan_out))

    def zeros(width: int) -> Any:
        return np.zeros((networks, 1, width))

    gates = zeros(4 * units)
    gates[..., units : 2 * units] = 1.0  # forget little
    trust = np.log(np.expm1(config.first_trust / experts))  # what softplus undoes
    weights = {
        "embed": normal(material.inputs.shape[1], config.embedding, 3.0),
        "embed.bias": zeros(config.embedding),
        "lstm": normal(config.embedding + sure, 4 * units),
        "lstm.recurrent": np.concatenate(
            [_orthogonal(rng, networks, units) for _ in range(4)], axis=-1
        ),
        "lstm.bias": gates,
        "absolute": normal(units, size, 0.1),
        "absolute.bias": zeros(size),
        "gate": normal(units + sure, config.gate_units),
        "gate.bias": zeros(config.gate_units),
        "trust": normal(config.gate_units, experts, 0.1),
        "trust.bias": zeros(experts) + trust,
    }
    for r, distances in enumerate(material.references):
        weights[f"relative.{r}"] = normal(units, int(distances.max()) + 1, 0.1)
        weights[f"relative.{r}.bias"] = zeros(int(distances.max()) + 1)
    return {name: jnp.asarray(w, jnp.float32) for name, w in weights.items()}


def _orthogonal(rng: np.random.Generator, networks: int, units: int) -> Any:
    return np.linalg.qr(rng.normal(size=(networks, units, units)))[0]


def forward(
    params: Params, arrays: Arrays, rows: jax.Array, masks: Masks | None = None
) -> jax.Array:
    """(M, length x rows, S) log-probabilities, times before rows.

    Args:
        rows: (rows, length) numbers of notes, -1 where there is none.
        masks: dropout of inputs (rows, D), embedding and state (M, rows, width).
    """
    count, length = rows.shape
    flat = jnp.maximum(rows, 0).T.reshape(-1)
    copies = len(arrays.heard) // FOLDS
    sure = jnp.tile(arrays.confidence[:, flat], (copies, 1, 1))
    sure *= jnp.repeat(arrays.heard, sure.shape[-1] // arrays.heard.shape[-1], 1)[
        :, None
    ]
    inputs = arrays.inputs[flat]
    if masks:
        inputs = inputs * jnp.tile(masks[0], (length, 1))
    embedded = jnp.einsum("nd,mde->mne", inputs, params["embed"])
    embedded = jax.nn.relu(embedded + params["embed.bias"])
    if masks:
        embedded *= jnp.tile(masks[1], (1, length, 1))
    told = jnp.concatenate([embedded, sure], axis=-1)
    h = _lstm(params, told, arrays.goes_on[flat].reshape(length, count))
    if masks:
        h *= jnp.tile(masks[2], (1, length, 1))
    logits = h @ params["absolute"] + params["absolute.bias"]
    for r, distances in enumerate(arrays.references):
        by_distance = h @ params[f"relative.{r}"] + params[f"relative.{r}.bias"]
        here = jnp.broadcast_to(distances[flat], logits.shape)
        logits += jnp.take_along_axis(by_distance, here, axis=-1)
    gate = jnp.concatenate([h, sure], axis=-1) @ params["gate"] + params["gate.bias"]
    trust = jax.nn.softplus(jax.nn.relu(gate) @ params["trust"] + params["trust.bias"])
    trust = (trust * arrays.heard[:, None]).reshape(copies, FOLDS, *trust.shape[1:])
    said = jnp.einsum("cfnk,fkns->cfns", trust, arrays.log_probs[:, :, flat])
    return jax.nn.log_softmax(logits + said.reshape(logits.shape), axis=-1)


def _lstm(params: Params, told: jax.Array, goes_on: jax.Array) -> jax.Array:
    """(networks, length x rows, units); forgets all where ``goes_on`` is zero."""
    length, count = goes_on.shape
    recurrent = params["lstm.recurrent"]
    networks, units = recurrent.shape[:2]
    projected = told @ params["lstm"] + params["lstm.bias"]
    projected = projected.reshape(networks, length, count, -1).transpose(1, 0, 2, 3)

    def step(
        carry: tuple[jax.Array, jax.Array], xs: tuple[jax.Array, jax.Array]
    ) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
        now, kept = xs
        h, c = (state * kept[:, None] for state in carry)
        i, f, g, o = jnp.split(now + h @ recurrent, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((networks, count, units))
    _, h = jax.lax.scan(step, (zeros, zeros), (projected, goes_on))
    return h.transpose(1, 0, 2, 3).reshape(networks, length * count, units)


@partial(jax.jit)
def evaluate(params: Params, arrays: Arrays, rows: jax.Array) -> jax.Array:
    """``forward`` without dropout."""
    return forward(params, arrays, rows)


@partial(jax.jit, donate_argnums=0)
def update(
    state: tuple[Params, Params, Params, Params],
    arrays: Arrays,
    rows: jax.Array,
    masks: Masks,
    schedule: jax.Array,
) -> tuple[Params, Params, Params, Params]:
    """One step of AdamW for every network: weights, two moments, averaged weights."""
    params, first, second, average = state
    rate, weight_decay, averaging, step = schedule
    flat = jnp.maximum(rows, 0).T.reshape(-1)
    weights = arrays.learns[:, flat] * (rows >= 0).T.reshape(-1)

    def loss(params: Params) -> jax.Array:
        log_probs = forward(params, arrays, rows, masks)
        true = jnp.broadcast_to(arrays.pitch[flat][:, None], (*weights.shape, 1))
        nats = -jnp.take_along_axis(log_probs, true, axis=-1)[..., 0]
        # Networks share no weight: the gradient of the sum is each one's own.
        return jnp.sum(nats * weights / jnp.sum(weights, axis=1, keepdims=True))

    gradients = jax.grad(loss)(params)
    new: tuple[Params, Params, Params, Params] = ({}, {}, {}, {})
    for name, gradient in gradients.items():
        m = _BETA_1 * first[name] + (1 - _BETA_1) * gradient
        v = _BETA_2 * second[name] + (1 - _BETA_2) * gradient**2
        scale = jnp.sqrt(v / (1 - _BETA_2**step)) + _EPSILON
        move = m / (1 - _BETA_1**step) / scale
        if not name.endswith("bias"):
            move = move + weight_decay * params[name]
        weight = params[name] - rate * move
        changed = (weight, m, v, averaging * average[name] + (1 - averaging) * weight)
        for kind, value in zip(new, changed, strict=True):
            kind[name] = value
    return new
