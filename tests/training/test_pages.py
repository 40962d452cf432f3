"""The pages where one trains: as their owner, a stranger and a visitor try them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from tests.training.rows import make_dataset, make_run, report
from training import runs
from training.models import Dataset, Model, ModelVersion, TrainingRun, WorkerBeat
from training.random_notes import RandomOptions, draw_windows, write_windows
from training.runs import State

pytestmark = pytest.mark.django_db

NEW_RUN = {"preset": "quick", "title": "Airs", "seed": "0"}
NEW_RANDOM = {"samples": 40, "window": 8, "lowest": 60, "highest": 71, "seed": 0}


@pytest.fixture(autouse=True)
def bells():
    """Nothing is made or trained here."""
    with (
        patch("training.doorbell.async_task"),
    ):
        yield


@pytest.fixture(autouse=True)
def workers(db):
    """Both queues are served."""
    for queue in (settings.MAIN_QUEUE, settings.TRAINING_QUEUE):
        WorkerBeat.objects.beat(queue)


@pytest.fixture
def dataset(alice) -> Dataset:
    charts = {
        "bars": [[8, 3], [16, 9]],
        "metres": [["6/8", 10], ["4/4", 2]],
        "keys": [["D major", 12]],
        "pitches": [[62, 40], [69, 80]],
    }
    counts = {"pieces": 12, "notes": 120, "train": 10, "valid": 1, "test": 1}
    return make_dataset(owner=alice, counts=counts, charts=charts)


@pytest.fixture
def run(alice, dataset) -> TrainingRun:
    model = Model.objects.create(slug="airs", title="Airs", owner=alice)
    return make_run(owner=alice, dataset=dataset, model=model, preset="quick")


def training(run: TrainingRun) -> uuid.UUID:
    token = runs.claim_run(run.pk)
    assert token is not None
    return token


def make_version(model: Model, number: int, **values) -> ModelVersion:
    values = {"bundle_hash": f"{number}" * 64, **values}
    return ModelVersion.objects.create(model=model, number=number, **values)


# Who may come in


def test_a_visitor_sees_what_is_for_everyone_and_is_told_about_accounts(
    client, dataset
):
    make_dataset(name="For all")

    page = client.get("/datasets/").content.decode()

    assert "For all" in page
    assert f"/datasets/{dataset.pk}/" not in page
    assert "you need an account" in page


@pytest.mark.parametrize("path", ["/datasets/new/", "/datasets/new/random/", "/runs/"])
def test_a_visitor_is_sent_to_log_in_and_told_why(client, path):
    response = client.get(path, follow=True)

    assert response.redirect_chain == [
        (f"/log-in/?next={path.replace('/', '%2F')}", 302)
    ]
    assert "you need an account" in response.content.decode()


def test_a_visitor_starts_nothing(client):
    dataset = make_dataset()

    client.post("/datasets/new/", {"corpora": ["aird"], "split_seed": 0})
    client.post(f"/datasets/{dataset.pk}/train/", NEW_RUN)

    assert not TrainingRun.objects.exists()
    assert Dataset.objects.count() == 1


def test_what_is_somebody_elses_is_not_found(client, dataset, run, charlie):
    version = make_version(run.model, 1)
    client.force_login(charlie)

    got = [f"/datasets/{dataset.pk}/", f"/datasets/{dataset.pk}/live/"]
    got += [f"/datasets/{dataset.pk}/files/X_notes.npy", "/models/airs/?version=1"]
    got += [f"/datasets/{dataset.pk}/train/", f"/runs/{run.pk}/"]
    got += [f"/runs/{run.pk}/live/"]
    posted = [f"/runs/{run.pk}/{verb}/" for verb in ("cancel", "again", "delete")]
    posted += [f"/datasets/{dataset.pk}/train/", f"/datasets/{dataset.pk}/delete/"]
    posted += [f"/models/airs/versions/{version.number}/promote/"]

    assert {client.get(path).status_code for path in got} == {404}
    assert {client.post(path, NEW_RUN).status_code for path in posted} == {404}


def test_what_is_for_everyone_is_changed_by_nobody(client, charlie, tunes):
    dataset = make_dataset()
    run = make_run(dataset=dataset)
    client.force_login(charlie)

    assert client.get(f"/runs/{run.pk}/").status_code == 200
    assert client.post(f"/runs/{run.pk}/cancel/").status_code == 404
    assert client.post(f"/datasets/{dataset.pk}/delete/").status_code == 404
    assert client.post("/models/tunes/versions/1/promote/").status_code == 404


@pytest.mark.parametrize("verb", ["cancel", "again", "delete"])
def test_looking_at_a_verb_does_nothing(client, alice, run, verb):
    client.force_login(alice)

    assert client.get(f"/runs/{run.pk}/{verb}/").status_code == 405


# Datasets


def test_a_dataset_is_made_of_chosen_collections(client, alice):
    client.force_login(alice)

    response = client.post(
        "/datasets/new/", {"corpora": ["aird", "ryan"], "split_seed": 3}
    )

    dataset = Dataset.objects.get()
    assert response["Location"] == f"/datasets/{dataset.pk}/"
    assert (dataset.owner, dataset.split_seed) == (alice, 3)
    assert dataset.options == {"corpora": ["aird", "ryan"], "transpose": False}


def test_chorales_can_be_learnt_in_their_own_keys_alone(client, alice):
    client.force_login(alice)
    asked = {"corpora": ["bach-chorales"], "split_seed": 0, "transpose": "no"}

    client.post("/datasets/new/", asked)

    assert Dataset.objects.get().options["transpose"] is False


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "Choose at least one collection"),
        ({"corpora": ["nobody"]}, "no such collection"),
        ({"corpora": ["aird", "bach-chorales"]}, "cannot be mixed"),
        ({"corpora": ["aird"], "split_seed": "x"}, "whole number from 0"),
    ],
)
def test_a_form_that_does_not_add_up_says_why(client, alice, asked, sentence):
    client.force_login(alice)

    response = client.post("/datasets/new/", {"split_seed": 0, **asked})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Dataset.objects.exists()


def test_random_notes_can_be_asked_for(client, alice):
    client.force_login(alice)

    response = client.post("/datasets/new/random/", NEW_RANDOM)

    dataset = Dataset.objects.get()
    assert response["Location"] == f"/datasets/{dataset.pk}/"
    assert dataset.options == NEW_RANDOM


@pytest.mark.parametrize(
    "wrong", [{"lowest": 80}, {"samples": 1_000_000, "window": 1_000}, {"seed": ""}]
)
def test_random_notes_that_cannot_be_are_refused(client, alice, wrong):
    client.force_login(alice)

    response = client.post("/datasets/new/random/", NEW_RANDOM | wrong)

    assert response.status_code == 422
    assert not Dataset.objects.exists()


def test_a_dataset_shows_what_is_in_it_and_where_it_comes_from(client, alice, dataset):
    client.force_login(alice)

    response = client.get(f"/datasets/{dataset.pk}/")

    page = response.content.decode()
    assert [chart.slug for chart in response.context["charts"]] == [
        *("bars", "pitches", "metres", "keys")
    ]
    assert "D major" in page
    assert "Glasgow" in page
    assert f'href="/datasets/{dataset.pk}/train/"' in page
    assert "data-live=" not in page


def test_a_dataset_in_the_making_is_asked_for_again(client, alice):
    dataset = make_dataset(owner=alice, state=Dataset.State.RUNNING, content_hash="")
    client.force_login(alice)

    page = client.get(f"/datasets/{dataset.pk}/").content.decode()
    first = client.get(f"/datasets/{dataset.pk}/live/")
    same = client.get(
        f"/datasets/{dataset.pk}/live/", headers={"If-None-Match": first["ETag"]}
    )
    Dataset.objects.update(state=Dataset.State.FAILED, error="Too little music.")
    changed = client.get(
        f"/datasets/{dataset.pk}/live/", headers={"If-None-Match": first["ETag"]}
    )

    assert 'http-equiv="refresh"' in page
    assert "data-live=" in first.content.decode()
    assert (same.status_code, changed.status_code) == (304, 200)
    assert "Too little music." in changed.content.decode()
    assert "data-live=" not in changed.content.decode()


def test_the_files_of_random_notes_can_be_taken_home(client, alice):
    options = RandomOptions(samples=30, window=4)
    dataset = make_dataset(
        owner=alice, kind=Dataset.Kind.RANDOM, counts={"windows": 30, "window": 4}
    )
    write_windows(dataset.folder, draw_windows(options))
    client.force_login(alice)

    page = client.get(f"/datasets/{dataset.pk}/").content.decode()
    response = client.get(f"/datasets/{dataset.pk}/files/y_notes.csv")

    for name in ("X_notes.npy", "y_notes.npy", "X_notes.csv", "y_notes.csv"):
        assert f"/datasets/{dataset.pk}/files/{name}" in page
    assert len(b"".join(response.streaming_content).split()) == 30
    assert 'filename="tunes-y_notes.csv"' in response["Content-Disposition"]
    for name in ("secret.csv", "..%2f..%2fdb.sqlite3", ".X_notes.npy"):
        assert client.get(f"/datasets/{dataset.pk}/files/{name}").status_code == 404


def test_written_music_is_no_file(client, alice, dataset):
    client.force_login(alice)

    assert client.get(f"/datasets/{dataset.pk}/files/X_notes.npy").status_code == 404


def test_a_dataset_is_deleted_unless_runs_learnt_from_it(client, alice, dataset):
    client.force_login(alice)
    run = make_run(owner=alice, dataset=dataset)

    kept = client.post(f"/datasets/{dataset.pk}/delete/", follow=True)
    run.delete()
    gone = client.post(f"/datasets/{dataset.pk}/delete/", follow=True)

    assert "Delete their runs first" in kept.content.decode()
    assert "Tunes is deleted" in gone.content.decode()
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("number", [1, 12])
def test_the_list_of_datasets_asks_the_database_the_same_few_things(
    client, alice, django_assert_num_queries, number
):
    for _ in range(number):
        make_dataset(owner=alice)
    client.force_login(alice)

    with django_assert_num_queries(4):  # session, account, count, datasets
        client.get("/datasets/")


# Starting a run


def test_a_run_is_started_with_a_model_of_its_own(client, alice, dataset):
    client.force_login(alice)

    response = client.post(f"/datasets/{dataset.pk}/train/", NEW_RUN)

    run = TrainingRun.objects.get()
    assert response["Location"] == f"/runs/{run.pk}/"
    assert (run.owner, run.model.owner, run.preset) == (alice, alice, "quick")
    assert (run.model.title, run.model.description) == ("Airs", "Has read Tunes.")


def test_a_run_makes_the_next_version_of_ones_own_model(client, alice, run):
    client.force_login(alice)

    client.post(
        f"/datasets/{run.dataset_id}/train/", {**NEW_RUN, "model": "airs", "title": ""}
    )

    assert TrainingRun.objects.filter(model=run.model).count() == 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"preset": "for ever"}, "Choose how long"),
        ({"title": " "}, "Give the model a name"),
        ({"model": "tunes"}, "one of your own"),
        ({"seed": "-1"}, "whole number"),
    ],
)
def test_a_run_that_cannot_be_is_refused(client, alice, dataset, wrong, sentence):
    client.force_login(alice)

    response = client.post(f"/datasets/{dataset.pk}/train/", NEW_RUN | wrong)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not TrainingRun.objects.exists()


def test_nothing_is_trained_on_what_is_not_made_yet(client, alice):
    dataset = make_dataset(owner=alice, state=Dataset.State.QUEUED, content_hash="")
    client.force_login(alice)

    response = client.post(f"/datasets/{dataset.pk}/train/", NEW_RUN, follow=True)

    assert "not ready yet" in response.content.decode()
    assert not TrainingRun.objects.exists()


# Watching it


def shown(client, run: TrainingRun) -> str:
    text: str = client.get(f"/runs/{run.pk}/live/").content.decode()
    return text


def test_a_run_is_told_in_words_from_start_to_end(client, alice, run):
    client.force_login(alice)

    assert "waits its turn" in shown(client, run)
    assert "Training waits" not in shown(client, run)
    token = training(run)
    assert "Training: epoch 1 of 3." in shown(client, run)
    runs.record_epoch(run.pk, token, report(1))
    runs.heartbeat(run.pk, token, progress=1.0)
    assert "tried on held-out music" in shown(client, run)
    assert "of the next" not in shown(client, run)
    runs.heartbeat(run.pk, token, progress=0.5)
    page = shown(client, run)
    assert "50</strong> % of the next" in page
    assert "tried on held-out music" not in page
    assert "Training: epoch 2 of 3." in page
    assert "less than a minute</strong> left" in page
    assert "Best so far: epoch 1" in page
    runs.give_back(run.pk, token)
    assert "waits to go on after epoch 1" in shown(client, run)
    token = training(run)
    assert "was interrupted and went on" in shown(client, run)
    runs.fail_run(run.pk, token, "The disk is full.")
    page = shown(client, run)
    assert "The disk is full." in page
    assert "data-live=" not in page


def test_a_run_that_has_not_changed_is_not_sent_again(client, alice, run):
    client.force_login(alice)
    path = f"/runs/{run.pk}/live/"
    training(run)
    etag = client.get(path)["ETag"]

    same = client.get(path, headers={"If-None-Match": etag})
    runs.request_cancel(run)
    changed = client.get(path, headers={"If-None-Match": etag})

    assert (same.status_code, same.content) == (304, b"")
    assert "being stopped" in changed.content.decode()


def test_a_run_says_that_no_worker_is_there(client, alice, run):
    WorkerBeat.objects.update(seen_at=Now() - timedelta(seconds=41))
    client.force_login(alice)

    page = client.get(f"/runs/{run.pk}/").content.decode()

    assert "Training waits. No worker has been seen for 4" in page


def test_a_run_says_that_another_goes_first(client, alice, charlie, run):
    training(make_run(owner=charlie))
    client.force_login(alice)

    assert "Another network is being trained" in shown(client, run)


def test_a_silent_run_says_so(client, alice, run):
    training(run)
    TrainingRun.objects.update(heartbeat_at=Now() - timedelta(minutes=2))
    client.force_login(alice)

    assert "has fallen silent" in shown(client, run)


def test_a_finished_run_leads_to_its_version(client, alice, run):
    version = make_version(run.model, 2, is_default=False)
    make_version(run.model, 1, is_default=True)
    TrainingRun.objects.update(
        state=State.SUCCEEDED, version=version, finished_at=timezone.now()
    )
    client.force_login(alice)

    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "/models/airs/?version=2" in page
    assert "Compose with it" not in page
    promoted = client.post("/models/airs/versions/2/promote/", follow=True)

    assert promoted.redirect_chain == [("/models/airs/?version=2", 302)]
    assert "composes with Airs 2" in promoted.content.decode()
    assert "/compose/?model=airs" in client.get(f"/runs/{run.pk}/").content.decode()
    assert list(run.model.versions.default()) == [version]


def test_a_run_is_cancelled_and_gone_on_with(client, alice, run):
    client.force_login(alice)

    client.post(f"/runs/{run.pk}/cancel/")
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    client.post(f"/runs/{run.pk}/again/")
    run.refresh_from_db()

    assert run.state == State.QUEUED


def test_a_run_is_deleted_when_it_has_ended(client, alice, run):
    client.force_login(alice)
    training(run)

    kept = client.post(f"/runs/{run.pk}/delete/", follow=True)
    TrainingRun.objects.update(
        state=State.CANCELLED, token=None, finished_at=timezone.now()
    )
    client.post(f"/runs/{run.pk}/delete/")

    assert "Cancel it first" in kept.content.decode()
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize("number", [1, 12])
def test_the_list_of_runs_asks_the_database_the_same_few_things(
    client, alice, charlie, django_assert_num_queries, number
):
    for _ in range(number):
        make_run(owner=alice)
    theirs = make_run(owner=charlie)
    client.force_login(alice)

    with django_assert_num_queries(4):  # session, account, count, runs
        page = client.get("/runs/").content.decode()

    assert f"/runs/{theirs.pk}/" not in page


def test_a_run_asks_the_database_few_things(
    client, alice, run, django_assert_max_num_queries
):
    token = training(run)
    for number in (1, 2):
        runs.record_epoch(run.pk, token, report(number))
    client.force_login(alice)

    with django_assert_max_num_queries(12):
        client.get(f"/runs/{run.pk}/live/")


# Models


def test_ones_own_models_are_listed_and_may_be_composed_with(
    client, visitor, alice, run, tunes
):
    # With a bundle that is there: a model without one is not offered.
    make_version(run.model, 1, is_default=True, bundle_hash=tunes.bundle_hash)
    client.force_login(alice)

    for path in ("/models/", "/compose/", "/"):
        assert "Airs" in client.get(path).content.decode()
        assert "Airs" not in visitor.get(path).content.decode()


def test_nobody_composes_with_anothers_model(visitor, alice, run, tunes):
    make_version(run.model, 1, is_default=True, bundle_hash=tunes.bundle_hash)

    response = visitor.post("/compose/", {"model": "airs"})

    assert response.status_code == 422


def test_a_model_lists_its_versions(client, alice, run, django_assert_num_queries):
    for number in (1, 2, 3):
        make_version(run.model, number, is_default=number == 3)
    client.force_login(alice)

    # session, account, model, version, its metrics, samples, versions, their metrics
    with django_assert_num_queries(8):
        page = client.get("/models/airs/").content.decode()

    assert page.count("/promote/") == 2
