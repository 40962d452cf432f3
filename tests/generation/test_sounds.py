"""The desk of a piece: who may set it, what it refuses, where it goes."""

from __future__ import annotations

import io

import mido
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from generation import services
from generation.composing.recipe import ComposeRequest
from generation.models import Composition
from training.music.desk import (
    WRITTEN_FOR,
    BadDesk,
    Desk,
    PartSound,
    desk_json,
    read_desk,
)

SHORT = ComposeRequest(seed=7, bars=4)
SWUNG = {"swing": 60, "parts": [{"program": 73, "level": 50, "pan": -30}]}

desks = st.builds(
    Desk,
    parts=st.lists(
        st.builds(
            PartSound,
            program=st.none() | st.integers(0, 127),
            level=st.integers(0, 100),
            pan=st.none() | st.integers(-100, 100),
            is_muted=st.booleans(),
            is_solo=st.booleans(),
        ),
        max_size=4,
    ).map(tuple),
    tempo=st.integers(30, 200),
    swing=st.integers(0, 100),
    humanise=st.integers(0, 100),
    take=st.integers(0, 9_999),
    written_for=st.sampled_from(list(WRITTEN_FOR)),
    sounds_written=st.booleans(),
    count_in=st.booleans(),
    metronome=st.booleans(),
)


@pytest.fixture
def piece(tunes, alice) -> Composition:
    return services.compose_now(tunes, SHORT, owner=alice, session_key="")


@pytest.fixture
def hers(alice) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def send(client: Client, piece: Composition, sound: object):
    return client.post(
        f"/pieces/{piece.pk}/sound/", sound, content_type="application/json"
    )


@given(desks)
def test_a_desk_is_read_as_it_was_written(desk):
    told = desk_json(desk)
    again = read_desk(told)

    assert desk_json(again) == told
    assert [again.part(i) for i in range(4)] == [desk.part(i) for i in range(4)]


def test_a_desk_nobody_touched_is_nothing():
    assert desk_json(Desk((PartSound(), PartSound()))) == {}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([], "object"),
        ({"loudness": 3}, "no 'loudness'"),
        ({"tempo": 201}, "from 30 to 200"),
        ({"tempo": 99.5}, "whole number"),
        ({"swing": True}, "whole number"),
        ({"metronome": 1}, "true or false"),
        ({"written_for": "gsharp"}, "bflat"),
        ({"written_for": []}, "bflat"),
        ({"parts": [{}] * 2}, "at most 1"),
        ({"parts": [{"program": 128}]}, "from 0 to 127"),
        ({"parts": [{"pan": "left"}]}, "whole number"),
        ({"parts": ["loud"]}, "object"),
    ],
)
def test_it_refuses_what_a_desk_does_not_have(told, words):
    with pytest.raises(BadDesk, match=words):
        read_desk(told, parts=1)


