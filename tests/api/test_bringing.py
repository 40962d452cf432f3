"""Melodies that a program brings."""

from __future__ import annotations

import pytest

from generation import bringing
from generation.models import Composition
from tests.training import files

pytestmark = pytest.mark.django_db

PATH = "/api/v1/compositions/bring/"
KEY = {"idempotency-key": "a-key-of-mine"}
ABC = "X:1\nT:Air\nM:2/4\nL:1/8\nK:D\nDEFG|A2 d2|"
NOTES = [[0, 62, 480], [480, 66, 480, 100], [960, 69, 960]]


def brought():
    return Composition.objects.filter(origin="brought")


def test_notes_become_a_composition(writer, alice):
    answer = writer.post(PATH, {"notes": NOTES, "tempo": 90, "title": "Call"})

    assert answer.status_code == 201
    told = answer.json()
    assert (told["title"], told["origin"], told["model"]) == ("Call", "brought", "")
    assert told["measures"]["key"] == "D major"
    assert told["measures"]["key_is_guessed"] is True
    assert [note["pitch"] for note in told["notes"]] == [62, 66, 69]
    assert set(told["files"]) == {"mid", "musicxml", "abc", "recipe"}
    assert writer.get(answer["Location"]).json() == told
    assert brought().get().owner == alice


def test_what_notes_do_not_say_is_said_beside_them(writer):
    told = writer.post(
        PATH,
        {
            "notes": NOTES,
            "metre": "3/4",
            "pickup_ticks": 480,
            "tonic": "Bb",
            "mode": "dorian",
        },
    ).json()

    assert told["measures"]["metre"] == "3/4"
    assert told["measures"]["key"] == "B♭ dorian"
    assert brought().get().as_score().pickup_ticks == 480


def test_a_text_and_a_file_are_brought_too(writer):
    text = writer.post(PATH, {"abc": ABC})
    file = writer.send_file(PATH, "air.abc", ABC.encode())

    assert (text.status_code, file.status_code) == (201, 201)
    assert text.json()["title"] == file.json()["title"] == "Air"
    assert text.json()["notes"] == file.json()["notes"]


def test_a_file_is_read_as_pages_read_it(writer):
    answer = writer.send_file(PATH, "two.musicxml", files.data("two_bars.musicxml"))

    assert answer.status_code == 201


def test_it_is_brought_once_with_a_key(writer):
    first = writer.post(PATH, {"abc": ABC}, **KEY)
    second = writer.post(PATH, {"abc": ABC}, **KEY)

    assert first.json() == second.json()
    assert brought().count() == 1


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({}, "", "Send one of file, abc and notes"),
        ({"abc": ABC, "notes": NOTES}, "", "Send one of"),
        ({"abc": "X:1\nK:C\nCD 9 E|"}, "abc", "Line 3: “9”"),
        ({"abc": "C" * 100_001}, "abc", "100000"),
        ({"abc": ABC, "tempo": 90}, "tempo", "with notes only"),
        ({"notes": []}, "notes", "no notes"),
        ({"notes": [[0, 60, 480]] * 2049}, "notes", "2048"),
        ({"notes": [[0, 60]]}, "notes.0", "at least 3"),
        ({"notes": [[0, 60, 480, 80, 1]]}, "notes.0", "no more than 4"),
        ({"notes": [[0, 128, 480]]}, "notes", "cannot be read"),
        ({"notes": [[0, 60, -1]]}, "notes", "cannot be read"),
        ({"notes": [[300 * 1920, 60, 1], [0, 60, 1]]}, "notes", "at most 256"),
        ({"notes": "all"}, "notes", "list"),
        ({"notes": NOTES, "metre": "5"}, "metre", "4/4"),
        ({"notes": NOTES, "tonic": "H"}, "tonic", "name of a note"),
        ({"notes": NOTES, "mode": "blue"}, "mode", "Send one of"),
        ({"notes": NOTES, "mode": "minor"}, "mode", "tonic"),
        ({"notes": NOTES, "tempo": 1e9}, "tempo", "400"),
        ({"notes": NOTES, "pickup_ticks": 1920}, "notes", "cannot be read"),
        ({"notes": NOTES, "parts": [1]}, "notes", "one or more of its parts"),
        ({"notes": NOTES, "first_bar": 9}, "notes", "from 1 to 1"),
        ({"notes": NOTES, "title": "x" * 121}, "title", "120"),
        ({"notes": NOTES, "colour": 1}, "colour", "no such field"),
        ({"file": "text"}, "file", "not a file"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_brought_is_a_problem(writer, body, field, sentence):
    answer = writer.post(PATH, body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    found = told["errors"][field] if field else [told["title"]]
    assert sentence in found[0]
    assert not brought().exists()


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.mid", files.data("truncated.mid"), "damaged"),
        ("a.musicxml", files.data("billion_laughs.musicxml"), "XML entities"),
        ("a.mid", b"", "empty"),
        ("a.mid", b"0" * (bringing.MAX_BYTES + 1), "too big"),
        ("a.zip", files.zipped({"a.mid": files.midi(1)}), "inside"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_file_that_is_no_music_is_a_problem(writer, name, content, advice):
    answer = writer.send_file(PATH, name, content)

    assert answer.status_code == 400
    assert advice in answer.json()["errors"]["file"][0]


def test_far_too_much_is_not_read(writer):
    answer = writer.send_file(PATH, "a.mid", b"0" * (bringing.MAX_BYTES + 2**20))

    assert answer.status_code == 413


def test_when_many_read_a_program_is_told_when_to_come_back(writer, settings):
    settings.COMPOSE_WAIT_SECONDS = 0.01
    for _ in range(bringing.READING_SLOTS):
        bringing._slots.acquire()
    try:
        answer = writer.post(PATH, {"abc": ABC})
    finally:
        for _ in range(bringing.READING_SLOTS):
            bringing._slots.release()

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer["Content-Type"] == "application/problem+json"


def test_the_schema_tells_of_it(client):
    schema = client.get("/api/v1/schema/?format=json").json()

    posted = schema["paths"]["/api/v1/compositions/bring/"]["post"]
    assert set(posted["requestBody"]["content"]) == {
        "application/json",
        "multipart/form-data",
    }
    assert {"201", "400", "401", "403", "503"} <= set(posted["responses"])
