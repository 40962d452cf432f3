"""The verbs of training runs. The row is the truth; a task is only a doorbell.

Every step from one state to another is one UPDATE that names the state, and where a
process writes, the token it holds. The number of rows it changed says whether the step
was taken. A process whose token is no longer in the row has lost the run: somebody
thought it dead, and it must write no more.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now

from training import doorbell
from training.advanced import Changes, TooLarge
from training.learning.bundle import bundle_hash, load_bundle
from training.learning.config import as_json
from training.models import Dataset, EpochMetric, Model, ModelVersion, TrainingRun
from training.offers import plan_for
from training.presets import Preset
from training.quotas import run_quota_reached
from training.services import InUse, add_version, keep_bundle, new_model

logger = logging.getLogger(__name__)

#: So many crashes in a row, without an epoch between, and a run has failed.
MAX_CRASHES = 5
#: A doorbell not answered for so long is rung again: sooner while nobody trains, for a
#: run that waits behind another has not been forgotten.
IDLE_PATIENCE = timedelta(seconds=30)
BUSY_PATIENCE = timedelta(minutes=15)

State = TrainingRun.State


class CannotStart(ValueError):
    """No run can be started so. The message says what to do."""


class LostRun(Exception):
    """Another process has the run now, or it was cancelled: write no more."""


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What one epoch reached, and the checkpoint from which the next can go on."""

    number: int  # from 1
    train_bits: float
    valid_bits: float
    seconds: float
    is_best: bool
    checkpoint: str  # name of the file in the run's folder
    checkpoint_sha256: str


# What people ask for ----------------------------------------------------------------


def start_run(
    dataset: Dataset,
    preset: Preset,
    *,
    owner: User | None,
    title: str = "",
    model: Model | None = None,
    seed: int = 0,
    changes: Changes | None = None,
) -> TrainingRun:
    """Train on ``dataset``: the next version of ``model``, or the first of a new one.

    ``changes`` are numbers set by hand, each within its bounds, see
    ``training.advanced``. Raises ``CannotStart`` where all together are too much, and
    where ``owner`` has as many runs under way as they may. Whether ``owner`` may use
    what they name is for the caller to check.
    """
    dataset.refresh_from_db()
    if not dataset.is_ready:
        raise CannotStart(f"{dataset} is not ready yet. Wait until it has been made.")
    if model is None and not title.strip():
        raise CannotStart("Give the model a name.")
    try:
        plan = plan_for(dataset, preset, seed=seed, changes=changes)
    except TooLarge as error:
        raise CannotStart(str(error)) from None
    with transaction.atomic():
        if reached := run_quota_reached(owner):
            raise CannotStart(reached)
        run = TrainingRun.objects.create(
            owner=owner,
            dataset=dataset,
            model=model
            or new_model(
                title.strip()[:100],
                owner=owner,
                description=f"Has read {dataset.name}.",
            ),
            preset=preset.slug,
            model_config=as_json(plan.model_config),
            train_config=as_json(plan.train_config),
            num_epochs=plan.epochs,
            expected_seconds=plan.seconds,
            rung_at=Now(),
        )
        ring(run.pk)
    run.refresh_from_db()
    return run


def request_cancel(run: TrainingRun) -> bool:
    """Stop it. One that waits is cancelled at once, one that trains within seconds.

    False: it had ended already.
    """
    # From here on nobody claims it, and whoever has it ends it instead of going on.
    asked = _update(
        TrainingRun.objects.unfinished().filter(pk=run.pk), cancel_requested=True
    )
    _end_unwanted()
    run.refresh_from_db()
    return bool(asked)


def requeue(run: TrainingRun) -> bool:
    """Try a failed or cancelled run again, from its last epoch on.

    False: it is not one of these, or no longer. Raises ``CannotStart`` where its owner
    has as many under way as they may.
    """
    ended = TrainingRun.objects.filter(
        pk=run.pk, state__in=[State.FAILED, State.CANCELLED]
    )
    with transaction.atomic():
        reached = run_quota_reached(run.owner)
        if reached and ended.exists():
            raise CannotStart(reached)
        asked = bool(
            _update(
                ended,
                state=State.QUEUED,
                error="",
                crashes=0,
                progress=0.0,
                cancel_requested=False,
                finished_at=None,
                rung_at=Now(),
            )
        )
        if asked:
            ring(run.pk)
    run.refresh_from_db()
    return asked


