"""What one does with a piece, as a visitor without scripts does it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from generation import services
from generation.composing.composer import compose, request_from_recipe
from generation.composing.recipe import ComposeRequest
from generation.models import Composition
from training.models import Model
from training.music.score import Metre
from training.music.score_json import score_from_json, score_to_json
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
    if "score" in child.recipe:  # Its notes were moved by hand.
        score = score_from_json(child.recipe["score"])
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


@pytest.mark.parametrize(
    ("wishes", "change"),
    [
        ({}, ""),
        ({"bars": "4", "metre": "3/4"}, "4 bars, in 3/4"),
        ({"temperature": "1.1"}, "temperature 0.85 to 1.1"),
        ({"tonic": "A", "mode": "minor", "tempo": "90"}, "in A minor, 90 quarters"),
        ({"lowest_pitch": "60", "top_k": "9"}, "another range, finer controls"),
        ({"model": "chorales"}, "by Chorales"),
    ],
    ids=str,
)
def test_the_whole_form_says_what_was_asked_otherwise(client, piece, wishes, change):
    client.post(reverse("again", args=[piece.pk]), wishes)

    assert child_of(piece).change.startswith(change)
    assert bool(child_of(piece).change) == bool(change)


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
    assert child.title == f"The Long Way ({child.change.partition(':')[0]})"
    assert child.origin == Composition.Origin.EDITED
    moved = [[t, pitch + 2, d] for t, pitch, d in notes_of(edited)[0]]
    assert notes_of(child)[0] == moved
    assert is_reproduced(child)


def test_key_after_mode_after_key_is_reproduced(client, edited):
    steer(client, edited, "key 4")
    first = child_of(edited)
    steer(client, first, "mode")
    second = child_of(first)
    steer(client, second, "key 2")
    third = child_of(second)

    assert second.change == "in E minor"
    assert third.measures["key"] == "D minor"
    assert is_reproduced(third)


def test_in_another_metre_they_are_written_anew_after_their_likeness(client, edited):
    steer(client, edited, "metre 3/4", model="tunes")

    child = child_of(edited)
    assert child.change == "in 3/4"
    assert child.measures["metre"] == "3/4"
    assert child.recipe["likeness"] > 0
    assert is_reproduced(child)


# With some of its bars


def bar_of(piece, number: int) -> tuple[int, int]:
    (bar,) = [b for b in piece.as_score().bars() if b.number == number]
    return bar.start_tick, bar.end_tick


def starting_in(piece, first: int, last: int) -> list[list[list[int]]]:
    start, end = bar_of(piece, first)[0], bar_of(piece, last)[1]
    return [
        [note for note in part if start <= note[0] < end] for part in notes_of(piece)
    ]


@pytest.fixture
def hymn(chorales) -> Composition:
    return services.compose_now(
        chorales,
        ComposeRequest(seed=3, bars=6, candidates=1),
        owner=None,
        session_key="someone",
    )


def test_bars_are_rewritten_and_the_others_stay(client, piece):
    response = steer(client, piece, "rewrite", first_bar="3", last_bar="4")

    child = child_of(piece)
    assert response["Location"] == child.get_absolute_url()
    assert child.change == "bars 3 to 4 rewritten"
    assert starting_in(child, 1, 2) == starting_in(piece, 1, 2)
    assert starting_in(child, 3, 4) != starting_in(piece, 3, 4)
    assert starting_in(child, 5, 8) == starting_in(piece, 5, 8)
    assert len(child.surprise) == child.as_score().num_notes
    assert is_reproduced(child)


def test_one_bar_of_four_voices_is_rewritten(client, hymn):
    steer(client, hymn, "rewrite", first_bar="3")

    child = child_of(hymn)
    assert child.change == "bar 3 rewritten"
    assert starting_in(child, 4, 6) == starting_in(hymn, 4, 6)
    assert is_reproduced(child)


def test_it_goes_on_from_a_bar(client, piece):
    steer(client, piece, "continue", last_bar="4", more_bars="3", closeness="1")

    child = child_of(piece)
    assert child.change == "goes on after bar 4, 3 more"
    assert child.measures["bars"] == 7
    assert child.recipe["closeness"] == 1.0
    assert starting_in(child, 1, 3) == starting_in(piece, 1, 3)
    assert is_reproduced(child)
    page = client.get(child.get_absolute_url()).content.decode()
    assert f">{piece.title}</a>: goes on after bar 4, 3 more" in page


def test_without_bars_it_goes_on_after_its_last_one(client, piece):
    steer(client, piece, "continue")

    child = child_of(piece)
    assert child.measures["bars"] == 16
    assert child.recipe["closeness"] == 0.5
    assert notes_of(child)[0][: len(notes_of(piece)[0])] == notes_of(piece)[0]


def test_again_keeps_what_was_given(client, piece):
    steer(client, piece, "continue", last_bar="4", more_bars="4")
    child = child_of(piece)

    client.post(reverse("again", args=[child.pk]))

    other = child_of(child)
    assert other.recipe["source"] == child.recipe["source"]
    assert other.recipe["closeness"] == child.recipe["closeness"]
    assert starting_in(other, 1, 3) == starting_in(child, 1, 3)
    assert other.score["parts"] != child.score["parts"]


def test_again_in_another_metre_says_why_not(client, piece):
    steer(client, piece, "continue", last_bar="4", more_bars="4")
    child = child_of(piece)
    metre = "3/4" if child.measures["metre"] != "3/4" else "6/8"

    response = client.post(reverse("again", args=[child.pk]), {"metre": metre})

    assert response.status_code == 422
    assert "own key and metre" in response.content.decode()


@pytest.mark.parametrize(("wishes", "first"), [({}, 7), ({"first_bar": "5"}, 5)])
def test_it_gets_a_new_ending(client, piece, wishes, first):
    steer(client, piece, "new_ending", **wishes)

    child = child_of(piece)
    assert child.change == f"a new ending from bar {first}"
    assert child.measures["bars"] == 8
    assert starting_in(child, 1, first - 1) == starting_in(piece, 1, first - 1)
    assert starting_in(child, first, 8) != starting_in(piece, first, 8)
    assert is_reproduced(child)


def test_a_melody_is_harmonised_by_a_choir(client, tunes):
    tune = services.compose_now(
        tunes,
        ComposeRequest(seed=5, bars=4, metre=Metre(4, 4), mode="major"),
        owner=None,
        session_key="someone",
    )
    alone = steer(client, tune, "harmonise")

    steer(client, tune, "harmonise", model="chorales")

    child = child_of(tune)
    assert "Choose Chorales or Quartets for this." in alone.content.decode()
    assert child.change == "harmonised: Chorales wrote 3 parts"
    assert child.model_slug == "chorales"
    assert len(child.score["parts"]) == 4
    assert notes_of(child)[0] == notes_of(tune)[0]
    assert is_reproduced(child)


def test_a_change_fits_its_column_whatever_a_part_is_called(client, chorales):
    hymn = services.compose_now(
        chorales,
        ComposeRequest(seed=2, bars=4, candidates=1),
        owner=None,
        session_key="someone",
    )
    hymn.score["parts"][0]["name"] = "x" * 120
    hymn.save()

    steer(client, hymn, "harmonise", part="0")

    child = child_of(hymn)
    assert len(child.change) == 120
    assert child.change.endswith("x…")


def test_a_voice_of_a_hymn_gets_other_voices(client, hymn):
    steer(client, hymn, "harmonise", part="3")

    child = child_of(hymn)
    assert child.change == "other parts to the Bass"
    assert notes_of(child)[3] == notes_of(hymn)[3]
    assert notes_of(child)[0] != notes_of(hymn)[0]
    assert is_reproduced(child)


@pytest.mark.parametrize(
    ("action", "change", "bars"),
    [
        ("longer", "longer: 8 bars to 12", 12),
        ("same_rhythm", "the same rhythm, new notes", 8),
        ("same_start", "the same start: bars 1 to 2 kept", 8),
        ("vary_a_little", "varied a little", 8),
        ("vary_a_lot", "varied a lot", 8),
    ],
)
def test_again_but_from_its_notes(client, piece, action, change, bars):
    steer(client, piece, action)

    child = child_of(piece)
    assert child.change == change
    assert child.measures["bars"] == bars
    assert child.measures["key"] == piece.measures["key"]
    assert notes_of(child) != notes_of(piece)
    if action == "same_rhythm":
        rhythm = [[note[0], note[2]] for note in notes_of(piece)[0]]
        assert [[note[0], note[2]] for note in notes_of(child)[0]] == rhythm
    if action == "same_start":
        assert starting_in(child, 1, 1) == starting_in(piece, 1, 1)
    assert is_reproduced(child)


def test_wilder_of_given_notes_is_a_variation_at_another_temperature(client, edited):
    steer(client, edited, "wilder", model="tunes")

    child = child_of(edited)
    assert child.change == "wilder: temperature 0.85 to 1.05"
    assert child.title == f"The Long Way ({child.change.partition(':')[0]})"
    same = sum(note in notes_of(child)[0] for note in notes_of(edited)[0])
    assert len(notes_of(edited)[0]) / 3 < same
    assert is_reproduced(child)


def test_a_child_of_a_child_of_a_child_is_reproduced(client, piece):
    steer(client, piece, "rewrite", first_bar="2", last_bar="3")
    one = child_of(piece)
    steer(client, one, "mode")
    two = child_of(one)
    steer(client, two, "longer")
    three = child_of(two)

    assert two.origin == Composition.Origin.EDITED
    assert three.origin == Composition.Origin.COMPOSED
    assert three.measures["key"] == two.measures["key"] == "D minor"
    assert is_reproduced(two)
    assert is_reproduced(three)


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
        ({"action": "rewrite"}, "Say which bars to rewrite"),
        ({"action": "rewrite", "first_bar": "1", "last_bar": "8"}, "Leave at least"),
        ({"action": "rewrite", "first_bar": "7", "last_bar": "9"}, "from 1 to 8"),
        ({"action": "rewrite", "first_bar": "half"}, "from 1 to 256"),
        ({"action": "continue", "last_bar": "9"}, "1 to 8"),
        ({"action": "continue", "more_bars": "129"}, "from 1 to 128"),
        ({"action": "continue", "closeness": "2"}, "from the list"),
        ({"action": "new_ending", "first_bar": "1"}, "Leave the first bar"),
        ({"action": "harmonise", "part": "9", "model": "chorales"}, "from 0 to 7"),
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


def test_random_notes_choose_a_model(client, db):
    random = services.compose_random(
        num_notes=16, seed=1, qpm=120, owner=None, session_key="someone"
    )

    steer(client, random, "vary_a_lot", model="tunes")

    assert child_of(random).model_slug == "tunes"
    assert is_reproduced(child_of(random))


def test_a_version_says_what_learning_from_a_piece_is_worth(client, tunes):
    told = client.get("/metrics").json()["adaptive"]
    page = client.get(tunes.get_absolute_url()).content.decode()

    assert told["adaptive"] < told["alone"]
    assert told["late_adaptive"] < told["late_alone"]
    assert "When it may learn from the piece at hand" in page
    assert f"{told['adaptive']:.2f} bits a note" in page
    assert client.get("/metrics?model=random").json()["adaptive"] is None


def test_the_child_belongs_to_who_asked(client, piece, alice):
    client.force_login(alice)

    steer(client, piece, "wilder")

    assert child_of(piece).owner == alice


def test_the_page_offers_what_the_chosen_model_can_do(client, tunes):
    tune = services.compose_now(
        tunes,
        ComposeRequest(seed=5, bars=4, metre=Metre(4, 4), mode="major"),
        owner=None,
        session_key="someone",
    )

    own = client.get(tune.get_absolute_url()).context["desk"]
    choir = client.get(f"{tune.get_absolute_url()}?with=chorales").context["desk"]

    assert own.chosen.slug == "tunes"
    assert [c.offer.slug for c in own.choices] == ["tunes", "chorales", "quartets"]
    assert [b.label for b in own.on_bars if b.why_not] == ["Harmonise"]
    assert [b.label for b in choir.on_bars if not b.why_not] == ["Harmonise"]
    assert [b.label for b in choir.metres if not b.is_hidden] == ["3/4", "12/8", "3/2"]
    sentence = "Chorales writes 4 parts, and this piece has one."
    reasons = [r for r in choir.why_not_bars if sentence in r.sentence]
    assert [r.labels for r in reasons] == ["Rewrite, Continue from here, New ending"]


def test_a_page_with_a_family_takes_as_many_queries_however_large(
    client, piece, django_assert_num_queries
):
    steer(client, piece, "wilder")
    child = child_of(piece)
    for _ in range(2):
        steer(client, child, "key 7")
    expected = 9  # session, piece, models, three up, two down, renderings

    with django_assert_num_queries(expected):
        client.get(child.get_absolute_url())
    for _ in range(3):
        steer(client, child, "key 9")
    with django_assert_num_queries(expected):
        client.get(child.get_absolute_url())
