"""Real processes, small ones: what the supervisor promises of its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.site.processes import ROOT, is_alive, wait_for

# A supervisor of the children whose commands it is given.
SUPERVISE = """
import sys
from composer_site import supervisor
supervisor.MAX_PAUSE_SECONDS = 0.0
from composer_site.supervisor import Child, Supervisor
children = [
    Child(name, [sys.executable, "-c", code], is_vital=name.startswith("vital"))
    for name, code in zip(sys.argv[1::2], sys.argv[2::2])
]
sys.exit(Supervisor(children, say=lambda s: print(s, flush=True)).run())
"""
# Writes its process id into a folder, under a name, and sleeps.
SLEEP = """
import os, time, pathlib
pathlib.Path({folder!r}, "{name}-" + str(os.getpid())).touch()
time.sleep(60)
"""
# The same with a child of its own that does not listen.
STUBBORN = """
import os, pathlib, signal, time
if not os.fork():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path({folder!r}, "{name}-" + str(os.getpid())).touch()
time.sleep(60)
"""


def supervise(*pairs: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, *pairs],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def pids(folder: Path, name: str) -> list[int]:
    return [int(path.name.split("-")[1]) for path in folder.glob(f"{name}-*")]


@pytest.fixture
def sleeper(tmp_path):
    return SLEEP.format(folder=str(tmp_path), name="sleeper")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_child(tmp_path, sleeper, signum):
    supervisor = supervise("one", sleeper, "two", sleeper)
    wait_for(lambda: len(pids(tmp_path, "sleeper")) == 2)

    supervisor.send_signal(signum)

    assert supervisor.wait(timeout=15) == 0
    assert not any(is_alive(pid) for pid in pids(tmp_path, "sleeper"))


def test_what_a_child_leaves_behind_is_ended_too(tmp_path):
    stubborn = STUBBORN.format(folder=str(tmp_path), name="stubborn")
    supervisor = supervise("one", stubborn)
    wait_for(lambda: len(pids(tmp_path, "stubborn")) == 2)

    supervisor.terminate()

    assert supervisor.wait(timeout=15) == 0
    wait_for(lambda: not any(is_alive(pid) for pid in pids(tmp_path, "stubborn")))


def test_a_child_that_dies_is_started_again(tmp_path, sleeper):
    supervisor = supervise("one", sleeper)
    wait_for(lambda: len(pids(tmp_path, "sleeper")) == 1)

    os.kill(pids(tmp_path, "sleeper")[0], signal.SIGKILL)

    wait_for(lambda: len(pids(tmp_path, "sleeper")) == 2)
    supervisor.terminate()
    said, _ = supervisor.communicate(timeout=15)
    assert "Starting it again" in said


def test_children_end_when_the_supervisor_is_killed(tmp_path, sleeper):
    supervisor = supervise("one", sleeper, "two", sleeper)
    wait_for(lambda: len(pids(tmp_path, "sleeper")) == 2)

    supervisor.kill()

    supervisor.wait(timeout=15)
    wait_for(lambda: not any(is_alive(pid) for pid in pids(tmp_path, "sleeper")))


def test_it_gives_up_when_what_is_vital_does_not_start(tmp_path, sleeper):
    supervisor = supervise("vital", "raise SystemExit(3)", "other", sleeper)

    said, _ = supervisor.communicate(timeout=30)

    assert supervisor.returncode == 1
    assert "The vital does not start (status 3)" in said
    assert not any(is_alive(pid) for pid in pids(tmp_path, "sleeper"))
