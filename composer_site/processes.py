"""Processes that end when their parent does, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # from Linux's prctl.h


def die_with_parent(parent_pid: int, signum: int = signal.SIGKILL) -> None:
    """Have the kernel send this process ``signum`` when its parent dies.

    Call it in the child, right after the fork. Other systems than Linux have nothing of
    the kind; there only a parent that is killed outright leaves its children behind.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent_pid:  # it died before we asked
        os._exit(1)


def forks_die_with_us() -> None:
    """From now on every fork of this process, and every fork of those, is tied so."""
    parents: list[int] = []

    def remember() -> None:
        parents[:] = [os.getpid()]

    os.register_at_fork(
        before=remember, after_in_child=lambda: die_with_parent(parents[0])
    )
