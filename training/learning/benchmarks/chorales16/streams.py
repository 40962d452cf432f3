"""Frames of many pieces side by side, in windows of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from training.learning.benchmarks.chorales16.frames import VOICES, Frames, feature_sizes

Batch = tuple[npt.NDArray[Any], ...]  # features, frames, keep, weights; (T, B, ...)


def lay_out(lengths: Sequence[int], rows: int) -> list[tuple[int, int]]:
    """(row, start) of pieces laid end to end, each in the row shortest so far."""
    filled, places = [0] * rows, []
    for length in lengths:
        row = filled.index(min(filled))
        places.append((row, filled[row]))
        filled[row] += length
    return places


def windows(
    pieces: Sequence[tuple[npt.NDArray[np.int16], Frames]], *, rows: int, window: int
) -> list[Batch]:
    """Pieces, as features and frames, as ``lay_out`` places them, cut into windows.

    Weights are 0 in the padding after each row's last piece.
    """
    lengths = [len(frames) for _, frames in pieces]
    places = lay_out(lengths, rows)
    end = max(start + n for (_, start), n in zip(places, lengths, strict=True))
    total = -(-end // window) * window
    feature = np.zeros((total, rows, len(feature_sizes())), np.int16)
    frame = np.zeros((total, rows, len(VOICES)), np.int16)
    keep = np.ones((total, rows, 1), np.float32)
    weights = np.zeros((total, rows), np.float32)
    for (row, start), (known, frames) in zip(places, pieces, strict=True):
        cut = slice(start, start + len(frames))
        feature[cut, row], frame[cut, row], weights[cut, row] = known, frames, 1.0
        keep[start, row] = 0.0
    whole = (feature, frame, keep, weights)
    return [
        tuple(array[start : start + window] for array in whole)
        for start in range(0, total, window)
    ]
