"""Going on, as a visitor meets it on a piece's page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from generation import services
from generation.continuations import continue_piece, request_to_continue
from generation.models import Composition
from generation.recipe import BadRequest, ComposeRequest
from training.models import Model

pytestmark = pytest.mark.django_db


@pytest.fixture
def piece(tunes) -> Composition:
    return services.compose_now(
        tunes,
        ComposeRequest(seed=7, bars=8, candidates=1, qpm=90.0),
        owner=None,
        session_key="someone",
    )


def go_on(client, piece, **wishes):
    data = {f"on-{name}": value for name, value in wishes.items()}
    return client.post(reverse("go_on", args=[piece.pk]), data)


def notes_until(composition, tick):
    return [
        [note[:3] for note in part["notes"] if note[0] < tick]
        for part in composition.score["parts"]
    ]


def test_a_piece_goes_on_as_a_new_piece(client, piece):
    response = go_on(client, piece, from_bar="4", more_bars="3", closeness="1")

    child = Composition.objects.get(parent=piece)
    assert response["Location"] == child.get_absolute_url()
    assert child.measures["bars"] == 7
    assert child.measures["qpm"] == 90
    assert child.recipe["closeness"] == 1.0
    cut = child.recipe["source"]["length_ticks"]
    kept = [part["notes"] for part in child.recipe["source"]["parts"]]
    assert notes_until(child, cut) == kept
    page = client.get(child.get_absolute_url()).content.decode()
    assert "going on from" in page
    assert "the first" in page
    assert len(child.surprise) == child.as_score().num_notes


def test_an_empty_form_keeps_all_of_it_and_adds_eight_bars(client, piece):
    go_on(client, piece)

    child = Composition.objects.get(parent=piece)
    assert child.measures["bars"] == 16
    assert child.recipe["closeness"] == 0.5


def test_again_keeps_what_was_given(client, piece):
    go_on(client, piece, from_bar="4", more_bars="4")
    child = Composition.objects.get(parent=piece)

    client.post(reverse("again", args=[child.pk]))

    other = Composition.objects.get(parent=child)
    cut = child.recipe["source"]["length_ticks"]
    assert other.recipe["source"] == child.recipe["source"]
    assert other.recipe["closeness"] == child.recipe["closeness"]
    assert notes_until(other, cut) == notes_until(child, cut)
    assert other.score["parts"] != child.score["parts"]
    page = client.get(other.get_absolute_url()).content.decode()
    assert "after <a" in page
    assert "going on from" not in page


def test_again_in_another_metre_says_why_not(client, piece):
    go_on(client, piece, from_bar="4", more_bars="4")
    child = Composition.objects.get(parent=piece)
    metre = "3/4" if child.measures["metre"] != "3/4" else "6/8"

    response = client.post(reverse("again", args=[child.pk]), {"metre": metre})

    assert response.status_code == 422
    assert "their own key and metre" in response.content.decode()


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"from_bar": "9"}, "from 1 to 8"),
        ({"from_bar": "0"}, "from 1 to 8"),
        ({"from_bar": "half"}, "from 1 to 8"),
        ({"more_bars": "0"}, "from 1 to 128"),
        ({"more_bars": "1e9"}, "from 1 to 128"),
        ({"closeness": "2"}, "from the list"),
    ],
    ids=str,
)
def test_the_form_says_what_to_change(client, piece, wishes, sentence):
    response = go_on(client, piece, **wishes)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Composition.objects.filter(parent=piece).exists()


def test_it_is_asked_for_not_looked_at(client, piece):
    assert client.get(reverse("go_on", args=[piece.pk])).status_code == 405


def test_a_piece_that_is_not_there_does_not_go_on(client, piece):
    Composition.objects.filter(pk=piece.pk).update(deleted_at=piece.created_at)

    assert go_on(client, piece).status_code == 404


def test_with_a_model_of_another_account_it_does_not_go_on(client, piece, alice):
    Model.objects.filter(pk=piece.version.model_id).update(owner=alice)

    response = go_on(client, piece)

    assert response.status_code == 422
    assert "not yours to compose with" in response.content.decode()


def test_random_notes_offer_nothing_to_go_on_with(client, db):
    random = services.compose_random(
        num_notes=8, seed=1, qpm=120, owner=None, session_key="someone"
    )

    page = client.get(random.get_absolute_url()).content.decode()

    assert reverse("go_on", args=[random.pk]) not in page
    assert go_on(client, random).status_code == 422


def test_a_choir_goes_on_too(client, chorales):
    hymn = services.compose_now(
        chorales,
        ComposeRequest(seed=3, bars=4, candidates=1),
        owner=None,
        session_key="someone",
    )

    made = continue_piece(
        hymn, chorales, from_bar=2, more_bars=2, seed=5, owner=None, session_key="x"
    )

    cut = made.recipe["source"]["length_ticks"]
    kept = [part["notes"] for part in made.recipe["source"]["parts"]]
    assert notes_until(made, cut) == kept
    assert made.measures["bars"] == 4
    assert made.seed == 5


def test_a_piece_grows_to_256_bars_and_no_further(piece):
    with pytest.raises(BadRequest, match="1 to 128 more"):
        request_to_continue(piece, from_bar=8, more_bars=129, closeness=0.5)


def test_a_version_says_what_learning_from_a_piece_is_worth(client, tunes):
    told = client.get("/metrics").json()["adaptive"]
    page = client.get(tunes.get_absolute_url()).content.decode()

    assert told["adaptive"] < told["alone"]
    assert told["late_adaptive"] < told["late_alone"]
    assert "When it may learn from the piece at hand" in page
    assert f"{told['adaptive']:.2f} bits a note" in page
    assert client.get("/metrics?model=random").json()["adaptive"] is None
