from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from training.models import Dataset, Metric, Model, ModelVersion


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class VersionInline(ReadOnlyInline):
    model = ModelVersion
    fields = ["number", "bundle_hash", "is_default", "num_parameters", "created_at"]


class MetricInline(ReadOnlyInline):
    model = Metric
    fields = ["name", "split", "baseline", "value"]
    show_change_link = False


@admin.register(Model)
class ModelAdmin(admin.ModelAdmin):
    list_display = ["title", "slug", "owner", "num_versions", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "slug"]
    raw_id_fields = ["owner"]
    inlines = [VersionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        models: QuerySet[Model] = super().get_queryset(request)
        return models.annotate(versions_made=Count("versions"))

    @admin.display(description="Versions", ordering="versions_made")
    def num_versions(self, model: Model) -> int:
        return getattr(model, "versions_made", 0)


@admin.register(ModelVersion)
class ModelVersionAdmin(admin.ModelAdmin):
    list_display = [
        "__str__",
        "is_default",
        "bits_per_note",
        "num_parameters",
        "short_hash",
        "created_at",
    ]
    list_filter = ["is_default", ("model", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["model"]
    search_fields = ["model__title", "model__slug", "bundle_hash"]
    date_hierarchy = "created_at"
    inlines = [MetricInline]
    # A version is what its bundle is. Only a training run makes another.
    readonly_fields = [
        "model",
        "number",
        "bundle_hash",
        "is_default",
        "encoding",
        "model_config",
        "train_config",
        "curve",
        "counts",
        "provenance",
        "num_parameters",
        "created_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        return super().get_queryset(request).prefetch_related("metrics")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="Bits per note")
    def bits_per_note(self, version: ModelVersion) -> str:
        bits = version.scores().get("bits_per_note")
        return f"{bits:.3f}" if bits is not None else "-"

    @admin.display(description="Bundle", ordering="bundle_hash")
    def short_hash(self, version: ModelVersion) -> str:
        return version.bundle_hash[:12]


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "state", "owner", "created_at", "finished_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["owner"]
    search_fields = ["name", "content_hash"]
    raw_id_fields = ["owner"]
    date_hierarchy = "created_at"
    readonly_fields = [
        "kind",
        "encoding",
        "options",
        "state",
        "error",
        "counts",
        "content_hash",
        "created_at",
        "started_at",
        "finished_at",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
