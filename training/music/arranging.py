"""People's own music, arranged as the encoding takes it that they chose.

``playable`` sets right what no encoding takes; this chooses which of the notes are
learnt: the melody, the voices, or all.
"""

from __future__ import annotations

from dataclasses import replace

from training.music.quantize import is_on_grid, quantize
from training.music.score import Part, Score
from training.music.transform import skyline

MELODY_STEPS, VOICES_STEPS = 24, 4  # a quarter note


def heard_parts(score: Score) -> tuple[Part, ...]:
    """The parts with notes, without drums."""
    return tuple(part for part in score.parts if part.notes and not part.is_drum)


def has_drums(score: Score) -> bool:
    return any(part.is_drum and part.notes for part in score.parts)


def count_voices(score: Score) -> int:
    """How many parts are heard, if all have one note at a time; otherwise 0.

    Of one part, notes count as they stand on a grid: one held a little into the next is
    no chord. Several must stand on sixteenths as they are, where voices can be learnt.
    """
    parts = heard_parts(score)
    heard = replace(score, parts=parts)
    if len(parts) == 1:
        heard = _on_grid(heard, MELODY_STEPS)
    elif not is_on_grid(heard, VOICES_STEPS):
        return 0
    return len(parts) if all(part.is_monophonic for part in heard.parts) else 0


def arranged(score: Score, encoding: str) -> Score:
    """``score`` as the encoding of this name takes it."""
    if encoding == "melody":
        return as_melody(score)
    parts = _with_parts(score, heard_parts(score))
    return _on_grid(parts, VOICES_STEPS) if encoding == "voices" else parts


def as_melody(score: Score) -> Score:
    """The highest line of ``score``, on the grid of melodies."""
    snapped = _on_grid(_with_parts(score, heard_parts(score)), MELODY_STEPS)
    if len(snapped.parts) == 1 and snapped.parts[0].is_monophonic:
        return snapped
    return skyline(snapped)


def _with_parts(score: Score, parts: tuple[Part, ...]) -> Score:
    starts = {note.start_tick for part in parts for note in part.notes}
    phrase_ends = tuple(tick for tick in score.phrase_end_ticks if tick in starts)
    return replace(score, parts=parts, phrase_end_ticks=phrase_ends)


def _on_grid(score: Score, steps_per_quarter: int) -> Score:
    """Snapped to sixteenths (and triplets where they fit), unless it is on its grid."""
    if is_on_grid(score, steps_per_quarter):
        return score
    return quantize(score, triplets=steps_per_quarter % 3 == 0)
