from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now
from django.urls import reverse

from training.models.datasets import Dataset
from training.models.versions import Model, ModelVersion
from training.models.who import Who

#: A worker not heard of for so long is reported missing.
MISSING_AFTER = timedelta(seconds=30)


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def visible_to(self, user: Who) -> TrainingRunQuerySet:
        """The site's own and the user's own."""
        return self.filter(Q(owner=None) | Q(owner=user.pk))

    def unfinished(self) -> TrainingRunQuerySet:
        return self.filter(
            state__in=[TrainingRun.State.QUEUED, TrainingRun.State.RUNNING]
        )

    def waiting(self) -> TrainingRunQuerySet:
        """Those that nobody has begun or that were given back."""
        return self.filter(state=TrainingRun.State.QUEUED, cancel_requested=False)

    def running(self) -> TrainingRunQuerySet:
        return self.filter(state=TrainingRun.State.RUNNING)

    def alive(self) -> TrainingRunQuerySet:
        """Those running whose worker has been heard of, by the database's clock."""
        return self.running().filter(heartbeat_at__gte=Now() - _lease())

    def with_dead_lease(self) -> TrainingRunQuerySet:
        """Those running whose worker has fallen silent."""
        return self.running().filter(heartbeat_at__lt=Now() - _lease())

    def held_with(self, token: UUID | None) -> TrainingRunQuerySet:
        """Those that this token, and so one process, may still write to."""
        return self.running().filter(token=token)

    def for_list(self) -> TrainingRunQuerySet:
        """With what a line says of a run, in one query."""
        return self.select_related("dataset", "model", "version", "owner").defer(
            "model_config",
            "dataset__charts",
            "version__curve",
            "version__provenance",
        )


def _lease() -> timedelta:
    return timedelta(seconds=settings.TRAINING_LEASE_SECONDS)


