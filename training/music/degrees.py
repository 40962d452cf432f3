"""The same melody in another mode: each note keeps its degree of the scale."""

from __future__ import annotations

from dataclasses import replace

from training.music.pitch import Key
from training.music.score import Note, Part, Score

_SEVENTH = 6  # The index of the seventh degree in a scale.
_LEADING = 11  # Semitones above the tonic: what leads up to it.


def in_mode(score: Score, mode: str) -> Score:
    """``score`` with its tonic, in another mode: D major becomes D minor.

    A note of the scale becomes the note on the same degree of the new one, so none
    moves by more than two semitones. A note beside the scale that the new one has stays
    (the raised seventh of a minor piece in major); any other keeps its distance to the
    degree below. In minor a leading note that steps up to the tonic stays one, as
    musicians write it. Drums stay.

    Raises ``ValueError`` when the score names no key, or more than one.
    """
    if score.key is None or len(score.keys) > 1:
        raise ValueError("Only a piece in one key can be put in another mode.")
    old, new = score.key, Key(score.key.tonic, mode)
    return replace(
        score,
        parts=tuple(
            part if part.is_drum else _part(part, old, new) for part in score.parts
        ),
        keys=tuple(replace(change, key=new) for change in score.keys),
    )


def pitch_in_mode(pitch: int, old: Key, new: Key) -> int:
    """Where ``pitch``, heard in ``old``, lies in ``new``, which has the same tonic."""
    above = (pitch - old.tonic) % 12
    before, after = _steps(old), _steps(new)
    if above in before:
        return pitch - above + after[before.index(above)]
    if above in after:
        return pitch
    below = max(step for step in before if step < above)
    return pitch + after[before.index(below)] - below


def _part(part: Part, old: Key, new: Key) -> Part:
    nexts = (*part.notes[1:], None)
    notes = tuple(
        note
        if new.mode == "minor" and _leads(note, following, old)
        else replace(note, pitch=pitch_in_mode(note.pitch, old, new))
        for note, following in zip(part.notes, nexts, strict=True)
    )
    return replace(part, notes=notes)


def _leads(note: Note, following: Note | None, key: Key) -> bool:
    """Whether the note is a leading note on its way up to the tonic."""
    return (
        following is not None
        and _steps(key)[_SEVENTH] == _LEADING
        and (note.pitch - key.tonic) % 12 == _LEADING
        and following.pitch == note.pitch + 1
    )


def _steps(key: Key) -> tuple[int, ...]:
    """The scale's seven steps in semitones above its tonic."""
    return tuple((pitch_class - key.tonic) % 12 for pitch_class in key.scale)
