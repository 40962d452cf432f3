"""How fast a network trains on this machine: a few windows of real pieces, timed.

What is timed is ``train`` and ``evaluate`` themselves, so that the figures stay true
whatever happens inside them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import jax
import numpy as np

from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import (
    FORWARD_SHARE,
    LISTEN_BATCH,
    LISTEN_WINDOW,
    Timing,
)
from training.learning.evaluate import evaluate_bits, logits_of
from training.learning.optimizer import Params
from training.learning.train import Epoch, TrainState, train
from training.music.encodings import EncodedPiece, Encoding

#: Epochs timed after the one that compiles; the quickest counts, for whatever else the
#: machine did made the others slower.
TIMED_EPOCHS = 3
#: An epoch of about so long is long enough to be timed.
TIMED_SECONDS = 0.6
MAX_WINDOWS = 16
SINGLE_EVENTS = 256


def time_network(
    encoding: Encoding,
    pieces: Sequence[EncodedPiece],
    model_config: ModelConfig,
    config: TrainConfig,
) -> Timing:
    """Time a network as ``config`` trains it, on as much of ``pieces`` as it takes."""
    held_out = [_stretch(pieces, LISTEN_WINDOW)] * LISTEN_BATCH
    found: dict[str, Params] = {}

    def keep(epoch: Epoch, state: TrainState) -> None:
        seconds.append(epoch.seconds)
        found["params"] = state.average

    def epochs(number: int, windows: int) -> None:
        stream = _stretch(pieces, windows * config.window)
        train(
            encoding,
            [(stream,)] * config.batch_size,
            held_out,
            model_config=model_config,
            config=replace(config, epochs=number),
            on_epoch=keep,
        )

    # One window, to compile for the cache on disk: a run will find it there. Then
    # again, to see how long finding takes and how many windows are worth timing.
    seconds: list[float] = []
    epochs(1, 1)
    jax.clear_caches()
    seconds.clear()
    epochs(2, 1)
    first, once = seconds
    windows = min(MAX_WINDOWS, max(2, round(TIMED_SECONDS / max(once, 1e-6))))
    seconds.clear()
    epochs(TIMED_EPOCHS, windows)
    valid_seconds = _valid_seconds(encoding, found["params"], model_config, held_out)
    listening = valid_seconds * LISTEN_BATCH * LISTEN_WINDOW
    # An epoch that is all listening cannot be: clocks are coarse, machines busy.
    training = max(min(seconds) - listening, FORWARD_SHARE * min(seconds))
    single = _stretch(pieces, SINGLE_EVENTS)
    return Timing(
        compile_seconds=max(0.0, first - once),
        step_seconds=training / windows,
        valid_seconds=valid_seconds,
        single_seconds=_single_seconds(found["params"], model_config, single),
    )


def _stretch(pieces: Sequence[EncodedPiece], length: int) -> EncodedPiece:
    """As one piece of ``length`` events, the pieces in turn and again."""
    chosen: list[EncodedPiece] = []
    while sum(len(piece.events) for piece in chosen) < length:
        chosen.append(pieces[len(chosen) % len(pieces)])
    return EncodedPiece(
        events=np.concatenate([piece.events for piece in chosen])[:length],
        contexts=np.concatenate([piece.contexts for piece in chosen])[:length],
        form=chosen[0].form,
    )


def _valid_seconds(
    encoding: Encoding,
    params: Params,
    config: ModelConfig,
    held_out: Sequence[EncodedPiece],
) -> float:
    many = list(held_out) * 2
    times = []
    for _ in range(TIMED_EPOCHS):
        started = time.perf_counter()
        evaluate_bits(encoding, params, config, many)
        times.append(time.perf_counter() - started)
    return min(times) / (len(many) * LISTEN_WINDOW)


def _single_seconds(params: Params, config: ModelConfig, piece: EncodedPiece) -> float:
    logits_of(params, config, piece, normalise=True)  # compiles
    started = time.perf_counter()
    logits_of(params, config, piece, normalise=True)
    return (time.perf_counter() - started) / len(piece.events)
