"""How much one person may have under way or keep."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Model as Row
from django.db.models import QuerySet

from training.models import Dataset, TrainingRun


def run_quota_reached(owner: User | None) -> str:
    """Why no run of theirs may be put in the queue now, or "".

    Call it in the transaction that adds the run: others of theirs wait until it ends.
    """
    most = settings.MAX_RUNS
    if _has_room(owner, TrainingRun.objects.unfinished(), most):
        return ""
    return (
        f"You have {most} {_plural(most, 'run')} waiting or training, as many as one "
        "person may. Wait until one is done, or cancel one."
    )


def dataset_quota_reached(owner: User | None) -> str:
    """The same of datasets, of which failed ones do not count."""
    most = settings.MAX_DATASETS
    kept = Dataset.objects.exclude(state=Dataset.State.FAILED)
    if _has_room(owner, kept, most):
        return ""
    return (
        f"You have {most} {_plural(most, 'dataset')}, as many as one person may keep. "
        "Delete one first."
    )


def _has_room(owner: User | None, rows: QuerySet[Row], most: int) -> bool:
    if owner is None:
        return True  # The site's own; only its operator makes them.
    # Two requests at once must not both find room for the last one.
    User.objects.select_for_update().get(pk=owner.pk)
    return rows.filter(owner=owner).count() < most


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
