"""Pages of a long list that begin after a row, not after a number of rows.

The hundredth page is as quick as the first, and stays what it was while others are
added before it. The row is named by a cursor: where it stands in the order, and its id.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from generation.models import CompositionQuerySet

MAX_CURSOR_LENGTH = 1_000


class BadCursor(ValueError):
    """It is none of ours, or of a list in another order."""


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.utcoffset() != timedelta(0):
        raise ValueError
    return moment


def _number(value: Any) -> float:
    if not isinstance(value, float) or not math.isfinite(value):
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()  # half a surrogate pair is no text
    return value


@dataclass(frozen=True, slots=True)
class Order:
    name: str
    label: str
    column: str
    is_descending: bool
    read: Callable[[Any], Any]  # the column's value out of JSON; ValueError


ORDERS = {
    order.name: order
    for order in (
        Order("newest", "Newest first", "created_at", True, _moment),
        Order("oldest", "Oldest first", "created_at", False, _moment),
        Order("title", "By title", "folded_title", False, _text),
        Order("longest", "Longest first", "seconds", True, _number),
        Order("surprising", "Most surprising first", "bits_per_note", True, _number),
    )
}
#: Of the bin: what was deleted last stands first.
LAST_DELETED = Order("deleted", "Deleted last", "deleted_at", True, _moment)


@dataclass(frozen=True, slots=True)
class Cursor:
    value: Any
    id: UUID


def write_cursor(order: Order, id: UUID, value: Any) -> str:
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    told = json.dumps([order.name, value, id.hex], separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read_cursor(order: Order, text: str) -> Cursor:
    """Raises ``BadCursor``."""
    try:
        if len(text) > MAX_CURSOR_LENGTH:
            raise ValueError
        padded = text + "=" * (-len(text) % 4)
        name, value, id = json.loads(base64.b64decode(padded, b"-_", validate=True))
        if name != order.name:
            raise ValueError
        return Cursor(order.read(value), UUID(hex=id))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise BadCursor("That place in the list is not to be found.") from None


@dataclass(frozen=True, slots=True)
class KeysetPage:
    ids: list[UUID]
    #: Cursors of the pages before and after this one; "" where there is none.
    before: str
    after: str


def page_of(
    rows: CompositionQuerySet,
    order: Order,
    *,
    size: int,
    after: str = "",
    before: str = "",
) -> KeysetPage:
    """A page of ``rows``: the first, or the one after or before a cursor.

    Never an empty page where there are rows: past the end stands the last page, and
    where fewer than a page come before, the first. At most three queries.
    """
    if before:
        past = read_cursor(order, before)
        found = _take(rows, order, past, is_forwards=False, limit=size + 1)
        if len(found) > size:
            return _page(rows, order, found[:size][::-1], has_before=True)
    elif after:
        past = read_cursor(order, after)
        found = _take(rows, order, past, is_forwards=True, limit=size + 1)
        if found:
            has_before = _has(rows, order, found[0], is_forwards=False)
            return _told(order, found, size, has_before=has_before)
        found = _take(rows, order, past, is_forwards=False, limit=size + 1, also=True)
        if len(found) > size:
            return _told(order, found[:size][::-1], size, has_before=True)
    found = _take(rows, order, None, is_forwards=True, limit=size + 1)
    return _told(order, found, size, has_before=False)


Found = tuple[UUID, Any]  # id, and where it stands in the order


def _page(
    rows: CompositionQuerySet, order: Order, found: list[Found], *, has_before: bool
) -> KeysetPage:
    has_after = _has(rows, order, found[-1], is_forwards=True)
    return _told(order, found, len(found), has_before=has_before, has_after=has_after)


def _told(
    order: Order,
    found: list[Found],
    size: int,
    *,
    has_before: bool,
    has_after: bool = False,
) -> KeysetPage:
    shown = found[:size]
    return KeysetPage(
        [id for id, _ in shown],
        before=write_cursor(order, *shown[0]) if has_before else "",
        after=(
            write_cursor(order, *shown[-1]) if has_after or len(found) > size else ""
        ),
    )


def _has(
    rows: CompositionQuerySet, order: Order, found: Found, *, is_forwards: bool
) -> bool:
    past = Cursor(found[1], found[0])
    return bool(_take(rows, order, past, is_forwards=is_forwards, limit=1))


def _take(
    rows: CompositionQuerySet,
    order: Order,
    past: Cursor | None,
    *,
    is_forwards: bool,
    limit: int,
    also: bool = False,
) -> list[Found]:
    """The rows nearest to ``past`` on one side, the nearest first; ``also`` itself."""
    column = order.column
    is_downwards = order.is_descending == is_forwards
    if past is not None:
        beyond = "lt" if is_downwards else "gt"
        # The first alone would do; it is what an index can begin at.
        rows = rows.filter(
            Q(**{f"{column}__{beyond}e": past.value}),
            Q(**{f"{column}__{beyond}": past.value})
            | Q(**{f"pk__{beyond}{'e' if also else ''}": past.id}),
        )
    sign = "-" if is_downwards else ""
    ordered = rows.order_by(f"{sign}{column}", f"{sign}pk")
    return list(ordered.values_list("pk", column)[:limit])
