"""Measuring a machine: a child process that times a few windows of every preset's
network. It waits its turn behind runs, so that neither disturbs the other."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.conf import settings

from training import speeds
from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import Timing
from training.learning.process import prepare_to_train
from training.learning.stored import load_learning_set
from training.machine import fingerprint
from training.models import Calibration, Dataset, TrainingRun
from training.music.encodings import EncodedPiece, Encoding, PitchesEncoding, from_spec
from training.offers import work_of
from training.presets import PRESETS
from training.processes import die_with_parent, start_command
from training.random_control import pieces_of
from training.random_notes import read_windows
from training.supervision import is_stopping

logger = logging.getLogger(__name__)

#: A machine that is not done after so long is not going to be.
TIMEOUT_SECONDS = 600.0
POLL_SECONDS = 0.5
TOO_SLOW = -1
MAX_PIECES = 64


def calibrate(calibration_id: int) -> None:
    """Measure, if that is still to be done. The task's side."""
    row = Calibration.objects.filter(pk=calibration_id).first()
    if row is None or is_stopping() or not speeds.claim_calibration(calibration_id):
        return
    if row.dataset_id is None:
        speeds.end_calibration(calibration_id, error="Its dataset is gone.")
        return
    words = ["calibrate", str(row.dataset_id), "--parent", str(os.getpid())]
    child = start_command(words, threads=settings.TRAINING_THREADS)
    try:
        status = _wait(child)
    finally:
        child.kill()
        child.wait()
    if status is None:
        speeds.give_back_calibration(calibration_id)
        return
    error = "" if status == 0 else f"Measuring ended with status {status}."
    if error:
        logger.warning("Calibration %s: %s", calibration_id, error)
    speeds.end_calibration(calibration_id, error=error)


def _wait(child: subprocess.Popen[bytes]) -> int | None:
    """The child's status; None where something goes before it.

    Somebody who has started a run does not wait for figures; the run will bring them.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if is_stopping() or TrainingRun.objects.waiting().exists():
            return None
        try:
            return child.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    return TOO_SLOW


# The child's side -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sight:
    """A network and how fast it was seen to be."""

    network: ModelConfig
    training: TrainConfig
    timing: Timing


def measure(
    dataset: Dataset,
    *,
    parent_pid: int | None = None,
    report: Callable[[Sight], None] = lambda sight: None,
) -> None:
    """Time every preset's network on the dataset's pieces and note the figures."""
    if parent_pid:
        die_with_parent(parent_pid)
    os.nice(settings.TRAINING_NICENESS)
    prepare_to_train(settings.VAR_DIR / "cache" / "jax")
    measure_here(dataset, report=report)


def measure_here(dataset: Dataset, *, report: Callable[[Sight], None]) -> None:
    """The same in a process that has been prepared."""
    # This process trains, in a manner; a server must not load JAX.
    from training.learning.timing import time_network

    encoding = from_spec(dataset.encoding)
    pieces = pieces_to_time(dataset, encoding)
    machine = fingerprint(settings.TRAINING_THREADS)
    for network, training in networks_of(dataset):
        timing = time_network(encoding, pieces, network, training)
        speeds.note_timing(machine, encoding, network, training, timing)
        report(Sight(network, training, timing))


def networks_of(dataset: Dataset) -> list[tuple[ModelConfig, TrainConfig]]:
    """Those that presets choose from, each once, the smallest first."""
    is_random = dataset.kind == Dataset.Kind.RANDOM
    work = work_of(dataset)
    found: dict[ModelConfig, TrainConfig] = {}
    for preset in PRESETS.values():
        training = preset.training(on_random_notes=is_random, seed=0, work=work)
        if is_random and work:
            training = replace(training, window=work.train[0])
        for network in preset.networks(on_random_notes=is_random):
            found.setdefault(network, training)
    return sorted(found.items(), key=lambda item: item[0].lstm_units)


def pieces_to_time(dataset: Dataset, encoding: Encoding) -> Sequence[EncodedPiece]:
    if dataset.kind == Dataset.Kind.RANDOM:
        windows = read_windows(dataset.folder)
        rows = np.concatenate([windows.x, windows.y], axis=1)[:MAX_PIECES]
        assert isinstance(encoding, PitchesEncoding)
        return pieces_of(encoding, rows)
    pieces = load_learning_set(dataset.folder, sha256=dataset.content_hash)
    return [versions[0] for versions in pieces.train[:MAX_PIECES]]
