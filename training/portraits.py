"""The verbs of portraits: what a version's music is like, as its row tells it.

Who composes the pieces and measures them is not known here. The row is the truth, and
whoever measures claims it first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, F, QuerySet
from django.utils import timezone

from training.learning.adaptive import AdaptiveBits
from training.learning.reference import Reference, load_adaptive, load_reference
from training.models import ModelVersion, Portrait
from training.music.profile import Profile, profile_to_json

#: A worker is killed after Q_CLUSTER's timeout, so what is older than this is dead.
LEASE = timedelta(seconds=330)
#: A doorbell not answered for so long is rung again.
PATIENCE = timedelta(seconds=60)
MAX_ATTEMPTS = 3

State = Portrait.State
_ENDED = (State.READY, State.FAILED)


def reference_beside(version: ModelVersion) -> Reference | None:
    """What the version's music is held against, if its bundle brought anything."""
    data_hash = version.provenance.get("data_hash", "")
    return load_reference(version.bundle_folder, data_hash=data_hash)


def adaptive_beside(version: ModelVersion) -> AdaptiveBits | None:
    """What the version gains by learning from the piece at hand, if it was measured."""
    data_hash = version.provenance.get("data_hash", "")
    return load_adaptive(version.bundle_folder, data_hash=data_hash)


def begin_portrait(version: ModelVersion) -> None:
    """See that the version has a portrait, and that it is of its present reference.

    Where the reference is another than before, its pieces are measured anew.
    """
    reference = reference_beside(version)
    held_out = profile_to_json(reference.held_out) if reference else {}
    portrait, is_new = Portrait.objects.get_or_create(
        version=version, defaults={"held_out": held_out, "rung_at": timezone.now()}
    )
    if not is_new and held_out and portrait.held_out != held_out:
        Portrait.objects.filter(pk=portrait.pk).update(
            held_out=held_out, state=State.QUEUED, attempt=0, error=""
        )


def measure_again(version: ModelVersion) -> bool:
    """Have its pieces measured anew. False: they are being measured."""
    done = Portrait.objects.filter(version=version, state__in=_ENDED)
    num_updated = done.update(
        # The sweeper rings: it takes this one for forgotten.
        state=State.QUEUED,
        attempt=0,
        error="",
        rung_at=timezone.now() - 2 * PATIENCE,
    )
    return num_updated == 1


def claim_portrait(version_id: int) -> Portrait | None:
    """Take the portrait to measure it. None: it is not waiting, or another is running.

    One at a time: a worker stays free for those who wait for a file.
    """
    running = Portrait.objects.filter(
        state=State.RUNNING, started_at__gt=timezone.now() - LEASE
    )
    waiting = Portrait.objects.filter(version=version_id, state=State.QUEUED)
    num_updated = waiting.filter(~Exists(running)).update(
        state=State.RUNNING, attempt=F("attempt") + 1, started_at=timezone.now()
    )
    if num_updated != 1:
        return None
    return Portrait.objects.select_related("version__model").get(version=version_id)


def finish_portrait(portrait: Portrait, generated: Profile) -> bool:
    """False: a later attempt has taken over."""
    return _finish(portrait, state=State.READY, generated=profile_to_json(generated))


def fail_portrait(portrait: Portrait, error: str) -> bool:
    return _finish(portrait, state=State.FAILED, error=error[:500])


def _finish(portrait: Portrait, **values: object) -> bool:
    # Attempts count from 0 again when it is measured anew; the moment comes but once.
    held = Portrait.objects.filter(
        pk=portrait.pk, state=State.RUNNING, started_at=portrait.started_at
    )
    return bool(held.update(finished_at=timezone.now(), **values))


def next_portrait() -> Portrait | None:
    """The one that has waited longest."""
    return waiting_portraits().first()


def waiting_portraits() -> QuerySet[Portrait]:
    return Portrait.objects.filter(state=State.QUEUED).order_by("rung_at", "pk")


def take_forgotten(now: datetime | None = None) -> list[int]:
    """The versions whose doorbell should be rung again, marked as rung now.

    What a dead worker held goes back to the queue first.
    """
    now = now or timezone.now()
    Portrait.objects.filter(state=State.RUNNING, started_at__lt=now - LEASE).update(
        state=State.QUEUED, rung_at=now - 2 * PATIENCE
    )
    # One at a time: behind one that is being measured, the rest is not forgotten.
    if Portrait.objects.filter(state=State.RUNNING).exists():
        return []
    taken = []
    for portrait in waiting_portraits().filter(rung_at__lt=now - PATIENCE)[:1]:
        claimed = Portrait.objects.filter(
            pk=portrait.pk, state=State.QUEUED, rung_at=portrait.rung_at
        ).update(rung_at=now)
        if claimed:
            taken.append(portrait.version_id)
    return taken
