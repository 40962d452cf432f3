"""Lists: declared filters, an order, and pages that stay what they were."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from composer_site.api.bodies import StrictSerializer
from generation.api.pagination import SafeCursorPagination

PAGE_SIZE, MAX_PAGE_SIZE = 20, 100
NEWEST_FIRST = "-created_at"


class ListQuery(StrictSerializer):
    """What every list may be asked."""

    ordering = serializers.ChoiceField(
        choices=[NEWEST_FIRST, "created_at"],
        default=NEWEST_FIRST,
        help_text="Newest first, or oldest first.",
    )
    limit = serializers.IntegerField(
        min_value=1,
        max_value=MAX_PAGE_SIZE,
        default=PAGE_SIZE,
        help_text="How many on a page.",
    )
    cursor = serializers.CharField(
        required=False,
        max_length=1_000,
        help_text="Of a page, from `next` or `previous`.",
    )


class OwnedListQuery(ListQuery):
    owner = serializers.ChoiceField(
        choices=[("me", "Your own"), ("site", "Everybody's")],
        required=False,
        help_text="Your own (`me`) or what comes with the site (`site`).",
    )


def of_owner(rows: QuerySet[Any], request: Request, owner: str, path: str) -> Any:
    """Those of ``rows`` that are the caller's, or the site's."""
    if owner == "site":
        return rows.filter(**{path: None})
    if not request.user.is_authenticated:
        return rows.none()
    return rows.filter(**{path: request.user.pk})


class KeysetPagination(SafeCursorPagination):
    """A page begins after a row, not after a number of rows: it is as quick for the
    hundredth page as for the first, and a page stays while others add to the list."""

    query: dict[str, Any]

    def get_page_size(self, request: Request) -> int:
        return int(self.query["limit"])

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView | None
    ) -> tuple[str, ...]:
        ordering = self.query["ordering"]
        return (ordering, "-pk" if ordering.startswith("-") else "pk")

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        self.query = view.query  # type: ignore[union-attr]
        try:
            return super().paginate_queryset(queryset, request, view) or []
        except NotFound:
            raise NotFound(
                "There is no such page. Start again without a cursor."
            ) from None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return []  # ListQuery declares them.