def delete_run(run: TrainingRun) -> None:
    """Delete it with its checkpoints. The version that came of it stays."""
    num_deleted, _ = (
        TrainingRun.objects.exclude(state=State.RUNNING).filter(pk=run.pk).delete()
    )
    if not num_deleted:
        raise InUse(f"{run} is training. Cancel it first.")


def ring(run_id: int) -> None:
    doorbell.ring("training.tasks.train", run_id, queue=settings.TRAINING_QUEUE)


# What the process that trains does --------------------------------------------------


def claim_run(run_id: int) -> uuid.UUID | None:
    """Take a waiting run. The token that says so, or None: there is nothing to do."""
    token = uuid.uuid4()
    waiting = TrainingRun.objects.filter(
        pk=run_id, state=State.QUEUED, cancel_requested=False
    )
    num_updated = _update(
        waiting,
        state=State.RUNNING,
        token=token,
        attempt=F("attempt") + 1,
        progress=0.0,
        heartbeat_at=Now(),
        started_at=Coalesce("started_at", Now()),
    )
    return token if num_updated == 1 else None


def heartbeat(run_id: int, token: uuid.UUID, *, progress: float | None = None) -> bool:
    """Say that the run's process lives. False: it has lost the run."""
    held = TrainingRun.objects.filter(pk=run_id).held_with(token)
    if progress is None:
        # Nothing that a page shows has changed: the revision stays.
        return bool(held.update(heartbeat_at=Now()))
    return bool(_update(held, heartbeat_at=Now(), progress=progress))


def record_epoch(run_id: int, token: uuid.UUID, report: EpochReport) -> None:
    """Note an epoch and its checkpoint, once. Raises ``LostRun``."""
    with transaction.atomic():
        expected = TrainingRun.objects.filter(pk=run_id, epoch=report.number - 1)
        num_updated = _update(
            expected.held_with(token),
            epoch=report.number,
            progress=0.0,
            crashes=0,
            heartbeat_at=Now(),
            previous_checkpoint=F("checkpoint"),
            previous_sha256=F("checkpoint_sha256"),
            checkpoint=report.checkpoint,
            checkpoint_sha256=report.checkpoint_sha256,
        )
        if num_updated != 1:
            raise LostRun(f"Epoch {report.number} of run {run_id} is not ours to note.")
        EpochMetric.objects.create(
            run_id=run_id,
            epoch=report.number,
            train_bits=report.train_bits,
            valid_bits=report.valid_bits,
            seconds=report.seconds,
            is_best=report.is_best,
        )


def rewind(
    run_id: int, token: uuid.UUID, *, epoch: int, checkpoint: str = "", sha256: str = ""
) -> None:
    """Go back to an earlier epoch, its checkpoint being the last that can be read."""
    with transaction.atomic():
        num_updated = _update(
            TrainingRun.objects.filter(pk=run_id).held_with(token),
            epoch=epoch,
            progress=0.0,
            checkpoint=checkpoint,
            checkpoint_sha256=sha256,
            previous_checkpoint="",
            previous_sha256="",
        )
        if num_updated != 1:
            raise LostRun(f"Run {run_id} is not ours to rewind.")
        EpochMetric.objects.filter(run_id=run_id, epoch__gt=epoch).delete()


def finish_run(run_id: int, token: uuid.UUID, bundle_folder: Path) -> ModelVersion:
    """Register what was trained and end the run, both or neither.

    Raises ``LostRun`` where it is no longer ours or somebody asked to cancel it.
    """
    digest = bundle_hash(bundle_folder)
    bundle = load_bundle(keep_bundle(bundle_folder, digest))
    with transaction.atomic():
        run = TrainingRun.objects.select_related("model").get(pk=run_id)
        version = run.model.versions.filter(bundle_hash=digest).first() or add_version(
            run.model, bundle, promote=None
        )
        held = TrainingRun.objects.filter(pk=run_id, cancel_requested=False)
        num_updated = _update(
            held.held_with(token),
            **_ended(State.SUCCEEDED),
            version=version,
            progress=0.0,
            crashes=0,
            # Its checkpoints have done their work.
            checkpoint="",
            checkpoint_sha256="",
            previous_checkpoint="",
            previous_sha256="",
        )
        if num_updated != 1:
            raise LostRun(f"Run {run_id} is not ours to finish.")
    shutil.rmtree(run.folder, ignore_errors=True)
    return version


