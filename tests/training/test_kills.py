"""Training that is killed goes on, and ends in the same bits as if it had not been.

Real processes, a real queue and a database file. Every run here has lost its doorbell
and is found by the sweeper, as are those whose worker was killed.
"""

from __future__ import annotations

import signal
import time

import pytest

from tests.site.processes import descendants, is_alive, wait_for
from tests.site.stores import unix_time
from tests.training.kills import EPOCHS, PATIENCE_SECONDS, Site, kill, make_site

TITLES = ["undisturbed", "killed", "stopped", "cancelled"]


@pytest.fixture(scope="module")
def whole_site(tmp_path_factory):
    return make_site(tmp_path_factory.mktemp("kills"), TITLES, pieces=80)


@pytest.fixture
def site(whole_site: Site):
    yield whole_site
    whole_site.end_workers()


@pytest.fixture(scope="module")
def undisturbed(whole_site: Site) -> int:
    run = whole_site.runs["undisturbed"]
    whole_site.forget(run)
    whole_site.start_worker()
    whole_site.wait_for_state(run, "succeeded")
    whole_site.end_workers()
    return run


def assert_it_ended_as(site: Site, run: int, undisturbed: int) -> None:
    assert site.weights(run) == site.weights(undisturbed)
    assert site.epochs(run) == site.epochs(undisturbed)
    assert [epoch for epoch, *_ in site.epochs(run)] == list(range(1, EPOCHS + 1))
    # Its checkpoints have done their work.
    wait_for(lambda: not (site.var_dir / "runs" / str(run)).exists())


def test_a_run_killed_in_mid_epoch_ends_in_the_same_bits(site, undisturbed):
    """Killed are the process that trains, the worker that watches it, and all of it."""
    run = site.runs["killed"]
    site.forget(run)
    main = site.start_worker()
    for attempt, victim in enumerate(["child", "worker", "main"], 1):
        wait_for(lambda a=attempt: site.row(run)["attempt"] == a, PATIENCE_SECONDS)
        site.wait_for_another_epoch(run)
        child = site.child_of(main)
        family = descendants(main.pid)
        (worker,) = [pid for pid in family if descendants(pid) == [child]]

        kill({"child": child, "worker": worker, "main": main.pid}[victim])

        wait_for(lambda child=child: not is_alive(child), 2.0)
    main.wait()
    wait_for(lambda: not any(map(is_alive, family)), 2.0)
    site.start_worker()
    site.wait_for_state(run, "succeeded")

    assert site.row(run)["attempt"] == 4
    assert_it_ended_as(site, run, undisturbed)


def test_told_to_stop_a_worker_gives_its_run_back(site, undisturbed):
    run = site.runs["stopped"]
    site.forget(run)
    main = site.start_worker()
    site.wait_for_another_epoch(run)
    family = descendants(main.pid)
    asked_at = time.monotonic()

    main.send_signal(signal.SIGTERM)

    main.wait(timeout=20)
    assert time.monotonic() - asked_at < 10
    wait_for(lambda: not any(map(is_alive, family)), 2.0)
    row = site.row(run)
    assert (row["state"], row["crashes"]) == ("queued", 0)
    site.start_worker()
    site.wait_for_state(run, "succeeded")
    assert site.row(run)["attempt"] == 2
    assert_it_ended_as(site, run, undisturbed)


def test_a_cancelled_run_is_stopped_within_two_seconds(site):
    run = site.runs["cancelled"]
    site.forget(run)
    main = site.start_worker()
    site.wait_for_another_epoch(run)
    child = site.child_of(main)

    asked_at = site.cancel(run)

    site.wait_for_state(run, "cancelled")
    wait_for(lambda: not is_alive(child), 1.0)
    ((finished_at,),) = site.ask(
        f"SELECT {unix_time('finished_at')} FROM training_trainingrun WHERE id = ?",
        run,
    )
    assert finished_at - asked_at < 2.0
