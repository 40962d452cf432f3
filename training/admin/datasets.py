from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from training import datasets as services
from training.admin.base import ReadOnly
from training.models import Dataset, Piece, Upload


@admin.register(Dataset)
class DatasetAdmin(ReadOnly):
    list_display = ["name", "kind", "state", "owner", "created_at", "finished_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["owner"]
    ordering = ["-pk"]
    search_fields = ["name", "=content_hash", "=owner__username"]
    actions = ["delete_unused"]
    fields = [
        *("name", "kind", "owner", "state", "error", "encoding", "options", "counts"),
        *("split_seed", "content_hash", "attempt", "created_at"),
        *("rung_at", "started_at", "finished_at"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        datasets: QuerySet[Dataset] = super().get_queryset(request)
        return datasets.defer("charts")

    @admin.action(
        description="Delete, unless runs learnt from it", permissions=["remove"]
    )
    def delete_unused(self, request: HttpRequest, datasets: QuerySet[Dataset]) -> None:
        self.remove(request, datasets, services.delete_dataset)


@admin.register(Piece)
class PieceAdmin(ReadOnly):
    list_display = ["name", "source", "owner", "num_notes", "created_at"]
    list_select_related = ["owner"]
    ordering = ["-pk"]
    search_fields = ["name", "source", "=owner__username"]
    fields = [
        *("name", "source", "owner", "num_parts", "num_voices", "num_notes"),
        *("seconds", "has_drums", "content_hash", "created_at", "deleted_at"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Piece]:
        pieces: QuerySet[Piece] = super().get_queryset(request)
        return pieces.defer("score")


@admin.register(Upload)
class UploadAdmin(ReadOnly):
    list_display = ["id", "owner", "state", "attempt", "created_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["owner"]
    ordering = ["-pk"]
    search_fields = ["=owner__username"]
    fields = [
        *("owner", "state", "attempt", "created_at"),
        *("rung_at", "beat_at", "finished_at"),
    ]
