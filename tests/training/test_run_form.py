"""The form of a run: what presets cost, numbers of one's own, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from unittest.mock import patch

import pytest
from django.conf import settings
from django.utils import timezone

from tests.training.rows import make_dataset, make_run, report
from training import offers, runs, speeds
from training.advanced import NUMBERS
from training.learning.cost import Timing, Work
from training.machine import fingerprint
from training.models import Calibration, Dataset, TrainingRun, WorkerBeat
from training.music.encodings import MelodyEncoding
from training.presets import PRESETS
from training.runs import State

pytestmark = pytest.mark.django_db

NEW_RUN = {"preset": "quick", "title": "Airs", "seed": "0"}
WORK = Work((100,) * 900, (100,) * 100, (100,) * 100)


@pytest.fixture(autouse=True)
def surroundings(db):
    """Music to read, a worker, and nothing is trained."""
    with (
        patch("training.doorbell.async_task"),
        patch("training.offers.work_of", lambda dataset: WORK),
    ):
        WorkerBeat.objects.beat(settings.TRAINING_QUEUE)
        yield


@pytest.fixture
def path(client, alice) -> str:
    client.force_login(alice)
    dataset = make_dataset(
        owner=alice, counts={"pieces": 1100, "notes": 9, "train": 900}
    )
    return f"/datasets/{dataset.pk}/train/"


def measure(step_seconds: float = 0.1) -> None:
    for number, preset in enumerate(PRESETS.values(), 1):
        for network in preset.networks(on_random_notes=False):
            speeds.note_timing(
                fingerprint(settings.TRAINING_THREADS),
                MelodyEncoding(),
                network,
                preset.train_config,
                Timing(1.0, step_seconds * number, 1e-5, 1e-4),
            )


def page_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# What presets cost ------------------------------------------------------------------


def test_before_the_machine_is_measured_the_page_says_so(client, path):
    page = page_of(client.get(path))

    assert page.count("What it costs is being measured") == 3
    assert "This machine is being measured" in page
    assert f'data-live="{path}live/"' in page
    assert "<strong>About" not in page


def test_the_page_learns_what_it_costs(client, path):
    client.get(path)
    before = client.get(f"{path}live/")
    same = client.get(f"{path}live/", headers={"If-None-Match": before["ETag"]})
    measure()
    Calibration.objects.update(measured_at=timezone.now())
    after = client.get(f"{path}live/", headers={"If-None-Match": before["ETag"]})

    assert same.status_code == 304
    page = page_of(after)
    assert "data-live=" not in page
    assert (
        len(re.findall(r"<strong>(About|At most) \d+ \w+ on this machine<", page)) == 3
    )
    assert "being measured" not in page


def test_what_could_not_be_measured_is_told(client, path):
    client.get(path)
    Calibration.objects.update(attempts=3, error="It fell.")

    page = page_of(client.get(path))

    assert "could not be measured" in page
    assert "data-live=" not in page


def test_who_goes_first_is_told(client, path, charlie):
    measure()
    runs.claim_run(make_run(owner=charlie, expected_seconds=600.0).pk)

    assert "This one starts when it is done, in about 10 minutes." in page_of(
        client.get(path)
    )

    make_run()
    assert "2 networks are trained before it" in page_of(client.get(path))


def test_costs_of_what_is_somebody_elses_are_not_found(client, path, charlie):
    client.force_login(charlie)

    assert client.get(f"{path}live/").status_code == 404


# Numbers of one's own ---------------------------------------------------------------


def test_what_is_left_empty_stays_as_the_preset_has_it(client, path):
    measure()
    client.post(path, NEW_RUN)
    client.post(path, NEW_RUN | {"lstm_units": "48", "epochs": "", "dropout": "0.5"})

    second, first = TrainingRun.objects.all()
    assert second.model_config == first.model_config | {"lstm_units": 48}
    assert second.train_config["dropout"] == 0.5
    assert second.train_config["learning_rate"] == first.train_config["learning_rate"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_every_number_has_its_bounds(client, path, number):
    for value in (number.lowest - 1, number.highest + 1, "lots", "nan", "1e999"):
        response = client.post(path, NEW_RUN | {number.name: str(value)})

        assert response.status_code == 422
        assert f"{number.label} must be" in response.content.decode()
    assert not TrainingRun.objects.exists()


def test_numbers_that_are_too_much_together_are_refused(client, path):
    large = {"lstm_units": "1024", "lstm_layers": "4", "batch_size": "256"}
    response = client.post(path, NEW_RUN | large | {"window": "512"})

    assert response.status_code == 422
    assert "GB of memory" in response.content.decode()


def test_what_would_take_days_is_refused(client, path):
    measure(step_seconds=20.0)

    response = client.post(path, NEW_RUN | {"epochs": "500"})

    assert "longer than 12 hours" in response.content.decode()
    assert not TrainingRun.objects.exists()


def test_asking_for_the_cost_starts_nothing(client, path):
    measure()
    asked = NEW_RUN | {"title": "", "preview": "1"}

    few, many = (
        page_of(client.post(path, asked | {"epochs": epochs}))
        for epochs in ("2", "200")
    )

    found = [
        re.search(r"Quick with these numbers: <strong>(.+?)</strong>; (\d+) epochs", p)
        for p in (few, many)
    ]
    assert [match[2] for match in found] == ["2", "200"]
    assert found[0][1] != found[1][1]
    assert not TrainingRun.objects.exists()


def test_asking_for_the_cost_of_nonsense_says_so(client, path):
    response = client.post(path, NEW_RUN | {"preview": "1", "epochs": "0"})

    assert response.status_code == 422
    assert "Epochs must be a whole number" in response.content.decode()


def test_random_notes_have_windows_of_their_own(client, alice):
    dataset = make_dataset(kind=Dataset.Kind.RANDOM, encoding={"name": "melody"})
    client.force_login(alice)

    page = client.get(f"/datasets/{dataset.pk}/train/").content.decode()

    assert 'name="epochs"' in page
    assert 'name="window"' not in page


# How much ---------------------------------------------------------------------------


def test_one_run_too_many_is_refused_on_the_page(client, path, settings):
    settings.MAX_RUNS = 1
    client.post(path, NEW_RUN)

    response = client.post(path, NEW_RUN)

    assert response.status_code == 422
    assert "You have 1 run waiting or training" in response.content.decode()
    assert TrainingRun.objects.count() == 1


def test_one_dataset_too_many_is_refused_on_the_page(client, path, settings):
    settings.MAX_DATASETS = 1

    response = client.post("/datasets/new/", {"corpora": ["aird"], "split_seed": 0})

    assert response.status_code == 422
    assert "You have 1 dataset, as many" in response.content.decode()


# A run that ends before its planned epochs ------------------------------------------


@pytest.fixture
def patient(client, alice) -> TrainingRun:
    """Of at most nine epochs, of which the last two brought nothing."""
    client.force_login(alice)
    run = make_run(
        owner=alice, num_epochs=9, train_config={"patience": 2}, preset="quick"
    )
    token = runs.claim_run(run.pk)
    assert token is not None
    for number in range(1, 5):
        runs.record_epoch(run.pk, token, report(number, is_best=number <= 2))
    return TrainingRun.objects.get(pk=run.pk)


def test_a_run_that_learns_no_more_is_on_its_way_to_the_end(client, patient):
    page = page_of(client.get(f"/runs/{patient.pk}/live/"))

    assert patient.has_learnt()
    assert patient.seconds_left() == 0.0
    assert "It stops early, after epoch 4" in page
    assert "epoch 2 is kept" in page


def test_a_run_that_still_may_learn_goes_on(client, patient):
    patient.epochs.filter(epoch=3).update(is_best=True)

    page = page_of(client.get(f"/runs/{patient.pk}/live/"))

    assert "Training: epoch 5 of 9." in page
    assert "of at most 9 epochs" in page


def test_a_run_that_stopped_early_says_so(client, patient):
    TrainingRun.objects.update(
        state=State.SUCCEEDED, token=None, finished_at=timezone.now()
    )

    page = page_of(client.get(f"/runs/{patient.pk}/"))

    assert "stopped early, after epoch 4 of 9" in page
    assert "held-out music no longer improved. Epoch 2 is kept." in page
    assert 'data-epochs="4"' in page
    patient.refresh_from_db()
    assert (patient.stopped_early, patient.share_done()) == (True, 1.0)


def test_a_run_that_went_all_the_way_did_not_stop_early(patient):
    done = TrainingRun(state=State.SUCCEEDED, epoch=9, num_epochs=9)

    assert not done.stopped_early
    assert not patient.stopped_early


def test_a_plan_that_may_stop_early_is_told_as_the_most():
    measure()
    plan = offers.plan_for(make_dataset(), PRESETS["standard"])
    told = offers.cost_in_words(replace(plan, seconds=600.0))

    assert 0 < plan.train_config.patience < plan.epochs
    assert told == "At most 10 minutes on this machine"


def test_patience_can_be_set_by_hand_and_taken_away():
    quick, standard = (
        offers.plan_for(make_dataset(), PRESETS[slug], changes={"patience": patience})
        for slug, patience in (("quick", 3), ("standard", 0))
    )

    assert (quick.train_config.patience, quick.may_stop_early) == (3, True)
    assert (standard.train_config.patience, standard.may_stop_early) == (0, False)
