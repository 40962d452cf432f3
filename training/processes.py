"""Processes beside ours: how they start, and that they end when their parent does."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
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
