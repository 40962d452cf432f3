"""How fast machines train, as it was measured."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from training.learning.cost import Timing

#: How often a machine is tried to be measured.
MAX_ATTEMPTS = 3


class Calibration(models.Model):
    """That a machine shall be, is or has been measured with an encoding.

    The row is the truth and a task its doorbell, as everywhere.
    """

    machine = models.CharField(max_length=32, help_text="Its fingerprint.")
    encoding_hash = models.CharField(max_length=64)
    dataset = models.ForeignKey(
        "training.Dataset",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose pieces are read to measure.",
    )
    attempts = models.PositiveIntegerField(default=0)
    rung_at = models.DateTimeField(help_text="When its task was last put in the queue.")
    measured_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-rung_at"]
        constraints = [
            models.UniqueConstraint(
                name="calibration_once_a_machine", fields=["machine", "encoding_hash"]
            )
        ]

    def __str__(self) -> str:
        return f"Machine {self.machine[:8]}, encoding {self.encoding_hash[:8]}"

    @property
    def is_under_way(self) -> bool:
        """Whether it may still come to something."""
        return self.measured_at is None and (
            self.attempts < MAX_ATTEMPTS or not self.error
        )


class Speed(models.Model):
    """How fast one network trains on one machine."""

    machine = models.CharField(max_length=32, help_text="Its fingerprint.")
    encoding_hash = models.CharField(max_length=64)
    network = models.CharField(max_length=60, help_text="Its sizes and windows.")
    macs = models.PositiveBigIntegerField(help_text="Multiply-adds of an event.")
    batch_size = models.PositiveIntegerField()
    window = models.PositiveIntegerField()
    compile_seconds = models.FloatField()
    step_seconds = models.FloatField(help_text="Of one window, forward and back.")
    valid_seconds = models.FloatField(help_text="Of one held-out event.")
    single_seconds = models.FloatField(help_text="Of one event of a piece alone.")
    is_from_run = models.BooleanField(
        default=False, help_text="Seen in a real run, which counts for more."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["machine", "encoding_hash", "macs"]
        constraints = [
            models.UniqueConstraint(
                name="speed_once_a_network",
                fields=["machine", "encoding_hash", "network"],
            ),
            models.CheckConstraint(
                name="speed_takes_time", condition=Q(step_seconds__gt=0.0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.network} on machine {self.machine[:8]}"

    @property
    def timing(self) -> Timing:
        return Timing(**{name: getattr(self, name) for name in TIMES})

    @staticmethod
    def times(timing: Timing) -> dict[str, Any]:
        return {name: getattr(timing, name) for name in TIMES}


TIMES = ("compile_seconds", "step_seconds", "valid_seconds", "single_seconds")
