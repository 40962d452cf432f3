"""Training: AdamW on a one-cycle schedule, and an average of the weights it passes.

The loop knows no Django: progress leaves through ``on_epoch`` and ``on_window``.
Everything random follows from the seed and the epoch's number, so that a run that was
stopped after any epoch and resumed from its ``TrainState`` ends in the same bits as one
that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from training.learning.bundle import Weights as BundledWeights
from training.learning.config import ModelConfig, TrainConfig
from training.learning.devices import Rows, operands
from training.learning.evaluate import evaluate_bits
from training.learning.input_pipeline import Window, windows
from training.learning.model import State, forward, init_weights, initial_state
from training.learning.optimizer import AdamW, Params, Weights, one_cycle
from training.learning.process import Diverged, Stopped
from training.music.encodings import EncodedPiece, Encoding


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is told after each epoch. Bits are per event, over all its fields."""

    number: int  # from 1
    train_bits: float  # measured in training, with dropout
    valid_bits: float  # of the averaged weights
    seconds: float
    is_best: bool


@dataclass(frozen=True, slots=True)
class TrainState:
    """All that changes in training; enough to resume after ``epoch`` epochs."""

    epoch: int
    step: int
    params: Params
    first_moment: Params
    second_moment: Params
    average: Params
    best: Params
    best_bits: float
    best_epoch: int = 0


def new_state(
    encoding: Encoding, model_config: ModelConfig, config: TrainConfig
) -> TrainState:
    weights = init_weights(encoding, model_config, config.seed)

    # Copies, each its own: the update may reuse the memory of what it is given.
    def fresh(scale: float) -> Params:
        return {name: jnp.array(w * scale) for name, w in weights.items()}

    return TrainState(
        epoch=0,
        step=0,
        params=fresh(1.0),
        first_moment=fresh(0.0),
        second_moment=fresh(0.0),
        average=fresh(1.0),
        best=fresh(1.0),
        best_bits=float("inf"),
    )


