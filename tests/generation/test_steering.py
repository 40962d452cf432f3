"""What one does with a piece, as a visitor without scripts does it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from generation import services
from generation.composer import compose, request_from_recipe
from generation.models import Composition
from generation.recipe import ComposeRequest
from generation.transformed import changed_score
from training.models import Model
from training.music.score_json import score_to_json
from training.services import load_version_bundle

pytestmark = pytest.mark.django_db


@pytest.fixture
def piece(tunes) -> Composition:
    return services.compose_now(
        tunes,
        ComposeRequest(seed=7, bars=8, candidates=1, tonic=2, mode="major", metre=None),
        owner=None,
        session_key="someone",
    )


def steer(client, piece, action, **wishes):
    return client.post(reverse("steer", args=[piece.pk]), {"action": action, **wishes})


def child_of(piece) -> Composition:
    return Composition.objects.select_related("version__model").get(parent=piece)


def notes_of(piece) -> list[list[list[int]]]:
    return [[note[:3] for note in part["notes"]] for part in piece.score["parts"]]


def is_reproduced(child) -> bool:
    """Whether the child's recipe alone gives its notes."""
    if "changed" in child.recipe:
        score = changed_score(child.recipe)
    else:
        _, request = request_from_recipe(services.recipe_text(child))
        score = compose(load_version_bundle(child.version), request).score
    parts = score_to_json(score)["parts"]
    return [[n[:3] for n in part["notes"]] for part in parts] == notes_of(child)


# Again, but: one thing of the recipe


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("wilder", "wilder: temperature 0.85 to 1.05"),
        ("calmer", "calmer: temperature 0.85 to 0.65"),
        ("mode", "in D minor"),
        ("key 7", "in G major"),
        ("metre 3/4", "in 3/4"),
    ],
)
def test_a_tweak_keeps_the_seed_and_changes_one_thing(client, piece, action, change):
    response = steer(client, piece, action)

    child = child_of(piece)
    assert response["Location"] == child.get_absolute_url()
    assert child.change == change
    assert child.seed == piece.seed
    kept = ("key", "metre", "bars")
    if action in ("wilder", "calmer"):
        assert [child.measures[n] for n in kept] == [piece.measures[n] for n in kept]
    else:
        assert f"in {child.measures['key']}" == change or action == "metre 3/4"
        assert f"in {child.measures['metre']}" == change or action != "metre 3/4"
        assert child.measures["bars"] == piece.measures["bars"]
        assert child.recipe["temperature"] == piece.recipe["temperature"]
    assert is_reproduced(child)


def test_what_was_left_open_stays_as_it_came_out(client, tunes):
    piece = services.compose_now(
        tunes, ComposeRequest(seed=20), owner=None, session_key="someone"
    )
    tonic, _, mode = piece.measures["key"].partition(" ")

    steer(client, piece, "mode")

    measures = child_of(piece).measures
    assert measures["key"] == f"{tonic} {'minor' if mode == 'major' else 'major'}"
    assert measures["metre"] == piece.measures["metre"]
    assert measures["bars"] == piece.measures["bars"]


def test_a_little_wilder_is_the_same_tune_with_some_notes_astray(client, piece):
    steer(client, piece, "wilder")

    before, after = notes_of(piece)[0], notes_of(child_of(piece))[0]
    same = sum(note in after for note in before)
    assert len(before) / 4 < same < len(before)


def test_a_childs_page_says_what_changed_and_leads_back(client, piece):
    response = steer(client, piece, "wilder")

    page = client.get(response["Location"]).content.decode()
    assert "wilder: temperature 0.85 to 1.05" in page
    assert f'href="{piece.get_absolute_url()}">Back to {piece.title}' in page
    assert f'id="before-{piece.pk}"' in page


