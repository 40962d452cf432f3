"""What is wrong comes in one format, and nothing is half-done."""

from __future__ import annotations

import pytest

from generation.models import Composition
from generation.services import TooBusy
from training.models import Dataset, TrainingRun

pytestmark = pytest.mark.django_db

COMPOSE, DATASETS, RUNS = (
    f"/api/v1/{p}/" for p in ("compositions", "datasets", "runs")
)


def problem_of(answer) -> dict:
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["title"]
    return told


CONTROLS = [
    ({"num_notes": 10**9}, "num_notes"),
    ({"num_notes": 0}, "num_notes"),
    ({"num_notes": "many"}, "num_notes"),
    ({"num_notes": True}, "num_notes"),
    ({"num_notes": [64]}, "num_notes"),
    ({"num_notes": 1.5}, "num_notes"),
    ({"temperature": -3}, "temperature"),
    ({"temperature": "NaN"}, "temperature"),
    ({"temperature": 10**400}, "temperature"),
    ({"tempo": 1e9}, "tempo"),
    ({"top_p": 1.5}, "top_p"),
    ({"seed": 10**40}, "seed"),
    ({"bars": 100_000}, "bars"),
    ({"metre": "6"}, "metre"),
    ({"metre": "1/0"}, "metre"),
    ({"metre": {"numerator": 6}}, "metre"),
    ({"tonic": "H"}, "tonic"),
    ({"mode": "happy"}, "mode"),
    ({"mode": ["major"]}, "mode"),
    ({"candidates": 10**6}, "candidates"),
    ({"model": "no-such"}, "model"),
    ({"model": "\0"}, "model"),
    ({"model": 5}, "model"),
    ({"version": 99}, "version"),
    ({"temprature": 1}, "temprature"),
]


@pytest.mark.parametrize(("body", "field"), CONTROLS)
def test_composing_says_which_field_is_wrong(writer, body, field):
    before = Composition.objects.count()

    answer = writer.post(COMPOSE, body)

    assert answer.status_code == 400
    told = problem_of(answer)
    assert list(told["errors"]) == [field]
    assert told["title"] == f"Correct {field} and send it again."
    assert Composition.objects.count() == before


@pytest.mark.parametrize(
    "body",
    [{"bars": 8, "num_notes": 8}, {"lowest_pitch": 90, "highest_pitch": 40}],
)
def test_what_is_of_no_field_is_the_title(writer, body):
    told = problem_of(writer.post(COMPOSE, body))

    assert told["status"] == 400
    assert "errors" not in told
    assert told["title"].endswith(".")


BAD_DATASETS = [
    ({}, "kind"),
    ({"kind": "songs"}, "kind"),
    ({"kind": ["random"]}, "kind"),
    ({"kind": "random", "samples": 10**7}, "samples"),
    ({"kind": "random", "samples": 0}, "samples"),
    ({"kind": "random", "window": 10**5}, "window"),
    ({"kind": "random", "seed": -1}, "seed"),
    ({"kind": "random", "highest": 128}, "highest"),
    ({"kind": "random", "name": "x" * 101}, "name"),
    ({"kind": "random", "name": "\0"}, "name"),
    ({"kind": "random", "corpora": []}, "corpora"),
    ({"kind": "corpus"}, "corpora"),
    ({"kind": "corpus", "corpora": []}, "corpora"),
    ({"kind": "corpus", "corpora": ["abba"]}, "corpora.0"),
    ({"kind": "corpus", "corpora": "bach-chorales"}, "corpora"),
    (
        {"kind": "corpus", "corpora": ["bach-chorales"], "split_seed": 2**64},
        "split_seed",
    ),
]


