"""Lists: filters, order, pages, and how much they ask of the database."""

from __future__ import annotations

import base64

import pytest

from training.models import Dataset
from training.presets import PRESETS
from training.runs import start_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(alice, dataset, make_version, piece, own_pieces) -> None:
    """Five of everything."""
    for number in range(1, 6):
        make_version(number)
        start_run(dataset, PRESETS["quick"], owner=alice, title=f"Model {number}")
        if number > 1:
            Dataset.objects.create(name=f"Notes {number}", kind="random", owner=alice)
            piece.pk = None
            piece._state.adding = True
            piece.seed = number
            piece.save()


LISTS = [
    ("/pieces/", 2),
    ("/datasets/", 2),  # token with its owner, datasets
    ("/runs/", 2),
    ("/models/", 3),  # token, models, their default versions
    ("/versions/", 3),  # token, versions with their models, metrics
    ("/compositions/", 2),
]


@pytest.mark.parametrize(("path", "queries"), LISTS)
def test_a_long_list_takes_as_many_queries_as_a_short_one(
    writer, many, path, queries, django_assert_num_queries
):
    writer.get("/api/v1/")  # notes the token's use, once a minute

    for limit in (1, 5):
        with django_assert_num_queries(queries):
            answer = writer.get(f"/api/v1{path}?limit={limit}")
        assert len(answer.json()["results"]) == limit


def test_a_list_of_renderings_asks_no_more_for_more(
    writer, piece, django_assert_num_queries
):
    path = f"/api/v1/compositions/{piece.pk}/renderings/"
    for format in ("mp3", "wav", "pdf"):
        writer.post(path, {"format": format})

    for limit in (1, 3):
        # token, the composition, its renderings, the page
        with django_assert_num_queries(4):
            answer = writer.get(f"{path}?limit={limit}")
        assert len(answer.json()["results"]) == limit


def test_a_run_with_its_epochs_is_a_few_queries(
    writer, trained, django_assert_num_queries
):
    writer.get("/api/v1/")

    with django_assert_num_queries(3):  # token, run with its model, epochs
        told = writer.get(f"/api/v1/runs/{trained.pk}/").json()

    assert told["epochs"] == [
        {
            **{"epoch": 1, "train_bits": 3.0, "valid_bits": 3.5},
            **{"seconds": 2.0, "is_best": True},
        }
    ]
    assert told["share_done"] == pytest.approx(1 / told["num_epochs"])


def seeds(answer) -> list[int]:
    return [found["seed"] for found in answer.json()["results"]]


def test_pages_follow_on_each_other_both_ways(writer, many):
    first = writer.get("/api/v1/compositions/?limit=2")
    second = writer.get(first.json()["next"])
    third = writer.get(second.json()["next"])

    assert seeds(first) + seeds(second) + seeds(third) == [5, 4, 3, 2, 7]
    assert third.json()["next"] is None
    assert seeds(writer.get(second.json()["previous"])) == [5, 4]


def test_a_page_stays_while_things_are_added(writer, many, piece):
    first = writer.get("/api/v1/compositions/?limit=2")
    expected = seeds(writer.get(first.json()["next"]))
    piece.pk, piece._state.adding, piece.seed = None, True, 100
    piece.save()

    assert seeds(writer.get(first.json()["next"])) == expected


def test_the_oldest_may_come_first(writer, many):
    oldest = writer.get("/api/v1/compositions/?ordering=created_at")

    assert seeds(oldest) == [7, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("datasets/?kind=random", 5),
        ("datasets/?kind=corpus", 0),
        ("datasets/?state=ready", 1),
        ("datasets/?owner=site", 0),
        ("runs/?state=queued", 5),
        ("runs/?state=failed", 0),
        ("runs/?dataset={dataset}", 5),
        ("runs/?dataset=999999", 0),
        ("runs/?model=model-3", 1),
        ("versions/?model=alices", 5),
        ("versions/?model=alices&retired=true", 0),
        ("versions/?owner=me", 5),
        ("pieces/?find=tune", 10),
        ("pieces/?find=tune 3", 1),
        ("models/?owner=me", 6),
        ("compositions/?model=tunes", 5),
        ("compositions/?model=chorales", 0),
        ("compositions/?find=NO.&origin=composed", 5),
        ("compositions/?find=nothing", 0),
        ("compositions/?origin=brought", 0),
        ("compositions/?key=H major", 0),
        ("compositions/?metre=17/16", 0),
        ("compositions/?favourite=true", 0),
        ("compositions/?favourite=false", 5),
    ],
)
def test_a_filter_leaves_what_it_says(writer, many, dataset, query, count):
    answer = writer.get(f"/api/v1/{query.format(dataset=dataset.pk)}")

    assert len(answer.json()["results"]) == count


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=many",
        "limit=" + "9" * 5000,
        "ordering=score",
        "ordering=owner__password",
        "kind=of",
        "state=%00",
        "owner=bob",
        "colour=blue",
        "owner__password=x",
        "cursor=" + "x" * 2000,
    ],
)
def test_a_query_that_means_nothing_is_refused(writer, query):
    answer = writer.get(f"/api/v1/datasets/?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    "text", ["p=yesterday", "p=\0", "o=-1", "o=9999999&p=1", "p=9999999-01-01", "\xff"]
)
def test_a_cursor_of_ones_own_making_is_refused_or_harmless(writer, many, text):
    answer = writer.client.get(
        "/api/v1/compositions/", {"cursor": cursor(text)}, headers=writer.headers
    )

    assert answer.status_code in (200, 404)
    assert answer["Content-Type"].startswith("application/")


def test_a_cursor_that_is_no_cursor_is_refused(writer):
    answer = writer.get("/api/v1/compositions/?cursor=nonsense")

    assert answer.status_code == 404
    assert answer.json()["title"] == (
        "There is no such page. Start again without a cursor."
    )


def test_lists_leave_out_what_is_long(writer, many):
    for path, names in (
        ("datasets", {"charts"}),
        ("runs", {"model_config", "epochs"}),
        ("versions", {"curve", "provenance"}),
        ("compositions", {"notes"}),
        ("pieces", {"notes"}),
    ):
        (first, *_) = writer.get(f"/api/v1/{path}/").json()["results"]

        assert not names & set(first)


def test_a_deleted_piece_is_nowhere_but_can_be_taken_back(writer, piece):
    path = f"/api/v1/compositions/{piece.pk}/"

    assert writer.send("DELETE", path).status_code == 204

    assert writer.get(path).status_code == 404
    assert writer.get(f"{path}files/mid").status_code == 404
    assert writer.get(f"{path}renderings/").status_code == 404
    assert seeds(writer.get("/api/v1/compositions/")) == []
    piece.refresh_from_db()
    assert piece.deleted_at is not None
