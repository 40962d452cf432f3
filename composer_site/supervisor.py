"""Keeps the site's processes running, and ends them all when it is asked to end.

Children are asked to stop through their leader alone (django-q2 hangs when its whole
process group is told), and whatever is left of their group after that is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from training.processes import die_with_parent

POLL_SECONDS = 0.2
GRACE_SECONDS = 10.0
#: One that dies younger than this is counted as having failed to start.
HEALTHY_SECONDS = 60.0
MAX_PAUSE_SECONDS = 30.0
MAX_FAILED_STARTS = 6


@dataclass(slots=True)
class Child:
    """A program to keep running. ``is_vital``: without it the rest is no use."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    is_vital: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failed_starts: int = 0
    start_again_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.env},
            # A group of its own: Ctrl-C in a terminal reaches us alone.
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGTERM),
        )
        self.started_at = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def note_death(self) -> None:
        """Put off the next start, the longer the more often starting has failed."""
        was_healthy = time.monotonic() - self.started_at > HEALTHY_SECONDS
        self.failed_starts = 0 if was_healthy else self.failed_starts + 1
        pause = min(MAX_PAUSE_SECONDS, 0.5 * 2 ** max(0, self.failed_starts - 1))
        self.start_again_at = time.monotonic() + pause

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running:
            self.process.terminate()

    def kill_group(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    def __init__(
        self,
        children: Sequence[Child],
        *,
        say: Callable[[str], None],
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self.children = children
        self.say = say
        self.on_tick = on_tick
        self.is_stopping = False

    def run(self) -> int:
        """Run until a signal asks to stop, or a vital child cannot be started.

        Returns the exit status.
        """
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._stop)
        try:
            for child in self.children:
                child.start()
            while not self.is_stopping:
                time.sleep(POLL_SECONDS)
                tended = [self._tend(child) for child in self.children]
                if not all(tended):
                    return 1
                self.on_tick()
            return 0
        finally:
            self._stop_children()

    def _tend(self, child: Child) -> bool:
        """Restart ``child`` if it died. False: it is vital and will not start."""
        if child.is_running:
            return True
        if child.process is not None:
            status = child.process.returncode
            child.kill_group()  # what it started and left behind
            child.process = None
            child.note_death()
            if child.is_vital and child.failed_starts >= MAX_FAILED_STARTS:
                self.say(f"The {child.name} does not start (status {status}).")
                return False
            self.say(f"The {child.name} stopped (status {status}). Starting it again.")
        elif time.monotonic() >= child.start_again_at:
            child.start()
        return True

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self.is_stopping = True

    def _stop_children(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline:
            if not any(child.is_running for child in self.children):
                break
            time.sleep(POLL_SECONDS / 4)
        for child in self.children:
            child.kill_group()
