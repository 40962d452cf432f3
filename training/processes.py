"""Processes beside ours: how they start, end when their parent does, or answer."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # from Linux's prctl.h


_MANAGE = Path(__file__).resolve().parent.parent / "manage.py"


def start_command(words: Sequence[str], *, threads: int) -> subprocess.Popen[bytes]:
    """A command of ``manage.py`` in a process that computes on so many cores."""
    return subprocess.Popen(
        [sys.executable, str(_MANAGE), *words],
        # NPROC is XLA's. Pinned to cores it would wait for them while others idle.
        env={
            **os.environ,
            "NPROC": str(threads),
            "OPENBLAS_NUM_THREADS": str(threads),
        },
        stdin=subprocess.DEVNULL,
    )


def die_with_parent(parent_pid: int, signum: int = signal.SIGKILL) -> None:
    """Have the kernel send this process ``signum`` when its parent dies.

    Call it in the child, right after it began. Other systems than Linux have nothing of
    the kind; there only a parent that is killed outright leaves its children behind.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent_pid:  # it died before we asked
        os._exit(1)


class Silenced(RuntimeError):
    """A process that was asked ended without an answer."""


@contextmanager
def answering(function: str, *arguments: str | int) -> Iterator[Callable[[], float]]:
    """A fresh Python process that calls ``function`` ("module:name") and then answers.

    Whatever it prints for a line it is sent is a number, and what the yielded call
    returns. What must not share a process is measured so: whoever loads JAX must not
    fork, and its threads would disturb others' turns.
    """
    module, name = function.split(":")
    code = f"from {module} import {name}; {name}(*{arguments!r})"
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin and child.stdout

    def ask() -> float:
        assert child.stdin and child.stdout
        try:
            child.stdin.write("\n")
            child.stdin.flush()
        except BrokenPipeError:
            pass  # It has ended; there is no answer to read either.
        answer = child.stdout.readline()
        if not answer:
            raise Silenced(f"{name} stopped; what it said stands above.")
        return float(answer)

    try:
        yield ask
    finally:
        child.stdin.close()
        child.wait()
