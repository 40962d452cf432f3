from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from training.models.versions import ModelVersion
from training.music.profile import (
    Comparison,
    Profile,
    compare,
    overlaps,
    profile_from_json,
)


class Portrait(models.Model):
    """What a version's music is like, beside real music that it never saw.

    ``held_out`` comes with the bundle, and is empty where it brought none.
    ``generated`` is of pieces that a task has the version write:

    queued -> running -> ready or failed; running -> queued again when its worker died.
    Every step is one conditional UPDATE; ``attempt`` fences off a worker that was
    thought dead and comes back.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for its turn"
        RUNNING = "running", "Being measured"
        READY = "ready", "Measured"
        FAILED = "failed", "Failed"

    version = models.OneToOneField(
        ModelVersion, on_delete=models.CASCADE, related_name="portrait"
    )
    held_out = models.JSONField(
        default=dict, blank=True, help_text="The profile of real pieces it never saw."
    )
    generated = models.JSONField(
        default=dict, blank=True, help_text="The profile of pieces it wrote."
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    rung_at = models.DateTimeField(help_text="When its task was last put in the queue.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.CheckConstraint(
                name="portrait_state_is_known",
                condition=Q(state__in=["queued", "running", "ready", "failed"]),
            ),
            models.CheckConstraint(
                name="portrait_failed_says_why",
                condition=~Q(state="failed") | ~Q(error=""),
            ),
        ]

    def __str__(self) -> str:
        return f"The music of {self.version}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def own(self) -> Profile | None:
        return profile_from_json(self.generated) if self.generated else None

    @property
    def real(self) -> Profile | None:
        return profile_from_json(self.held_out) if self.held_out else None

    def comparisons(self) -> list[Comparison]:
        own, real = self.own, self.real
        return compare(own, real) if own and real else []

    def overlaps(self) -> dict[str, float]:
        """How far its histograms agree with those of real pieces, 0 to 1."""
        own, real = self.own, self.real
        return overlaps(own, real) if own and real else {}

    def told(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "state": self.state,
            "generated": self.generated or None,
            "held_out": self.held_out or None,
            "overlap": self.overlaps(),
        }
