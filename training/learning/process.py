"""What a process that trains needs before JAX is imported."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


class Diverged(ArithmeticError):
    """Training left the numbers; going on would change nothing."""


class Stopped(Exception):
    """Training stopped because it was asked to; the last state told resumes it."""


def prepare_to_train(compilation_cache: Path | None = None) -> None:
    """Make memory and compilation cheap for JAX in this process.

    Compiled steps are kept in ``compilation_cache`` between runs.
    """
    keep_memory()
    if compilation_cache:
        compilation_cache.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(compilation_cache))
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")


def keep_memory() -> None:
    """Have glibc keep what this process frees.

    XLA frees and asks for the same large buffers at every step. By default glibc gives
    each back to the system and has it zeroed again; keeping them makes training up to
    1.75 times faster.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(_M_MMAP_MAX, 0)
            libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
            libc.mallopt(_M_TOP_PAD, 256 * 2**20)
