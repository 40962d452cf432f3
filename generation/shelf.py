"""The verbs of a person's own pieces: adopt, star, rename, throw away, take back.

Each is one UPDATE of rows that are asked for by whose they are: what is somebody
else's is not found.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from generation.models import Composition, CompositionQuerySet, folded

#: How long a deleted piece can be taken back.
KEPT_AFTER_DELETION = timedelta(days=30)
PURGED_AT_ONCE = 100
#: Deleting for good takes files along: no more of it in one request.
DELETED_AT_ONCE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def adopt_pieces(session_key: str | None, user: User) -> int:
    """What a visitor composed in this session belongs to ``user`` from now on.

    Returns how many pieces moved. Deleted ones move along: they can be taken back.
    """
    if not session_key:
        return 0  # Showcases have no session either, and they are nobody's.
    return Composition.objects.filter(owner=None, session_key=session_key).update(
        owner=user, session_key=""
    )


def set_favourite(mine: CompositionQuerySet, id: UUID, is_favourite: bool) -> bool:
    """Star the piece or unstar it; False if there is no such piece among ``mine``."""
    return bool(mine.kept().filter(pk=id).update(is_favourite=is_favourite))


def rename(mine: CompositionQuerySet, id: UUID, title: str) -> bool:
    return bool(
        mine.kept().filter(pk=id).update(title=title, folded_title=folded(title))
    )


def throw_away(
    mine: CompositionQuerySet, id: UUID, *, now: datetime | None = None
) -> bool:
    found = mine.kept().filter(pk=id)
    return bool(found.update(deleted_at=now or timezone.now()))


def take_back(mine: CompositionQuerySet, id: UUID) -> bool:
    return bool(mine.thrown_away().filter(pk=id).update(deleted_at=None))


# Many at once ------------------------------------------------------------------------


def star_many(mine: CompositionQuerySet, ids: Collection[UUID], is_lit: bool) -> int:
    """Returns how many pieces changed."""
    others = mine.kept().filter(pk__in=ids, is_favourite=not is_lit)
    return others.update(is_favourite=is_lit)


def throw_away_many(
    mine: CompositionQuerySet, ids: Collection[UUID], *, now: datetime | None = None
) -> tuple[int, str]:
    """Returns how many went, and their batch: by that they come back together."""
    moment = now or timezone.now()
    return mine.kept().filter(pk__in=ids).update(deleted_at=moment), batch_of(moment)


def batch_of(deleted_at: datetime) -> str:
    """What was thrown away at one moment, named by it: microseconds since 1970.

    >>> batch_of(datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC))
    '2000000'
    """
    return str((deleted_at - _EPOCH) // timedelta(microseconds=1))


def thrown_away_together(mine: CompositionQuerySet, batch: str) -> CompositionQuerySet:
    """Those of ``mine`` in a batch; none of what is no batch."""
    if not (batch.isascii() and batch.isdecimal() and len(batch) <= 16):
        return mine.none()
    return mine.filter(deleted_at=_EPOCH + timedelta(microseconds=int(batch)))


def take_back_batch(mine: CompositionQuerySet, batch: str) -> int:
    return thrown_away_together(mine, batch).update(deleted_at=None)


def take_back_many(mine: CompositionQuerySet, ids: Collection[UUID]) -> int:
    return mine.thrown_away().filter(pk__in=ids).update(deleted_at=None)


def delete_for_good(mine: CompositionQuerySet, ids: Collection[UUID]) -> int:
    """Returns how many pieces went, with their files; only what was thrown away."""
    with transaction.atomic():
        # Asked for again: one of them may have been taken back since. Locked, so that
        # none is taken back now.
        found = mine.thrown_away().filter(pk__in=ids).select_for_update()
        going = list(found.values_list("pk", flat=True)[:DELETED_AT_ONCE])
        Composition.objects.filter(pk__in=going).delete()
    return len(going)


def purge_thrown_away(*, now: datetime | None = None) -> int:
    """Delete for good what was thrown away long ago, files and all.

    Returns how many pieces went; a hundred at most, so that a task never takes long.
    """
    before = (now or timezone.now()) - KEPT_AFTER_DELETION
    old = Composition.objects.filter(deleted_at__lt=before).order_by("deleted_at")
    ids = list(old.values_list("pk", flat=True)[:PURGED_AT_ONCE])
    if ids:
        # Asked again: one of them may have been taken back since.
        Composition.objects.filter(pk__in=ids, deleted_at__lt=before).delete()
    return len(ids)


def clean_title(text: str) -> str:
    """A title as one line that every format can hold: XML knows no control characters.

    >>> clean_title("  The\\tblack\\x07  rogue ")
    'The black rogue'
    """
    kept = (
        " " if char.isspace() else char
        for char in text
        if char.isspace()
        or (
            unicodedata.category(char) not in ("Cc", "Cs")
            and char not in "\ufffe\uffff"
        )
    )
    return " ".join("".join(kept).split())
