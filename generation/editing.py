"""The verbs of editing: notes changed by hand, or all moved, are a new piece.

The piece they come from stays as it is, and is the parent of the new one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from generation.bringing import recipe_of_notes
from generation.composing.recipe import MAX_BARS, MAX_NOTES, BadRequest
from generation.composing.thinking import surprise_of
from generation.models import Composition
from generation.services import TooBusy, composing_slot, keep_changed
from training.models import ModelVersion
from training.music.score import MAX_TICK, TICKS_PER_QUARTER, Note, Part, Score
from training.music.transform import transpose
from training.services import load_version_bundle

#: New notes stand on this grid: thirty-seconds and triplets of sixteenths lie on it.
GRID_TICKS = TICKS_PER_QUARTER // 24
MAX_SEMITONES = 24

Edits = Sequence[Sequence[Note]]


class WrongEdit(ValueError):
    """Nothing is kept. The message says what to do instead."""


# Pure ------------------------------------------------------------------------------


def edits_from_json(text: str) -> list[list[Note]]:
    """The notes that a page sent, part after part: [[start, pitch, ticks, velocity]].

    They may come from anywhere. Raises ``WrongEdit``.
    """
    try:
        parts = json.loads(text)
        if sum(len(part) for part in parts) > MAX_NOTES:
            raise WrongEdit(f"A piece has at most {MAX_NOTES:,} notes. Delete some.")
        return [[Note(*_whole(note)) for note in part] for part in parts]
    except WrongEdit:
        raise
    except (TypeError, ValueError, RecursionError, KeyError, OverflowError):
        raise WrongEdit(
            "These notes cannot be read. Reload the page and edit them again."
        ) from None


def _whole(values: Any) -> list[int]:
    if not isinstance(values, list) or len(values) != 4:
        raise ValueError("A note is four numbers.")
    if not all(type(value) is int and 0 <= value <= MAX_TICK for value in values):
        raise ValueError("They are whole ones.")
    return values


def edited_score(score: Score, edits: Edits) -> Score:
    """``score`` with the notes of ``edits`` in its parts.

    A pitch that is struck while it sounds in its part ends the note before, as on a
    piano. Fermatas stay where notes still begin. Raises ``WrongEdit``.
    """
    if len(edits) != len(score.parts):
        raise WrongEdit(
            f"This piece has {len(score.parts)} parts, and these notes are for "
            f"{len(edits)}. Reload the page and edit them again."
        )
    if not any(edits):
        raise WrongEdit("Keep at least one note.")
    parts = tuple(
        replace(part, notes=_struck_once(notes))
        for part, notes in zip(score.parts, edits, strict=True)
    )
    _refuse_what_is_off_the_grid(score.parts, parts)
    starts = {note.start_tick for part in parts for note in part.notes}
    edited = replace(
        score,
        parts=parts,
        phrase_end_ticks=tuple(t for t in score.phrase_end_ticks if t in starts),
    )
    _refuse_what_is_too_long(score, edited)
    return edited


def _struck_once(notes: Sequence[Note]) -> tuple[Note, ...]:
    kept: list[Note] = []
    sounding: dict[int, int] = {}  # by pitch, the place in ``kept`` of the last
    for note in sorted(notes, key=lambda n: (n.start_tick, n.pitch, -n.duration_ticks)):
        place = sounding.get(note.pitch)
        if place is not None and kept[place].end_tick > note.start_tick:
            last = kept[place]
            if last.start_tick == note.start_tick:
                continue  # the same note twice
            cut = note.start_tick - last.start_tick
            kept[place] = replace(last, duration_ticks=cut)
        sounding[note.pitch] = len(kept)
        kept.append(note)
    return tuple(kept)


def _refuse_what_is_off_the_grid(before: Sequence[Part], after: Sequence[Part]) -> None:
    """What stood off the grid may stay, keep its length, or move by steps of it."""
    for old, new in zip(before, after, strict=True):
        known = {0}
        for note in old.notes:
            known |= {note.start_tick % GRID_TICKS, note.duration_ticks % GRID_TICKS}
            known.add(note.end_tick % GRID_TICKS)
        for note in new.notes:
            if not {note.start_tick % GRID_TICKS, note.end_tick % GRID_TICKS} <= known:
                raise WrongEdit(
                    "A note begins or ends where none can be written. Move it to a "
                    "place on the grid."
                )


def _refuse_what_is_too_long(before: Score, after: Score) -> None:
    bars = max((bar.number for bar in after.bars()), default=0)
    most = max(MAX_BARS, max((bar.number for bar in before.bars()), default=0))
    if bars > most:
        raise WrongEdit(f"A piece has at most {most} bars. Move the last notes back.")


def change_in_words(before: Score, after: Score) -> str:
    """``3 notes edited``, or ``transposed up by 2 semitones``."""
    if semitones := _shift(before, after):
        return transposed_in_words(semitones)
    old, new = _counted(before), _counted(after)
    count = max((old - new).total(), (new - old).total())
    return f"{count} note{'' if count == 1 else 's'} edited"


def transposed_in_words(semitones: int) -> str:
    way, count = ("up" if semitones > 0 else "down"), abs(semitones)
    return f"transposed {way} by {count} semitone{'' if count == 1 else 's'}"


def _counted(score: Score) -> Counter[tuple[int, Note]]:
    return Counter(
        (number, note) for number, part in enumerate(score.parts) for note in part.notes
    )


def _shift(before: Score, after: Score) -> int:
    """By how many semitones all of ``before`` was moved to give ``after``; else 0."""
    firsts = [
        (old.notes[0], new.notes[0])
        for old, new in zip(before.parts, after.parts, strict=True)
        if old.notes and new.notes and not old.is_drum
    ]
    if not firsts:
        return 0
    semitones = firsts[0][1].pitch - firsts[0][0].pitch
    try:
        moved = transpose(before, semitones) if semitones else before
    except ValueError:
        return 0
    return semitones if moved.parts == after.parts else 0


# Rows ------------------------------------------------------------------------------


def edit_piece(
    composition: Composition,
    edits: Edits,
    *,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """Keep the piece with these notes instead of its own. Raises ``WrongEdit``."""
    before = composition.as_score()
    after = edited_score(before, edits)
    semitones = _shift(before, after)
    if after.parts == before.parts:
        raise WrongEdit("Nothing is changed yet. Move a note, and save it then.")
    if semitones:
        after = transpose(before, semitones)
    return keep_edited(
        composition,
        after,
        change=change_in_words(before, after),
        owner=owner,
        session_key=session_key,
    )


def transpose_piece(
    composition: Composition,
    semitones: int,
    *,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """Keep the piece moved by ``semitones``, its key too. Raises ``WrongEdit``."""
    if not semitones or abs(semitones) > MAX_SEMITONES:
        raise WrongEdit(
            f"Transpose by 1 to {MAX_SEMITONES} semitones, up or, with a minus, down."
        )
    try:
        score = transpose(composition.as_score(), semitones)
    except ValueError as error:
        raise WrongEdit(str(error)) from None
    return keep_edited(
        composition,
        score,
        change=transposed_in_words(semitones),
        owner=owner,
        session_key=session_key,
    )


def keep_edited(
    composition: Composition,
    score: Score,
    *,
    change: str,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """A child of the piece with these notes, judged by the same network.

    Whoever may not use that network, having the link of another's piece, gets a piece
    of no network: nobody's own model judges for others, or is held on to by their
    pieces.
    """
    score = replace(score, title=composition.title)
    version = composition.version
    if version and not version.may_be_used_by(owner):
        version = None
    return keep_changed(
        composition,
        score,
        version=version,
        recipe=_recipe(version, score),
        change=change,
        surprise=_surprise(version, score),
        owner=owner,
        session_key=session_key,
    )


def _recipe(version: ModelVersion | None, score: Score) -> dict[str, Any]:
    """The notes themselves: no network writes them again."""
    recipe = recipe_of_notes(score, Composition.Origin.EDITED)
    if version:
        # Which network it began with, and another piece would be asked from.
        recipe["model"] = version.model.slug
        recipe["version"] = version.number
    return recipe


def _surprise(version: ModelVersion | None, score: Score) -> list[float]:
    """Bits of each note; empty where the network cannot read what was made of it."""
    if version is None:
        return []
    bundle = load_version_bundle(version)
    try:
        with composing_slot():
            return [float(bits) for bits in surprise_of(bundle, score)]
    except (BadRequest, TooBusy):
        return []