@pytest.mark.parametrize(("body", "field"), BAD_DATASETS)
def test_a_dataset_that_cannot_be_is_not_made(writer, body, field):
    told = problem_of(writer.post(DATASETS, body))

    assert told["status"] == 400
    assert list(told["errors"]) == [field]
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "random", "lowest": 80, "highest": 60},
        {"kind": "random", "samples": 10**6, "window": 1000},
        {"kind": "corpus", "corpora": ["bach-chorales", "aird"]},
    ],
)
def test_fields_that_do_not_go_together_are_refused(writer, body):
    assert problem_of(writer.post(DATASETS, body))["status"] == 400
    assert not Dataset.objects.exists()


def test_a_run_needs_a_name_or_a_model_but_not_both(writer, dataset, version):
    neither = {"dataset": dataset.pk, "preset": "quick"}
    both = {**neither, "title": "Mine", "model": "alices"}

    for body in (neither, both):
        told = problem_of(writer.post(RUNS, body))
        assert told["title"].startswith("Send either the model")
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"dataset": 10**30}, "dataset"),
        ({"dataset": "x"}, "dataset"),
        ({"dataset": True}, "dataset"),
        ({"preset": "endless"}, "preset"),
        ({"title": "x" * 101}, "title"),
        ({"title": " "}, "title"),
        ({"seed": 2**31}, "seed"),
        ({"epochs": 5}, "epochs"),
    ],
)
def test_a_run_that_cannot_be_is_not_started(writer, dataset, change, field):
    body = {"dataset": dataset.pk, "preset": "quick", "title": "Mine", **change}

    told = problem_of(writer.post(RUNS, body))

    assert told["status"] == 400
    assert list(told["errors"]) == [field]
    assert not TrainingRun.objects.exists()


def test_what_may_be_chosen_is_told(writer, dataset):
    run = {"dataset": dataset.pk, "preset": "endless", "title": "Mine"}
    collections = {"kind": "corpus", "corpora": ["nowhere"]}

    of_run = problem_of(writer.post(RUNS, run))
    of_dataset = problem_of(writer.post(DATASETS, collections))

    assert of_run["errors"]["preset"] == ["Send one of quick, standard, thorough."]
    assert "aird" in str(of_dataset["errors"]["corpora.0"])


def test_one_trains_ones_own_models_only(writer, dataset):
    body = {"dataset": dataset.pk, "preset": "quick", "model": "tunes"}

    assert "model" in problem_of(writer.post(RUNS, body))["errors"]


def test_nothing_is_trained_on_a_dataset_that_is_not_ready(writer, alice):
    waiting = Dataset.objects.create(name="Soon", kind="random", owner=alice)
    body = {"dataset": waiting.pk, "preset": "quick", "title": "Mine"}

    told = problem_of(writer.post(RUNS, body))

    assert told["status"] == 409
    assert "Wait" in told["title"]


@pytest.mark.parametrize(
    "body",
    [
        b"num_notes is 64",
        b"{",
        b'{"temperature": NaN}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"seed": ' + b"9" * 5000 + b"}",
    ],
)
def test_text_that_is_not_json_is_refused(writer, body):
    answer = writer.client.post(
        COMPOSE, body, content_type="application/json", headers=writer.headers
    )

    assert problem_of(answer)["title"] == "That is not JSON. Send an object."


@pytest.mark.parametrize("body", [[1, 2], "tunes", 5])
def test_json_that_is_no_object_is_refused(writer, body):
    for path in (COMPOSE, DATASETS, RUNS):
        assert problem_of(writer.post(path, body))["status"] == 400


def test_a_form_is_told_to_be_json(writer):
    answer = writer.client.post(COMPOSE, {"bars": 8}, headers=writer.headers)

    assert answer.status_code == 415
    assert "Send JSON" in problem_of(answer)["title"]


def test_a_body_that_is_too_large_is_not_read(writer):
    answer = writer.post(COMPOSE, {"model": "x" * 2_000_000})

    assert answer.status_code == 413
    assert "KiB" in problem_of(answer)["title"]


