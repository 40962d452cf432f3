"""Why this note? What a model thought, who judges, and what another note leads to."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from generation import services
from generation.composing.recipe import BadRequest, ComposeRequest
from generation.editing import edit_piece
from generation.models import Composition
from generation.offers import offers_to
from generation.why import chosen_note, judge_of, place_of, verdict_of
from training.models import Model
from training.music.score import Metre, MetreChange, Note, Part, Score


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (0.0, "expected: 100 in 100"),
        (0.5, "expected: 71 in 100"),
        (2.0, "one of several likely ones: 1 in 4"),
        (5.32, "a surprise: 1 in 40"),
        (10.0, "a great surprise: 1 in 1,024"),
        (400.0, "a great surprise: less than 1 in a million"),
    ],
)
def test_bits_are_told_in_words(bits, words):
    assert verdict_of(bits) == words


def test_a_place_is_told_in_bars_and_beats_of_the_metre():
    jig = Score(
        (Part((Note(0, 60, 1440), Note(1680, 62, 240), Note(2160, 64, 720))),),
        metres=(MetreChange(0, Metre(6, 8)),),
        pickup_ticks=240,
    )
    first, second, third = jig.parts[0].notes

    assert place_of(jig, first) == "the pick-up, beat 2.67"
    assert place_of(jig, second) == "bar 2, beat 1"
    assert place_of(jig, third) == "bar 2, beat 1.67"


@pytest.mark.parametrize(
    "choice",
    ["", "pitch", "pitch 128", "pitch -1", "pitch x", "length 0", "length 999999"]
    + ["rest 5", "pitch ²", "pitch 60"],
)
def test_only_another_note_can_be_chosen(choice):
    score = Score((Part((Note(0, 60, 480),)),))

    with pytest.raises(BadRequest, match="Choose"):
        chosen_note(score, 0, 0, choice)


# Doors ------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def piece(tunes) -> Composition:
    return services.compose_now(
        tunes,
        ComposeRequest(seed=7, bars=8, candidates=1),
        owner=None,
        session_key="someone",
    )


@pytest.fixture
def hymn(chorales) -> Composition:
    return services.compose_now(
        chorales,
        ComposeRequest(seed=3, bars=4, candidates=1),
        owner=None,
        session_key="someone",
    )


def asked(client, piece, **values):
    return client.get(reverse("why_json", args=[piece.pk]), values)


def choose(client, piece, **values):
    return client.post(reverse("choose_note", args=[piece.pk]), values)


def test_a_note_is_explained(client, piece):
    told = asked(client, piece, part=0, note=5).json()

    score = piece.as_score()
    own = score.parts[0].notes[5]
    chosen = [c for c in told["pitches"] if c["is_chosen"]]
    assert [c["pitch"] for c in chosen] == [own.pitch]
    assert chosen[0]["name"] == told["name"]
    assert told["bits"] == pytest.approx(piece.surprise[5], abs=0.01)
    assert told["durations"]
    assert told["model"] == "tunes"
    shares = [c["percent"] for c in told["pitches"]]
    assert sum(shares) <= 100.1
    assert told["verdict"]


def test_every_voice_of_a_hymn_is_explained(client, hymn):
    for part in range(4):
        told = asked(client, hymn, part=part, note=1).json()
        own = hymn.as_score().parts[part].notes[1]
        chosen = next(c for c in told["pitches"] if c["is_chosen"])
        assert chosen["pitch"] == own.pitch
        assert told["durations"] == []
        assert told["part_name"] == hymn.as_score().parts[part].name


@pytest.mark.parametrize(
    "values",
    [{}, {"note": "x"}, {"note": 9999}, {"note": "-1"}, {"part": 7, "note": 0}],
    ids=str,
)
def test_what_is_no_note_is_told(client, piece, values):
    assert asked(client, piece, **values).status_code == 422


def test_the_page_works_without_scripts(client, piece):
    notes = client.get(reverse("why", args=[piece.pk])).content.decode()
    page = client.get(reverse("why", args=[piece.pk]), {"part": 0, "note": 3})
    part = client.get(
        reverse("why", args=[piece.pk]), {"part": 0, "note": 3, "as": "part"}
    )

    assert f"{reverse('why', args=[piece.pk])}?part=0&amp;note=3" in notes
    assert 'name="go_on"' in page.content.decode()
    assert 'name="only"' in part.content.decode()
    assert "<html" not in part.content.decode()


def test_a_note_that_is_not_there_has_no_page(client, piece):
    address = reverse("why", args=[piece.pk])

    assert client.get(address, {"note": 9999}).status_code == 404
    assert client.get(address, {"part": 3, "note": 0}).status_code == 404


def test_another_note_is_chosen_and_the_piece_goes_on_from_it(client, piece):
    before = piece.as_score().parts[0].notes
    told = asked(client, piece, part=0, note=9).json()
    choice = next(c for c in told["pitches"] if c["value"])

    response = choose(client, piece, part=0, note=9, go_on=choice["value"])

    child = Composition.objects.get(parent=piece)
    after = child.as_score().parts[0].notes
    assert response["Location"] == child.get_absolute_url()
    assert after[:9] == before[:9]
    assert after[9].start_tick == before[9].start_tick
    assert after[9].pitch == choice["pitch"]
    assert child.measures["bars"] == piece.measures["bars"]
    assert child.measures["qpm"] == piece.measures["qpm"]
    assert child.origin == Composition.Origin.COMPOSED
    assert child.change.startswith(choice["name"])
    assert "and on from there" in child.change
    assert client.get(child.get_absolute_url()).status_code == 200


def test_another_length_is_chosen(client, piece):
    own = piece.as_score().parts[0].notes[4]
    told = asked(client, piece, part=0, note=4).json()
    choice = next(c for c in told["durations"] if c["value"])

    choose(client, piece, part=0, note=4, go_on=choice["value"])

    child = Composition.objects.get(parent=piece)
    made = child.as_score().parts[0].notes[4]
    assert (made.start_tick, made.pitch) == (own.start_tick, own.pitch)
    assert made.duration_ticks == choice["duration_ticks"]


def test_a_voice_of_a_hymn_is_chosen(client, hymn):
    before = hymn.as_score()
    told = asked(client, hymn, part=1, note=4).json()
    choice = next(c for c in told["pitches"] if c["value"])

    choose(client, hymn, part=1, note=4, go_on=choice["value"])

    after = Composition.objects.get(parent=hymn).as_score()
    start = before.parts[1].notes[4].start_tick
    for old, new in zip(before.parts, after.parts, strict=True):
        kept = [n for n in old.notes if n.start_tick < start]
        assert [(n.start_tick, n.pitch) for n in new.notes if n.start_tick < start] == [
            (n.start_tick, n.pitch) for n in kept
        ]
    assert any(
        n.start_tick == start and n.pitch == choice["pitch"]
        for n in after.parts[1].notes
    )


def test_only_that_note_is_changed(client, piece):
    before = piece.as_score().parts[0].notes
    told = asked(client, piece, part=0, note=9).json()
    choice = next(c for c in told["pitches"] if c["value"])

    choose(client, piece, part=0, note=9, only=choice["value"])

    child = Composition.objects.get(parent=piece)
    after = child.as_score().parts[0].notes
    assert child.origin == Composition.Origin.EDITED
    assert child.change == "1 note edited"
    assert after[9].pitch == choice["pitch"]
    assert after[:9] + after[10:] == before[:9] + before[10:]


def test_a_longer_note_takes_the_room_of_those_after_it(client, piece):
    before = piece.as_score().parts[0].notes
    longer = before[3].duration_ticks + before[4].duration_ticks

    choose(client, piece, part=0, note=3, only=f"length {longer}")

    part = Composition.objects.get(parent=piece).as_score().parts[0]
    assert part.is_monophonic
    assert part.notes[3].duration_ticks == longer
    assert len(part.notes) == len(before) - 1


@pytest.mark.parametrize(
    "values",
    [
        {"part": 0, "note": 3},
        {"part": 0, "note": 3, "go_on": "pitch 400"},
        {"part": 0, "note": 3, "only": "length 7"},
    ],
    ids=str,
)
def test_a_wrong_choice_is_told_and_nothing_is_kept(client, piece, values):
    response = choose(client, piece, **values)

    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not Composition.objects.filter(parent=piece).exists()


def test_whoever_has_the_link_may_choose_and_the_child_is_theirs(
    client, piece, alice, charlie
):
    Composition.objects.filter(pk=piece.pk).update(owner=alice, session_key="")
    client.force_login(charlie)

    choose(client, piece, part=0, note=2, only="pitch 60")

    assert Composition.objects.get(parent=piece).owner == charlie


def test_a_piece_that_is_thrown_away_explains_nothing(client, piece):
    Composition.objects.filter(pk=piece.pk).update(deleted_at=piece.created_at)

    assert asked(client, piece, part=0, note=0).status_code == 404
    assert client.get(reverse("why", args=[piece.pk])).status_code == 404
    assert choose(client, piece, part=0, note=0, only="pitch 60").status_code == 404


def test_random_notes_are_judged_by_a_model_that_can_read_them(client, db):
    random = services.compose_random(
        num_notes=8, seed=1, qpm=120, owner=None, session_key="someone"
    )

    response = asked(client, random, part=0, note=2)

    assert response.status_code in (200, 422)
    if response.status_code == 422:
        assert response.json()["error"].endswith(".")
    page = client.get(reverse("why", args=[random.pk]), {"part": 0, "note": 2})
    assert page.status_code == 200


def test_what_no_model_can_read_says_why(piece):
    parts = [list(part.notes) for part in piece.as_score().parts]
    first = parts[0][0]
    chord = Note(first.start_tick, first.pitch + 4, first.duration_ticks)
    made = edit_piece(piece, [[*parts[0], chord]], owner=None, session_key="x")
    offers = [o for o in offers_to(AnonymousUser()) if o.slug != "quartets"]

    judge = judge_of(made, offers, None)

    assert judge.offer is None
    assert "one melody" in judge.why_not


def test_another_model_may_be_asked(client, hymn):
    told = asked(client, hymn, part=0, note=1, **{"with": "quartets"}).json()

    assert told["model"] == "quartets"
    page = client.get(reverse("why", args=[hymn.pk]), {"part": 0, "note": 1})
    assert "Ask another model" in page.content.decode()


def test_a_model_of_another_account_judges_nothing(client, piece, alice):
    Model.objects.filter(slug="tunes").update(owner=alice)

    told = asked(client, piece, part=0, note=1).json()

    assert told.get("model") != "tunes"


def test_it_is_asked_for_by_post(client, piece):
    assert client.get(reverse("choose_note", args=[piece.pk])).status_code == 405
    assert client.post(reverse("why_json", args=[piece.pk])).status_code == 405


def test_a_long_list_comes_in_pages(client, piece, django_assert_max_num_queries):
    edits = [[Note(n * 120, 60 + n % 12, 120) for n in range(250)]]
    long = edit_piece(piece, edits, owner=None, session_key="x")
    address = reverse("why", args=[long.pk])

    with django_assert_max_num_queries(6):
        first = client.get(address).content.decode()
    last = client.get(address, {"page": 3}).content.decode()

    assert first.count("<tr>") == 101
    assert last.count("<tr>") == 51
