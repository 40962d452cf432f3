"""The child's side of a run: load, train, note every epoch, register the outcome."""

from __future__ import annotations

import logging
import os
import signal
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from django import db
from django.conf import settings

from training import runs, speeds
from training.corpora import CORPORA
from training.learning.bundle import save_bundle
from training.learning.config import ModelConfig, TrainConfig
from training.learning.process import Diverged, Stopped, prepare_to_train
from training.learning.stored import UnreadableLearningSet, load_learning_set
from training.models import Dataset, TrainingRun
from training.music.encodings import from_spec
from training.offers import work_of
from training.processes import die_with_parent
from training.random_control import TooFewWindows, train_control
from training.random_notes import UnreadableWindows, read_windows
from training.runs import EpochReport, LostRun

if TYPE_CHECKING:
    from training.learning.train import Epoch, TrainState

logger = logging.getLogger(__name__)

# Exit statuses. What happened is in the row; these are for the log.
DONE, CRASHED, GAVE_BACK, LOST, FAILED = 0, 1, 75, 76, 65


def train_run(run_id: int, token: uuid.UUID, *, parent_pid: int | None) -> int:
    """Train the run that ``token`` has claimed; returns the exit status.

    Every way out leaves the row as it should be, except to be killed.
    """
    if parent_pid:
        die_with_parent(parent_pid)
    os.nice(settings.TRAINING_NICENESS)
    prepare_to_train(settings.VAR_DIR / "cache" / "jax")
    heart = Heart(run_id, token)
    signal.signal(signal.SIGTERM, heart.ask_to_stop)
    try:
        with heart:
            folder = Trainer(run_id, token, heart).make_bundle()
        version = runs.finish_run(run_id, token, folder)
        run = TrainingRun.objects.select_related("dataset").get(pk=run_id)
        speeds.note_run(run, work_of(run.dataset), is_done=True)
    except Stopped:
        runs.give_back(run_id, token)
        return GAVE_BACK
    except LostRun as loss:
        logger.warning("%s", loss)
        return LOST
    except (
        Diverged,
        UnreadableLearningSet,
        UnreadableWindows,
        TooFewWindows,
    ) as error:
        runs.fail_run(run_id, token, str(error))
        return FAILED
    except Exception as error:
        logger.exception("Run %s crashed", run_id)
        runs.crash_run(run_id, token, f"{type(error).__name__}: {error}"[:500])
        return CRASHED
    logger.info("Run %s made %s", run_id, version)
    return DONE


@dataclass
class Heart:
    """Beats from a thread of its own for as long as the process lives.

    The same beat tells how far the epoch is. A beat that finds the run lost ends the
    process at once: whoever has the run now must not be disturbed.
    """

    run_id: int
    token: uuid.UUID
    progress: float = 0.0
    stop_asked: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Heart:
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def ask_to_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stop_asked.set()

    def note_progress(self, share: float) -> None:
        self.progress = share

    def _beat(self) -> None:
        told = 0.0
        while not self._ended.wait(settings.TRAINING_BEAT_SECONDS):
            progress = self.progress
            try:
                is_held = runs.heartbeat(
                    self.run_id,
                    self.token,
                    progress=None if progress == told else progress,
                )
            except db.Error:
                # The database may be back before the lease is over.
                logger.exception("A heartbeat of run %s failed", self.run_id)
                db.close_old_connections()
                continue
            if not is_held and not self._ended.is_set():
                logger.warning("Run %s has been lost; stopping.", self.run_id)
                os._exit(LOST)
            told = progress
        db.connections.close_all()


