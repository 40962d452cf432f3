"""A message in the queue that says: look at this row. Nothing depends on its coming.

The row is the truth. A doorbell that is lost is rung again by the sweeper, and one that
comes twice finds nothing left to do.
"""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task


def ring(task: str, row_id: int, *, queue: str | None = None) -> None:
    """Put ``task`` in the queue once the row is there to be found.

    Unless told, in the main queue: the one for training may be busy for an hour.
    """
    # robust: a queue that is down loses a doorbell and fails nobody's request.
    transaction.on_commit(
        partial(async_task, task, row_id, cluster=queue or settings.MAIN_QUEUE),
        robust=True,
    )