def give_back(run_id: int, token: uuid.UUID) -> bool:
    """Let another worker go on with it, from its last epoch. No crash, no blame."""
    held = TrainingRun.objects.filter(pk=run_id).held_with(token)
    return _put_back(run_id, held)


def fail_run(run_id: int, token: uuid.UUID, error: str) -> bool:
    """It cannot go on, and trying again would not help."""
    held = TrainingRun.objects.filter(pk=run_id).held_with(token)
    return bool(_update(held, **_ended(State.FAILED), error=error))


def cancel_run(run_id: int, token: uuid.UUID) -> bool:
    """Its process has been stopped because somebody asked for it."""
    held = TrainingRun.objects.filter(pk=run_id, cancel_requested=True)
    return bool(_update(held.held_with(token), **_ended(State.CANCELLED)))


def crash_run(run_id: int, token: uuid.UUID, why: str) -> bool:
    """Its process ended without a word: try again, unless it does so every time."""
    return _crash(run_id, TrainingRun.objects.filter(pk=run_id).held_with(token), why)


# The sweeper ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Swept:
    """How many runs were taken from dead workers, and how many doorbells rung."""

    freed: int
    rung: int


def sweep_runs() -> Swept:
    """Free what dead workers held, and ring where nobody answered.

    Any number of sweepers may be at it at once.
    """
    freed = 0
    for run in TrainingRun.objects.with_dead_lease()[:100]:
        # It may have been heard of since: asked again in the same UPDATE.
        silent = TrainingRun.objects.with_dead_lease().filter(
            pk=run.pk, token=run.token
        )
        freed += _crash(
            run.pk, silent, "The process that trained it was not heard of again."
        )
    return Swept(freed + _end_unwanted(), _ring_forgotten())


def _end_unwanted() -> int:
    unwanted = TrainingRun.objects.filter(state=State.QUEUED, cancel_requested=True)
    return _update(unwanted, **_ended(State.CANCELLED))


def _ring_forgotten() -> int:
    is_busy = TrainingRun.objects.alive().exists()
    patience = BUSY_PATIENCE if is_busy else IDLE_PATIENCE
    forgotten = TrainingRun.objects.filter(
        state=State.QUEUED, rung_at__lt=Now() - patience
    )
    rung = 0
    for run_id in forgotten.order_by("rung_at").values_list("pk", flat=True)[:100]:
        if forgotten.filter(pk=run_id).update(rung_at=Now()):
            ring(run_id)
            rung += 1
    return rung


# Steps ------------------------------------------------------------------------------


def _update(runs: QuerySet[TrainingRun], **values: Any) -> int:
    return runs.update(revision=F("revision") + 1, **values)


def _ended(state: str) -> dict[str, Any]:
    return {
        "state": state,
        "token": None,
        "cancel_requested": state == State.CANCELLED,
        "finished_at": Now(),
    }


def _crash(run_id: int, held: QuerySet[TrainingRun], why: str) -> bool:
    wanted = held.filter(cancel_requested=False)
    error = (
        f"Training stopped {MAX_CRASHES} times in a row without finishing an epoch. "
        f"{why}"
    )
    crashed = bool(
        _update(
            wanted.filter(crashes__gte=MAX_CRASHES - 1),
            **_ended(State.FAILED),
            crashes=F("crashes") + 1,
            error=error,
        )
    ) or _put_back(run_id, held, crashes=F("crashes") + 1)
    if crashed:
        logger.warning("Run %s crashed. %s", run_id, why)
    return crashed


def _put_back(run_id: int, held: QuerySet[TrainingRun], **values: Any) -> bool:
    """Back to the queue with what a process held, or to its end if it is unwanted."""
    if _update(held.filter(cancel_requested=True), **_ended(State.CANCELLED)):
        return True
    if not _update(
        held.filter(cancel_requested=False),
        state=State.QUEUED,
        token=None,
        progress=0.0,
        rung_at=Now(),
        **values,
    ):
        return False
    ring(run_id)
    return True
