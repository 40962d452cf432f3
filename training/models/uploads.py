from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.urls import reverse

from training.models.datasets import Piece


class UploadQuerySet(models.QuerySet["Upload"]):
    def unfinished(self) -> UploadQuerySet:
        return self.filter(state__in=[Upload.State.QUEUED, Upload.State.RUNNING])

    def with_counts(self) -> UploadQuerySet:
        """With how many of its files had which end, the newest first."""
        ends = UploadedFile.State
        return self.annotate(
            num_files=Count("files", filter=~Q(files__state=ends.OPENED)),
            num_waiting=Count("files", filter=Q(files__state=ends.WAITING)),
            num_imported=Count("files", filter=Q(files__state=ends.IMPORTED)),
            num_known=Count("files", filter=Q(files__state=ends.KNOWN)),
            num_refused=Count("files", filter=Q(files__state=ends.REFUSED)),
            # A query that counts forgets the model's own order.
        ).order_by("-created_at", "-pk")


class Upload(models.Model):
    """Files that somebody brought at once, to be read by a task.

    queued -> running -> done; running -> queued again when its worker died or had to
    give way. Every step is one conditional UPDATE; ``attempt`` fences off a worker that
    was thought dead. Each file has a row of its own and ends by itself.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being read"
        DONE = "done", "Read"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads"
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(help_text="When its task was last queued.")
    beat_at = models.DateTimeField(
        null=True, blank=True, help_text="When its task last said that it lives."
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["owner", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                name="upload_state_is_known",
                condition=Q(state__in=["queued", "running", "done"]),
            )
        ]

    def __str__(self) -> str:
        return f"Upload {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("upload_detail", args=[self.pk])

    @property
    def folder(self) -> Path:
        """Where its files wait to be read."""
        return Path(settings.UPLOADS_ROOT) / str(self.pk)

    @property
    def is_unfinished(self) -> bool:
        return self.state != self.State.DONE


class UploadedFile(models.Model):
    """One file of an upload, or one inside an archive or a book, and how it ended."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        OPENED = "opened", "Opened: what was inside has rows of its own"
        IMPORTED = "imported", "Imported"
        KNOWN = "known", "There already"
        REFUSED = "refused", "Not imported"

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    stored = models.CharField(max_length=40, help_text="Its name in the folder.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    said = models.CharField(max_length=500, blank=True)
    piece = models.ForeignKey(
        Piece, on_delete=models.SET_NULL, null=True, blank=True, related_name="files"
    )

    class Meta:
        ordering = ["upload", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="uploaded_file_once", fields=["upload", "stored"]
            ),
            models.CheckConstraint(
                name="uploaded_file_state_is_known",
                condition=Q(
                    state__in=["waiting", "opened", "imported", "known", "refused"]
                ),
            ),
            models.CheckConstraint(
                name="uploaded_file_refused_says_why",
                condition=~Q(state="refused") | ~Q(said=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name
