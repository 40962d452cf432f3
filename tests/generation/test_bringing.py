"""A melody is brought: as a file, as a text, as notes that were played."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from generation import bringing
from generation.bringing import Excerpt, NotBrought, WrongAbc, prepare
from generation.models import Composition
from tests.training import files
from training.music.formats import write_score
from training.music.pitch import Key
from training.music.score import KeyChange, Metre, MetreChange, Note, Part, Score
from training.music.score_json import score_to_json

TUNE = "X:1\nT:The brook\nM:6/8\nL:1/8\nK:G\nD|GAB d2B|c2A AGF|GAB d2g|fdc A2|]"
PLAYED = {
    "notes": [[0, 62, 480, 90], [480, 66, 480, 80], [960, 69, 960, 80]],
    "metre": [4, 4],
    "qpm": 90,
}


def melody(*pitches, start=0, name="", program=0):
    notes = tuple(Note(start + 480 * i, p, 480) for i, p in enumerate(pitches))
    return Part(notes=notes, name=name, program=program)


def duet() -> Score:
    parts = (
        melody(72, 74, 76, 77, name="Flute", program=73),
        melody(48, 50, 52, 53, name="Cello", program=42),
        Part(notes=(Note(0, 36, 480),), name="Drums", is_drum=True),
    )
    return Score(parts, (MetreChange(0, Metre(2, 4)),), (KeyChange(0, Key()),))


def send(client, **data):
    return client.post(reverse("bring"), data)


def send_file(client, name, data):
    return send(client, file=SimpleUploadedFile(name, data))


def the_one() -> Composition:
    return Composition.objects.exclude(is_showcase=True).get()


def hidden(response, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found
    import html

    return html.unescape(found[1])


# Files --------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("suffix", [".mid", ".musicxml", ".abc"])
def test_a_file_becomes_a_piece_of_who_brought_it(client, alice, suffix):
    client.force_login(alice)
    score = bringing.read_text(TUNE).score

    response = send_file(client, f"brook{suffix}", write_score(f"a{suffix}", score))

    piece = the_one()
    assert response["Location"] == piece.get_absolute_url() + "#steer"
    assert (piece.origin, piece.version, piece.owner) == ("brought", None, alice)
    assert piece.title == "The brook"
    assert piece.as_score().parts[0].notes == score.parts[0].notes
    assert piece.as_score().pickup_ticks == 240
    assert piece.measures["bars"] == 4
    assert piece.measures["key"] == "G major"
    assert "key_is_guessed" not in piece.measures


@pytest.mark.django_db
def test_a_visitors_piece_belongs_to_the_session(client, other_visitor):
    send(client, abc=TUNE)

    piece = the_one()
    assert piece.session_key == client.session.session_key
    page = client.get(piece.get_absolute_url()).content.decode()
    assert "Brought by you" in page
    assert "drawn by lot" not in page
    other = other_visitor.get(piece.get_absolute_url()).content.decode()
    assert "Brought by a person" in other


@pytest.mark.django_db
def test_of_several_parts_one_chooses(client):
    asked = send_file(client, "duet.mid", write_score("a.mid", duet()))

    page = asked.content.decode()
    assert not Composition.objects.filter(origin="brought").exists()
    assert "Flute, 4 notes from C5 to F5, one at a time" in page
    assert "Drums" not in re.sub(r'value="[^"]*"', "", page)

    response = client.post(
        reverse("bring_chosen"),
        {
            "score": hidden(asked, "score"),
            "file_name": "duet.mid",
            "parts": ["1"],
            "title": "The bass",
            "first_bar": "2",
            "last_bar": "2",
        },
    )

    assert response.status_code == 302
    piece = the_one()
    assert piece.title == "The bass"
    assert [n.pitch for n in piece.as_score().parts[0].notes] == [52, 53]
    assert piece.as_score().parts[0].notes[0].start_tick == 0


@pytest.mark.django_db
def test_all_parts_may_be_kept_or_only_the_top_of_them(client):
    asked = send_file(client, "duet.mid", write_score("a.mid", duet()))
    chosen = {"score": hidden(asked, "score"), "parts": ["0", "1"]}

    client.post(reverse("bring_chosen"), chosen)
    client.post(reverse("bring_chosen"), chosen | {"is_melody": "on"})

    top, both = Composition.objects.filter(origin="brought")[:2]
    assert [part["name"] for part in both.score["parts"]] == ["Flute", "Cello"]
    assert [n[1] for n in top.score["parts"][0]["notes"]] == [72, 74, 76, 77]
    assert len(top.score["parts"]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Choose one or more parts"),
        ({"parts": ["2"]}, "one or more of its parts"),
        ({"parts": ["0"], "first_bar": "3"}, "from 1 to 2"),
        ({"parts": ["0"], "first_bar": "2", "last_bar": "1"}, "first before the last"),
        ({"parts": ["0"], "title": "x" * 121}, "at most 120"),
        ({"parts": ["0"], "score": "{"}, "did not come whole"),
        ({"parts": ["0"], "score": "[" * 100_000}, "did not come whole"),
        ({"parts": ["0"], "score": '{"parts": [{"notes": [0]}]}'}, "cannot be read"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_choice_that_is_none_says_what_to_choose(client, data, sentence):
    score = json.dumps(score_to_json(duet()))

    response = client.post(reverse("bring_chosen"), {"score": score} | data)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Composition.objects.filter(origin="brought").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.mid", files.data("truncated.mid"), "damaged"),
        ("a.mid", files.data("type2.mid"), "type 0 or 1"),
        ("a.mid", files.data("film_frames.mid"), "film frames"),
        ("a.mid", files.data("months_long.mid"), "too long"),
        ("a.mid", files.data("broken.mid"), "MIDI"),
        ("a.mid", files.data("empty.mid"), "no notes"),
        ("a.mid", files.drums(), "drums only"),
        ("a.mid", b"", "empty"),
        ("a.musicxml", files.data("billion_laughs.musicxml"), "XML entities"),
        ("a.musicxml", files.data("reads_a_secret.musicxml"), "XML"),
        ("a.txt", b"no music", "MIDI (.mid)"),
        ("a.zip", files.zipped({"a.mid": files.midi(1)}), "inside"),
        ("a.abc", b"X:1\nK:C\nCDEF|\n\nX:2\nK:G\nGABc|\n", "one tune of it"),
        ("a.mxl", files.zipped({"a.xml": b"x"}), "MusicXML"),
        ("a.json", b"{", "not a recipe"),
        ("a.json", b"[]", "not a recipe"),
        ("a.json", b"\xff\xfe", "not a recipe"),
        ("a.json", b'{"a":' * 100_000, "not a recipe"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_what_is_no_music_is_refused_with_advice(client, name, content, advice):
    response = send_file(client, name, content)

    assert response.status_code == 422
    assert advice in response.content.decode()
    assert not Composition.objects.filter(origin="brought").exists()


@pytest.mark.django_db
def test_a_file_that_is_too_big_is_refused(client):
    big = send_file(client, "a.mid", b"0" * (bringing.MAX_BYTES + 1))
    far_too_big = send_file(client, "a.mid", b"0" * (bringing.MAX_BYTES + 2**20))

    assert (big.status_code, far_too_big.status_code) == (422, 413)
    assert "at most 1 MB" in big.content.decode()


@pytest.mark.django_db
def test_only_so_many_files_are_read_at_a_time(client, settings):
    settings.COMPOSE_WAIT_SECONDS = 0.01
    for _ in range(bringing.READING_SLOTS):
        bringing._slots.acquire()
    try:
        response = send_file(client, "a.mid", files.midi(1))
    finally:
        for _ in range(bringing.READING_SLOTS):
            bringing._slots.release()

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert send_file(client, "a.mid", files.midi(1)).status_code == 302


def test_a_slot_comes_free_when_reading_fails(settings):
    settings.COMPOSE_WAIT_SECONDS = 0.01
    for _ in range(bringing.READING_SLOTS + 1):
        with pytest.raises(NotBrought):
            bringing.read_file("a.mid", b"MThd nonsense")


# Text ---------------------------------------------------------------------------------


def test_a_text_with_mistakes_says_in_which_lines():
    with pytest.raises(WrongAbc, match="Line 3: .*no metre") as error:
        bringing.read_text("X:1\nT:A\nM:7/9\nK:C\nCD 5 E|")

    assert [wrong.line for wrong in error.value.wrongs] == [3, 5]


@pytest.mark.django_db
def test_the_page_keeps_the_text_and_names_the_lines(client):
    response = send(client, abc="X:1\nK:C\nCDk EF|")

    page = response.content.decode()
    assert response.status_code == 422
    assert "Line 3: “k” is no note of ABC" in page
    assert "CDk EF|</textarea>" in page


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  \n", "nothing in it yet"),
        ("C" * 100_001, "too long"),
        (TUNE + "\n\n" + TUNE, "one at a time"),
    ],
)
def test_a_text_has_its_ceilings(text, sentence):
    with pytest.raises(NotBrought, match=sentence):
        bringing.read_text(text)


# Notes --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_was_played_is_kept_and_its_key_is_guessed(client):
    send(client, notes=json.dumps(PLAYED))

    piece = the_one()
    assert piece.title == "Melody in D major"
    assert piece.measures["key_is_guessed"] is True
    assert piece.measures["qpm"] == 90
    assert piece.score["parts"][0]["notes"] == PLAYED["notes"]
    assert "by its notes" in client.get(piece.get_absolute_url()).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("notes", "sentence"),
    [
        ("", "did not come whole"),
        ("[", "did not come whole"),
        ("[" * 100_000, "did not come whole"),
        ("{}", "cannot be read"),
        ('{"notes": []}', "no notes"),
        (json.dumps({"notes": [[0, 60, 480]] * 2049}), "at most 2,048"),
        (json.dumps({"notes": [[256 * 1920, 60, 480], [0, 60, 480]]}), "at most 256"),
        (json.dumps({"notes": [[0, 60, 1.5]]}), "cannot be read"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_notes_have_their_ceilings(client, notes, sentence):
    response = send(client, notes=notes)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Composition.objects.filter(origin="brought").exists()


@pytest.mark.django_db
def test_nothing_at_all_is_answered_with_what_to_do(client):
    response = send(client)

    assert response.status_code == 422
    assert "Choose a file, paste a tune, or play one." in response.content.decode()


# Preparing ----------------------------------------------------------------------------


def test_written_music_stays_as_it_is():
    score = bringing.read_text(TUNE).score

    prepared = prepare(score)

    assert prepared.score == score
    assert prepared.remarks == ()


def test_played_music_is_put_on_the_grid():
    notes = (Note(7, 60, 470), Note(491, 62, 455), Note(955, 64, 500))

    prepared = prepare(Score((Part(notes),)))

    assert prepared.score.parts[0].notes == (
        *(Note(0, 60, 480), Note(480, 62, 480), Note(960, 64, 480)),
    )
    assert "nearest place" in prepared.remarks[0]


def test_bars_of_silence_at_the_start_are_left_out():
    prepared = prepare(Score((melody(60, 62, start=2 * 1920 + 480),)))

    assert prepared.score.parts[0].notes[0].start_tick == 480


def test_what_is_silent_where_it_was_chosen_says_so():
    score = Score((melody(60, 62), melody(*range(60, 72))))

    with pytest.raises(NotBrought, match="no notes in what you chose"):
        prepare(score, Excerpt(parts=(0,), first_bar=2, last_bar=2))


def test_drums_are_left_out_and_told():
    prepared = prepare(duet(), Excerpt(parts=(0, 1)))

    assert [part.name for part in prepared.score.parts] == ["Flute", "Cello"]
    assert "Drums were left out" in prepared.remarks[0]


def test_more_than_can_be_kept_is_told_in_numbers():
    many = Part(tuple(Note(60 * i, 60, 60) for i in range(2049)))
    parts = tuple(melody(60) for _ in range(9))

    with pytest.raises(NotBrought, match="2,049 notes"):
        prepare(Score((many,)))
    with pytest.raises(NotBrought, match="at most 8 parts"):
        prepare(Score(parts))
    assert prepare(Score((many,)), Excerpt(first_bar=1, last_bar=4)).score.num_notes


@pytest.mark.django_db
def test_the_page_is_linked_and_works_without_scripts(client):
    assert reverse("bring") in client.get("/").content.decode()
    assert reverse("bring") in client.get("/compose/").content.decode()

    page = client.get(reverse("bring")).content.decode()

    assert 'enctype="multipart/form-data"' in page
    assert "<textarea" in page
    assert "sessionid" not in client.cookies


@pytest.mark.django_db
def test_every_page_that_shows_a_brought_piece_says_so(client):
    send(client, notes=json.dumps(PLAYED))
    piece = the_one()

    assert "Brought by" in client.get(piece.get_absolute_url()).content.decode()
    for path in (reverse("history"), piece.get_absolute_url()):
        page = client.get(path).content.decode()
        assert "chance alone" not in page
        assert "drawn by lot" not in page
        assert "Random notes" not in page
    told = client.get(f"/api/v1/compositions/{piece.pk}/").json()
    assert (told["model"], told["origin"], told["version"]) == ("", "brought", None)
    assert client.get("/history").json()["results"][0]["model"] == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("action", "model", "more"),
    [
        ("continue", "tunes", {"more_bars": "4"}),
        ("harmonise", "chorales", {}),
        ("vary_a_little", "tunes", {}),
    ],
)
def test_what_was_brought_is_continued_harmonised_and_varied(
    client, tunes, chorales, action, model, more
):
    send(client, abc="X:1\nM:4/4\nL:1/4\nK:G\nGABc|d2B2|cBAG|A2G2|]")
    brought = the_one()
    page = client.get(brought.get_absolute_url()).content.decode()
    assert 'id="steer"' in page

    response = client.post(
        reverse("steer", args=[brought.pk]),
        {"action": action, "model": model} | more,
    )

    assert response.status_code == 302, response.content.decode()
    child = Composition.objects.get(parent=brought)
    assert child.version.model.slug == model
    if action == "harmonise":
        kept = [note[:2] for note in brought.score["parts"][0]["notes"]]
        soprano = [note[:2] for note in child.score["parts"][0]["notes"]]
        assert len(child.score["parts"]) == 4
        assert soprano == kept
