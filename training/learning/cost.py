"""What training costs, from how fast the machine has been seen to be.

    seconds = start + compiling + measuring at the end
              + epochs x (windows x step + held-out events x listening)

Steps and listening are measured, see ``timing``. Nothing here imports JAX: pages ask.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.learning.config import ModelConfig, TrainConfig
from training.music.encodings import Encoding

#: Python, Django and JAX get ready, and the pieces are read.
START_SECONDS = 5.0
#: After every epoch its checkpoint is written and synced.
CHECKPOINT_SECONDS = 0.25
#: Keras is loaded, its network built, and other sizes compiled to measure with.
FINISH_SECONDS = 13.0
#: Counting the n-grams and fitting the lines that a network is compared with: for each
#: field of each event learnt from or tested on; the notes that references hold too.
BASELINE_SECONDS = 15e-6
#: Random notes are encoded by the run itself: for each event.
ENCODING_SECONDS = 4e-6
#: ``evaluate`` reads so many pieces side by side, in windows of so many events.
LISTEN_BATCH, LISTEN_WINDOW = 16, 128
#: Forward alone costs about a third of forward and back.
FORWARD_SHARE = 1 / 3
#: Compiling what the cache does not hold takes so many times as long as finding it.
COMPILING_ANEW = 3.0
#: A network seen on none of its like: this many multiply-adds a second, forward.
NOMINAL_RATE = 6e9


@dataclass(frozen=True)
class Work:
    """The lengths, in events, of the pieces of a dataset, one version of each."""

    train: tuple[int, ...]
    valid: tuple[int, ...]
    test: tuple[int, ...]
    is_random: bool = False  # rows of random notes

    @property
    def num_pieces(self) -> int:
        return len(self.train)

    @cached_property
    def train_events(self) -> int:
        return sum(self.train)

    def steps(self, config: TrainConfig) -> int:
        """Windows of one epoch, the padding at the ends of streams among them."""
        longest = _longest_stream(self.train, config.batch_size)
        return max(1, -(-longest // config.window))

    @cached_property
    def padded_valid_events(self) -> int:
        longest = _longest_stream(self.valid, LISTEN_BATCH)
        return -(-longest // LISTEN_WINDOW) * LISTEN_WINDOW * LISTEN_BATCH


def _longest_stream(lengths: Sequence[int], streams: int) -> int:
    """As ``input_pipeline.windows`` lays pieces: each where there is most room."""
    if len(set(lengths)) == 1:
        return -(-len(lengths) // streams) * lengths[0]
    ends = [0] * streams
    for length in lengths:
        heapq.heapreplace(ends, ends[0] + length)
    return max(ends)


@dataclass(frozen=True, slots=True)
class Timing:
    """How fast one network was seen to be on one machine."""

    compile_seconds: float  # from what the cache on disk holds
    step_seconds: float  # of one window of all streams, forward and back
    valid_seconds: float  # of one held-out event, many pieces side by side
    single_seconds: float  # of one event of a piece read alone


def macs_per_event(encoding: Encoding, config: ModelConfig) -> int:
    """Multiply-adds of one event, forward: what networks are compared by."""
    dim, units, hidden = config.embedding_dim, config.lstm_units, config.head_units
    total = sum(field.size for field in encoding.context_fields) * dim
    for layer in range(config.lstm_layers):
        total += 4 * units * (units + (units if layer else dim))
    given = 0
    for field in encoding.fields:
        total += hidden * (units + given + field.size)
        given += field.size
    return total


def epoch_seconds(work: Work, config: TrainConfig, timing: Timing) -> float:
    return (
        work.steps(config) * timing.step_seconds
        + work.padded_valid_events * timing.valid_seconds
        + CHECKPOINT_SECONDS
    )


def fixed_seconds(work: Work, encoding: Encoding, timing: Timing) -> float:
    """What a run takes beside its epochs."""
    test_events = sum(work.test)
    begun = START_SECONDS + timing.compile_seconds
    if work.is_random:
        every = work.train_events + sum(work.valid) + test_events
        listening = test_events * timing.valid_seconds
        return begun + every * ENCODING_SECONDS + listening + FINISH_SECONDS
    counted = (work.train_events + test_events) * len(encoding.fields)
    return (
        begun
        + test_events * timing.single_seconds
        + FINISH_SECONDS
        + counted * BASELINE_SECONDS
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """A network whose speed is known: its size, its windows, how fast it was."""

    macs: int  # per event
    batch_size: int
    window: int
    timing: Timing


def foretell(seen: Sequence[Seen], macs: int, config: TrainConfig) -> Timing | None:
    """The timing of a network of ``macs`` from those of its like; None without any.

    Between two sizes the time of an event follows a power of the size; beyond them it
    grows as the size does, and shrinks more slowly than it.
    """
    if not seen:
        return None
    ordered = sorted(seen, key=lambda one: one.macs)
    sizes = np.log([one.macs for one in ordered])
    size = math.log(macs)

    def scaled(values: Sequence[float]) -> float:
        logs = np.log(np.maximum(values, 1e-12))
        beyond = max(0.0, size - sizes[-1])
        below = max(0.0, sizes[0] - size)
        return float(np.exp(np.interp(size, sizes, logs) + beyond - 0.6 * below))

    per_event = [
        one.timing.step_seconds
        / (one.batch_size * one.window * thinness(one.batch_size))
        for one in ordered
    ]
    events = config.batch_size * config.window * thinness(config.batch_size)
    return Timing(
        compile_seconds=COMPILING_ANEW
        * max(one.timing.compile_seconds for one in ordered),
        step_seconds=scaled(per_event) * events,
        valid_seconds=scaled([one.timing.valid_seconds for one in ordered]),
        single_seconds=scaled([one.timing.single_seconds for one in ordered]),
    )


def thinness(batch_size: int) -> float:
    """How much longer an event takes where few pieces are read side by side."""
    return 1.0 + 16.0 / batch_size


def nominal_timing(macs: int, config: TrainConfig) -> Timing:
    """Of a machine of which nothing is known: to choose by, not to tell anybody."""
    forward = macs / NOMINAL_RATE
    return Timing(
        compile_seconds=4.0,
        step_seconds=forward / FORWARD_SHARE * config.batch_size * config.window,
        valid_seconds=forward,
        single_seconds=5 * forward,
    )