class TrainingRun(models.Model):
    """One network being trained. This row is the truth; a task is only a doorbell.

    queued    -> running     claimed, with a new token
    running   -> succeeded   its version is registered
              -> failed      it cannot go on, or crashed too often in a row
              -> cancelled   somebody asked
              -> queued      its worker stopped, or died
    queued    -> cancelled
    failed, cancelled -> queued, when asked for again

    Every step is one conditional UPDATE in ``training.runs``. The token fences off a
    process that was thought dead and comes back: it may write no more.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Training"
        SUCCEEDED = "succeeded", "Finished"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="training_runs",
        help_text="Empty: the site's own.",
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.RESTRICT, related_name="runs")
    model = models.ForeignKey(
        Model,
        on_delete=models.CASCADE,
        related_name="runs",
        help_text="Whose next version it makes.",
    )
    version = models.OneToOneField(
        ModelVersion,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="run",
        help_text="What came of it.",
    )
    preset = models.SlugField(max_length=30)
    model_config = models.JSONField()
    train_config = models.JSONField()

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    token = models.UUIDField(
        null=True, blank=True, editable=False, help_text="Of the process that has it."
    )
    attempt = models.PositiveIntegerField(
        default=0, help_text="How often it was claimed."
    )
    crashes = models.PositiveIntegerField(
        default=0, help_text="In a row, without an epoch between."
    )
    cancel_requested = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    revision = models.PositiveBigIntegerField(
        default=0, help_text="Grows with all that a page shows of it."
    )

    num_epochs = models.PositiveIntegerField(help_text="To be trained at most.")
    expected_seconds = models.FloatField(
        null=True, blank=True, help_text="What it was foretold to take, in all."
    )
    epoch = models.PositiveIntegerField(default=0, help_text="Finished so far.")
    progress = models.FloatField(default=0.0, help_text="Of the epoch it is in, 0..1.")
    checkpoint = models.CharField(max_length=100, blank=True)
    checkpoint_sha256 = models.CharField(max_length=64, blank=True)
    previous_checkpoint = models.CharField(max_length=100, blank=True)
    previous_sha256 = models.CharField(max_length=64, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(help_text="When its task was last put in the queue.")
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(
        null=True, blank=True, help_text="By the database's clock."
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            # The few that are under way, among the many that are done.
            models.Index(
                name="run_unfinished",
                fields=["state", "rung_at"],
                condition=Q(state__in=["queued", "running"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="run_state_is_known",
                condition=Q(
                    state__in=["queued", "running", "succeeded", "failed", "cancelled"]
                ),
            ),
            models.CheckConstraint(
                name="run_has_a_token_while_running",
                condition=Q(
                    state="running", token__isnull=False, heartbeat_at__isnull=False
                )
                | (~Q(state="running") & Q(token=None)),
            ),
            models.CheckConstraint(
                name="run_failed_says_why",
                condition=~Q(state="failed") | ~Q(error=""),
            ),
            models.CheckConstraint(
                name="run_is_finished_at_its_end",
                condition=Q(state__in=["queued", "running"], finished_at=None)
                | (~Q(state__in=["queued", "running"]) & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="run_version_only_of_success",
                condition=Q(version=None) | Q(state="succeeded"),
            ),
            models.CheckConstraint(
                name="run_checkpoint_has_a_hash",
                condition=Q(checkpoint="", checkpoint_sha256="")
                | (~Q(checkpoint="") & ~Q(checkpoint_sha256="")),
            ),
            models.CheckConstraint(
                name="run_epochs_within_plan",
                condition=Q(num_epochs__gte=1, epoch__lte=F("num_epochs")),
            ),
            models.CheckConstraint(
                name="run_progress_is_a_share",
                condition=Q(progress__gte=0.0, progress__lte=1.0),
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} of {self.model}"

    def get_absolute_url(self) -> str:
        return reverse("run_detail", args=[self.pk])

    @property
    def folder(self) -> Path:
        return Path(settings.RUNS_ROOT) / str(self.pk)

    @property
    def etag(self) -> str:
        return f'"run-{self.pk}-{self.revision}"'

    @property
    def is_unfinished(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def can_be_cancelled(self) -> bool:
        return self.is_unfinished and not self.cancel_requested

    @property
    def can_be_requeued(self) -> bool:
        return self.state in (self.State.FAILED, self.State.CANCELLED)

    @property
    def patience(self) -> int:
        return int(self.train_config.get("patience", 0))

    @property
    def stopped_early(self) -> bool:
        """Whether it has ended before its planned epochs, and well."""
        return self.state == self.State.SUCCEEDED and self.epoch < self.num_epochs

    def best_epoch(self) -> int | None:
        """The number of the epoch whose weights are kept; None before the first."""
        best = [metric.epoch for metric in self.epochs.all() if metric.is_best]
        return best[-1] if best else None

    def has_learnt(self) -> bool:
        """Whether no epoch is to follow: all are done, or the last brought nothing."""
        if self.state == self.State.SUCCEEDED or self.epoch >= self.num_epochs:
            return True
        best = self.best_epoch()
        if not self.patience or best is None:
            return False
        return self.epoch - best >= self.patience

    def share_done(self) -> float:
        """Of the whole training, 0 to 1."""
        if self.state == self.State.SUCCEEDED:
            return 1.0
        return min(1.0, (self.epoch + self.progress) / self.num_epochs)

    def seconds_left(self) -> float | None:
        """As the last epochs went; None before the first is done.

        At most, where it may stop early.
        """
        recent = [metric.seconds for metric in self.epochs.all()][-3:]
        if not recent or not self.is_unfinished:
            return None
        if self.has_learnt():
            return 0.0
        epochs_left = self.num_epochs - self.epoch - self.progress
        return max(0.0, epochs_left) * sum(recent) / len(recent)


class EpochMetric(models.Model):
    """What one epoch of a run reached. Bits are per event, over all its fields."""

    run = models.ForeignKey(
        TrainingRun, on_delete=models.CASCADE, related_name="epochs"
    )
    epoch = models.PositiveIntegerField(help_text="From 1.")
    train_bits = models.FloatField(help_text="Measured in training, with dropout.")
    valid_bits = models.FloatField(help_text="Of the averaged weights, held out.")
    seconds = models.FloatField()
    is_best = models.BooleanField(default=False, help_text="Of all so far.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["run", "epoch"]
        constraints = [
            models.UniqueConstraint(name="epoch_once_a_run", fields=["run", "epoch"]),
            models.CheckConstraint(
                name="epochs_count_from_one", condition=Q(epoch__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run}, epoch {self.epoch}: {self.valid_bits:.3f} bits"

    def as_point(self) -> dict[str, float]:
        """As curves have it, see ``training.learning.run.curve_point``."""
        return {
            "epoch": self.epoch,
            "train_bits": round(self.train_bits, 4),
            "valid_bits": round(self.valid_bits, 4),
            "seconds": round(self.seconds, 1),
        }


class WorkerBeatQuerySet(models.QuerySet["WorkerBeat"]):
    def beat(self, queue: str, *, machine: str = "") -> None:
        """A worker of ``queue`` lives on ``machine``, now, by the database's clock."""
        seen = {"seen_at": Now(), "machine": machine}
        if not self.filter(queue=queue).update(**seen):
            self.get_or_create(queue=queue, defaults=seen)

    def silence(self, queue: str) -> timedelta | None:
        """For how long no worker of ``queue`` has been seen; None: never seen one."""
        return (
            self.filter(queue=queue)
            .annotate(
                silent_for=ExpressionWrapper(
                    Now() - F("seen_at"), output_field=DurationField()
                )
            )
            .values_list("silent_for", flat=True)
            .first()
        )

    def missing(self, queue: str) -> str:
        """A sentence for people who wait for ``queue``, or "" while it is served."""
        silent_for = self.silence(queue)
        if silent_for is None:
            return "No worker has been seen yet."
        if silent_for < MISSING_AFTER:
            return ""
        return f"No worker has been seen for {_spoken(silent_for)}."


def _spoken(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s"
    return f"{seconds} seconds"


class WorkerBeat(models.Model):
    """When a worker of a queue was last seen."""

    queue = models.CharField(max_length=30, unique=True)
    seen_at = models.DateTimeField()
    machine = models.CharField(
        max_length=32, blank=True, help_text="Its fingerprint, see training.machine."
    )

    objects = WorkerBeatQuerySet.as_manager()

    class Meta:
        ordering = ["queue"]

    def __str__(self) -> str:
        return f"{self.queue}, seen {self.seen_at:%Y-%m-%d %H:%M:%S}"
