"""The family of a piece: what it was made from, and what was made from it.

Everything a person sees here starts from who asks. Going up stand the pieces that this
person may see, and going down only their own and those that are shown to everybody:
that a piece belongs to no account does not make it everyone's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db import connection

from generation.models import Composition

#: So far up the chain goes, and so many levels and pieces down.
MAX_ANCESTORS = 12
LEVELS_DOWN = 2
MAX_DESCENDANTS = 27

_UP = """
WITH RECURSIVE up(id, parent_id, level) AS (
    SELECT id, parent_id, 0 FROM generation_composition WHERE id = %s
    UNION ALL
    SELECT older.id, older.parent_id, up.level + 1
    FROM generation_composition AS older JOIN up ON older.id = up.parent_id
    WHERE up.level < %s
)
SELECT id FROM up WHERE level > 0 ORDER BY level
"""


@dataclass(frozen=True, slots=True)
class Relative:
    """One piece of the family; ``piece`` is None where it may not be seen."""

    piece: Composition | None
    is_gone: bool = False  # deleted
    is_this: bool = False
    children: tuple[Relative, ...] = ()

    @property
    def is_hidden(self) -> bool:
        return self.piece is None and not self.is_gone


@dataclass(frozen=True, slots=True)
class Family:
    """``ancestors`` from the oldest to the parent, and ``this`` with its children."""

    this: Relative
    ancestors: tuple[Relative, ...] = ()
    #: Whether there are more pieces than are told.
    goes_on: bool = False

    @property
    def parent(self) -> Composition | None:
        """The piece to go back to; None when there is none that may be seen."""
        return self.ancestors[-1].piece if self.ancestors else None

    @property
    def has_others(self) -> bool:
        return bool(self.ancestors or self.this.children)


def family_of(
    composition: Composition, user: User | AnonymousUser, session_key: str | None
) -> Family:
    """Five queries, however large the family is."""
    older = _ancestors(composition) if composition.parent_id else []
    children = _descendants(composition, user, session_key)
    may_see = set(
        Composition.objects.visible_to(user)
        .filter(pk__in=[piece.pk for piece in older])
        .values_list("pk", flat=True)
        if older
        else []
    )
    shown = older[:MAX_ANCESTORS]
    return Family(
        this=Relative(composition, is_this=True, children=children.of(composition.pk)),
        ancestors=tuple(_ancestor(piece, may_see) for piece in reversed(shown)),
        goes_on=len(older) > MAX_ANCESTORS or children.are_more,
    )


def _ancestor(piece: Composition, may_see: set[UUID]) -> Relative:
    if piece.deleted_at is not None:
        return Relative(None, is_gone=True)
    return Relative(piece if piece.pk in may_see else None)


def _ancestors(composition: Composition) -> list[Composition]:
    """From the parent up, the deleted too; one more than are shown, if there is one."""
    # Django's own queries cannot follow a chain of unknown length at once.
    with connection.cursor() as cursor:
        pk: Any = composition.pk
        if connection.vendor == "sqlite":
            pk = pk.hex
        cursor.execute(_UP, [pk, MAX_ANCESTORS + 1])
        ids = [UUID(str(row[0])) for row in cursor.fetchall()]
    found = Composition.objects.for_cards().in_bulk(ids)
    return [found[id] for id in ids if id in found]


@dataclass(slots=True)
class _Descendants:
    pieces: list[Composition] = field(default_factory=list)
    are_more: bool = False

    def of(self, parent_id: UUID) -> tuple[Relative, ...]:
        found = []
        for piece in self.pieces:
            if piece.parent_id != parent_id:
                continue
            children = self.of(piece.pk)
            if piece.deleted_at is None:
                found.append(Relative(piece, children=children))
            elif children:  # Gone, but something that was made from it is not.
                found.append(Relative(None, is_gone=True, children=children))
        return tuple(found)


def _descendants(
    composition: Composition, user: User | AnonymousUser, session_key: str | None
) -> _Descendants:
    """Those of the person who asks, and those that are shown to everybody."""
    mine = Composition.objects.whose(user, session_key)
    shown = Composition.objects.kept().filter(is_showcase=True)
    # Deleted ones too: they may stand between two that are not.
    visible = (mine | shown).for_cards().order_by("created_at", "pk")
    near = visible.filter(parent=composition.pk)
    nearer = list(near[: MAX_DESCENDANTS + 1])
    further = list(
        visible.filter(parent__in=[piece.pk for piece in nearer])[: MAX_DESCENDANTS + 1]
        if nearer
        else []
    )
    pieces = [*nearer, *further]
    return _Descendants(pieces[:MAX_DESCENDANTS], len(pieces) > MAX_DESCENDANTS)


def everyone(family: Family) -> Iterator[tuple[int, Relative]]:
    """Each relative with how deep it stands, in the order of reading."""
    yield from enumerate(family.ancestors)
    yield from _below(len(family.ancestors), family.this)


def _below(depth: int, relative: Relative) -> Iterator[tuple[int, Relative]]:
    yield depth, relative
    for child in relative.children:
        yield from _below(depth + 1, child)
