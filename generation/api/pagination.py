from __future__ import annotations

from rest_framework.pagination import CursorPagination


class HistoryPagination(CursorPagination):
    """Newest first; a page stays what it was while pieces are added."""

    ordering = ("-created_at", "-pk")
    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100
