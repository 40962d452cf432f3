from __future__ import annotations

from django.db import models


class Bucket(models.Model):
    """Tries that somebody made lately, as water in a leaking bucket.

    Each try pours in as much as leaks out in one step, and a full bucket refuses. So
    one time is all there is to know: when the bucket will be empty again. It is a row
    and not an entry of a cache because a row is changed by one UPDATE with a condition:
    of many tries at once exactly as many get through as there is room for.
    """

    key = models.CharField(
        max_length=64,
        primary_key=True,
        help_text="SHA-256 of what is counted: no name and no address is kept.",
    )
    empty_at = models.FloatField(help_text="Unix time, in seconds.", db_index=True)

    def __str__(self) -> str:
        return self.key[:12]
