"""The verbs of a piece's sound: keep what its owner set on the desk, hand it down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from generation.models import Composition, CompositionQuerySet
from training.music.desk import BadDesk, Desk, desk_json, read_desk
from training.music.score import Part, Score

MAX_SOUND_BYTES = 32_768


def keep_sound(mine: CompositionQuerySet, id: UUID, told: Any) -> Desk | None:
    """Keep ``told`` as the sound of the piece; None if it is not among ``mine``.

    Raises ``BadDesk``. Recordings made on another desk go when the next is asked for.
    """
    piece = mine.kept().filter(pk=id).only("score").first()
    if piece is None:
        return None
    desk = read_desk(told, parts=len(piece.score["parts"]))
    mine.kept().filter(pk=id).update(sound=desk_json(desk))
    return desk


def inherited_sound(parent: Composition | None, score: Score) -> dict[str, Any]:
    """The sound of ``parent`` for a child of the same parts; else none."""
    if parent is None or not parent.sound:
        return {}
    theirs = [(part["name"], part["is_drum"]) for part in parent.score["parts"]]
    if theirs != [_who(part) for part in score.parts]:
        return {}
    try:
        return desk_json(read_desk(parent.sound))
    except BadDesk:
        return {}  # kept by another version of the program


def _who(part: Part) -> tuple[str, bool]:
    return part.name, part.is_drum
