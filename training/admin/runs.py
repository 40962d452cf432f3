from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from training import runs as services
from training.admin.base import ReadOnly, ReadOnlyInline
from training.admin.curves import curve_svg
from training.models import EpochMetric, TrainingRun, WorkerBeat


class EpochInline(ReadOnlyInline):
    model = EpochMetric
    fields = ["epoch", "train_bits", "valid_bits", "seconds", "is_best", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EpochMetric]:
        # Each line is titled with the run and its model.
        epochs: QuerySet[EpochMetric] = super().get_queryset(request)
        return epochs.select_related("run__model")


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnly):
    list_display = [
        *("__str__", "state", "done", "dataset", "owner"),
        *("attempt", "crashes", "created_at", "finished_at"),
    ]
    list_filter = ["state", "preset"]
    list_select_related = ["dataset", "model", "owner", "version__model"]
    ordering = ["-pk"]
    search_fields = ["model__title", "model__slug", "=owner__username"]
    inlines = [EpochInline]
    actions = ["cancel", "requeue", "delete_ended"]
    fields = [
        *("state", "error", "model", "dataset", "preset", "owner", "version"),
        *("drawn_curve", "done", "attempt", "crashes", "cancel_requested"),
        *("created_at", "rung_at", "started_at", "heartbeat_at", "finished_at"),
        *("checkpoint", "checkpoint_sha256", "model_config", "train_config"),
    ]
    readonly_fields = ["drawn_curve", "done"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingRun]:
        runs: QuerySet[TrainingRun] = super().get_queryset(request)
        return runs.defer(
            "dataset__charts",
            "dataset__counts",
            "version__curve",
            "version__provenance",
        )

    @admin.display(description="Epochs")
    def done(self, run: TrainingRun) -> str:
        return f"{run.epoch} of {run.num_epochs}"

    @admin.display(description="Learning curve")
    def drawn_curve(self, run: TrainingRun) -> str:
        return curve_svg([epoch.as_point() for epoch in run.epochs.all()])

    @admin.action(description="Cancel", permissions=["act"])
    def cancel(self, request: HttpRequest, runs: QuerySet[TrainingRun]) -> None:
        self.act(
            request,
            runs,
            services.request_cancel,
            done="Cancelled",
            otherwise="has ended already.",
        )

    @admin.action(description="Try again, from the last epoch on", permissions=["act"])
    def requeue(self, request: HttpRequest, runs: QuerySet[TrainingRun]) -> None:
        self.act(
            request,
            runs,
            services.requeue,
            done="Put in the queue again",
            otherwise="has neither failed nor been cancelled.",
        )

    @admin.action(
        description="Delete with checkpoints; its version stays", permissions=["remove"]
    )
    def delete_ended(self, request: HttpRequest, runs: QuerySet[TrainingRun]) -> None:
        self.remove(request, runs, services.delete_run)


@admin.register(WorkerBeat)
class WorkerBeatAdmin(ReadOnly):
    """Which workers there are, and when each was last seen."""

    list_display = ["queue", "seen_at"]
