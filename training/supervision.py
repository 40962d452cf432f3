"""The task's side of a run: one child process that trains, watched until it ends.

Training needs JAX, which must not be used in a worker that django-q2 forks. So it runs
in a process of its own: its memory goes back to the system, running out of it kills the
child and not the queue, and it can be stopped at any moment.
"""

from __future__ import annotations

import logging
import mmap
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable

from django.conf import settings

from training import runs
from training.models import TrainingRun
from training.processes import start_command

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
#: How long a child may take to give its run back when it is asked to stop.
GRACE_SECONDS = 5.0
#: How long a child may take on a busy machine until its own heart beats.
START_SECONDS = 60.0

# Shared with the forks of the process that sets it. A byte and no lock: a worker that
# is killed while it looks leaves nothing locked behind.
_stop_flag = mmap.mmap(-1, 1)


def ask_to_stop() -> None:
    """Have every fork of this process give back what it trains and take no more."""
    _stop_flag[0] = 1


def is_stopping() -> bool:
    return _stop_flag[0] == 1


def train(run_id: int) -> None:
    """Train the run in a child process, if it is there to be trained."""
    if is_stopping():
        return  # The sweeper rings again for the next worker.
    token = runs.claim_run(run_id)
    if token is None:
        return  # Another worker has it, or it is done.
    supervise(run_id, token, should_stop=is_stopping)


def supervise(
    run_id: int, token: uuid.UUID, *, should_stop: Callable[[], bool]
) -> None:
    """Watch a child that trains the run, and settle the run when it has ended."""
    child = start_child(run_id, token)
    started_at = time.monotonic()
    try:
        while child.poll() is None:
            if time.monotonic() - started_at < START_SECONDS:
                runs.heartbeat(run_id, token)
            if not is_wanted(run_id, token):
                child.kill()
            elif should_stop():
                _stop(child)
                runs.give_back(run_id, token)  # unless it has done so itself
                return
            _wait(child)
    finally:
        child.kill()
        child.wait()
    # One of these, or none if the child has settled its run itself.
    if not runs.cancel_run(run_id, token):
        runs.crash_run(run_id, token, _what_happened(child.returncode))


def start_child(run_id: int, token: uuid.UUID) -> subprocess.Popen[bytes]:
    words = ["train_run", str(run_id), str(token), "--parent", str(os.getpid())]
    return start_command(words, threads=settings.TRAINING_THREADS)


def is_wanted(run_id: int, token: uuid.UUID) -> bool:
    """Whether the child should live: it has the run and nobody asked to cancel, or it
    has brought the run to its end and is tidying up."""
    run = TrainingRun.objects.filter(pk=run_id).first()
    if run is None:
        return False
    if run.token == token:
        return not run.cancel_requested
    return run.state in (TrainingRun.State.SUCCEEDED, TrainingRun.State.FAILED)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        _wait(child)
    if child.poll() is None:
        logger.warning("The training process did not stop in time; it is killed.")
        child.kill()
        child.wait()


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _what_happened(status: int) -> str:
    if status == -signal.SIGKILL:
        return (
            "The system killed it, perhaps for want of memory: try a smaller preset or "
            "fewer pieces."
        )
    if status < 0:
        return f"It was ended by {signal.Signals(-status).name}."
    return f"It ended with status {status}; the log says more."
