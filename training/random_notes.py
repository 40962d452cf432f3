"""Notes drawn at random: the control beside which real music is measured.

Every pitch is drawn evenly from one octave, whatever came before, so there is nothing
to learn. The best forecast of the next pitch is the mean: R2 is at most 0, the mean
squared error at least (n^2 - 1) / 12 for n pitches (11.9 for twelve), and no network
needs less than log2 n bits a note (3.585). A network that reaches these has learnt all
there is; one that seems to do better has seen its answers.
"""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.music.score import (
    TICKS_PER_QUARTER,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

Pitches = npt.NDArray[np.int64]

LOWEST_PITCH, HIGHEST_PITCH = 60, 71
NUM_SAMPLES, WINDOW = 50_000, 32

MAX_SAMPLES, MAX_WINDOW = 1_000_000, 1_024
NAMES, SUFFIXES = ("X_notes", "y_notes"), ("npy", "csv")
#: Numbers in one dataset: 33 million take 264 MB.
MAX_NUMBERS = 33_000_000


class BadOptions(ValueError):
    """Options no dataset can be made of. The message says which are possible."""


class UnreadableWindows(ValueError):
    """Files that do not hold windows of pitches and the pitch after each."""


@dataclass(frozen=True, slots=True)
class RandomOptions:
    """How many windows of how many pitches, both ends of the range inclusive."""

    samples: int = NUM_SAMPLES
    window: int = WINDOW
    lowest: int = LOWEST_PITCH
    highest: int = HIGHEST_PITCH
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.samples <= MAX_SAMPLES:
            raise BadOptions(f"Ask for 1 to {MAX_SAMPLES:,} windows.")
        if not 1 <= self.window <= MAX_WINDOW:
            raise BadOptions(f"A window holds 1 to {MAX_WINDOW:,} notes.")
        if self.samples * (self.window + 1) > MAX_NUMBERS:
            raise BadOptions(f"That is over {MAX_NUMBERS:,} notes. Ask for fewer.")
        if not 0 <= self.lowest <= self.highest <= 127:
            raise BadOptions("Pitches go from 0 to 127, the lowest first.")
        if self.seed < 0:
            raise BadOptions("A seed is a whole number from 0.")


@dataclass(frozen=True, slots=True)
class Windows:
    """``x`` (samples, window) and the pitch that follows each, ``y`` (samples, 1)."""

    x: Pitches
    y: Pitches


def draw_windows(options: RandomOptions) -> Windows:
    """Windows of random pitches. The same options give the same numbers."""
    rng = np.random.default_rng(options.seed)
    shape = (options.samples, options.window + 1)
    drawn = rng.integers(options.lowest, options.highest + 1, shape, dtype=np.int64)
    return Windows(x=drawn[:, :-1], y=drawn[:, -1:])


def random_score(num_notes: int, *, seed: int, qpm: float = 120.0) -> Score:
    """``num_notes`` quarter notes, drawn evenly from middle C to the B above.

    The same arguments give the same score.
    """
    rng = np.random.default_rng(seed)
    pitches = rng.integers(LOWEST_PITCH, HIGHEST_PITCH + 1, num_notes).tolist()
    notes = tuple(
        Note(index * TICKS_PER_QUARTER, pitch, TICKS_PER_QUARTER)
        for index, pitch in enumerate(pitches)
    )
    return Score(
        parts=(Part(notes, name="Random notes"),),
        metres=(MetreChange(0, Metre()),),
        tempos=(TempoChange(0, qpm),),
    )


def best_possible(
    num_pitches: int = HIGHEST_PITCH - LOWEST_PITCH + 1,
) -> dict[str, float]:
    """What an all-knowing model reaches on notes drawn evenly from ``num_pitches``."""
    mse = (num_pitches**2 - 1) / 12
    return {
        "r2": 0.0,
        "mse": mse,
        "rmse": math.sqrt(mse),
        "bits_per_note": math.log2(num_pitches),
    }


def write_windows(folder: Path, windows: Windows) -> str:
    """Write X_notes and y_notes as .npy and .csv; returns a SHA-256 of the numbers.

    Every file is written aside and then renamed: a reader never meets half of one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name, array in zip(NAMES, (windows.x, windows.y), strict=True):
        digest.update(np.ascontiguousarray(array, "<i8").tobytes())
        aside = folder / f".{name}.npy"
        with aside.open("wb") as file:
            np.save(file, array, allow_pickle=False)
        os.replace(aside, folder / f"{name}.npy")
        aside = folder / f".{name}.csv"
        aside.write_bytes(csv_bytes(array))
        os.replace(aside, folder / f"{name}.csv")
    return digest.hexdigest()


def random_note_files(folder: Path) -> list[str]:
    """Names of the files that ``write_windows`` wrote in ``folder``."""
    names = [f"{name}.{suffix}" for suffix in SUFFIXES for name in NAMES]
    return [name for name in names if (folder / name).is_file()]


def read_windows(folder: Path) -> Windows:
    """What ``write_windows`` wrote; raises ``UnreadableWindows``.

    ``FileNotFoundError`` when there is nothing at all.
    """
    arrays: list[npt.NDArray[Any]] = []
    for name in ("X_notes.npy", "y_notes.npy"):
        try:
            arrays.append(np.load(folder / name, allow_pickle=False))
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            raise UnreadableWindows(
                f"{folder / name} cannot be read: {error}"
            ) from None
    x, y = arrays
    if x.ndim != 2 or y.shape != (len(x), 1) or not len(x):
        raise UnreadableWindows(
            f"{folder} holds arrays of shapes {x.shape} and {y.shape}. "
            "X_notes must be (samples, window) and y_notes (samples, 1)."
        )
    for array in arrays:
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 127:
            raise UnreadableWindows(f"{folder} must hold whole numbers from 0 to 127.")
    return Windows(x.astype(np.int64), y.astype(np.int64))


def csv_bytes(pitches: npt.NDArray[np.integer[Any]]) -> bytes:
    """``pitches`` (rows, columns), each 0 to 127, as comma-separated lines.

    Every number has one of 128 spellings, so that the file is one look-up and one
    selection of bytes: fifty times as fast as formatting number by number.
    """
    cells = _SPELLINGS[pitches]  # (rows, columns, 4): up to three digits, a comma
    lengths = _LENGTHS[pitches]
    cells = cells.copy()
    rows = np.arange(len(pitches))
    cells[rows, -1, lengths[:, -1] - 1] = ord("\n")
    written: bytes = cells[np.arange(4) < lengths[..., None]].tobytes()
    return written


_SPELLINGS = np.array(
    [list(f"{pitch},".ljust(4).encode()) for pitch in range(128)], np.uint8
)
_LENGTHS = np.array([len(f"{pitch},") for pitch in range(128)])
