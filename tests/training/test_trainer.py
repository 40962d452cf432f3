"""The child's work, done here in the test's own process."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest

from tests.learning.tiny import tune
from tests.training.rows import TINY
from training import datasets, runs
from training.learning.bundle import load_bundle
from training.learning.process import Stopped
from training.models import Dataset, Piece, TrainingRun
from training.music.encodings import MelodyEncoding
from training.own_music import MIN_PIECES, create_own_dataset
from training.random_notes import RandomOptions
from training.runs import LostRun, State
from training.trainer import Heart, Trainer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_queue():
    with (
        patch("training.doorbell.async_task"),
    ):
        yield


@pytest.fixture
def dataset(alice) -> Dataset:
    pieces = [
        datasets.import_piece(tune(seed), name=f"Tune {seed}", owner=alice)
        for seed in range(30)
    ]
    dataset = datasets.create_pieces_dataset(
        pieces, owner=alice, name="My tunes", encoding=MelodyEncoding()
    )
    datasets.build_dataset(dataset.pk)
    return dataset


@pytest.fixture
def run(dataset, alice) -> TrainingRun:
    return runs.start_run(dataset, TINY, owner=alice, title="Mine")


def attempt(run: TrainingRun, *, until_epoch: int | None = None):
    """One attempt at the run, stopped after ``until_epoch``; its bundle or None."""
    token = runs.claim_run(run.pk)
    assert token is not None
    trainer = Trainer(run.pk, token, Heart(run.pk, token))
    note_epoch = trainer.note_epoch

    def note_and_stop(epoch, state):
        note_epoch(epoch, state)
        if epoch.number == until_epoch:
            raise Stopped

    try:
        with patch.object(trainer, "note_epoch", note_and_stop):
            folder = trainer.make_bundle()
    except Stopped:
        runs.give_back(run.pk, token)
        run.refresh_from_db()
        return None
    bundle = load_bundle(folder)
    runs.finish_run(run.pk, token, folder)
    run.refresh_from_db()
    return bundle


def test_a_run_becomes_a_version_of_its_owners_model(run, alice):
    attempt(run)

    version = run.version
    assert (run.state, version.model.owner) == (State.SUCCEEDED, alice)
    assert [point["epoch"] for point in version.curve] == [1, 2, 3]
    assert version.provenance["dataset"]["sha256"] == run.dataset.content_hash
    assert version.scores()["bits_per_note"] > 0
    assert set(version.baselines()) >= {"repeat_last", "ngram"}
    assert not run.folder.exists()


def test_the_least_that_may_be_brought_is_enough_to_train_on(alice):
    for seed in range(MIN_PIECES):
        datasets.import_piece(tune(seed), name=f"Piece {seed}", owner=alice)
    own = Piece.objects.of(alice)
    dataset = create_own_dataset(own, owner=alice, transpose=False)
    datasets.build_dataset(dataset.pk)
    dataset.refresh_from_db()
    run = runs.start_run(dataset, TINY, owner=alice, title="Mine")

    attempt(run)

    assert run.state == State.SUCCEEDED
    assert run.version.scores()["bits_per_note"] > 0


@pytest.mark.parametrize(
    ("damaged", "first_epoch"), [(["checkpoint"], 2), (["both"], 1)]
)
def test_a_damaged_checkpoint_costs_an_epoch_and_no_bit(
    run, dataset, alice, damaged, first_epoch
):
    undisturbed = attempt(runs.start_run(dataset, TINY, owner=alice, title="Mine"))
    attempt(run, until_epoch=2)
    names = {run.checkpoint, run.previous_checkpoint}
    assert {path.name for path in run.folder.iterdir()} == names
    for name in names if damaged == ["both"] else [run.checkpoint]:
        (run.folder / name).write_bytes(b"damaged")
    trained = []
    note_epoch = runs.record_epoch

    def note(run_id, token, report):
        trained.append(report.number)
        note_epoch(run_id, token, report)

    with patch("training.runs.record_epoch", note):
        bundle = attempt(run)

    assert trained == list(range(first_epoch, 4))
    assert [metric.epoch for metric in run.epochs.all()] == [1, 2, 3]
    assert [point["epoch"] for point in bundle.metrics["curve"]] == [1, 2, 3]
    for name, weights in undisturbed.weights.items():
        assert weights.tobytes() == bundle.weights[name].tobytes()


def test_who_lost_the_run_notes_nothing(run):
    old = runs.claim_run(run.pk)
    trainer = Trainer(run.pk, old, Heart(run.pk, old))
    runs.give_back(run.pk, old)
    runs.claim_run(run.pk)

    with pytest.raises(LostRun):
        trainer.make_bundle()

    run.refresh_from_db()
    assert (run.state, run.epoch) == (State.RUNNING, 0)


def test_random_notes_are_trained_on_as_in_the_original(alice):
    dataset = datasets.create_random_dataset(RandomOptions(samples=200, window=8))
    datasets.build_dataset(dataset.pk)
    dataset.refresh_from_db()
    run = runs.start_run(
        dataset, replace(TINY, control_epochs=2), owner=alice, title="Random"
    )

    attempt(run, until_epoch=1)
    attempt(run)

    assert run.state == State.SUCCEEDED
    assert set(run.version.scores()) >= {"r2", "mse", "rmse", "bits_per_note"}
    assert [point["epoch"] for point in run.version.curve] == [1, 2]