def train(
    encoding: Encoding,
    pieces: Sequence[Sequence[EncodedPiece]],
    valid: Sequence[EncodedPiece],
    *,
    model_config: ModelConfig,
    config: TrainConfig,
    on_epoch: Callable[[Epoch, TrainState], None],
    state: TrainState | None = None,
    on_window: Callable[[float], None] = lambda fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> BundledWeights:
    """Train a network and return the averaged weights of its best epoch on ``valid``.

    Ends after ``config.epochs``, or after ``config.patience`` of them without a better
    one.

    Args:
        pieces: of the training split, each as one or more versions (transpositions) of
            which one is drawn every epoch.
        on_epoch: is told of each epoch with the state that resumes after it. The state
            must be kept, if at all, before returning: its memory is used again.
        state: where to resume; None to begin.
        on_window: is told after each window how much of the epoch is done, 0 to 1.
        should_stop: asked before each window; True ends training with ``Stopped``.
    """
    rows = Rows(config.batch_size)
    state = _placed(state or new_state(encoding, model_config, config), rows)
    total_steps = config.epochs * max(
        len(_epoch_windows(pieces, config, epoch)) for epoch in range(3)
    )
    while state.epoch < config.epochs and not _is_out_of_patience(state, config):
        started = time.monotonic()
        drawn = _epoch_windows(pieces, config, state.epoch)
        read = _watched(drawn, on_window, should_stop)
        state, nats = _learn(state, read, rows, total_steps, model_config, config)
        bits = evaluate_bits(encoding, state.average, model_config, valid)
        if not math.isfinite(bits):
            raise Diverged("The weights grew without bound. Try another seed.")
        state = _judged(state, bits)
        report = Epoch(
            number=state.epoch,
            train_bits=nats / math.log(2),
            valid_bits=bits,
            seconds=time.monotonic() - started,
            is_best=state.best_epoch == state.epoch,
        )
        on_epoch(report, state)
    return {name: np.asarray(w) for name, w in state.best.items()}


def _watched(
    drawn: Sequence[Window],
    on_window: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> Iterator[Window]:
    """``drawn``, asking before each and telling after each. Raises ``Stopped``."""
    for place, window in enumerate(drawn, 1):
        if should_stop():
            raise Stopped
        yield window
        on_window(place / len(drawn))


def _learn(
    state: TrainState,
    read: Iterable[Window],
    rows: Rows,
    total_steps: int,
    model_config: ModelConfig,
    config: TrainConfig,
) -> tuple[TrainState, float]:
    """The state after an epoch, its average not judged yet; its mean nats per event."""
    number = state.epoch + 1
    params, first, second = state.params, state.first_moment, state.second_moment
    average, step = state.average, state.step
    carried = rows.split(initial_state(model_config, config.batch_size), axis=0)
    key = jax.random.fold_in(jax.random.key(config.seed), number)
    nats, events = 0.0, 0.0
    for window in read:
        params, first, second, average, carried, loss = update(
            params,
            first,
            second,
            average,
            carried,
            rows.split(window.arrays, axis=1),
            jax.random.fold_in(key, step),
            jnp.float32(one_cycle(step, total_steps, config.learning_rate)),
            jnp.float32(step + 1),
            model_config=model_config,
            config=config,
        )
        count = float(window.weights.sum())
        nats, events = nats + float(loss) * count, events + count
        step += 1
    state = replace(
        state,
        epoch=number,
        step=step,
        params=params,
        first_moment=first,
        second_moment=second,
        average=average,
    )
    return state, nats / events


def _judged(state: TrainState, bits: float) -> TrainState:
    """``state`` with its average as the best, if its ``bits`` are fewer."""
    if bits >= state.best_bits:
        return state
    return replace(state, best=state.average, best_bits=bits, best_epoch=state.epoch)


def _placed(state: TrainState, rows: Rows) -> TrainState:
    """``state`` with its arrays on every device."""
    trees = ("params", "first_moment", "second_moment", "average", "best")
    return replace(state, **{tree: rows.copy(getattr(state, tree)) for tree in trees})


def _is_out_of_patience(state: TrainState, config: TrainConfig) -> bool:
    return 0 < config.patience <= state.epoch - state.best_epoch


def _epoch_windows(
    pieces: Sequence[Sequence[EncodedPiece]], config: TrainConfig, epoch: int
) -> list[Window]:
    """One version of every piece, in this epoch's order."""
    rng = np.random.default_rng((config.seed, epoch))
    order = rng.permutation(len(pieces)).tolist()
    drawn = [pieces[i][int(rng.integers(len(pieces[i])))] for i in order]
    return list(windows(drawn, batch_size=config.batch_size, window=config.window))


def _loss(
    params: Params,
    carried: State,
    batch: tuple[jax.Array, ...],
    key: jax.Array,
    model_config: ModelConfig,
    config: TrainConfig,
) -> tuple[jax.Array, State]:
    """Nats per event, and the state after the window."""
    contexts, events, resets, weights = batch
    batch_size, num_contexts = contexts.shape[1:]
    masks = _dropout_masks(key, batch_size, num_contexts, model_config, config)
    logits, carried = forward(
        params,
        contexts,
        events,
        resets,
        carried,
        masks,
        model_config,
        operands=operands(),
    )
    total = jnp.float32(0)
    for f, field_logits in enumerate(logits):
        log_probs = jax.nn.log_softmax(field_logits)
        chosen = jax.nn.one_hot(events[..., f], field_logits.shape[-1])
        total -= jnp.sum(jnp.sum(log_probs * chosen, axis=-1) * weights)
    return total / jnp.maximum(weights.sum(), 1.0), carried


def _dropout_masks(
    key: jax.Array,
    batch: int,
    num_contexts: int,
    model_config: ModelConfig,
    config: TrainConfig,
) -> dict[str, jax.Array]:
    """Inverted dropout masks by the names that ``forward`` knows.

    Whole context fields are dropped, because a few of them together (bars in all, the
    bar we are in, when the next fermata comes) name a training piece, and a network
    that recognises the piece learns it by heart.
    """
    layers = range(model_config.lstm_layers)
    widths = {f"h.{n}": (config.dropout, model_config.lstm_units) for n in layers}
    widths["contexts"] = (config.context_dropout, num_contexts)
    masks = {}
    for number, (name, (rate, width)) in enumerate(widths.items()):
        if rate:
            mask_key = jax.random.fold_in(key, number)
            kept = jax.random.bernoulli(mask_key, 1.0 - rate, (batch, width))
            masks[name] = kept / (1.0 - rate)
    return masks


@partial(
    jax.jit, static_argnames=("model_config", "config"), donate_argnums=(0, 1, 2, 4)
)
def update(
    params: Params,
    first: Params,
    second: Params,
    average: Params,
    carried: State,
    batch: tuple[jax.Array, ...],
    key: jax.Array,
    rate: jax.Array,
    step: jax.Array,
    *,
    model_config: ModelConfig,
    config: TrainConfig,
) -> tuple[Params, Params, Params, Params, State, jax.Array]:
    (loss, carried), grads = jax.value_and_grad(_loss, has_aux=True)(
        params, carried, batch, key, model_config, config
    )
    optimizer = AdamW(config.clip_norm, config.weight_decay, config.average_decay)
    after = optimizer.step(Weights(params, first, second, average), grads, rate, step)
    return *after, carried, loss
