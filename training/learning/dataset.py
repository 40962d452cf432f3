"""From scores to what a run learns from: encoded, split, and counted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from training.learning.bundle import CountedForms
from training.learning.input_pipeline import split_pieces
from training.learning.measures import onsets
from training.music.encodings import EncodedPiece, Encoding, NotEncodable
from training.music.score import Score
from training.music.transform import transpose

TRANSPOSITIONS = range(-6, 6)  # semitones; every key once


class TooLittleMusic(ValueError):
    """There are not enough pieces to learn from and to test on."""


@dataclass(frozen=True, slots=True)
class LearningSet:
    """Encoded pieces by side, and how they came about.

    Every training piece is a tuple of versions: itself and, where asked for, its
    transpositions that stay inside the range that each part has in the training split.
    """

    train: list[tuple[EncodedPiece, ...]]
    valid: list[EncodedPiece]
    test: list[EncodedPiece]
    forms: CountedForms  # of the training pieces
    skipped: dict[str, int] = field(default_factory=dict)  # reason: pieces
    data_hash: str = ""  # of all events, contexts and sides
    notes: int = 0  # in all three splits, each piece once

    @property
    def pieces(self) -> int:
        return len(self.train) + len(self.valid) + len(self.test)


def prepare(
    encoding: Encoding, scores: Iterable[Score], *, transpose: bool, seed: int = 0
) -> LearningSet:
    """Encode ``scores`` and split them; those that do not fit are counted by reason.

    Raises ``TooLittleMusic`` when a side would stay empty.
    """
    skipped: Counter[str] = Counter()
    kept: list[tuple[Score, EncodedPiece]] = []
    for score in scores:
        try:
            kept.append((score, encoding.encode(score)))
        except NotEncodable as reason:
            skipped[str(reason)] += 1
    sides = split_pieces([score for score, _ in kept], seed=seed)
    by_side: dict[str, list[tuple[Score, EncodedPiece]]] = {
        "train": [],
        "valid": [],
        "test": [],
    }
    digest = hashlib.sha256()
    notes = 0
    for (score, piece), side in zip(kept, sides, strict=True):
        by_side[side].append((score, piece))
        digest.update(side.encode() + piece.events.tobytes() + piece.contexts.tobytes())
        notes += sum(1 for _ in onsets(encoding, piece))
    if not all(by_side.values()):
        raise TooLittleMusic(
            f"Only {len(kept)} pieces could be read, too few to learn from some and "
            "test on others. Add more pieces."
        )
    ranges = _ranges(by_side["train"])
    versions = [
        _versions(encoding, *entry, ranges) if transpose else entry[1:]
        for entry in by_side["train"]
    ]
    return LearningSet(
        train=versions,
        valid=[piece for _, piece in by_side["valid"]],
        test=[piece for _, piece in by_side["test"]],
        forms=_counted(piece for _, piece in by_side["train"]),
        skipped=dict(skipped.most_common()),
        data_hash=digest.hexdigest(),
        notes=notes,
    )


def _counted(pieces: Iterable[EncodedPiece]) -> CountedForms:
    counts = Counter(piece.form for piece in pieces)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], repr(item[0]))))


def _ranges(entries: Sequence[tuple[Score, EncodedPiece]]) -> list[tuple[int, int]]:
    """The lowest and highest pitch of each part, over all scores."""
    lows: dict[int, int] = {}
    highs: dict[int, int] = {}
    for score, _ in entries:
        for i, part in enumerate(score.parts):
            pitches = [note.pitch for note in part.notes]
            if pitches:
                lows[i] = min(lows.get(i, 127), *pitches)
                highs[i] = max(highs.get(i, 0), *pitches)
    return [(lows[i], highs[i]) for i in sorted(lows)]


def _versions(
    encoding: Encoding,
    score: Score,
    piece: EncodedPiece,
    ranges: list[tuple[int, int]],
) -> tuple[EncodedPiece, ...]:
    versions = []
    for semitones in TRANSPOSITIONS:
        inside = all(
            low <= note.pitch + semitones <= high
            for part, (low, high) in zip(score.parts, ranges, strict=False)
            for note in part.notes
        )
        if inside and semitones:
            versions.append(encoding.encode(transpose(score, semitones)))
    return (piece, *versions)
