"""Pieces that go on, by API."""

from __future__ import annotations

import uuid

import pytest

from generation.models import Composition

pytestmark = pytest.mark.django_db

PATH = "/api/v1/compositions/"


def go_on(caller, piece, *, beside=None, **wishes):
    body = {"continue": {"composition": str(piece.pk)} | wishes} | (beside or {})
    return caller.post(PATH, body)


def test_a_piece_goes_on_and_says_from_what(writer, piece):
    answer = go_on(writer, piece, from_bar=1, more_bars=2, beside={"seed": 4})

    assert answer.status_code == 201
    told = answer.json()
    assert told["parent"] == str(piece.pk)
    assert told["seed"] == 4
    assert told["recipe"]["closeness"] == 0.5
    made = Composition.objects.get(pk=told["id"])
    source = made.recipe["source"]
    kept = [note[:3] for note in made.score["parts"][0]["notes"]]
    assert kept[: len(source["parts"][0]["notes"])] == source["parts"][0]["notes"]


def test_the_same_seed_gives_the_same_continuation(writer, piece):
    first, second = (
        go_on(writer, piece, more_bars=2, beside={"seed": 4}).json()["notes"]
        for _ in range(2)
    )

    assert first == second


@pytest.mark.parametrize(
    ("wishes", "beside", "sentence"),
    [
        ({"from_bar": 200}, {}, "bars: 1 to"),
        ({"from_bar": 0}, {}, "greater than or equal to 1"),
        ({"more_bars": 1000}, {}, "less than or equal to 128"),
        ({"closeness": 2}, {}, "less than or equal to 1"),
        ({"close": 1}, {}, "no such field"),
        ({}, {"bars": 8}, "goes on as it was"),
        ({}, {"metre": "3/4"}, "goes on as it was"),
        ({}, {"model": "nobody"}, "no such model"),
        ({"composition": str(uuid.uuid4())}, {}, "no such composition"),
        ({"composition": "this one"}, {}, "UUID"),
    ],
    ids=repr,
)
def test_it_says_why_a_piece_cannot_go_on(writer, piece, wishes, beside, sentence):
    before = Composition.objects.count()

    answer = go_on(writer, piece, beside=beside, **wishes)

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert Composition.objects.count() == before


def test_what_goes_on_must_be_an_object(writer, piece):
    answer = writer.post(PATH, {"continue": str(piece.pk)})

    assert answer.status_code == 400


def test_the_schema_shows_how_a_piece_goes_on(client):
    schema = client.get("/api/v1/schema/?format=json").content.decode()

    assert "ContinueRequest" in schema or '"Continue"' in schema
    assert "A piece goes on" in schema
