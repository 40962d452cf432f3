from __future__ import annotations

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """What a request with an Idempotency-Key was answered, to be given again.

    Without a status its request is still being done.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(
        max_length=64, help_text="SHA-256 of the request: the key stands for it alone."
    )
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    location = models.CharField(max_length=300, blank=True)
    body = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"])]
        constraints = [
            models.UniqueConstraint(name="answer_once_a_key", fields=["owner", "key"])
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.owner_id}: {self.status or 'under way'}"
