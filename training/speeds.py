"""The verbs of measured speeds: ask for them, note them, tell by them.

A machine is measured once for every encoding, by ``training.calibration``. Every real
run that follows corrects the figures.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from training import doorbell
from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import (
    CHECKPOINT_SECONDS,
    Seen,
    Timing,
    Work,
    epoch_seconds,
    foretell,
    macs_per_event,
)
from training.machine import fingerprint
from training.models import Calibration, Dataset, Speed, TrainingRun, WorkerBeat
from training.models.speeds import MAX_ATTEMPTS
from training.music.encodings import Encoding, from_spec
from training.plans import Clock, Known

#: A doorbell not answered for so long is rung again, unless somebody trains: then the
#: machine is measured afterwards.
PATIENCE = timedelta(seconds=90)


def this_machine() -> str:
    """The fingerprint of the machine that trains, or else of this one."""
    beat = WorkerBeat.objects.filter(queue=settings.TRAINING_QUEUE).first()
    return (beat and beat.machine) or fingerprint(settings.TRAINING_THREADS)


def hash_of(encoding: Encoding) -> str:
    return hashlib.sha256(
        json.dumps(encoding.spec(), sort_keys=True).encode()
    ).hexdigest()


# Being measured ---------------------------------------------------------------------


def ask_for_calibration(dataset: Dataset) -> Calibration:
    """Have the machine measured with the dataset's encoding, unless it has been.

    Asked again, it rings again for what nobody has answered.
    """
    machine, encoding = this_machine(), hash_of(from_spec(dataset.encoding))
    row, is_new = Calibration.objects.get_or_create(
        machine=machine,
        encoding_hash=encoding,
        defaults={"dataset": dataset, "rung_at": Now()},
    )
    if is_new or _is_forgotten(row, dataset):
        _ring(row.pk)
    row.refresh_from_db()
    return row


def _is_forgotten(row: Calibration, dataset: Dataset) -> bool:
    if TrainingRun.objects.alive().exists():
        return False
    waiting = Calibration.objects.filter(
        pk=row.pk,
        measured_at=None,
        attempts__lt=MAX_ATTEMPTS,
        rung_at__lt=Now() - PATIENCE,
    )
    return bool(waiting.update(rung_at=Now(), dataset=dataset))


def _ring(calibration_id: int) -> None:
    doorbell.ring(
        "training.tasks.calibrate", calibration_id, queue=settings.TRAINING_QUEUE
    )


def claim_calibration(calibration_id: int) -> bool:
    """Whether it is still to be measured, and one more may try."""
    waiting = Calibration.objects.filter(
        pk=calibration_id, measured_at=None, attempts__lt=MAX_ATTEMPTS
    )
    return bool(waiting.update(attempts=F("attempts") + 1, rung_at=Now(), error=""))


def give_back_calibration(calibration_id: int) -> None:
    """Something else went first: it is to be tried again, and that was no try."""
    Calibration.objects.filter(pk=calibration_id, measured_at=None).update(
        attempts=F("attempts") - 1
    )


def end_calibration(calibration_id: int, *, error: str = "") -> None:
    row = Calibration.objects.filter(pk=calibration_id, measured_at=None)
    if error:
        row.update(error=error[:300])
    else:
        row.update(measured_at=Now())


def note_timing(
    machine: str,
    encoding: Encoding,
    network: ModelConfig,
    training: TrainConfig,
    timing: Timing,
) -> None:
    """What a calibration found. What real runs have shown counts for more."""
    row, is_new = Speed.objects.get_or_create(
        **_key(machine, encoding, network, training),
        defaults=_size(encoding, network, training) | Speed.times(timing),
    )
    if not is_new:
        Speed.objects.filter(pk=row.pk, is_from_run=False).update(
            **Speed.times(timing), updated_at=Now()
        )


# What real runs show ----------------------------------------------------------------


def note_run(run: TrainingRun, work: Work | None, *, is_done: bool) -> None:
    """Correct the figures by how long the run's epochs took, on this machine.

    At its end; or earlier, where nothing was known. Its first epoch compiles and is
    left out.
    """
    seconds = [epoch.seconds for epoch in run.epochs.all() if epoch.epoch > 1]
    if work is None or not seconds:
        return
    machine = fingerprint(settings.TRAINING_THREADS)
    encoding = from_spec(run.dataset.encoding)
    network = ModelConfig(**run.model_config)
    training = TrainConfig(**run.train_config)
    key = _key(machine, encoding, network, training)
    known = Speed.objects.filter(**key).first()
    if known and not is_done:
        return
    clock = clock_of(encoding, machine)
    guess = clock(network, training)
    timing = guess.timing if guess else _proportions(work, training)
    took = statistics.median(seconds)
    expected = epoch_seconds(work, training, timing) - CHECKPOINT_SECONDS
    share = took / expected
    if known and known.is_from_run:
        # The machine was busier once, or quieter another time: the middle of both.
        share **= 0.5
    seen = replace(
        timing,
        step_seconds=timing.step_seconds * share,
        valid_seconds=timing.valid_seconds * share,
        single_seconds=timing.single_seconds * share,
    )
    Speed.objects.update_or_create(
        **key,
        defaults={
            **_size(encoding, network, training),
            **Speed.times(seen),
            "is_from_run": True,
        },
    )


def _proportions(work: Work, training: TrainConfig) -> Timing:
    """Of a machine of which nothing is known: only how one time is to another."""
    step = 1.0
    event = step / (training.batch_size * training.window)
    return Timing(3.0, step, event / 3, event)


def _key(
    machine: str, encoding: Encoding, network: ModelConfig, training: TrainConfig
) -> dict[str, Any]:
    name = (
        f"{network.embedding_dim}-{network.lstm_layers}x{network.lstm_units}"
        f"-{network.head_units} b{training.batch_size} w{training.window}"
    )
    return {"machine": machine, "encoding_hash": hash_of(encoding), "network": name}


def _size(
    encoding: Encoding, network: ModelConfig, training: TrainConfig
) -> dict[str, Any]:
    return {
        "macs": macs_per_event(encoding, network),
        "batch_size": training.batch_size,
        "window": training.window,
    }


# Telling by them --------------------------------------------------------------------


def clock_of(encoding: Encoding, machine: str) -> Clock:
    """How fast networks train on the machine: as they themselves did, or their like
    on such music, or else on other music."""
    rows = list(Speed.objects.filter(machine=machine))
    own_hash = hash_of(encoding)
    own = [row for row in rows if row.encoding_hash == own_hash]

    def tell(network: ModelConfig, training: TrainConfig) -> Known | None:
        key = _key(machine, encoding, network, training)
        for row in own:
            if row.network == key["network"]:
                return Known(row.timing, is_rough=False)
        macs = macs_per_event(encoding, network)
        for among, is_rough in ((own, False), (rows, True)):
            seen = [Seen(r.macs, r.batch_size, r.window, r.timing) for r in among]
            if timing := foretell(seen, macs, training):
                return Known(timing, is_rough)
        return None

    return tell
