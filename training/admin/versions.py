from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from training import portraits, services
from training.admin.base import ReadOnly, ReadOnlyInline
from training.admin.curves import curve_svg
from training.models import Model, ModelVersion


class VersionInline(ReadOnlyInline):
    model = ModelVersion
    fields = [
        *("number", "bundle_hash", "is_default", "num_parameters"),
        *("created_at", "retired_at"),
    ]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        # What is not shown can be large, and a model can have many versions.
        unshown = ("curve", "provenance", "encoding", "model_config", "train_config")
        versions: QuerySet[ModelVersion] = super().get_queryset(request)
        return versions.select_related("model").defer(*unshown)


@admin.register(Model)
class ModelAdmin(ReadOnly):
    list_display = ["title", "slug", "owner", "num_versions", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "slug", "=owner__username"]
    inlines = [VersionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        # Counted for the rows of a page alone, and not for a join of all.
        counted = (
            ModelVersion.objects.order_by()
            .filter(model=OuterRef("pk"))
            .values("model")
            .annotate(n=Count("pk"))
            .values("n")
        )
        models: QuerySet[Model] = super().get_queryset(request)
        return models.annotate(
            versions_made=Coalesce(Subquery(counted, output_field=IntegerField()), 0)
        )

    @admin.display(description="Versions")
    def num_versions(self, model: Model) -> int:
        return getattr(model, "versions_made", 0)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly):
    list_display = [
        *("__str__", "is_default", "bits_per_note", "num_parameters"),
        *("short_hash", "created_at", "retired_at"),
    ]
    list_filter = ["is_default", ("retired_at", admin.EmptyFieldListFilter)]
    list_select_related = ["model"]
    ordering = ["-pk"]
    search_fields = ["model__title", "model__slug", "bundle_hash"]
    actions = ["promote", "retire", "measure_again", "delete_unused"]
    fields = [
        *("model", "number", "is_default", "retired_at", "drawn_curve", "measured"),
        *("counts", "encoding", "model_config", "train_config", "provenance"),
        *("num_parameters", "bundle_hash", "created_at"),
    ]
    readonly_fields = ["drawn_curve", "measured"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        versions: QuerySet[ModelVersion] = super().get_queryset(request)
        return versions.prefetch_related("metrics")

    @admin.display(description="Bits per note")
    def bits_per_note(self, version: ModelVersion) -> str:
        bits = version.scores().get("bits_per_note")
        return f"{bits:.3f}" if bits is not None else "-"

    @admin.display(description="Bundle", ordering="bundle_hash")
    def short_hash(self, version: ModelVersion) -> str:
        return version.bundle_hash[:12]

    @admin.display(description="Learning curve")
    def drawn_curve(self, version: ModelVersion) -> str:
        return curve_svg(version.curve)

    @admin.display(description="Metrics")
    def measured(self, version: ModelVersion) -> str:
        """A line for each measure, its own value first, then the baselines'."""
        columns = {"This version": version.scores(), **version.baselines()}
        measures = dict.fromkeys(name for row in columns.values() for name in row)
        if not measures:
            return "-"
        return format_html(
            "<table><thead><tr><th>On the test pieces</th>{}</tr></thead>"
            "<tbody>{}</tbody></table>",
            format_html_join("", "<th>{}</th>", ([name] for name in columns)),
            format_html_join(
                "",
                "<tr><th>{}</th>{}</tr>",
                ((name, _cells(name, list(columns.values()))) for name in measures),
            ),
        )

    @admin.action(description="Promote: compose with it", permissions=["act"])
    def promote(self, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
        self.act(request, versions, services.promote_version, done="Promoted")

    @admin.action(description="Retire: offer it no more", permissions=["act"])
    def retire(self, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
        self.act(request, versions, services.retire_version, done="Retired")

    @admin.action(description="Measure its music again", permissions=["act"])
    def measure_again(
        self, request: HttpRequest, versions: QuerySet[ModelVersion]
    ) -> None:
        self.act(
            request,
            versions,
            portraits.measure_again,
            done="Asked to measure its music again",
            otherwise="Its music is about to be measured already.",
        )

    @admin.action(
        description="Delete, unless pieces depend on it", permissions=["remove"]
    )
    def delete_unused(
        self, request: HttpRequest, versions: QuerySet[ModelVersion]
    ) -> None:
        self.remove(request, versions, services.delete_version)


def _cells(name: str, rows: list[dict[str, float]]) -> str:
    values = (f"{row[name]:.3f}" if name in row else "-" for row in rows)
    return format_html_join("", "<td>{}</td>", ([value] for value in values))
