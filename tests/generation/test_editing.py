"""Notes changed by hand: what becomes of a score, and whose the new piece is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from composer_site.accounts.services import delete_account
from generation import services
from generation.bringing import read_file
from generation.composing.recipe import MAX_NOTES, ComposeRequest
from generation.editing import (
    WrongEdit,
    change_in_words,
    edited_score,
    edits_from_json,
    transpose_piece,
)
from generation.files import written
from generation.models import Composition
from generation.restoring import compose_the_same, read_recipe
from training.models import Model
from training.music.pitch import Key
from training.music.score import KeyChange, Note, Part, Score
from training.music.score_json import score_from_json

SCORE = Score(
    parts=(
        Part((Note(0, 60, 480), Note(480, 62, 480), Note(960, 64, 960)), name="Tune"),
        Part((Note(0, 48, 1920),), name="Bass"),
    ),
    keys=(KeyChange(0, Key(0, "major")),),
    phrase_end_ticks=(960,),
)


def parts_of(score):
    return [list(part.notes) for part in score.parts]


def as_text(parts):
    return json.dumps(
        [
            [[n.start_tick, n.pitch, n.duration_ticks, n.velocity] for n in part]
            for part in parts
        ]
    )


# Pure ------------------------------------------------------------------------------


def test_what_goes_to_the_page_and_back_is_the_same():
    edits = edits_from_json(as_text(parts_of(SCORE)))

    assert edited_score(SCORE, edits) == SCORE


def test_notes_change_and_all_else_stays():
    tune, bass = parts_of(SCORE)
    tune[0] = Note(0, 67, 240, 99)

    edited = edited_score(SCORE, [tune, bass])

    assert edited.parts[0].notes[0] == Note(0, 67, 240, 99)
    assert edited.parts[0].name == "Tune"
    assert edited.keys == SCORE.keys
    assert edited.phrase_end_ticks == (960,)


def test_a_fermata_goes_with_its_note():
    tune, bass = parts_of(SCORE)

    assert edited_score(SCORE, [tune[:2], bass]).phrase_end_ticks == ()


def test_a_pitch_struck_while_it_sounds_ends_the_note_before():
    tune = [Note(0, 60, 960), Note(480, 60, 480), Note(480, 60, 240)]

    edited = edited_score(SCORE, [tune, []])

    assert edited.parts[0].notes == (Note(0, 60, 480), Note(480, 60, 480))


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([[], []], "at least one note"),
        ([[Note(0, 60, 480)]], "has 2 parts"),
        ([[Note(7, 60, 480)], []], "place on the grid"),
        ([[Note(0, 60, 481)], []], "place on the grid"),
        ([[Note(256 * 1920, 60, 480)], []], "at most 256 bars"),
    ],
)
def test_it_refuses_what_cannot_be_a_piece(parts, sentence):
    with pytest.raises(WrongEdit, match=sentence):
        edited_score(SCORE, parts)


def test_what_stands_off_the_grid_may_stay_and_move_by_steps_of_it():
    loose = Score(parts=(Part((Note(7, 60, 101),)),))

    assert edited_score(loose, [[Note(7, 61, 101)]]).parts[0].notes[0].pitch == 61
    assert edited_score(loose, [[Note(127, 60, 101)]]).num_notes == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "5", "[5]", "[[5]]", '{"a": 1}', '["aa"]', "[[[1, 2, 3]]]"),
        "[[[0, 60, 480, 80.5]]]",
        "[[[0, 60, 480, true]]]",
        "[[[-1, 60, 480, 80]]]",
        "[[[0, 128, 480, 80]]]",
        "[[[0, 60, 0, 80]]]",
        "[[[0, 60, 480, 0]]]",
        "[[[0, 60, 99999999999, 80]]]",
        "[" * 3000 + "]" * 3000,
    ],
    ids=lambda text: text[:24],
)
def test_it_refuses_notes_that_are_none(text):
    with pytest.raises(WrongEdit, match="cannot be read"):
        edits_from_json(text)


def test_there_is_a_ceiling_on_notes():
    with pytest.raises(WrongEdit, match="4,096 notes"):
        edits_from_json(json.dumps([[[0, 60, 480, 80]] * (MAX_NOTES + 1)]))


def test_the_change_is_told_in_words():
    tune, bass = parts_of(SCORE)
    one = edited_score(SCORE, [[*tune[:2], Note(960, 65, 960)], bass])
    fewer = edited_score(SCORE, [tune[:1], bass])

    assert change_in_words(SCORE, one) == "1 note edited"
    assert change_in_words(SCORE, fewer) == "2 notes edited"


@settings(max_examples=30)
@given(st.integers(-24, 24).filter(bool))
def test_all_notes_moved_alike_is_a_transposition(semitones):
    moved = [
        [Note(n.start_tick, n.pitch + semitones, n.duration_ticks) for n in part]
        for part in parts_of(SCORE)
    ]

    words = change_in_words(SCORE, edited_score(SCORE, moved))

    way = "up" if semitones > 0 else "down"
    assert words.startswith(f"transposed {way} by {abs(semitones)} semitone")


# Rows and doors --------------------------------------------------------------------


@pytest.fixture
def piece(tunes) -> Composition:
    return services.compose_now(
        tunes,
        ComposeRequest(seed=7, bars=8, candidates=1),
        owner=None,
        session_key="someone",
    )


def first_note_higher(piece):
    parts = parts_of(piece.as_score())
    first = parts[0][0]
    parts[0][0] = Note(
        first.start_tick, first.pitch + 1, first.duration_ticks, first.velocity
    )
    return as_text(parts)


def save(client, piece, notes, **options):
    return client.post(
        reverse("edit_piece", args=[piece.pk]), {"notes": notes}, **options
    )


def test_an_edit_is_a_new_piece_and_the_old_one_stays(client, piece):
    before = piece.score

    response = save(client, piece, first_note_higher(piece))

    child = Composition.objects.get(parent=piece)
    assert response["Location"] == child.get_absolute_url()
    assert child.origin == Composition.Origin.EDITED
    assert child.change == "1 note edited"
    assert child.version == piece.version
    assert child.title == f"{piece.title} ({child.change})"
    assert len(child.surprise) == child.measures["notes"]
    assert child.surprise != piece.surprise
    assert child.measures["bits_per_note"] > 0
    assert child.measures["notes"] == piece.measures["notes"]
    assert child.session_key == client.session.session_key
    assert not child.is_showcase
    piece.refresh_from_db()
    assert piece.score == before
    page = client.get(child.get_absolute_url())
    assert page.status_code == 200


def test_the_recipe_of_an_edited_piece_holds_its_notes(client, piece):
    save(client, piece, first_note_higher(piece))
    child = Composition.objects.get(parent=piece)

    recipe = json.loads(services.recipe_text(child))

    assert recipe["origin"] == "edited"
    held = score_from_json(recipe["score"])
    assert replace(held, title=child.title) == child.as_score()


@pytest.mark.parametrize("format", ["mid", "musicxml"])
def test_an_edited_piece_comes_back_from_a_file(client, piece, format):
    save(client, piece, first_note_higher(piece))
    child = Composition.objects.get(parent=piece)
    file = written(child, format)

    recipe = read_file(f"tune.{format}", file).recipe
    again = compose_the_same(
        read_recipe(recipe, AnonymousUser()), owner=None, session_key="x"
    )

    assert again.as_score().parts == child.as_score().parts
    assert again.origin == Composition.Origin.EDITED


def test_a_title_that_a_person_gave_stays(client, piece):
    Composition.objects.filter(pk=piece.pk).update(title="Bonfire")

    save(client, piece, first_note_higher(piece))

    assert Composition.objects.get(parent=piece).title.startswith("Bonfire (")


def test_what_the_model_cannot_read_is_kept_and_not_judged(client, piece):
    parts = parts_of(piece.as_score())
    last = parts[0][-1]
    chord = Note(last.start_tick, last.pitch + 4, last.duration_ticks)

    save(client, piece, as_text([[*parts[0], chord]]))

    child = Composition.objects.get(parent=piece)
    assert child.surprise == []
    assert "bits_per_note" not in child.measures
    assert client.get(reverse("notes_json", args=[child.pk])).status_code == 200


def test_the_page_hears_where_the_new_piece_is(client, piece):
    response = save(
        client, piece, first_note_higher(piece), headers={"accept": "application/json"}
    )

    child = Composition.objects.get(parent=piece)
    assert response.status_code == 201
    assert response.json() == {"url": child.get_absolute_url()}


@pytest.mark.parametrize("notes", ["", "[[]]", "[[[0, 200, 1, 1]]]"])
def test_wrong_notes_are_told_and_nothing_is_kept(client, piece, notes):
    told = save(client, piece, notes, headers={"accept": "application/json"})
    page = save(client, piece, notes)

    assert told.status_code == page.status_code == 422
    assert told.json()["error"] in page.content.decode()
    assert not Composition.objects.filter(parent=piece).exists()


def test_nothing_changed_is_nothing_to_keep(client, piece):
    same = as_text(parts_of(piece.as_score()))

    response = save(client, piece, same, headers={"accept": "application/json"})

    assert response.status_code == 422
    assert "Nothing is changed" in response.json()["error"]


def test_whoever_sees_a_piece_may_edit_it_and_the_child_is_theirs(
    client, piece, alice, charlie
):
    Composition.objects.filter(pk=piece.pk).update(owner=alice, session_key="")
    piece.refresh_from_db()
    client.force_login(charlie)

    save(client, piece, first_note_higher(piece))

    child = Composition.objects.get(parent=piece)
    assert child.owner == charlie
    piece.refresh_from_db()
    assert piece.owner == alice


def test_anothers_own_model_neither_judges_what_i_edit_nor_is_held_by_it(
    client, piece, alice, charlie
):
    Model.objects.filter(pk=piece.version.model_id).update(owner=alice)
    Composition.objects.filter(pk=piece.pk).update(owner=alice, session_key="")
    for who in (charlie, alice):
        client.force_login(who)
        save(client, piece, first_note_higher(piece))
        transposed(client, piece, "2")

    others = Composition.objects.filter(parent=piece, owner=charlie)
    assert len(others) == 2
    for child in others:
        assert child.version is None
        assert child.surprise == []
        assert not {"model", "version"} & set(child.recipe)
        page = client.get(child.get_absolute_url()).content.decode()
        assert "Edited by hand" in page
    own = Composition.objects.filter(parent=piece, owner=alice)
    assert [child.version for child in own] == [piece.version] * 2
    assert all(child.surprise for child in own)
    Composition.objects.filter(owner=None).delete()
    delete_account(alice)  # Raises while others' pieces hold on to her model.
    assert others.count() == 2


def test_a_piece_that_is_thrown_away_is_not_edited(client, piece):
    Composition.objects.filter(pk=piece.pk).update(deleted_at=piece.created_at)

    assert save(client, piece, "[[]]").status_code == 404
    assert transposed(client, piece, "2").status_code == 404


def test_it_is_asked_for_not_looked_at(client, piece):
    assert client.get(reverse("edit_piece", args=[piece.pk])).status_code == 405
    assert client.get(reverse("transpose_piece", args=[piece.pk])).status_code == 405


def test_random_notes_are_edited_too(client, db):
    random = services.compose_random(
        num_notes=8, seed=1, qpm=120, owner=None, session_key="someone"
    )

    save(client, random, first_note_higher(random))

    child = Composition.objects.get(parent=random)
    assert child.version is None
    assert "model" not in child.recipe
    assert client.get(child.get_absolute_url()).status_code == 200


def transposed(client, piece, semitones):
    address = reverse("transpose_piece", args=[piece.pk])
    return client.post(address, {"semitones": semitones})


def test_a_piece_is_transposed_with_its_key_and_its_name(client, piece):
    transposed(client, piece, "-3")

    child = Composition.objects.get(parent=piece)
    old, new = piece.as_score(), child.as_score()
    assert new.parts[0].notes[0].pitch == old.parts[0].notes[0].pitch - 3
    assert new.key.tonic == (old.key.tonic - 3) % 12
    assert child.change == "transposed down by 3 semitones"
    assert str(new.key) in child.title
    assert child.measures["key"] == str(new.key)


@pytest.mark.parametrize("semitones", ["0", "25", "-25", "", "two", "1e3", "9" * 50])
def test_the_form_says_by_how_much(client, piece, semitones):
    response = transposed(client, piece, semitones)

    assert response.status_code == 422
    assert "1 to 24 semitones" in response.content.decode()
    assert not Composition.objects.filter(parent=piece).exists()


def test_what_would_leave_midi_is_refused(piece):
    score = {**piece.score, "parts": [{**piece.score["parts"][0]}]}
    score["parts"][0]["notes"] = [[0, 120, 480, 80]]
    piece.score = score

    with pytest.raises(WrongEdit, match="leaves the range"):
        transpose_piece(piece, 12, owner=None, session_key="someone")


def test_a_model_that_is_another_accounts_does_not_keep_one_from_editing(
    client, piece, alice
):
    Model.objects.filter(pk=piece.version.model_id).update(owner=alice)

    assert save(client, piece, first_note_higher(piece)).status_code == 302
