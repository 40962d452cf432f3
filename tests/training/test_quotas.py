"""What one person may have under way or keep."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from tests.training.rows import TINY, make_dataset, make_run
from tests.training.test_runs import all_at_once
from training import datasets, runs
from training.datasets import TooManyDatasets
from training.models import Dataset, Model, TrainingRun
from training.random_notes import RandomOptions
from training.runs import CannotStart

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def little_room(settings):
    settings.MAX_RUNS = settings.MAX_DATASETS = 3
    with patch("training.doorbell.async_task"):
        yield


def start(dataset, owner, title="Mine"):
    return runs.start_run(dataset, TINY, owner=owner, title=title)


def make(owner):
    return datasets.create_random_dataset(RandomOptions(samples=40), owner=owner)


def test_one_too_many_is_told_what_to_do(alice, charlie):
    dataset = make_dataset()
    for _ in range(3):
        first = start(dataset, alice)

    with pytest.raises(CannotStart, match="You have 3 runs.*cancel one"):
        start(dataset, alice)

    assert start(dataset, charlie), "Others have room of their own."
    assert start(dataset, None), "So has the site."
    runs.request_cancel(first)
    assert start(dataset, alice)


def test_a_refused_run_leaves_no_model_behind(alice):
    for _ in range(3):
        start(make_dataset(), alice)

    with pytest.raises(CannotStart):
        start(make_dataset(), alice, title="One too many")

    assert not Model.objects.filter(title="One too many").exists()


def test_what_is_tried_again_counts_too(alice):
    ended = start(make_dataset(), alice)
    runs.request_cancel(ended)
    for _ in range(3):
        start(make_dataset(), alice)

    with pytest.raises(CannotStart, match="3 runs"):
        runs.requeue(ended)

    ended.refresh_from_db()
    assert ended.can_be_requeued


def test_one_dataset_too_many_is_told_what_to_do(alice, charlie):
    for _ in range(3):
        first = make(alice)

    with pytest.raises(TooManyDatasets, match="You have 3 datasets.*Delete one"):
        make(alice)

    assert make(charlie)
    assert make(None)
    first.delete()
    assert make(alice)


def test_what_failed_takes_no_room(alice):
    make_dataset(owner=alice, state=Dataset.State.FAILED, error="It broke.")

    for _ in range(3):
        make(alice)


@pytest.mark.parametrize("what", ["run", "dataset"])
@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_the_last_room_one_gets_it(alice, what):
    dataset = make_dataset()
    for number in range(2):
        model = Model.objects.create(slug=f"mine-{number}", title="Mine", owner=alice)
        make_run(owner=alice, dataset=dataset, model=model)
        make_dataset(owner=alice)
    act = {"run": lambda: start(dataset, alice), "dataset": lambda: make(alice)}[what]

    def try_it() -> bool:
        try:
            return bool(act())
        except (CannotStart, TooManyDatasets):
            return False

    assert sum(all_at_once(*[try_it] * 6)) == 1

    rows = {"run": TrainingRun, "dataset": Dataset}[what].objects
    assert rows.filter(owner=alice).count() == 3
