"""Steering a composition from a program."""

from __future__ import annotations

import pytest

from generation.composing.recipe import ComposeRequest
from generation.models import Composition
from generation.services import compose_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def tune(alice, tunes) -> Composition:
    wanted = ComposeRequest(seed=7, bars=4, candidates=1, tonic=2, mode="major")
    return compose_now(tunes, wanted, owner=alice, session_key="")


def vary(caller, piece, **wishes):
    return caller.post(f"/api/v1/compositions/{piece.pk}/variations/", wishes)


def test_a_variation_is_a_composition_that_knows_its_parent(writer, tune):
    answer = vary(writer, tune, action="rewrite", first_bar=2, last_bar=3, seed=4)

    made = answer.json()
    assert answer.status_code == 201
    assert made["parent"] == str(tune.pk)
    assert made["change"] == "bars 2 to 3 rewritten"
    assert made["seed"] == 4
    assert answer["Location"] == made["url"]
    again = vary(writer, tune, action="rewrite", first_bar=2, last_bar=3, seed=4)
    assert again.json()["notes"] == made["notes"]


@pytest.mark.parametrize(
    ("wishes", "change"),
    [
        ({"action": "key", "tonic": "Bb"}, "in B♭ major"),
        ({"action": "mode", "mode": "dorian"}, "in D dorian"),
        ({"action": "metre", "metre": "3/4"}, "in 3/4"),
        ({"action": "continue", "more_bars": 2, "closeness": "0"}, "goes on after"),
        ({"action": "longer", "more_bars": 2}, "longer: 4 bars to 6"),
    ],
    ids=lambda value: value["action"] if isinstance(value, dict) else "",
)
def test_every_parameter_is_heard(writer, tune, wishes, change):
    answer = vary(writer, tune, **wishes)

    assert answer.status_code == 201, answer.content
    assert answer.json()["change"].startswith(change)


@pytest.mark.parametrize(
    ("wishes", "name", "sentence"),
    [
        ({}, "action", "required"),
        ({"action": "improve"}, "action", "Send one of rewrite"),
        ({"action": "rewrite"}, "", "Say which bars"),
        ({"action": "rewrite", "bars": 3}, "bars", "no such field"),
        ({"action": "key", "tonic": "H"}, "tonic", "name of a note"),
        ({"action": "metre", "metre": "waltz"}, "metre", "written like 4/4"),
        ({"action": "wilder", "model": "nobodys"}, "model", "no such model"),
        ({"action": "harmonise"}, "", "writes one melody"),
    ],
    ids=str,
)
def test_it_says_what_to_change(writer, tune, wishes, name, sentence):
    answer = vary(writer, tune, **wishes)

    assert answer.status_code == 400
    assert sentence in str(answer.json())
    assert not Composition.objects.filter(parent=tune).exists()


def test_one_sees_what_one_made_of_it(writer, callers, tune):
    made = vary(writer, tune, action="wilder").json()

    listed = writer.get(f"/api/v1/compositions/{tune.pk}/variations/").json()

    assert [one["id"] for one in listed["results"]] == [made["id"]]
    assert listed["results"][0]["change"] == "wilder: temperature 0.85 to 1.05"


def test_abilities_say_what_can_be_done_by_whom(writer, tune):
    told = writer.get(f"/api/v1/compositions/{tune.pk}/abilities/").json()

    by_action = {one["action"]: one for one in told["actions"]}
    assert told["model"] == "tunes"
    assert by_action["rewrite"] == {
        "action": "rewrite",
        "is_possible": True,
        "why_not": "",
    }
    assert not by_action["harmonise"]["is_possible"]
    assert "Tunes writes one melody." in by_action["harmonise"]["why_not"]
    unknown = writer.get(f"/api/v1/compositions/{tune.pk}/abilities/?model=nobodys")
    assert unknown.status_code == 400


def test_a_family_is_told_in_the_order_of_reading(writer, tune):
    child = vary(writer, tune, action="wilder").json()
    Composition.objects.filter(pk=tune.pk).update(owner=None, session_key="x")

    told = writer.get(f"/api/v1/compositions/{child['id']}/family/").json()

    assert [(p["depth"], p["title"], p["is_this"]) for p in told["pieces"]] == [
        (0, tune.title, False),
        (1, child["title"], True),
    ]
    assert told["pieces"][0]["url"].endswith(f"/compositions/{tune.pk}/")
    assert not told["goes_on"]


def test_anothers_parent_is_not_told(callers, tune, charlie):
    child = vary(callers["alice"], tune, action="wilder").json()
    Composition.objects.filter(pk=child["id"]).update(owner=None, is_showcase=True)

    one = callers["bob"].get(f"/api/v1/compositions/{child['id']}/").json()
    family = callers["bob"].get(f"/api/v1/compositions/{child['id']}/family/").json()

    assert one["parent"] is None
    assert family["pieces"][0]["is_hidden"]
    assert str(tune.pk) not in str(family)
