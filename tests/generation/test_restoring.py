"""A recipe travels in a file, and gives the same notes when the file comes back."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from generation import services
from generation.actions import act
from generation.bringing import MAX_NOTES, keep_as_it_is, read_text
from generation.composing.recipe import BadRequest, ComposeRequest
from generation.composing.wishes import Wish
from generation.files import DIRECT_FORMATS, is_a_tune, written
from generation.models import Composition
from generation.restoring import NetworkNotHere, read_recipe, request_with
from tests.generation.toys import toy_pitches
from training.models import Model, ModelVersion
from training.music.formats import read_recipe as recipe_in
from training.music.score import Metre, MetreChange, Note, Part, Score
from training.music.score_json import score_to_json
from training.services import load_version_bundle

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()
WHO = {"owner": None, "session_key": "someone"}
PAIRS = [
    (encoding, format)
    for encoding in ("pitches", "tunes", "chorales", "quartets")
    for format in DIRECT_FORMATS
    if format != "abc" or encoding in ("pitches", "tunes")
]


@pytest.fixture
def pitches_version(monkeypatch) -> ModelVersion:
    """Of the encoding of random notes, which no house model has."""
    bundle = toy_pitches()
    model = Model.objects.create(slug="walks", title="Walks")
    load = load_version_bundle
    monkeypatch.setattr(
        services,
        "load_version_bundle",
        lambda v: bundle if v.bundle_hash == bundle.hash else load(v),
    )
    return ModelVersion.objects.create(
        model=model, number=1, bundle_hash=bundle.hash, is_default=True
    )


@pytest.fixture
def versions(tunes, chorales, quartets, pitches_version):
    return {
        "pitches": pitches_version,
        "tunes": tunes,
        "chorales": chorales,
        "quartets": quartets,
    }


def drop(client, name, data):
    return client.post(reverse("bring"), {"file": SimpleUploadedFile(name, data)})


def hidden(response, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found
    return html.unescape(found[1])


def newest(*others):
    pieces = Composition.objects.exclude(is_showcase=True)
    return pieces.exclude(pk__in=[other.pk for other in others]).get()


@pytest.mark.parametrize(("encoding", "format"), PAIRS)
def test_a_file_that_comes_back_gives_the_same_notes(
    client, versions, encoding, format
):
    request = ComposeRequest(seed=5, bars=4, temperature=0.9, qpm=93.5)
    if encoding == "pitches":
        request = ComposeRequest(seed=5, num_notes=12)
    piece = services.compose_now(versions[encoding], request, **WHO)
    assert is_a_tune(piece) == (encoding in ("pitches", "tunes"))
    name = "a.recipe.json" if format == "recipe" else f"a.{format}"

    offered = drop(client, name, written(piece, format))
    assert "This file comes from here" in offered.content.decode()
    made = client.post(
        reverse("compose_the_same"), {"recipe": hidden(offered, "recipe")}
    )

    again = newest(piece)
    assert made["Location"] == again.get_absolute_url()
    assert again.score["parts"] == piece.score["parts"]
    assert again.recipe == piece.recipe


@pytest.mark.parametrize("format", ["mid", "musicxml", "abc", "recipe"])
def test_a_brought_piece_comes_back_note_for_note(client, format):
    score = read_text("X:1\nT:Brook\nM:6/8\nQ:3/8=70\nK:Ador\nA|ABc d2e|A6|]").score
    piece = keep_as_it_is(score, "brought", **WHO)
    name = "a.json" if format == "recipe" else f"a.{format}"

    offered = drop(client, name, written(piece, format))
    client.post(reverse("compose_the_same"), {"recipe": hidden(offered, "recipe")})

    again = newest(piece)
    assert again.score == piece.score
    assert (again.origin, again.version) == ("brought", None)


def test_an_edited_piece_says_that_it_was_edited(client):
    score = read_text("X:1\nK:C\nCDEF|").score
    piece = keep_as_it_is(score, "edited", **WHO)

    offered = drop(client, "a.mid", written(piece, "mid"))
    client.post(reverse("compose_the_same"), {"recipe": hidden(offered, "recipe")})

    again = newest(piece)
    assert again.score == piece.score
    page = client.get(again.get_absolute_url()).content.decode()
    assert "Edited by hand" in page


def test_random_notes_come_back_too(client):
    piece = services.compose_random(num_notes=8, seed=3, qpm=100.0, **WHO)

    offered = drop(client, "a.mid", written(piece, "mid"))
    client.post(reverse("compose_the_same"), {"recipe": hidden(offered, "recipe")})

    again = newest(piece)
    assert again.score == piece.score
    assert again.origin == "random"


def test_a_piece_that_goes_on_brings_what_it_goes_on_from(client, tunes):
    first = services.compose_now(tunes, ComposeRequest(seed=2, bars=8), **WHO)
    second = act(first, tunes, Wish("continue", last_bar=4, more_bars=4), seed=9, **WHO)

    offered = drop(client, "a.musicxml", written(second, "musicxml"))
    client.post(reverse("compose_the_same"), {"recipe": hidden(offered, "recipe")})

    assert newest(first, second).score["parts"] == second.score["parts"]


# The form -----------------------------------------------------------------------------

ALL_CONTROLS = ComposeRequest(
    seed=11,
    temperature=0.7,
    top_k=20,
    top_p=0.9,
    tonic=2,
    mode="dorian",
    metre=Metre(6, 8),
    bars=4,
    lowest_pitch=55,
    highest_pitch=86,
    scale_only=True,
    qpm=120.5,
    candidates=2,
)


def form_of(page):
    """What the browser would send of the form on this page."""
    text = page.content.decode()
    form = re.search(r"<form[^>]*/compose/restored/.*?</form>", text, re.S)[0]
    data = {}
    for tag in re.findall(r"<input[^>]*>", form):
        has = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_ticked = has.get("type") in ("radio", "checkbox")
        if has.get("name") and (not is_ticked or "checked" in tag):
            data[has["name"]] = html.unescape(has.get("value", "on"))
    for select in re.findall(r"<select.*?</select>", form, re.S):
        name = re.search(r'name="(\w+)"', select)[1]
        chosen = re.search(r'<option value="([^"]*)" selected', select)
        data[name] = html.unescape(chosen[1]) if chosen else ""
    return data


def test_the_form_is_restored_with_every_control_and_gives_the_same(client, tunes):
    piece = services.compose_now(tunes, ALL_CONTROLS, **WHO)

    page = client.post(
        reverse("compose_restored"), {"recipe": json.dumps(piece.recipe)}
    )
    sent = form_of(page)

    assert {name: sent[name] for name in ("model", "seed", "tonic", "mode")} == {
        "model": "tunes",
        "seed": "11",
        "tonic": "D",
        "mode": "dorian",
    }
    made = client.post(reverse("compose_restored"), sent)
    assert made.status_code == 302
    again = newest(piece)
    assert again.score["parts"] == piece.score["parts"]
    assert again.recipe == piece.recipe


def test_what_is_changed_in_the_form_is_changed_in_the_piece(client, tunes):
    piece = services.compose_now(tunes, ALL_CONTROLS, **WHO)
    page = client.post(
        reverse("compose_restored"), {"recipe": json.dumps(piece.recipe)}
    )

    changed = form_of(page) | {"tempo": "80", "bars": "", "seed": ""}
    client.post(reverse("compose_restored"), changed)

    recipe = newest(piece).recipe
    assert (recipe["qpm"], recipe["bars"], recipe["temperature"]) == (80, None, 0.7)


def test_with_another_model_its_own_version_writes(client, tunes, chorales):
    piece = services.compose_now(tunes, ComposeRequest(seed=1, bars=4), **WHO)
    page = client.post(
        reverse("compose_restored"), {"recipe": json.dumps(piece.recipe)}
    )

    client.post(reverse("compose_restored"), form_of(page) | {"model": "chorales"})

    assert newest(piece).version == chorales


def test_given_notes_stay_though_the_form_does_not_show_them(client, tunes):
    first = services.compose_now(tunes, ComposeRequest(seed=2, bars=8), **WHO)
    second = act(first, tunes, Wish("continue", last_bar=4, more_bars=4), seed=9, **WHO)
    page = client.post(
        reverse("compose_restored"), {"recipe": json.dumps(second.recipe)}
    )
    assert "the notes it started from are kept" in page.content.decode()

    client.post(reverse("compose_restored"), form_of(page))

    again = newest(first, second)
    assert again.score["parts"] == second.score["parts"]
    assert again.recipe == second.recipe


def test_what_is_wrong_in_the_form_is_told_and_the_recipe_stays(client, tunes):
    piece = services.compose_now(tunes, ComposeRequest(seed=1, bars=4), **WHO)
    page = client.post(
        reverse("compose_restored"), {"recipe": json.dumps(piece.recipe)}
    )

    response = client.post(
        reverse("compose_restored"), form_of(page) | {"bars": "many"}
    )

    assert response.status_code == 422
    assert form_of(response)["recipe"] == json.dumps(piece.recipe)


def test_a_seed_that_is_left_empty_is_drawn(tunes):
    found = read_recipe(json.dumps({"bundle": tunes.bundle_hash, "seed": 4}), VISITOR)

    assert request_with(found, {"seed": 4}).seed == 4
    assert len({request_with(found, {}).seed for _ in range(5)}) > 1


# What cannot be followed --------------------------------------------------------------


def test_without_its_network_the_notes_can_be_kept(client, tunes):
    piece = services.compose_now(tunes, ComposeRequest(seed=1, bars=4), **WHO)
    piece.recipe = piece.recipe | {"bundle": "0" * 64, "model": "reels", "version": 3}

    offered = drop(client, "reel.mid", written(piece, "mid"))

    page = offered.content.decode()
    assert "(reels 3) is not on this machine" in page
    assert "Compose it again" not in page
    made = client.post(
        reverse("bring_chosen"),
        {"score": hidden(offered, "score"), "file_name": "reel.mid", "ask": "1"},
    )
    assert made.status_code == 302
    kept = newest(piece)
    assert kept.origin == "brought"
    assert [part["notes"] for part in kept.score["parts"]] == [
        part["notes"] for part in piece.score["parts"]
    ]


def test_a_recipe_alone_without_its_network_holds_nothing_to_keep(client, tunes):
    recipe = {"bundle": "0" * 64, "seed": 1}

    response = drop(client, "a.json", json.dumps(recipe).encode())

    assert response.status_code == 422
    assert "A recipe alone holds no notes" in response.content.decode()


def test_anothers_network_is_not_named_as_there(client, alice, charlie, tunes):
    text = json.dumps({"bundle": tunes.bundle_hash, "seed": 1})
    Model.objects.filter(pk=tunes.model_id).update(owner=alice)

    assert read_recipe(text, alice).version == tunes
    for other in (charlie, VISITOR):
        with pytest.raises(NetworkNotHere):
            read_recipe(text, other)
    client.force_login(charlie)
    response = client.post(reverse("compose_the_same"), {"recipe": text})
    assert response.status_code == 422
    assert "not yours to use" in response.content.decode()


def test_a_recipe_of_another_that_stands_in_a_broken_file_is_not_believed(client):
    score = read_text("X:1\nK:C\nCDEF|").score
    piece = keep_as_it_is(score, "brought", **WHO)
    piece.recipe = {"nonsense": True}

    offered = drop(client, "a.mid", written(piece, "mid"))

    page = offered.content.decode()
    assert "This is not a recipe" in page
    assert "Keep the notes" in page


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ([], "not a recipe"),
        ({}, "not a recipe"),
        ({"origin": "brought"}, "cannot be read"),
        ({"origin": "brought", "score": {"parts": []}}, "cannot be read"),
        ({"origin": "composed", "score": {}}, "not a recipe"),
        ({"origin": ["brought"]}, "not a recipe"),
        ({"model": "random"}, "not a recipe"),
        ({"model": "random", "seed": -1, "num_notes": 8, "qpm": 90}, "not a recipe"),
        ({"model": "random", "seed": 1, "num_notes": 9e9, "qpm": 90}, "not a recipe"),
        ({"model": "random", "seed": 1, "num_notes": 8, "qpm": "a"}, "not a recipe"),
        ({"bundle": "x", "seed": 2**63}, "too large"),
        ({"bundle": "x", "recipe_version": 99}, "version 99"),
        ({"bundle": "x", "temperature": "hot"}, "temperature"),
        ({"bundle": "x\u0000"}, "not a recipe"),
        ({"bundle": "x", "top_k": None}, "The top-k must be"),
        ({"bundle": "x", "candidates": None}, "The number of candidates must be"),
        ({"bundle": "x", "metre": [6.0, 8]}, "The metre must be"),
        ({"bundle": "x", "metre": [True, 4]}, "The metre must be"),
        ({"bundle": "x", "model": ["\u0000"], "version": {}}, "not on this machine"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_no_recipe_says_so(client, recipe, sentence):
    text = json.dumps(recipe)

    with pytest.raises(BadRequest, match=sentence):
        read_recipe(text, VISITOR)
    for name in ("compose_the_same", "compose_restored"):
        response = client.post(reverse(name), {"recipe": text})
        assert response.status_code == 422


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\ud800", "1e400", "NaN"])
def test_what_is_no_json_is_no_recipe(text):
    with pytest.raises(BadRequest, match="not a recipe"):
        read_recipe(text, VISITOR)


def test_a_recipe_of_too_many_notes_is_refused():
    score = {"parts": [{"notes": [[0, 60, 1, 80]] * 9000}]}

    with pytest.raises(BadRequest, match="at most 8,192"):
        read_recipe(json.dumps({"origin": "brought", "score": score}), VISITOR)


def test_a_recipe_of_too_many_bars_is_refused():
    score = Score(
        parts=(Part(notes=tuple(Note(60 * i, 60, 60) for i in range(2_049))),),
        metres=(MetreChange(0, Metre(1, 32)),),
    )
    recipe = {"origin": "brought", "score": score_to_json(score)}

    with pytest.raises(BadRequest, match="2,049 bars"):
        read_recipe(json.dumps(recipe), VISITOR)


def test_restoring_is_asked_for_not_looked_at(client):
    assert client.get(reverse("compose_the_same")).status_code == 405
    assert client.get(reverse("compose_restored")).status_code == 405


# Files --------------------------------------------------------------------------------


def test_the_recipe_is_a_file_of_its_own(client, tunes):
    piece = services.compose_now(tunes, ComposeRequest(seed=1, bars=4), **WHO)

    response = client.get(reverse("download", args=[piece.pk, "recipe"]))

    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"].endswith('.recipe.json"')
    assert json.loads(response.content) == piece.recipe
    page = client.get(piece.get_absolute_url()).content.decode()
    assert reverse("download", args=[piece.pk, "recipe"]) in page


@pytest.mark.parametrize("format", ["mid", "musicxml", "abc"])
def test_the_longest_recipe_that_is_kept_travels(format):
    body = "|".join(["CDEF GABc"] * (MAX_NOTES // 8))
    score = read_text(f"X:1\nM:4/4\nL:1/8\nK:C\n{body}|").score
    assert score.num_notes == MAX_NOTES
    piece = keep_as_it_is(score, "brought", **WHO)

    found = recipe_in(f"a.{format}", written(piece, format))

    assert found and json.loads(found) == piece.recipe
