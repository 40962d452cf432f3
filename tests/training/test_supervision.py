"""What the watcher makes of children that end in one way or another."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from unittest.mock import patch

import pytest

from tests.training.rows import make_run
from training import runs, supervision
from training.models import TrainingRun
from training.runs import State

pytestmark = pytest.mark.django_db

SLEEP = "import time; print('ready', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP


@pytest.fixture(autouse=True)
def no_queue():
    with patch("training.doorbell.async_task"):
        yield


@pytest.fixture
def run() -> TrainingRun:
    return make_run()


def watch(run, code, *, should_stop=lambda: False, when_ready=lambda child: None):
    """Claim the run and watch a child of another trade, which runs ``code``."""
    children = []

    def start(run_id, token):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        children.append(child)
        if "ready" in code:
            child.stdout.readline()
        when_ready(child)
        return child

    token = runs.claim_run(run.pk)
    with patch("training.supervision.start_child", start):
        supervision.supervise(run.pk, token, should_stop=should_stop)
    run.refresh_from_db()
    assert children[0].poll() is not None
    return children[0]


def test_a_child_that_ends_without_a_word_has_crashed(run):
    watch(run, "raise SystemExit(3)")

    assert (run.state, run.crashes) == (State.QUEUED, 1)


def test_one_killed_by_the_system_says_what_may_help(run):
    for _ in range(runs.MAX_CRASHES):
        watch(run, "import os; os.kill(os.getpid(), 9)")

    assert run.state == State.FAILED
    assert "want of memory: try a smaller preset" in run.error


def test_a_cancelled_child_is_killed_at_once_even_if_it_does_not_listen(run):
    started = time.monotonic()

    child = watch(run, STUBBORN, when_ready=lambda _: runs.request_cancel(run))

    assert child.returncode == -signal.SIGKILL
    assert run.state == State.CANCELLED
    assert time.monotonic() - started < 5


def test_told_to_stop_it_waits_for_the_child_and_then_no_longer(run, monkeypatch):
    monkeypatch.setattr(supervision, "GRACE_SECONDS", 0.5)

    child = watch(run, STUBBORN, should_stop=lambda: True)

    assert child.returncode == -signal.SIGKILL
    assert (run.state, run.crashes) == (State.QUEUED, 0)


def test_a_child_that_stops_when_told_is_left_to_do_so(run):
    child = watch(run, SLEEP, should_stop=lambda: True)

    assert child.returncode == -signal.SIGTERM
    assert (run.state, run.crashes) == (State.QUEUED, 0)


def test_a_child_whose_run_was_lost_is_killed_and_nothing_is_written(run):
    def overtake(child):
        token = TrainingRun.objects.get(pk=run.pk).token
        runs.give_back(run.pk, token)
        runs.claim_run(run.pk)

    child = watch(run, SLEEP, when_ready=overtake)

    assert child.returncode == -signal.SIGKILL
    assert (run.state, run.attempt, run.crashes) == (State.RUNNING, 2, 0)


def test_a_child_that_has_failed_its_run_may_tidy_up(run):
    def fail(child):
        token = TrainingRun.objects.get(pk=run.pk).token
        runs.fail_run(run.pk, token, "The dataset has changed.")

    child = watch(run, "print('ready', flush=True)", when_ready=fail)

    assert child.returncode == 0
    assert (run.state, run.error) == (State.FAILED, "The dataset has changed.")


def test_a_worker_that_is_stopping_takes_no_run(run, monkeypatch):
    monkeypatch.setattr(supervision, "is_stopping", lambda: True)

    supervision.train(run.pk)

    run.refresh_from_db()
    assert run.state == State.QUEUED
