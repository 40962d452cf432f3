"""Forks that end when their parent does, however it ends."""

from __future__ import annotations

import os

from training.processes import die_with_parent


def forks_die_with_us() -> None:
    """From now on every fork of this process, and every fork of those, is tied so."""
    parents: list[int] = []

    def remember() -> None:
        parents[:] = [os.getpid()]

    os.register_at_fork(
        before=remember, after_in_child=lambda: die_with_parent(parents[0])
    )
