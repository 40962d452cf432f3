"""From encoded pieces to the arrays a network reads.

Pieces are split into train, valid and test by piece, never by window, and pieces that
are the same music (in another key, or with another ending) stay on one side.

For training, pieces are laid end to end in ``batch_size`` parallel streams, cut into
windows. The LSTM's state is carried from one window to the next and forgotten where a
new piece begins, so that every piece is read whole, as it will be composed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.music.encodings import EncodedPiece
from training.music.score import Score

SPLITS = ("train", "valid", "test")
OPENING_NOTES = 16  # pieces that agree in so many first intervals count as the same


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time of every stream; shapes as in ``model.forward``."""

    contexts: npt.NDArray[np.int16]  # (time, batch, C)
    events: npt.NDArray[np.int16]  # (time, batch, F)
    resets: npt.NDArray[np.float32]  # (time, batch), 1 where a piece begins
    weights: npt.NDArray[np.float32]  # (time, batch), 0 in the padding after the last

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        return self.contexts, self.events, self.resets, self.weights


def split_pieces(
    scores: Sequence[Score], *, valid: float = 0.1, test: float = 0.1, seed: int = 0
) -> list[str]:
    """The side, one of ``SPLITS``, of every score, in order.

    A group of duplicates is placed by a hash of its first member and the seed: adding
    pieces to a corpus does not move those already there. Of three pieces that differ,
    each side has one.
    """
    groups = _groups(scores)
    places = {group: _place(group, seed) for group in groups}
    side_of = {
        group: _side(place, valid=valid, test=test) for group, place in places.items()
    }
    _leave_none_empty(side_of, sorted(places, key=lambda group: places[group]))
    return [side_of[group] for group in groups]


def _place(group: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed} {group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _side(place: float, *, valid: float, test: float) -> str:
    if place < test:
        return "test"
    return "valid" if place < test + valid else "train"


def _leave_none_empty(side_of: dict[str, str], by_place: list[str]) -> None:
    """Of a few pieces chance may put none on a side: then the nearest goes there."""
    for side in ("test", "valid"):
        sides = list(side_of.values())
        if side not in sides and sides.count("train") > 1:
            nearest = next(group for group in by_place if side_of[group] == "train")
            side_of[nearest] = side


def _groups(scores: Sequence[Score]) -> list[str]:
    """A name for each score, shared by those that are the same music.

    Two scores are the same when one part of each agrees in all its intervals and
    rhythm, or in its first ``OPENING_NOTES`` intervals.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    names = []
    for score in scores:
        marks = sorted(_fingerprints(score))
        for mark in marks[1:]:
            a, b = sorted((root(marks[0]), root(mark)))
            parent[b] = a
        names.append(marks[0])
    return [root(name) for name in names]


def _fingerprints(score: Score) -> set[str]:
    marks = {f"notes {score.num_notes}"} if not score.num_notes else set()
    for part in score.parts[:1]:
        pitches = [note.pitch for note in part.notes]
        intervals = [b - a for a, b in zip(pitches, pitches[1:], strict=False)]
        rhythm = [note.duration_ticks for note in part.notes]
        marks.add(_digest([*intervals, *rhythm]))
        if len(intervals) >= OPENING_NOTES:
            marks.add(_digest(intervals[:OPENING_NOTES]))
    return marks


def likeness(score: Score) -> str:
    """The same for scores whose first parts open with the same intervals."""
    notes = score.parts[0].notes if score.parts else ()
    pitches = [note.pitch for note in notes[: OPENING_NOTES + 1]]
    intervals = [b - a for a, b in zip(pitches, pitches[1:], strict=False)]
    if len(intervals) < OPENING_NOTES:
        intervals += [note.duration_ticks for note in notes]
    return _digest(intervals)


def _digest(numbers: list[int]) -> str:
    return hashlib.sha256(repr(numbers).encode()).hexdigest()


def windows(
    pieces: Sequence[EncodedPiece], *, batch_size: int, window: int
) -> Iterator[Window]:
    """``pieces``, in their order, as windows of ``window`` events of every stream.

    Each piece goes to the stream that is shortest so far. All windows have the same
    shape; what is missing at the end of a stream has weight 0.
    """
    streams: list[list[EncodedPiece]] = [[] for _ in range(batch_size)]
    lengths = [0] * batch_size
    for piece in pieces:
        shortest = lengths.index(min(lengths))
        streams[shortest].append(piece)
        lengths[shortest] += len(piece.events)
    total = -(-max(lengths) // window) * window
    num_contexts, num_fields = pieces[0].contexts.shape[1], pieces[0].events.shape[1]
    contexts = np.zeros((total, batch_size, num_contexts), np.int16)
    events = np.zeros((total, batch_size, num_fields), np.int16)
    resets = np.zeros((total, batch_size), np.float32)
    weights = np.zeros((total, batch_size), np.float32)
    for row, stream in enumerate(streams):
        start = 0
        for piece in stream:
            end = start + len(piece.events)
            contexts[start:end, row] = piece.contexts
            events[start:end, row] = piece.events
            resets[start, row] = 1.0
            weights[start:end, row] = 1.0
            start = end
    for start in range(0, total, window):
        cut = slice(start, start + window)
        yield Window(contexts[cut], events[cut], resets[cut], weights[cut])
