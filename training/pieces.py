"""The verbs of people's own music: keep a piece, throw it away, take it back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from training.learning.input_pipeline import likeness
from training.models import Piece
from training.models.datasets import PieceQuerySet
from training.music.arranging import count_voices, has_drums, heard_parts
from training.music.pianoroll import total_seconds
from training.music.score import Score
from training.music.score_json import score_to_json

#: How long a deleted piece can be taken back.
KEPT_AFTER_DELETION = timedelta(days=30)
PURGED_AT_ONCE = 100
#: Of all pieces that one person keeps: some hundreds of megabytes of rows.
MAX_NOTES_A_PERSON = 5_000_000


class NotKept(ValueError):
    """The piece is not taken in. The message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A piece that is there now, and whether it is new."""

    piece: Piece
    is_new: bool


def keep_piece(
    score: Score, *, name: str, owner: User | None, source: str = ""
) -> Kept:
    """Keep ``score`` to learn from. The same music of the same owner is kept once.

    Raises ``NotKept`` for music that nothing can be learnt from, and where there is no
    room for more.
    """
    score = _in_plain_words(score)
    if not heard_parts(score):
        raise NotKept(
            "It holds drums only. Send a file with a melody or chords: drums are not "
            "learnt from."
            if has_drums(score)
            else "There are no notes in it. Send another file."
        )
    notes = score_to_json(score)
    digest = hashlib.sha256(json.dumps(notes, sort_keys=True).encode()).hexdigest()
    values = {
        "name": name[:200],
        "source": source[:200],
        "score": notes,
        **_facts(score),
    }
    with transaction.atomic():
        if owner is not None:
            # Who sends two at once is counted once.
            User.objects.select_for_update().get(pk=owner.pk)
        own = Piece.objects.filter(owner=owner)
        # Without its notes: a list of known files would read them all.
        there = own.defer("score").filter(content_hash=digest).first()
        if there is None:
            _make_room(own, score.num_notes)
            piece = Piece.objects.create(owner=owner, content_hash=digest, **values)
            return Kept(piece, is_new=True)
        was_deleted = own.thrown_away().filter(pk=there.pk).update(deleted_at=None)
        return Kept(there, is_new=bool(was_deleted))


def import_piece(
    score: Score, *, name: str, owner: User | None, source: str = ""
) -> Piece:
    """The row of ``keep_piece``."""
    return keep_piece(score, name=name, owner=owner, source=source).piece


def name_of(score: Score, file_name: str) -> str:
    """What a piece is called: its title, or its file's name without the ending."""
    title = plain(score.title)
    stem = PurePosixPath(file_name.replace("/", " ")).stem
    return (title or plain(stem) or "Untitled")[:200]


def plain(text: str) -> str:
    """``text`` in one line, without what no database and no page can hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _in_plain_words(score: Score) -> Score:
    return replace(
        score,
        title=plain(score.title)[:200],
        composer=plain(score.composer)[:200],
        parts=tuple(replace(p, name=plain(p.name)[:100]) for p in score.parts),
    )


def _facts(score: Score) -> dict[str, Any]:
    """What a list says of a piece without reading its notes."""
    return {
        "num_notes": score.num_notes,
        "num_parts": len(heard_parts(score)),
        "seconds": total_seconds(score),
        "num_voices": count_voices(score),
        "has_drums": has_drums(score),
        "likeness": likeness(replace(score, parts=heard_parts(score))),
    }


def _make_room(own: PieceQuerySet, num_notes: int) -> None:
    """Raise ``NotKept`` when a person has as much as is kept for one."""
    if _is_full(own, num_notes):
        # What was thrown away takes room too, until somebody needs it.
        own.thrown_away().delete()
        if _is_full(own, num_notes):
            raise NotKept(
                f"You have {settings.PIECES_PER_PERSON:,} pieces or "
                f"{MAX_NOTES_A_PERSON:,} notes, as much as is kept for one person. "
                "Delete some first."
            )


def _is_full(own: PieceQuerySet, num_notes: int) -> bool:
    has = own.aggregate(pieces=Count("pk"), notes=Sum("num_notes", default=0))
    return bool(
        has["pieces"] >= settings.PIECES_PER_PERSON
        or has["notes"] + num_notes > MAX_NOTES_A_PERSON
    )


# Throwing away -----------------------------------------------------------------------


def throw_away(
    own: PieceQuerySet, ids: Iterable[int], *, now: datetime | None = None
) -> int:
    """Delete those of ``own`` with these ids; returns how many there were.

    All get the same time, by which ``take_back`` finds them again. A dataset that was
    made of them stays as it is.
    """
    found = own.kept().filter(pk__in=list(ids))
    return found.update(deleted_at=now or timezone.now())


def take_back(own: PieceQuerySet, deleted_at: datetime) -> int:
    """Those that were thrown away together at that moment. Returns how many."""
    return own.filter(deleted_at=deleted_at).update(deleted_at=None)


def purge_pieces(*, now: datetime | None = None) -> int:
    """Delete for good what was thrown away long ago; at most a hundred at a time."""
    before = (now or timezone.now()) - KEPT_AFTER_DELETION
    old = Piece.objects.filter(deleted_at__lt=before).order_by("deleted_at")
    ids = list(old.values_list("pk", flat=True)[:PURGED_AT_ONCE])
    if ids:
        # Asked again: one of them may have been taken back since.
        Piece.objects.filter(pk__in=ids, deleted_at__lt=before).delete()
    return len(ids)
