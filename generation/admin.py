from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from generation.models import Composition, Rendering


class RenderingInline(admin.TabularInline):
    model = Rendering
    extra = 0
    readonly_fields = [
        "format",
        "state",
        "attempt",
        "error",
        "requested_at",
        "finished_at",
    ]

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Composition)
class CompositionAdmin(admin.ModelAdmin):
    list_display = ["title", "version", "owner", "is_showcase", "created_at"]
    list_filter = ["is_showcase", ("version", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["version__model", "owner"]
    search_fields = ["title", "=id", "=session_key"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    # Counting every row for each page takes longer than the page.
    show_full_result_count = False
    inlines = [RenderingInline]
    fields = [
        "title",
        "is_showcase",
        "version",
        "owner",
        "parent",
        "seed",
        "recipe",
        "measures",
        "is_favourite",
        "created_at",
        "deleted_at",
    ]
    readonly_fields = [
        "version",
        "owner",
        "parent",
        "seed",
        "recipe",
        "measures",
        "is_favourite",
        "created_at",
        "deleted_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Composition]:
        return super().get_queryset(request).defer("score", "surprise")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Rendering)
class RenderingAdmin(admin.ModelAdmin):
    list_display = ["composition", "format", "state", "attempt", "requested_at"]
    list_filter = ["state", "format"]
    list_select_related = ["composition"]
    date_hierarchy = "requested_at"
    ordering = ["-requested_at"]
    show_full_result_count = False
    raw_id_fields = ["composition"]
    readonly_fields = [
        "composition",
        "format",
        "state",
        "attempt",
        "file",
        "error",
        "requested_at",
        "rung_at",
        "started_at",
        "finished_at",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
