"""The worker with a real queue and real processes; what a sync mode would hide."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.site.processes import (
    ROOT,
    descendants,
    is_alive,
    manage,
    site_environment,
    wait_for,
)
from tests.site.stores import ask, empty_queues, queue_length

ASK = """
from generation.renderings import request_rendering
from generation.services import compose_random
piece = compose_random(num_notes=8, seed=1, qpm=120, owner=None, session_key="s")
print(request_rendering(piece, "pdf").pk)
"""


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("worker")
    manage(site_environment(folder), "migrate", "--verbosity", "0")
    return folder


@pytest.fixture
def start_worker(var_dir):
    """Starts workers that do not outlive the test, on a queue that is empty."""
    empty_queues(var_dir)
    started = []

    def start(**more: str) -> subprocess.Popen:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=ROOT,
            env=site_environment(var_dir, **{"Q_CLUSTER_NAME": "composer", **more}),
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        started.append(worker)
        # The sentinel, two workers, the monitor and the pusher.
        expected = 4 if more else 5
        wait_for(lambda: len(descendants(worker.pid)) >= expected)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def ask_for_pdf(var_dir: Path) -> int:
    return int(manage(site_environment(var_dir), "shell", "-v", "0", "-c", ASK))


def state_of(var_dir: Path, rendering: int) -> str:
    query = "SELECT state FROM generation_rendering WHERE id = ?"
    ((state,),) = ask(var_dir, query, rendering)
    return state


def seen_on(var_dir: Path) -> list[str]:
    """The queues on which a worker has been seen."""
    query = "SELECT queue FROM training_workerbeat ORDER BY queue"
    return [queue for (queue,) in ask(var_dir, query)]


def test_what_is_asked_for_is_made(start_worker, var_dir):
    rendering = ask_for_pdf(var_dir)
    assert state_of(var_dir, rendering) == "queued"

    start_worker()

    wait_for(lambda: state_of(var_dir, rendering) == "ready")
    wait_for(lambda: queue_length(var_dir) == 0)


def test_a_lost_doorbell_is_found(start_worker, var_dir):
    rendering = ask_for_pdf(var_dir)
    empty_queues(var_dir)
    ask(var_dir, "UPDATE generation_rendering SET rung_at = '2020-01-01 00:00:00'")

    start_worker()

    wait_for(lambda: state_of(var_dir, rendering) == "ready")


@pytest.mark.parametrize("whole_group", [False, True])
def test_it_stops_when_told_and_leaves_nothing_running(start_worker, whole_group):
    worker = start_worker()
    family = descendants(worker.pid)
    started = time.monotonic()

    if whole_group:
        os.killpg(worker.pid, signal.SIGTERM)
    else:
        worker.terminate()

    worker.wait(timeout=20)
    assert time.monotonic() - started < 10
    wait_for(lambda: not any(map(is_alive, family)))


def test_when_it_is_killed_nothing_goes_on_without_it(start_worker):
    worker = start_worker()
    family = descendants(worker.pid)

    worker.kill()

    wait_for(lambda: not any(map(is_alive, family)))


def test_it_ends_to_be_started_afresh_when_an_idle_process_is_killed(start_worker):
    worker = start_worker()
    (sentinel,) = [p for p in descendants(worker.pid) if descendants(p)]
    family = descendants(worker.pid)

    # The first that the sentinel started is a worker, waiting for a task.
    os.kill(min(descendants(sentinel)), signal.SIGKILL)

    assert worker.wait(timeout=20) == 75
    wait_for(lambda: not any(map(is_alive, family)))


def test_training_has_a_queue_and_a_worker_of_its_own(start_worker, var_dir):
    rendering = ask_for_pdf(var_dir)

    start_worker(Q_CLUSTER_NAME="training")

    wait_for(lambda: "training" in seen_on(var_dir))
    time.sleep(2)
    assert state_of(var_dir, rendering) == "queued"


def test_without_a_name_both_queues_are_served(start_worker, var_dir):
    ask(var_dir, "DELETE FROM training_workerbeat")

    worker = start_worker(Q_CLUSTER_NAME="")

    wait_for(lambda: seen_on(var_dir) == ["composer", "training"])
    family = descendants(worker.pid)
    worker.terminate()
    assert worker.wait(timeout=20) == 0
    wait_for(lambda: not any(map(is_alive, family)))