@pytest.mark.django_db
class TestKeeping:
    def test_it_is_there_on_the_next_visit(self, hers, piece):
        told = send(hers, piece, SWUNG)
        notes = hers.get(f"/pieces/{piece.pk}/notes.json").json()

        assert told.status_code == 200
        assert told.json()["sound"] == SWUNG
        assert notes["sound"] == SWUNG

    def test_the_notes_are_sent_again_only_when_the_sound_has_changed(
        self, hers, piece
    ):
        address = f"/pieces/{piece.pk}/notes.json"
        etag = hers.get(address)["ETag"]

        assert hers.get(address, headers={"if-none-match": etag}).status_code == 304
        send(hers, piece, SWUNG)
        assert hers.get(address, headers={"if-none-match": etag}).status_code == 200

    def test_it_never_changes_the_notes(self, hers, piece):
        before = hers.get(f"/pieces/{piece.pk}/notes.json").json()["notes"]

        send(hers, piece, {"swing": 100, "humanise": 100, "sounds_written": True})

        assert hers.get(f"/pieces/{piece.pk}/notes.json").json()["notes"] == before

    def test_only_whose_piece_it_is_may_set_it(self, piece, charlie, visitor):
        stranger = Client()
        stranger.force_login(charlie)

        assert send(stranger, piece, SWUNG).status_code == 404
        assert send(visitor, piece, SWUNG).status_code == 404
        piece.refresh_from_db()
        assert piece.sound == {}

    def test_a_visitor_may_set_it_in_the_same_session(self, visitor, other_visitor):
        visitor.post("/compose/", {"model": "tunes", "bars": 4})
        mine = Composition.objects.latest("created_at")

        assert send(visitor, mine, SWUNG).status_code == 200
        assert send(other_visitor, mine, SWUNG).status_code == 404

    @pytest.mark.parametrize(
        ("body", "status"),
        [("{", 400), ("[" * 9_000, 400), (" " * 40_000, 413), ({"tempo": 5}, 422)],
    )
    def test_it_says_what_is_wrong(self, hers, piece, body, status):
        answer = send(hers, piece, body)

        assert answer.status_code == status
        assert answer.json()["error"]

    def test_a_deleted_piece_has_no_desk(self, hers, piece):
        hers.post(f"/pieces/{piece.pk}/delete/")

        assert send(hers, piece, SWUNG).status_code == 404


@pytest.mark.django_db
class TestHandingDown:
    def test_a_child_of_the_same_parts_sounds_like_its_parent(self, tunes, piece):
        Composition.objects.filter(pk=piece.pk).update(sound=SWUNG)
        piece.refresh_from_db()

        child = services.compose_now(
            tunes, SHORT, owner=None, session_key="s", parent=piece
        )

        assert child.sound == SWUNG

    def test_a_child_of_other_parts_does_not(self, chorales, piece):
        Composition.objects.filter(pk=piece.pk).update(sound=SWUNG)
        piece.refresh_from_db()

        child = services.compose_now(
            chorales, SHORT, owner=None, session_key="s", parent=piece
        )

        assert child.sound == {}


@pytest.mark.django_db
class TestFiles:
    def test_print_and_abc_are_written_for_an_instrument(self, hers, piece):
        address = f"/pieces/{piece.pk}/download"

        concert = hers.get(f"{address}/abc").content.decode()
        clarinet = hers.get(f"{address}/abc?for=bflat")

        assert "for-bflat.abc" in clarinet["Content-Disposition"]
        assert "(for B♭ instruments)" in clarinet.content.decode()
        assert clarinet.content.decode() != concert
        assert hers.get(f"{address}/abc?for=nobody").content.decode() == concert

    def test_the_score_on_the_page_is_written_for_an_instrument(self, hers, piece):
        address = f"/pieces/{piece.pk}"

        plain = hers.get(f"{address}/score/1.svg").content
        moved = hers.get(f"{address}/score/1.svg?for=eflat").content
        ids = [
            {
                note
                for moment in hers.get(url).json()["timemap"]
                for note in moment["note_ids"]
            }
            for url in (f"{address}/timemap.json", f"{address}/timemap.json?for=eflat")
        ]

        assert plain != moved
        assert ids[0] == ids[1]

    def test_midi_can_be_taken_as_it_is_played(self, hers, piece):
        Composition.objects.filter(pk=piece.pk).update(
            sound={"tempo": 50, "parts": [{"program": 40, "level": 40, "pan": 100}]}
        )
        address = f"/pieces/{piece.pk}/download/mid"

        plain = mido.MidiFile(file=io.BytesIO(hers.get(address).content))
        played = mido.MidiFile(
            file=io.BytesIO(hers.get(f"{address}?performed=1").content)
        )

        assert played.length == pytest.approx(2 * plain.length, rel=0.01)
        controls = {m.control: m.value for m in played if m.type == "control_change"}
        assert controls == {7: 50, 10: 127}
        assert {m.program for m in played if m.type == "program_change"} == {40}