@dataclass
class Trainer:
    """One attempt at a run."""

    run_id: int
    token: uuid.UUID
    heart: Heart

    def __post_init__(self) -> None:
        self.run = TrainingRun.objects.select_related("dataset", "model").get(
            pk=self.run_id
        )

    def make_bundle(self) -> Path:
        """Train to the end, from the last good checkpoint on; the bundle's folder."""
        state = self.resume()
        self.prune()
        how: dict[str, Any] = {
            "on_epoch": self.note_epoch,
            "state": state,
            "curve": [metric.as_point() for metric in self.run.epochs.all()],
            "on_window": self.heart.note_progress,
            "should_stop": self.heart.stop_asked.is_set,
        }
        if self.run.dataset.kind == Dataset.Kind.RANDOM:
            return self.train_on_random_notes(how)
        return self.train_on_music(how)

    def train_on_music(self, how: dict[str, Any]) -> Path:
        from training.learning.run import run_training

        dataset = self.run.dataset
        return run_training(
            self.run.folder / f"bundles-{self.run.attempt}",
            name=self.run.model.slug,
            encoding=from_spec(dataset.encoding),
            pieces=load_learning_set(dataset.folder, sha256=dataset.content_hash),
            model_config=ModelConfig(**self.run.model_config),
            train_config=TrainConfig(**self.run.train_config),
            provenance=self.provenance(),
            **how,
        )

    def train_on_random_notes(self, how: dict[str, Any]) -> Path:
        dataset = self.run.dataset
        trained = train_control(
            read_windows(dataset.folder),
            epochs=self.run.num_epochs,
            seed=self.run.train_config["seed"],
            split_seed=dataset.split_seed,
            model_config=ModelConfig(**self.run.model_config),
            train_config=TrainConfig(**self.run.train_config),
            **how,
        )
        return save_bundle(
            self.run.folder / f"bundles-{self.run.attempt}",
            name=self.run.model.slug,
            encoding=trained.encoding,
            model_config=trained.model_config,
            train_config=trained.train_config,
            weights=trained.weights,
            forms=trained.forms,
            metrics=trained.metrics,
            provenance={**self.provenance(), "data_hash": dataset.content_hash},
            golden=trained.golden,
        )

    def resume(self) -> TrainState | None:
        """The last checkpoint whose hash holds; None, and epoch 0, if there is none."""
        from training.learning.checkpoint import (
            Saved,
            UnreadableCheckpoint,
            load_checkpoint,
        )

        run = self.run
        for saved in (
            Saved(run.checkpoint, run.checkpoint_sha256),
            Saved(run.previous_checkpoint, run.previous_sha256),
        ):
            if not saved.name:
                continue
            try:
                state = load_checkpoint(run.folder, saved)
            except UnreadableCheckpoint as error:
                logger.warning("Run %s: %s", run.pk, error)
                continue
            if state.epoch != run.epoch:
                self.rewind(state.epoch, saved.name, saved.sha256)
            return state
        if run.epoch:
            self.rewind(0)
        return None

    def rewind(self, epoch: int, checkpoint: str = "", sha256: str = "") -> None:
        runs.rewind(
            self.run_id,
            self.token,
            epoch=epoch,
            checkpoint=checkpoint,
            sha256=sha256,
        )
        self.run.refresh_from_db()

    def note_epoch(self, epoch: Epoch, state: TrainState) -> None:
        from training.learning.checkpoint import save_checkpoint

        run = self.run
        saved = save_checkpoint(run.folder, state, attempt=run.attempt)
        runs.record_epoch(
            self.run_id,
            self.token,
            EpochReport(
                number=epoch.number,
                train_bits=epoch.train_bits,
                valid_bits=epoch.valid_bits,
                seconds=epoch.seconds,
                is_best=epoch.is_best,
                checkpoint=saved.name,
                checkpoint_sha256=saved.sha256,
            ),
        )
        self.heart.note_progress(0.0)
        run.refresh_from_db()
        speeds.note_run(run, work_of(run.dataset), is_done=False)
        self.prune()

    def prune(self) -> None:
        """Delete what the row no longer speaks of.

        Not what a later attempt has written: then we are the ones who were given up.
        """
        kept = {self.run.checkpoint, self.run.previous_checkpoint}
        for path in self.run.folder.glob("*checkpoint-*"):
            attempt = int(path.name.split("-")[1])
            if path.name not in kept and attempt <= self.run.attempt:
                path.unlink(missing_ok=True)

    def provenance(self) -> dict[str, Any]:
        dataset = self.run.dataset
        corpora = [CORPORA[slug] for slug in dataset.options.get("corpora", [])]
        names = [corpus.title for corpus in corpora] or [dataset.name]
        sources = [corpus.source for corpus in corpora]
        return {
            "corpora": names,
            "sources": sources or [dataset.get_kind_display()],
            "dataset": {
                "id": dataset.pk,
                "name": dataset.name,
                "sha256": dataset.content_hash,
                "split_seed": dataset.split_seed,
            },
            "preset": self.run.preset,
            "run": self.run.pk,
            "trained_at": datetime.now(UTC).date().isoformat(),
        }
