"""Chorales-16: the joint likelihood of four voices, frame by frame. NumPy only.

The JSB Chorales split of Boulanger-Lewandowski et al. (2012) in sixteenth frames. A
piece is rated whole, first frame included, with no end token; the voices of a frame in
the order of prediction, each given those before it:

    nats per token = -(1 / 4T) sum over t, v of log p(x[t, v] | x[< t], x[t, before v])

weighted by tokens over the split. The product over a frame, and so this number, is the
same joint likelihood in whatever order the voices come; top-1 accuracy is not, and is
that of the order used.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.learning.benchmarks.chorales16.frames import (
    NUM_SYMBOLS,
    Frames,
    from_pitches,
)

FILE_NAME = "chorales16.json.gz"
SPLITS = ("train", "valid", "test")
Predicted = npt.NDArray[np.float32]  # (T, 4, symbols): log-probabilities, in nats

#: (model, nats per token, accuracy, what exactly), from the papers or counted by us.
PUBLISHED: tuple[tuple[str, float | None, float | None, str], ...] = (
    ("Conv and LSTM (Géron 2019)", 0.6557, 0.8164, "test, windows of 33 chords"),
    ("BachBot, LSTM 3x256 (Liang 2016)", 0.477, None, "other tokens and split"),
    ("Coconet, in order of time (Huang 2017)", 0.436, None, "valid, from memory"),
    ("TonicNet, GRU 3x256 (Peracha 2019)", 0.396, None, "valid, all tokens"),
    ("Music Transformer (Huang 2018)", 0.335, None, "valid, from memory"),
)


class UnreadableBenchmark(ValueError):
    """Benchmark data that is not there or not what it should be."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a model is worth on a split."""

    nats_per_token: float  # all tokens alike
    nats_per_token_of_pieces: float  # all pieces alike
    accuracy: float

    def __str__(self) -> str:
        return (
            f"{self.nats_per_token:.4f} nats/token "
            f"({self.nats_per_token_of_pieces:.4f} as a mean of pieces), "
            f"accuracy {self.accuracy:.4f}"
        )


def read_split(folder: Path, split: str) -> list[Frames]:
    """The pieces of a split; raises ``UnreadableBenchmark`` where there are none."""
    path = folder / FILE_NAME
    try:
        pieces = json.loads(gzip.decompress(path.read_bytes())).get(split)
    except (OSError, EOFError, ValueError, AttributeError) as error:
        raise UnreadableBenchmark(
            f"{path} cannot be read ({error}). Name the folder that holds it by --data."
        ) from None
    if not pieces:
        raise UnreadableBenchmark(
            f"{path} has no {split} split. Use a file that holds it, or another split."
        )
    try:
        return [from_pitches(piece) for piece in pieces]
    except (ValueError, TypeError, OverflowError) as error:
        raise UnreadableBenchmark(f"{path}: {error}") from None


def figures(predicted: Sequence[Predicted], pieces: Sequence[Frames]) -> Figures:
    """What predictions are worth, given what came."""
    if not pieces:
        raise UnreadableBenchmark("There are no pieces to rate.")
    rated, hits = [], []
    for log_probs, piece in zip(predicted, pieces, strict=True):
        true = piece[..., None].astype(np.int64)
        chosen = np.take_along_axis(log_probs, true, axis=-1)[..., 0]
        rated.append(chosen.astype(np.float64))
        hits.append(log_probs.argmax(axis=-1) == piece)
    return Figures(
        nats_per_token=-float(np.concatenate(rated).mean()),
        nats_per_token_of_pieces=-float(np.mean([of.mean() for of in rated])),
        accuracy=float(np.concatenate(hits).mean()),
    )


# Floors ------------------------------------------------------------------------------


def repeat_accuracy(pieces: Sequence[Frames]) -> float:
    """How often a token is what its voice had before; the first frame never is."""
    hits = sum(int((piece[1:] == piece[:-1]).sum()) for piece in pieces)
    return hits / sum(piece.size for piece in pieces)


class HoldOrMove:
    """Counted: whether a voice holds, and where it moves to.

    p(hold | voice, frame mod 16, voices above that moved in this frame), and where it
    does not hold p(symbol | voice, symbol before). Counts begin at one (Laplace). The
    first frame moves from silence.
    """

    def __init__(self, pieces: Sequence[Frames]) -> None:
        self._holds = np.ones((4, 16, 4, 2))
        self._moves = np.ones((4, NUM_SYMBOLS, NUM_SYMBOLS))
        for piece in pieces:
            before = _before(piece)
            moved = piece != before
            for voice in range(4):
                where = (*_place(piece, voice), 1 - moved[:, voice].astype(int))
                np.add.at(self._holds[voice], where, 1)
                rows = moved[:, voice]
                pairs = (before[rows, voice], piece[rows, voice])
                np.add.at(self._moves[voice], pairs, 1)

    def predict(self, piece: Frames) -> Predicted:
        before = _before(piece)
        held = self._holds[..., 1] / self._holds.sum(axis=-1)
        rows = np.arange(len(piece))
        voices = []
        for voice in range(4):
            holds = held[voice][_place(piece, voice)]
            moves = self._moves[voice, before[:, voice]]
            moves[rows, before[:, voice]] = 0.0  # to where it is, it does not move
            probabilities = moves / moves.sum(axis=1, keepdims=True)
            probabilities *= 1.0 - holds[:, None]
            probabilities[rows, before[:, voice]] = holds
            voices.append(np.log(probabilities))
        return np.stack(voices, axis=1).astype(np.float32)


def _place(piece: Frames, voice: int) -> tuple[npt.NDArray[np.intp], ...]:
    """(T,) each: the frame's place in the bar, and how many voices above moved."""
    moved = piece[:, :voice] != _before(piece)[:, :voice]
    return np.arange(len(piece)) % 16, moved.sum(axis=1)


def _before(piece: Frames) -> Frames:
    return np.concatenate([np.zeros((1, 4), np.int16), piece[:-1]])


# Pieces that training holds too ------------------------------------------------------


def known_sopranos(pieces: Sequence[Frames], train: Sequence[Frames]) -> list[bool]:
    """Whether each piece's soprano stands in ``train`` too, in any key.

    Sopranos are the same when they move by the same intervals, whatever their rhythm.
    """
    known = {_melody(piece) for piece in train}
    return [_melody(piece) in known for piece in pieces]


def _melody(piece: Frames) -> tuple[int, ...]:
    soprano = piece[:, 0][piece[:, 0] > 0].astype(int)
    steps = np.diff(soprano)
    return tuple(steps[steps != 0].tolist())
