"""Training the networks of all folds of a set at once.

A network stops early by one of its nine training folds, which it does not train on;
several members of an ensemble each leave out another. Everything random follows from
the seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from training.learning.benchmarks.melody8.data import FOLDS, Ints
from training.learning.benchmarks.melody8.network import (
    Arrays,
    Masks,
    Material,
    NetworkConfig,
    Networks,
    Params,
    evaluate,
    init_params,
    update,
)
from training.learning.benchmarks.melody8.views import Floats, Notes
from training.learning.devices import Rows

_WARMUP = 0.1  # of all steps
_LEAST_ROW = 96  # notes
_FIRST_LOOK = 0.25  # of all epochs, before the first measurement

Say = Callable[[str], None]


@dataclass(slots=True)
class _Best:
    """The predictions of every network at its best epoch by its inner fold."""

    inner_nats: Floats
    log_probs: Floats | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """(F, N, S) each: log-probabilities of every note by the networks of every fold.

    Only row f's notes of fold f are a test; the others are for curves and tests.
    """

    static: Floats
    adaptive: Floats


def train_folds(
    material: Material, config: NetworkConfig, *, seed: int, say: Say
) -> Trained:
    """The mean prediction of the members, each as it was at its best."""
    best = _Trainer(material, config, seed).run(say)
    by_kind = best.reshape(2, config.members, FOLDS, *best.shape[1:])
    static, adaptive = np.log(np.exp(by_kind).mean(axis=1))
    return Trained(static, adaptive)


class _Trainer:
    def __init__(self, material: Material, config: NetworkConfig, seed: int) -> None:
        self._config = config
        self._notes = notes = material.notes
        self._rng = np.random.default_rng(seed)
        self._networks = networks = Networks(config.members)
        kept_out = (notes.fold == networks.test[:, None]) | (
            notes.fold == networks.inner[:, None]
        )
        share = Rows(networks.count)  # of the networks for every device
        self._arrays = Arrays(
            inputs=share.copy(material.inputs),
            references=tuple(share.copy(r) for r in material.references),
            log_probs=share.copy(material.log_probs),
            confidence=share.copy(material.confidence),
            pitch=share.copy(notes.pitch),
            goes_on=share.copy((notes.place > 0).astype(np.float32)),
            learns=share.split((~kept_out).astype(np.float32), axis=0),
            heard=share.split(
                (networks.adaptive[:, None] | ~material.learning).astype(np.float32),
                axis=0,
            ),
        )
        self._params = share.split(init_params(material, config, self._rng), axis=0)
        self._rows = pack_rows(notes)
        self._batches = max(1, round(self._rows.size / config.batch_notes))

    def run(self, say: Say) -> Floats:
        config = self._config
        params = self._params
        average = jax.tree.map(jnp.copy, params)  # the update reuses their memory
        first = jax.tree.map(jnp.zeros_like, params)
        second = jax.tree.map(jnp.zeros_like, params)
        steps = config.epochs * self._batches
        step, started = 0, time.monotonic()
        best = _Best(np.full(self._networks.count, np.inf, np.float32))
        for epoch in range(1, config.epochs + 1):
            for rows in self._shuffled():
                params, first, second, average = update(
                    (params, first, second, average),
                    self._arrays,
                    rows,
                    self._masks(len(rows)),
                    _schedule(step, steps, config),
                )
                step += 1
            last = epoch == config.epochs
            if last or (epoch % config.look_every == 0 and self._looks(epoch)):
                self._look(average, best)
                static, adaptive = best.inner_nats.reshape(2, -1).mean(axis=1) / np.log(
                    2
                )
                seconds = time.monotonic() - started
                say(
                    f"  epoch {epoch}: inner folds {static:.3f} static, "
                    f"{adaptive:.3f} adaptive, {seconds:.0f} s"
                )
        assert best.log_probs is not None  # the last epoch is always looked at
        return best.log_probs

    def _looks(self, epoch: int) -> bool:
        return epoch >= _FIRST_LOOK * self._config.epochs

    def _shuffled(self) -> Iterator[Ints]:
        """Batches of rows, each (rows, length), the last filled up with none."""
        size = -(-len(self._rows) // self._batches)
        order = np.full(size * self._batches, -1)
        order[: len(self._rows)] = self._rng.permutation(len(self._rows))
        for start in range(self._batches):
            chosen = order[start :: self._batches]
            yield np.where(chosen[:, None] >= 0, self._rows[chosen], -1)

    def _masks(self, rows: int) -> Masks:
        """Inverted dropout, the same along a row (Gal & Ghahramani 2016)."""
        config, count = self._config, self._networks.count

        def mask(rate: float, *shape: int) -> Floats:
            kept = self._rng.random(shape, np.float32) >= rate
            return kept.astype(np.float32) / np.float32(1 - rate)

        return (
            mask(config.input_dropout, rows, self._arrays.inputs.shape[1]),
            mask(config.embedding_dropout, count, rows, config.embedding),
            mask(config.state_dropout, count, rows, config.units),
        )

    def _look(self, params: Params, best: _Best) -> None:
        """Keep what is better by the inner folds."""
        found = self._predict(params)
        notes = self._notes
        true = found[:, np.arange(len(notes)), notes.pitch]
        inside = notes.fold == self._networks.inner[:, None]
        nats = -(true * inside).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
        better = nats < best.inner_nats
        best.inner_nats = np.minimum(nats, best.inner_nats)
        if best.log_probs is None:
            best.log_probs = found
        else:
            best.log_probs[better] = found[better]

    def _predict(self, params: Params) -> Floats:
        """(networks, N, S) log-probabilities."""
        notes = self._notes
        shape = (self._networks.count, len(notes), notes.size)
        found = np.empty(shape, np.float32)
        size = -(-len(self._rows) // self._batches)
        for start in range(0, len(self._rows), size):
            rows = np.full((size, self._rows.shape[1]), -1)
            part = self._rows[start : start + size]
            rows[: len(part)] = part
            log_probs = np.asarray(evaluate(params, self._arrays, rows))
            flat = rows.T.reshape(-1)
            found[:, flat[flat >= 0]] = log_probs[:, flat >= 0]
        return found


def pack_rows(notes: Notes) -> Ints:
    """(rows, length): numbers of notes, whole tunes end to end, -1 where there is none.

    Longest first, each into the first row that still has room.
    """
    longest = max(end - first for first, end in notes.bounds)
    length = max(longest, _LEAST_ROW)
    rows: list[list[int]] = []
    for first, end in sorted(notes.bounds, key=lambda bound: bound[0] - bound[1]):
        for row in rows:
            if len(row) + end - first <= length:
                row.extend(range(first, end))
                break
        else:
            rows.append(list(range(first, end)))
    packed = np.full((len(rows), length), -1)
    for number, row in enumerate(rows):
        packed[number, : len(row)] = row
    return packed


def _schedule(step: int, steps: int, config: NetworkConfig) -> Floats:
    """Rate of learning, decay of weights and of their average, number of the step.

    The rate is warmed up and then half a cosine; the average starts with few steps.
    """
    warm = min(1.0, (step + 1) / (_WARMUP * steps))
    rate = config.peak_rate * warm * (0.5 + 0.5 * np.cos(np.pi * step / steps))
    averaging = min(config.averaging, (step + 1) / (step + 10))
    return np.array([rate, config.weight_decay, averaging, step + 1], np.float32)
