"""How fast a network learns, in ratios measured in turns on one machine.

Every contender is a process of its own that answers each line it is sent with the
seconds a step took; so each has the settings it would have alone, and neighbours
disturb all of them alike. The task: a next-symbol network of one context field and one
field, ``rows`` pieces side by side, ``steps`` events between updates.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from training.learning.config import ModelConfig, TrainConfig
from training.music.encodings import PitchesEncoding

SYMBOLS = 96
ROWS = 64
UPDATES = 6  # timed at once
_ROWS = 2048  # of the product that stands for the matrix rate: more leave the caches
SIZES = {"S": (1, 128), "M": (2, 256), "L": (3, 512)}  # layers, units


@dataclass(frozen=True, slots=True)
class Task:
    """One size of network over windows of so many steps."""

    size: str  # of SIZES
    steps: int

    @property
    def model_config(self) -> ModelConfig:
        layers, units = SIZES[self.size]
        return ModelConfig(
            embedding_dim=units, lstm_units=units, lstm_layers=layers, head_units=128
        )

    @property
    def encoding(self) -> PitchesEncoding:
        return PitchesEncoding(0, SYMBOLS - 1)

    @property
    def flops(self) -> float:
        """Of the products in one update: two a weight forwards and four back."""
        layers, units = SIZES[self.size]
        weights = layers * 8 * units * units + 128 * (units + SYMBOLS)
        return 6.0 * self.steps * ROWS * weights

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Contexts and events, (steps, ROWS, 1), drawn at random."""
        rng = np.random.default_rng(0)
        shape = (self.steps, ROWS, 1)
        contexts = rng.integers(0, SYMBOLS, shape).astype(np.int16)
        return contexts, rng.integers(0, SYMBOLS, shape).astype(np.int16)


def answer(contender: str, size: str, steps: int) -> None:
    """Print the seconds of an update for every line that comes in, until the end."""
    step = CONTENDERS[contender](Task(size, steps))
    step()  # compiles
    for _ in sys.stdin:
        started = time.perf_counter()
        step()
        print((time.perf_counter() - started) / UPDATES, flush=True)


def ours(task: Task) -> Callable[[], None]:
    """The update that training runs, dropout and all."""
    from training.learning.process import prepare_to_train

    prepare_to_train()
    import jax
    import jax.numpy as jnp

    from training.learning.devices import Rows
    from training.learning.input_pipeline import Window
    from training.learning.model import initial_state
    from training.learning.train import new_state, update

    config = TrainConfig(batch_size=ROWS, window=task.steps)
    rows = Rows(ROWS)
    state = new_state(task.encoding, task.model_config, config)
    trees = [state.params, state.first_moment, state.second_moment, state.average]
    carried = [
        *rows.copy(trees),
        rows.split(initial_state(task.model_config, ROWS), axis=0),
    ]
    contexts, events = task.arrays()
    resets = np.zeros((task.steps, ROWS), np.float32)
    window = Window(contexts, events, resets, resets + 1.0)

    def step() -> None:
        for number in range(UPDATES):
            *carried[:], _ = update(
                *carried,
                rows.split(window.arrays, axis=1),
                jax.random.key(number),
                jnp.float32(1e-3),
                jnp.float32(number + 1),
                model_config=task.model_config,
                config=config,
            )
        jax.block_until_ready(carried)

    return step


def keras_fit(task: Task) -> Callable[[], None]:
    """The same network in Keras's layers, by ``fit`` as it comes."""
    import keras

    from training.learning.model import build_model

    model = build_model(task.encoding, task.model_config)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.AdamW(1e-3), loss=loss)
    contexts, events = (
        np.tile(array.swapaxes(0, 1), (UPDATES, 1, 1)) for array in task.arrays()
    )

    def step() -> None:
        model.fit([contexts, events], events[..., 0], batch_size=ROWS, verbose=0)

    return step


def torch_lstm(task: Task) -> Callable[[], None]:
    """The same network of PyTorch's ``nn.LSTM``, in float32, malloc tuned like ours."""
    from training.learning.process import keep_memory

    keep_memory()
    import torch

    layers, units = SIZES[task.size]
    embedding = torch.nn.Embedding(SYMBOLS, units)
    lstms = torch.nn.ModuleList(torch.nn.LSTM(units, units) for _ in range(layers))
    head = torch.nn.Sequential(
        torch.nn.Linear(units, 128), torch.nn.ReLU(), torch.nn.Linear(128, SYMBOLS)
    )
    network = torch.nn.ModuleList([embedding, lstms, head])
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    contexts, events = (
        torch.tensor(array[..., 0].astype(np.int64)) for array in task.arrays()
    )

    def step() -> None:
        for _ in range(UPDATES):
            h = embedding(contexts)
            for layer, lstm in enumerate(lstms):
                out, _ = lstm(h)
                h = h + out if layer else out
            logits = head(h).reshape(-1, SYMBOLS)
            loss = torch.nn.functional.cross_entropy(logits, events.reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()

    return step


def matrix(task: Task) -> Callable[[], None]:
    """As many operations as an update has, in one float32 product of large matrices."""
    from training.learning.process import keep_memory

    keep_memory()
    import jax
    import jax.numpy as jnp

    _, units = SIZES[task.size]
    times = max(1, round(task.flops / (2 * _ROWS * units * 4 * units)))
    share = task.flops / (times * 2 * _ROWS * units * 4 * units)
    rows = round(share * _ROWS)
    rng = np.random.default_rng(0)
    a = jnp.asarray(rng.normal(size=(rows, units)), jnp.float32)
    b = jnp.asarray(rng.normal(size=(units, 4 * units)), jnp.float32)
    multiply = jax.jit(jnp.matmul)

    def step() -> None:
        for _ in range(UPDATES * times):
            multiply(a, b).block_until_ready()

    return step


CONTENDERS = {
    "ours": ours,
    "keras_fit": keras_fit,
    "torch": torch_lstm,
    "matrix": matrix,
}


def ratios(seconds: dict[str, list[float]]) -> Iterator[tuple[str, float]]:
    """How many times as fast as each other contender we are: medians over the turns."""
    for name, theirs in seconds.items():
        if name != "ours" and theirs:
            turns = [b / a for a, b in zip(seconds["ours"], theirs, strict=True)]
            yield name, float(np.median(turns))
