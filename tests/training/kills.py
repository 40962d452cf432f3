"""A site of its own with runs on a small dataset, for tests that end its processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.site.processes import (
    ROOT,
    descendants,
    is_alive,
    manage,
    site_environment,
    wait_for,
)
from tests.site.stores import ask, empty_queues

#: So many that a fast machine is still at it when it is killed for the third time.
EPOCHS = 12
LEASE_SECONDS = 6
#: For what only takes time; a machine may be busy with other things.
PATIENCE_SECONDS = 500.0

# Makes the dataset and one run for each title. Nobody has been told of them.
PREPARE = """
import json, sys
from tests.learning.tiny import tune
from training.datasets import build_dataset, create_pieces_dataset, import_piece
from training.learning.config import ModelConfig, TrainConfig
from training.models import TrainingRun
from training.music.encodings import MelodyEncoding
from training.presets import Preset
from training.runs import start_run
from django.contrib.auth.models import User
from django.utils import timezone
from datetime import timedelta

alice = User.objects.create_user("alice")
pieces = [
    import_piece(tune(seed, bars=16), name=f"Tune {{seed}}", owner=alice)
    for seed in range({pieces})
]
dataset = create_pieces_dataset(
    pieces, owner=alice, name="Tunes", encoding=MelodyEncoding()
)
build_dataset(dataset.pk)
tiny = Preset(
    slug="tiny",
    title="Tiny",
    description="",
    model_config=ModelConfig(
        embedding_dim=16, lstm_units=48, lstm_layers=2, head_units=16
    ),
    train_config=TrainConfig(
        epochs={epochs}, batch_size=2, window=16, dropout=0.2
    ),
    control_epochs=1,
)
runs = {{t: start_run(dataset, tiny, owner=alice, title=t).pk for t in {titles}}}
TrainingRun.objects.update(rung_at=timezone.now() + timedelta(days=1))
print(json.dumps(runs))
"""

CANCEL = """
import time
from training.models import TrainingRun
from training.runs import request_cancel
run = TrainingRun.objects.get(pk={run})
asked_at = time.time()
assert request_cancel(run)
print(asked_at)
"""


@dataclass
class Site:
    """One database, one folder, and the training workers that were started on it."""

    var_dir: Path
    runs: dict[str, int]
    workers: list[subprocess.Popen]

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.var_dir)

    def start_worker(self) -> subprocess.Popen:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=ROOT,
            env={**self.environment, "Q_CLUSTER_NAME": "training"},
            start_new_session=True,
            stderr=(self.var_dir / "worker.log").open("ab"),
        )
        self.workers.append(worker)
        return worker

    def end_workers(self) -> None:
        for worker in self.workers:
            if worker.poll() is not None:
                continue
            family = descendants(worker.pid)
            worker.kill()
            worker.wait()
            wait_for(partial(none_alive, family))
        self.workers.clear()

    def ask(self, query: str, *values: object) -> list[tuple]:
        return ask(self.var_dir, query, *values)

    def row(self, run: int) -> dict[str, Any]:
        columns = "state, epoch, progress, attempt, crashes, error, version_id"
        ((*values,),) = self.ask(
            f"SELECT {columns} FROM training_trainingrun WHERE id = ?", run
        )
        return dict(zip(columns.split(", "), values, strict=True))

    def forget(self, run: int) -> None:
        """As if the run's doorbell had been lost long ago."""
        self.ask(
            "UPDATE training_trainingrun SET rung_at = '2020-01-01' WHERE id = ?", run
        )

    def wait_for_state(self, run: int, state: str) -> None:
        wait_for(lambda: self.row(run)["state"] == state, PATIENCE_SECONDS)

    def wait_for_another_epoch(self, run: int) -> None:
        """Until one more epoch is over, and so the next one under way."""
        before = self.row(run)["epoch"]
        wait_for(lambda: self.row(run)["epoch"] > before, PATIENCE_SECONDS)
        assert self.row(run)["state"] == "running", "It ended before it was disturbed."

    def child_of(self, worker: subprocess.Popen) -> int:
        """The process that trains."""
        (child,) = [
            pid
            for pid in descendants(worker.pid)
            if b"train_run" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        return child

    def weights(self, run: int) -> bytes:
        """The finished run's weights, every bit."""
        version = self.row(run)["version_id"]
        ((digest,),) = self.ask(
            "SELECT bundle_hash FROM training_modelversion WHERE id = ?", version
        )
        folder = self.var_dir / "bundles" / digest
        return (folder / "weights.safetensors").read_bytes()

    def epochs(self, run: int) -> list[tuple]:
        """What was noted of each epoch, but for how long it took."""
        return self.ask(
            "SELECT epoch, train_bits, valid_bits, is_best "
            "FROM training_epochmetric WHERE run_id = ? ORDER BY epoch",
            run,
        )

    def cancel(self, run: int) -> float:
        """Ask to cancel; when that was, by time.time()."""
        code = CANCEL.format(run=run)
        return float(manage(self.environment, "shell", "-v", "0", "-c", code))


def environment(var_dir: Path) -> dict[str, str]:
    return site_environment(
        var_dir,
        TRAINING_BEAT_SECONDS="1",
        TRAINING_LEASE_SECONDS=str(LEASE_SECONDS),
        TRAINING_THREADS="1",
        TRAINING_NICENESS="0",
        # Small networks spend their time compiling: the next process is spared it.
        JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0",
        JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES="-1",
    )


def make_site(var_dir: Path, titles: list[str], *, pieces: int) -> Site:
    env = environment(var_dir)
    manage(env, "migrate", "--verbosity", "0")
    code = PREPARE.format(pieces=pieces, epochs=EPOCHS, titles=titles)
    printed = manage(env, "shell", "-v", "0", "-c", code)
    empty_queues(var_dir)
    return Site(var_dir, json.loads(printed.splitlines()[-1]), [])


def none_alive(pids: list[int]) -> bool:
    return not any(map(is_alive, pids))


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
