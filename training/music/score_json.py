"""Scores as plain JSON, whole: what a database row keeps of a piece.

Law: ``score_from_json(score_to_json(score)) == score``.
"""

from __future__ import annotations

from typing import Any

from training.music.pitch import Key
from training.music.score import (
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

#: 1: the first.
FORMAT_VERSION = 1


def score_to_json(score: Score) -> dict[str, Any]:
    """``score`` as dicts, lists, numbers and strings. Notes are lists of integers:
    start tick, pitch, duration in ticks, velocity."""
    return {
        "format_version": FORMAT_VERSION,
        "title": score.title,
        "composer": score.composer,
        "parts": [_part_to_json(part) for part in score.parts],
        "metres": [
            [change.tick, change.metre.numerator, change.metre.denominator]
            for change in score.metres
        ],
        "keys": [[c.tick, c.key.tonic, c.key.mode] for c in score.keys],
        "tempos": [[change.tick, change.qpm] for change in score.tempos],
        "pickup_ticks": score.pickup_ticks,
        "phrase_end_ticks": list(score.phrase_end_ticks),
    }


def score_from_json(stored: dict[str, Any]) -> Score:
    """The score ``stored`` was made from. Raises ``ValueError`` for a later format."""
    if stored["format_version"] > FORMAT_VERSION:
        raise ValueError(
            f"This piece is stored in format {stored['format_version']}; this program "
            f"reads up to {FORMAT_VERSION}. Update the program."
        )
    return Score(
        parts=tuple(_part_from_json(part) for part in stored["parts"]),
        metres=tuple(
            MetreChange(tick, Metre(numerator, denominator))
            for tick, numerator, denominator in stored["metres"]
        ),
        keys=tuple(
            KeyChange(tick, Key(tonic, mode)) for tick, tonic, mode in stored["keys"]
        ),
        tempos=tuple(TempoChange(tick, qpm) for tick, qpm in stored["tempos"]),
        pickup_ticks=stored["pickup_ticks"],
        phrase_end_ticks=tuple(stored["phrase_end_ticks"]),
        title=stored["title"],
        composer=stored["composer"],
    )


def _part_to_json(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "program": part.program,
        "is_drum": part.is_drum,
        "notes": [
            [note.start_tick, note.pitch, note.duration_ticks, note.velocity]
            for note in part.notes
        ],
    }


def _part_from_json(stored: dict[str, Any]) -> Part:
    return Part(
        notes=tuple(Note(*values) for values in stored["notes"]),
        name=stored["name"],
        program=stored["program"],
        is_drum=stored["is_drum"],
    )
