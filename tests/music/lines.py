"""Parts and chords written in a line, for tests that count by hand."""

from __future__ import annotations

from training.music.score import Note, Part, Score


def line(*pitches: int, ticks: int = 480) -> Part:
    """Notes of one length that follow each other."""
    return Part(tuple(Note(i * ticks, p, ticks) for i, p in enumerate(pitches)))


def chords(*columns: tuple[int, ...], **values) -> Score:
    """Parts from the highest to the lowest, in quarters; one tuple for each chord."""
    parts = tuple(line(*part) for part in zip(*columns, strict=True))
    return Score(parts, **values)
