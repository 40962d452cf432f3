"""The state machine of a run: every step it may take, and none that it may not."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from tests.training.rows import TINY, make_dataset, make_run, report
from training import runs
from training.models import (
    Dataset,
    EpochMetric,
    Model,
    ModelVersion,
    TrainingRun,
    WorkerBeat,
)
from training.presets import PRESETS
from training.runs import CannotStart, LostRun, State
from training.services import InUse, new_model, promote_version, retire_version

pytestmark = pytest.mark.django_db

STRANGER = uuid.UUID(int=7)
LONG_AGO = timedelta(days=1)


@pytest.fixture(autouse=True)
def rung():
    """The runs whose doorbell was rung; nothing is trained here."""
    with patch("training.doorbell.async_task") as ring:
        yield lambda: [call.args[1] for call in ring.call_args_list]


@pytest.fixture
def run() -> TrainingRun:
    return make_run()


def claimed(run: TrainingRun) -> uuid.UUID:
    token = runs.claim_run(run.pk)
    assert token is not None
    return token


def in_state(state: str) -> TrainingRun:
    """A run that came to ``state`` as runs do."""
    run = make_run()
    if state != State.QUEUED:
        token = claimed(run)
    if state == State.SUCCEEDED:
        TrainingRun.objects.filter(pk=run.pk).update(
            state=state, token=None, finished_at=Now()
        )
    elif state == State.FAILED:
        runs.fail_run(run.pk, token, "It cannot be done.")
    elif state == State.CANCELLED:
        runs.request_cancel(run)
        runs.cancel_run(run.pk, token)
    run.refresh_from_db()
    assert run.state == state
    return run


def fall_silent(run: TrainingRun) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=Now() - LONG_AGO)


# Starting ---------------------------------------------------------------------------


def test_a_run_starts_in_the_queue_and_rings(
    alice, rung, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        run = runs.start_run(make_dataset(), TINY, owner=alice, title="My tunes!")

    assert (run.state, run.num_epochs, run.owner) == (State.QUEUED, 3, alice)
    assert (run.model.slug, run.model.owner) == ("my-tunes", alice)
    assert run.train_config["epochs"] == 3
    assert rung() == [run.pk]


def test_two_models_of_one_name_get_two_slugs(alice, charlie):
    slugs = [new_model("Tunes", owner=owner).slug for owner in (alice, charlie)]

    assert slugs == ["tunes-2", "tunes-3"]  # the house has "tunes"


def test_a_run_can_make_the_next_version_of_a_model(alice):
    model = new_model("Mine", owner=alice)

    run = runs.start_run(make_dataset(), TINY, owner=alice, model=model)

    assert run.model == model


def test_it_does_not_start_on_a_dataset_that_is_not_ready(alice):
    dataset = make_dataset(state=Dataset.State.QUEUED)

    with pytest.raises(CannotStart, match="not ready"):
        runs.start_run(dataset, TINY, owner=alice, title="Mine")

    assert not TrainingRun.objects.exists()


def test_it_asks_for_a_name(alice):
    with pytest.raises(CannotStart, match="name"):
        runs.start_run(make_dataset(), TINY, owner=alice, title="  ")


@pytest.mark.parametrize("preset", PRESETS.values(), ids=str)
def test_random_notes_are_learnt_by_a_small_network(alice, preset):
    dataset = make_dataset(kind=Dataset.Kind.RANDOM)

    run = runs.start_run(dataset, preset, owner=alice, title="Random", seed=5)

    assert run.num_epochs == preset.control_epochs
    assert run.train_config["seed"] == 5


# Steps ------------------------------------------------------------------------------


def test_a_claim_gives_a_token_and_an_attempt(run):
    token = claimed(run)

    run.refresh_from_db()
    assert (run.state, run.token, run.attempt) == (State.RUNNING, token, 1)
    assert run.heartbeat_at is not None
    assert run.started_at is not None


STEPS = {
    "claim": lambda run, token: runs.claim_run(run.pk) is not None,
    "heartbeat": lambda run, token: runs.heartbeat(run.pk, token),
    "give back": lambda run, token: runs.give_back(run.pk, token),
    "fail": lambda run, token: runs.fail_run(run.pk, token, "It cannot be done."),
    "crash": lambda run, token: runs.crash_run(run.pk, token, "It fell."),
    "cancel": lambda run, token: runs.cancel_run(run.pk, token),
    "request cancel": lambda run, token: runs.request_cancel(run),
    "requeue": lambda run, token: runs.requeue(run),
}
# What may be done in each state, by somebody who holds no token that the row knows.
ALLOWED = {
    State.QUEUED: {"claim", "request cancel"},
    State.RUNNING: {"request cancel"},
    State.SUCCEEDED: set(),
    State.FAILED: {"requeue"},
    State.CANCELLED: {"requeue"},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", State.values)
def test_a_step_is_taken_only_where_it_may_be(state, step):
    run = in_state(state)
    before = TrainingRun.objects.values().get(pk=run.pk)

    taken = STEPS[step](run, STRANGER)

    assert taken == (step in ALLOWED[state])
    if not taken:
        assert TrainingRun.objects.values().get(pk=run.pk) == before


@pytest.mark.parametrize(
    ("step", "state"),
    [
        ("heartbeat", State.RUNNING),
        ("give back", State.QUEUED),
        ("fail", State.FAILED),
        ("crash", State.QUEUED),
    ],
)
def test_who_holds_the_token_takes_the_step(run, step, state):
    token = claimed(run)

    assert STEPS[step](run, token)

    run.refresh_from_db()
    assert run.state == state
    if state != State.RUNNING:
        assert not STEPS[step](run, token), "The token is spent."


@pytest.mark.parametrize("state", [s for s in State.values if s != State.RUNNING])
def test_an_old_token_can_note_no_epoch(state):
    run = in_state(state)

    with pytest.raises(LostRun):
        runs.record_epoch(run.pk, STRANGER, report(1))
    with pytest.raises(LostRun):
        runs.rewind(run.pk, STRANGER, epoch=0)

    assert not EpochMetric.objects.exists()


def test_every_change_a_page_shows_has_its_own_etag(run):
    tags = [run.etag]

    def note() -> None:
        run.refresh_from_db()
        tags.append(run.etag)

    token = claimed(run)
    note()
    runs.heartbeat(run.pk, token, progress=0.5)
    note()
    runs.record_epoch(run.pk, token, report(1))
    note()
    runs.request_cancel(run)
    note()
    runs.cancel_run(run.pk, token)
    note()

    assert len(set(tags)) == len(tags)


def test_a_heartbeat_without_news_keeps_the_etag(run):
    token = claimed(run)
    run.refresh_from_db()
    fall_silent(run)

    runs.heartbeat(run.pk, token)

    again = TrainingRun.objects.get(pk=run.pk)
    assert again.etag == run.etag
    assert TrainingRun.objects.alive().get() == run


# Epochs -----------------------------------------------------------------------------


def test_an_epoch_is_noted_once_and_in_order(run):
    token = claimed(run)

    runs.record_epoch(run.pk, token, report(1))
    for number in (1, 3):
        with pytest.raises(LostRun):
            runs.record_epoch(run.pk, token, report(number))
    runs.record_epoch(run.pk, token, report(2))

    run.refresh_from_db()
    assert run.epoch == 2
    assert run.checkpoint == "checkpoint-001-0002.safetensors"
    assert run.previous_checkpoint == "checkpoint-001-0001.safetensors"
    assert run.previous_sha256 == "1" * 64
    assert [metric.epoch for metric in run.epochs.all()] == [1, 2]


def test_going_back_forgets_the_epochs_after(run):
    token = claimed(run)
    for number in (1, 2):
        runs.record_epoch(run.pk, token, report(number))

    runs.rewind(
        run.pk, token, epoch=1, checkpoint="checkpoint-001-0001", sha256="1" * 64
    )

    run.refresh_from_db()
    assert (run.epoch, run.checkpoint) == (1, "checkpoint-001-0001")
    assert [metric.epoch for metric in run.epochs.all()] == [1]


def test_time_left_is_told_from_the_last_epochs(run):
    token = claimed(run)
    assert run.seconds_left() is None

    runs.record_epoch(run.pk, token, report(1, seconds=10.0))
    runs.heartbeat(run.pk, token, progress=0.5)

    run.refresh_from_db()
    assert run.seconds_left() == 15.0
    assert run.share_done() == 0.5


# Crashes ----------------------------------------------------------------------------


def test_five_crashes_in_a_row_are_a_failure_that_says_why(run, rung):
    for crash in range(1, runs.MAX_CRASHES + 1):
        run.refresh_from_db()
        assert run.state == State.QUEUED
        assert runs.crash_run(run.pk, claimed(run), "It ran out of memory.")
        assert TrainingRun.objects.get(pk=run.pk).crashes == crash

    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.error == (
        "Training stopped 5 times in a row without finishing an epoch. "
        "It ran out of memory."
    )


def test_an_epoch_between_crashes_is_a_new_beginning(run):
    for _ in range(3):
        for _ in range(runs.MAX_CRASHES - 1):
            runs.crash_run(run.pk, claimed(run), "It fell.")
        token = claimed(run)
        run.refresh_from_db()
        runs.record_epoch(run.pk, token, report(run.epoch + 1))
        runs.give_back(run.pk, token)

    run.refresh_from_db()
    assert (run.state, run.crashes, run.epoch) == (State.QUEUED, 0, 3)


def test_giving_back_is_no_crash_and_rings(
    run, rung, django_capture_on_commit_callbacks
):
    token = claimed(run)

    with django_capture_on_commit_callbacks(execute=True):
        runs.give_back(run.pk, token)

    run.refresh_from_db()
    assert (run.state, run.crashes) == (State.QUEUED, 0)
    assert rung() == [run.pk]


# Cancelling -------------------------------------------------------------------------


def test_what_waits_is_cancelled_at_once(run):
    assert runs.request_cancel(run)

    assert run.state == State.CANCELLED
    assert run.finished_at is not None
    assert runs.claim_run(run.pk) is None


@pytest.mark.parametrize("ending", ["give back", "crash", "cancel"])
def test_a_cancelled_run_is_not_trained_again_however_it_stops(run, ending):
    token = claimed(run)

    assert runs.request_cancel(run)
    assert run.state == State.RUNNING
    assert STEPS[ending](run, token)

    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_cancelling_and_crashing_for_the_last_time_is_cancelling(run):
    for _ in range(runs.MAX_CRASHES - 1):
        runs.crash_run(run.pk, claimed(run), "It fell.")
    token = claimed(run)

    runs.request_cancel(run)
    runs.crash_run(run.pk, token, "It fell.")

    run.refresh_from_db()
    assert (run.state, run.error) == (State.CANCELLED, "")


def test_a_requeued_run_goes_on_from_its_last_epoch(run):
    token = claimed(run)
    runs.record_epoch(run.pk, token, report(1))
    runs.fail_run(run.pk, token, "The disk is full.")

    assert runs.requeue(run)

    assert (run.state, run.epoch, run.error) == (State.QUEUED, 1, "")
    assert run.checkpoint
    assert claimed(run)


def test_a_run_is_deleted_with_its_files_but_not_while_it_trains(
    run, django_capture_on_commit_callbacks
):
    run.folder.mkdir(parents=True)
    token = claimed(run)
    with pytest.raises(InUse, match="Cancel it first"):
        runs.delete_run(run)
    runs.give_back(run.pk, token)

    with django_capture_on_commit_callbacks(execute=True):
        runs.delete_run(run)

    assert not TrainingRun.objects.exists()
    assert not run.folder.exists()


# The sweeper ------------------------------------------------------------------------


def test_a_dead_lease_is_freed_and_rung(run, rung, django_capture_on_commit_callbacks):
    token = claimed(run)
    assert runs.sweep_runs() == runs.Swept(0, 0)
    fall_silent(run)

    with django_capture_on_commit_callbacks(execute=True):
        swept = runs.sweep_runs()

    run.refresh_from_db()
    assert swept.freed == 1
    assert (run.state, run.crashes) == (State.QUEUED, 1)
    assert rung() == [run.pk]
    assert not runs.heartbeat(run.pk, token), "Who comes back from the dead is fenced."


def test_a_lost_doorbell_is_rung_once(run, rung, django_capture_on_commit_callbacks):
    TrainingRun.objects.update(rung_at=Now() - LONG_AGO)

    with django_capture_on_commit_callbacks(execute=True):
        swept = [runs.sweep_runs().rung for _ in range(2)]

    assert swept == [1, 0]
    assert rung() == [run.pk]


def test_who_waits_behind_another_has_not_been_forgotten(run):
    claimed(make_run())
    TrainingRun.objects.filter(pk=run.pk).update(rung_at=Now() - timedelta(minutes=5))

    assert runs.sweep_runs().rung == 0


def test_a_cancel_whose_second_half_was_lost_is_finished(run):
    TrainingRun.objects.update(cancel_requested=True)

    runs.sweep_runs()

    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_a_dead_run_that_was_cancelled_is_not_queued_again(run):
    claimed(run)
    runs.request_cancel(run)
    fall_silent(run)

    runs.sweep_runs()

    run.refresh_from_db()
    assert run.state == State.CANCELLED


# Success ----------------------------------------------------------------------------


@pytest.fixture
def bundle(tunes):
    """A folder with a bundle, as training writes one."""
    return tunes.bundle_folder


def test_success_registers_a_version_and_ends_the_run_in_one_step(run, bundle):
    token = claimed(run)

    version = runs.finish_run(run.pk, token, bundle)

    run.refresh_from_db()
    assert (run.state, run.version) == (State.SUCCEEDED, version)
    assert (version.model, version.number, version.is_default) == (run.model, 1, True)
    assert version.scores()["bits_per_note"] > 0


@pytest.mark.parametrize("lost", ["token", "cancelled"])
def test_who_lost_the_run_registers_nothing(run, bundle, lost):
    token = claimed(run)
    if lost == "token":
        token = STRANGER
    else:
        runs.request_cancel(run)

    with pytest.raises(LostRun):
        runs.finish_run(run.pk, token, bundle)

    run.refresh_from_db()
    assert (run.state, run.version) == (State.RUNNING, None)
    assert not run.model.versions.exists()


def test_a_second_version_waits_to_be_promoted(run, bundle, chorales):
    runs.finish_run(run.pk, claimed(run), bundle)
    next_run = make_run(model=run.model, dataset=run.dataset)

    second = runs.finish_run(next_run.pk, claimed(next_run), chorales.bundle_folder)

    assert (second.number, second.is_default) == (2, False)
    promote_version(second)
    assert run.model.versions.default().get() == second


def test_a_version_in_use_is_not_retired(run, bundle, chorales):
    first = runs.finish_run(run.pk, claimed(run), bundle)
    next_run = make_run(model=run.model, dataset=run.dataset)
    second = runs.finish_run(next_run.pk, claimed(next_run), chorales.bundle_folder)

    with pytest.raises(InUse, match="Promote another version first"):
        retire_version(first)
    retire_version(second)
    assert list(run.model.versions.offered()) == [first]

    promote_version(second)
    assert second.retired_at is None
    assert ModelVersion.objects.filter(model=run.model, is_default=True).count() == 1


# What the database itself refuses ---------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("run_state_is_known", {"state": "asleep", "finished_at": Now()}),
        ("run_has_a_token_while_running", {"state": "running"}),
        ("run_has_a_token_while_running", {"token": STRANGER}),
        ("run_failed_says_why", {"state": "failed", "finished_at": Now()}),
        ("run_is_finished_at_its_end", {"state": "cancelled"}),
        ("run_is_finished_at_its_end", {"finished_at": Now()}),
        ("run_checkpoint_has_a_hash", {"checkpoint": "checkpoint-001-0001"}),
        ("run_epochs_within_plan", {"epoch": 4}),
        ("run_progress_is_a_share", {"progress": 1.5}),
    ],
)
def test_the_database_refuses_a_row_that_makes_no_sense(run, name, values):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        TrainingRun.objects.filter(pk=run.pk).update(**values)


def test_a_dataset_that_runs_learnt_from_stays(run):
    from training.datasets import delete_dataset

    with pytest.raises(InUse, match="Delete their runs first"):
        delete_dataset(run.dataset)


def test_an_account_goes_with_all_that_is_its(alice):
    dataset = make_dataset(owner=alice)
    runs.start_run(dataset, TINY, owner=alice, title="Mine")

    User.objects.get(pk=alice.pk).delete()

    assert not Dataset.objects.filter(pk=dataset.pk).exists()
    assert not Model.objects.filter(slug="mine").exists()


# Races ------------------------------------------------------------------------------


def all_at_once(*steps) -> list:
    """Take the steps in threads, each with a connection of its own."""
    barrier = threading.Barrier(len(steps))
    results: list = [None] * len(steps)

    def take(place: int) -> None:
        try:
            barrier.wait()
            results[place] = steps[place]()
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(i,)) for i in range(len(steps))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_one_gets_the_run():
    run = make_run()

    tokens = all_at_once(*[lambda: runs.claim_run(run.pk)] * 8)

    won = [token for token in tokens if token]
    run.refresh_from_db()
    assert won == [run.token]
    assert run.attempt == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_sweepers_one_frees_a_dead_run():
    run = make_run()
    claimed(run)
    fall_silent(run)

    swept = all_at_once(*[runs.sweep_runs] * 6)

    run.refresh_from_db()
    assert sum(each.freed for each in swept) == 1
    assert run.crashes == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_cancelled_while_it_is_claimed_is_not_lost():
    for _ in range(10):
        run = make_run()

        token, asked = all_at_once(
            lambda run=run: runs.claim_run(run.pk),
            lambda run=run: runs.request_cancel(TrainingRun(pk=run.pk)),
        )

        run.refresh_from_db()
        assert asked
        if token:
            assert (run.state, run.cancel_requested) == (State.RUNNING, True)
        else:
            assert run.state == State.CANCELLED


# Workers ----------------------------------------------------------------------------


def test_a_worker_that_beats_is_not_missed():
    assert WorkerBeat.objects.missing("training") == "No worker has been seen yet."

    WorkerBeat.objects.beat("training")
    WorkerBeat.objects.beat("training")

    assert WorkerBeat.objects.missing("training") == ""
    assert WorkerBeat.objects.count() == 1


@pytest.mark.parametrize(
    ("silence", "said"),
    [
        (timedelta(seconds=40), "40 seconds"),
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_the_silence_of_a_worker_is_told_in_words(silence, said):
    WorkerBeat.objects.beat("training")
    WorkerBeat.objects.update(seen_at=Now() - silence)

    assert WorkerBeat.objects.missing("training") == (
        f"No worker has been seen for {said}."
    )