def test_children_have_children(client, piece):
    steer(client, piece, "wilder")
    child = child_of(piece)
    steer(client, child, "wilder")
    grandchild = child_of(child)

    assert grandchild.change == "wilder: temperature 1.05 to 1.25"
    assert is_reproduced(grandchild)
    page = client.get(grandchild.get_absolute_url()).content.decode()
    assert piece.get_absolute_url() in page
    assert child.get_absolute_url() in page


def test_calmer_ends_somewhere(client, tunes):
    calm = services.compose_now(
        tunes,
        ComposeRequest(seed=1, bars=2, temperature=0.3),
        owner=None,
        session_key="someone",
    )

    response = steer(client, calm, "calmer")

    assert response.status_code == 422
    assert "as calm as it gets" in response.content.decode()
    page = client.get(calm.get_absolute_url()).content.decode()
    assert "<strong>Calmer:</strong> It is as calm as it gets." in page


# A piece whose notes a model did not write by a recipe


@pytest.fixture
def edited(piece) -> Composition:
    """The same notes, taken for a person's own."""
    Composition.objects.filter(pk=piece.pk).update(
        origin=Composition.Origin.EDITED, recipe={}, title="The Long Way"
    )
    piece.refresh_from_db()
    return piece


def test_another_key_of_given_notes_is_exact(client, edited):
    steer(client, edited, "key 4")

    child = child_of(edited)
    assert child.change == "in E major"
    assert child.measures["key"] == "E major"
    assert child.title == "The Long Way"
    assert child.origin == Composition.Origin.EDITED
    moved = [[t, pitch + 2, d] for t, pitch, d in notes_of(edited)[0]]
    assert notes_of(child)[0] == moved
    assert is_reproduced(child)


def test_key_after_mode_after_key_is_one_recipe(client, edited):
    steer(client, edited, "key 4")
    first = child_of(edited)
    steer(client, first, "mode")
    second = child_of(first)
    steer(client, second, "key 2")
    third = child_of(second)

    assert second.change == "in E minor"
    assert third.measures["key"] == "D minor"
    assert [list(s) for s in third.recipe["changed"]["steps"]] == [
        ["tonic"],
        ["mode"],
        ["tonic"],
    ]
    assert is_reproduced(third)


def test_their_metre_stays(client, edited):
    response = steer(client, edited, "metre 3/4")

    assert response.status_code == 422
    assert "their metre with them" in response.content.decode()


# What goes wrong


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"action": ""}, "Choose what to do"),
        ({"action": "improve"}, "no such action"),
        ({"action": "key", "tonic": ""}, "Choose a key note"),
        ({"action": "key H"}, "name of a note"),
        ({"action": "key D"}, "in D major already"),
        ({"action": "metre"}, "Choose another metre"),
        ({"action": "metre 7/8"}, "knows no music in 7/8"),
        ({"action": "metre waltz"}, "written like 4/4"),
        ({"action": "wilder", "model": "no-such"}, "no such model"),
        ({"action": "wilder", "seed": "-1"}, "whole number"),
    ],
    ids=str,
)
def test_it_says_what_to_change(client, piece, wishes, sentence):
    response = steer(client, piece, **wishes)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Composition.objects.filter(parent=piece).exists()


def test_it_is_asked_for_not_looked_at(client, piece):
    assert client.get(reverse("steer", args=[piece.pk])).status_code == 405


def test_a_piece_that_is_not_there_is_not_steered(client, piece):
    Composition.objects.filter(pk=piece.pk).update(deleted_at=piece.created_at)

    assert steer(client, piece, "wilder").status_code == 404


def test_the_model_of_another_account_does_not_work_for_me(client, piece, alice):
    Model.objects.filter(pk=piece.version.model_id).update(owner=alice)

    response = steer(client, piece, "wilder", model="tunes")

    assert response.status_code == 422
    assert "no such model" in response.content.decode()


def test_the_child_belongs_to_who_asked(client, piece, alice):
    client.force_login(alice)

    steer(client, piece, "wilder")

    assert child_of(piece).owner == alice