def test_a_wrong_method_is_told_the_right_ones(writer):
    answer = writer.send("PUT", DATASETS, {})

    assert answer.status_code == 405
    assert "GET, POST" in problem_of(answer)["title"]


@pytest.mark.parametrize("path", ["datasets", "runs", "versions"])
def test_a_number_beyond_the_database_is_not_found(writer, path):
    answer = writer.get(f"/api/v1/{path}/{10**30}/")

    assert answer.status_code == 404
    assert problem_of(answer)


def test_too_many_at_once_are_told_when_to_come_back(writer, monkeypatch):
    def busy(*args, **kwargs):
        raise TooBusy("Many people are composing just now. Try again soon.")

    monkeypatch.setattr("generation.services.compose_now", busy)

    answer = writer.post(COMPOSE, {})

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert problem_of(answer)["title"].startswith("Many people")


def test_an_unexpected_error_is_a_problem_too(writer, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("generation.services.compose_now", broken)
    writer.client.raise_request_exception = False

    answer = writer.post(COMPOSE, {})

    assert answer.status_code == 500
    assert "secret" not in problem_of(answer)["title"]


@pytest.mark.parametrize(
    "body",
    [
        '{"mode": "\\ud800"}',
        '{"\\ud800": 1}',
        '{"seed": 1e400}',
        '{"model": "\\udfff"}',
    ],
)
@pytest.mark.parametrize("path", [COMPOSE, "/generate_json"])
def test_what_could_not_be_sent_back_is_refused(client, path, body):
    answer = client.post(path, body, content_type="application/json")

    assert answer.status_code in (400, 401, 403)
    assert Composition.objects.filter(is_showcase=False).count() == 0


ADVANCED = [
    ({"lstm_units": 10**9}, "advanced.lstm_units"),
    ({"lstm_units": 1.5}, "advanced.lstm_units"),
    ({"epochs": 0}, "advanced.epochs"),
    ({"dropout": 1}, "advanced.dropout"),
    ({"dropout": "NaN"}, "advanced.dropout"),
    ({"lstm_unit": 64}, "advanced.lstm_unit"),
    ([], "advanced"),
]


@pytest.mark.parametrize(("advanced", "field"), ADVANCED)
def test_a_run_says_which_number_is_wrong(writer, dataset, advanced, field):
    body = {"dataset": dataset.pk, "preset": "quick", "title": "Mine"}

    answer = writer.post(RUNS, {**body, "advanced": advanced})

    assert answer.status_code == 400
    assert field in problem_of(answer)["errors"]
    assert not TrainingRun.objects.exists()


def test_a_run_takes_numbers_of_ones_own(writer, dataset):
    body = {"dataset": dataset.pk, "preset": "quick", "title": "Mine"}

    made = writer.post(RUNS, {**body, "advanced": {"lstm_units": 24, "epochs": 5}})

    assert made.status_code == 202
    run = made.json()
    assert (run["model_config"]["lstm_units"], run["num_epochs"]) == (24, 5)
    assert (run["stopped_early"], run["best_epoch"]) == (False, None)
    assert run["expected_seconds"] is None  # the machine has not been measured


def test_too_much_together_and_too_many_are_conflicts(writer, dataset, settings):
    body = {"dataset": dataset.pk, "preset": "quick", "title": "Mine"}
    most = {"lstm_units": 1024, "lstm_layers": 4, "batch_size": 256, "window": 512}

    too_much = writer.post(RUNS, {**body, "advanced": most})
    settings.MAX_RUNS = settings.MAX_DATASETS = 1
    first, second = (writer.post(RUNS, body) for _ in range(2))
    another = writer.post(DATASETS, {"kind": "random", "samples": 40})

    assert [a.status_code for a in (too_much, first, second, another)] == [
        409,
        202,
        409,
        409,
    ]
    assert "GB of memory" in problem_of(too_much)["title"]
    assert "You have 1 run" in problem_of(second)["title"]
    assert "You have 1 dataset" in problem_of(another)["title"]
