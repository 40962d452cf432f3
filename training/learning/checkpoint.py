"""Where a run got to, as one file that is there whole or not at all.

A checkpoint holds a ``TrainState`` in safetensors: every array and number by its name.
There is no pickle in it. Whoever writes one remembers its SHA-256 and reads it
back only if that still holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from training.learning.optimizer import Params
from training.learning.train import TrainState

#: 1: the first.
FORMAT_VERSION = 1

_TREES = ("params", "first_moment", "second_moment", "average", "best")


class UnreadableCheckpoint(ValueError):
    """A file that is not there, not a checkpoint, or not the one it was."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint on disk: the name of its file and the SHA-256 of what is in it."""

    name: str
    sha256: str


def save_checkpoint(folder: Path, state: TrainState, *, attempt: int) -> Saved:
    """Write ``state`` to a file of ``folder`` named for the attempt and the epoch.

    The bytes are on the disk before the name is: a crash leaves the whole file or none.
    Two attempts never write the same name, so that one thought dead harms no other.
    """
    data = to_bytes(state)
    name = f"checkpoint-{attempt:03d}-{state.epoch:04d}.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{name}.new"
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, folder / name)
    _sync_folder(folder)
    return Saved(name, hashlib.sha256(data).hexdigest())


def load_checkpoint(folder: Path, saved: Saved) -> TrainState:
    """Read it back; raises ``UnreadableCheckpoint`` unless every byte is as written."""
    try:
        data = (folder / saved.name).read_bytes()
    except OSError as error:
        raise UnreadableCheckpoint(f"{saved.name}: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != saved.sha256:
        raise UnreadableCheckpoint(f"{saved.name} has changed since it was written.")
    return from_bytes(data)


def to_bytes(state: TrainState) -> bytes:
    arrays: dict[str, Any] = {
        f"{tree}/{name}": np.ascontiguousarray(array)
        for tree in _TREES
        for name, array in getattr(state, tree).items()
    }
    arrays |= {
        "format_version": np.int64(FORMAT_VERSION),
        "epoch": np.int64(state.epoch),
        "step": np.int64(state.step),
        "best_epoch": np.int64(state.best_epoch),
        "best_bits": np.float64(state.best_bits),
    }
    return save({name: np.asarray(array) for name, array in arrays.items()})


def from_bytes(data: bytes) -> TrainState:
    """Law: ``from_bytes(to_bytes(state))`` equals ``state`` bit for bit."""
    try:
        arrays = load(data)
        if arrays["format_version"] != FORMAT_VERSION:
            raise UnreadableCheckpoint("It has another format; start the run again.")
        return TrainState(
            epoch=int(arrays["epoch"]),
            step=int(arrays["step"]),
            # Not in checkpoints from before training could stop early.
            best_epoch=int(arrays.get("best_epoch", arrays["epoch"])),
            best_bits=float(arrays["best_bits"]),
            **{tree: _tree(tree, arrays) for tree in _TREES},
        )
    except (SafetensorError, KeyError) as error:
        raise UnreadableCheckpoint(f"This is not a checkpoint: {error}") from None


def _tree(tree: str, arrays: dict[str, Any]) -> Params:
    start = f"{tree}/"
    return {
        # A copy of its own: training uses the memory of what it is given again.
        name.removeprefix(start): jnp.array(array, copy=True)
        for name, array in arrays.items()
        if name.startswith(start)
    }


def _sync_folder(folder: Path) -> None:
    """Have the new name itself on the disk. Not every system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
