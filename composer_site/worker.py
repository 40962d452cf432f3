"""django-q2's cluster, with the four habits it lacks.

* It leaves no orphans: its processes die with it, however it dies.
* It notices the deadlock. An idle worker waits for tasks while holding the queue's
  lock. If it is killed (by the system, short of memory), the lock is never given back
  and no other worker gets a task again. The cluster then ends, for its supervisor to
  start it afresh.
* It sweeps: rows that wait although their doorbell was lost, or whose worker died, are
  found and rung again.
* It is seen: a row says when it was last alive, so that a page can say when it is not.
"""

from __future__ import annotations

import logging
import mmap
import multiprocessing
import os
import signal
import struct
import threading
import time
from types import FrameType
from typing import Any

from django import db
from django.conf import settings
from django_q import cluster as django_q_cluster
from django_q.conf import Conf

from composer_site.accounts.throttle import purge_buckets
from composer_site.processes import forks_die_with_us
from generation.measuring import sweep_portraits
from generation.renderings import sweep_renderings
from generation.shelf import purge_thrown_away
from training import supervision
from training.datasets import sweep_datasets
from training.machine import fingerprint
from training.models import WorkerBeat
from training.pieces import purge_pieces
from training.runs import sweep_runs
from training.uploads import purge_incoming, purge_uploads, sweep_uploads

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 8.0
SWEEP_SECONDS = 5.0
#: The guard comes round twice a second; one that is silent so long waits for a lock
#: that nobody is left to give back.
STUCK_SECONDS = 60.0
MUST_START_AFRESH = 75  # sysexits.h: a temporary failure
IDLE = -1  # what a worker's timer says then; django_q.worker


class Pulse:
    """When the guard last came round. Shared with forks, and there is no lock to die
    with."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)
        self.beat()

    def beat(self) -> None:
        struct.pack_into("d", self._memory, 0, time.monotonic())

    def silence_seconds(self) -> float:
        (beaten_at,) = struct.unpack_from("d", self._memory, 0)
        return time.monotonic() - float(beaten_at)


pulse = Pulse()


class WatchfulSentinel(django_q_cluster.Sentinel):  # type: ignore[misc]
    """Ends the cluster when a process was killed that may have held a queue's lock."""

    def status(self) -> Any:
        # Asked for each time the guard comes round.
        pulse.beat()
        return super().status()

    def reincarnate(self, process: Any) -> None:
        was_killed = process.exitcode is not None and process.exitcode < 0
        is_worker = process in self.pool
        if was_killed and (not is_worker or process.timer.value == IDLE):
            logger.critical(
                "%s was killed while it may have held the queue. Starting afresh.",
                process.name,
            )
            for other in multiprocessing.active_children():
                other.kill()
            # Not sys.exit, which would wait for the queues.
            os._exit(MUST_START_AFRESH)
        super().reincarnate(process)


class Worker:
    """One cluster, from start to end."""

    def __init__(self) -> None:
        self.stop_asked = threading.Event()
        forks_die_with_us()
        django_q_cluster.Sentinel = WatchfulSentinel
        self.cluster = django_q_cluster.Cluster()
        # The cluster's own handlers wait inside the handler for all tasks to end.
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._ask_to_stop)

    def run(self) -> int:
        """Serve until asked to stop; returns the exit status."""
        pulse.beat()
        self.cluster.start()
        sentinel = self.cluster.sentinel
        next_sweep = time.monotonic()
        sweep_seconds = min(SWEEP_SECONDS, settings.TRAINING_LEASE_SECONDS)
        while sentinel.is_alive() and not self.stop_asked.wait(0.5):
            if pulse.silence_seconds() > STUCK_SECONDS:
                logger.critical("The guard is stuck. Starting afresh.")
                return MUST_START_AFRESH  # its forks die with us
            if time.monotonic() >= next_sweep:
                sweep()
                next_sweep = time.monotonic() + sweep_seconds
        if self.stop_asked.is_set():
            self._drain()
            return 0
        return sentinel.exitcode or MUST_START_AFRESH

    def _drain(self) -> None:
        """Let tasks that run end, but not for ever: what is cut off is swept up."""
        sentinel = self.cluster.sentinel
        # Training would take hours: it gives its run back instead.
        supervision.ask_to_stop()
        # set() waits for whoever waits on the event, for ever if that is a sentinel
        # that the same signal has killed.
        threading.Thread(target=self.cluster.stop_event.set, daemon=True).start()
        sentinel.join(DRAIN_SECONDS)
        if sentinel.is_alive():
            sentinel.kill()
            sentinel.join()

    def _ask_to_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stop_asked.set()


def sweep() -> None:
    """Say that we live, and look after rows that nobody else looks after.

    The workers of all queues do, so that one is enough; a step is taken once however
    many try.
    """
    try:
        db.close_old_connections()
        machine = fingerprint(settings.TRAINING_THREADS)
        WorkerBeat.objects.beat(Conf.CLUSTER_NAME, machine=machine)
        sweep_runs()
        sweep_datasets()
        sweep_uploads()
        sweep_renderings()
        sweep_portraits()
        purge_thrown_away()
        purge_pieces()
        purge_uploads()
        purge_incoming()
        purge_buckets()
    except db.Error:
        logger.exception("Sweeping failed; it is tried again soon.")
