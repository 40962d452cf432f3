"""Music that a program brings."""

from __future__ import annotations

import pytest

from composer_site.api.v1 import pieces as api
from tests.training import files
from training.models import Dataset, Piece
from training.uploads import MAX_FILE_BYTES

pytestmark = pytest.mark.django_db

PIECES, DATASETS = "/api/v1/pieces/", "/api/v1/datasets/"
KEY = {"idempotency-key": "a-key-of-mine"}


def test_a_file_becomes_a_piece(writer):
    answer = writer.send_file(PIECES, "air.mid", files.midi(1))

    assert answer.status_code == 201
    told = answer.json()
    assert (told["name"], told["source"]) == ("air", "air.mid")
    assert (told["num_parts"], told["num_voices"]) == (1, 1)
    assert len(told["notes"]) == told["num_notes"]
    assert writer.get(answer["Location"]).json() == told


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.mid", files.data("truncated.mid"), "damaged"),
        ("a.musicxml", files.data("billion_laughs.musicxml"), "XML entities"),
        ("a.mid", files.data("months_long.mid"), "too long"),
        ("a.txt", b"no music", "MIDI (.mid)"),
        ("a.zip", files.zipped({"a.mid": files.midi(1)}), ".zip"),
        ("a.abc", b"X:1\nK:C\nCDEF|\n\nX:2\nK:G\nGABc|\n", "Send one tune"),
        ("a.mid", files.drums(), "drums only"),
        ("a.mid", b"", "empty"),
    ],
)
def test_what_is_no_music_is_a_problem(writer, name, content, advice):
    answer = writer.send_file(PIECES, name, content)

    assert answer.status_code == 400
    assert advice in answer.json()["errors"]["file"][0]
    assert not Piece.objects.exists()


def test_a_file_that_is_too_big_is_refused(writer):
    big = writer.send_file(PIECES, "a.mid", b"0" * (MAX_FILE_BYTES + 1))
    far_too_big = writer.send_file(PIECES, "a.mid", b"0" * (MAX_FILE_BYTES + 2**20))

    assert big.status_code == 400
    assert "too big" in big.json()["errors"]["file"][0]
    assert far_too_big.status_code == 413


@pytest.mark.parametrize("body", [{}, {"file": "text"}, {"file": None}, []])
def test_json_is_no_file(writer, body):
    answer = writer.post(PIECES, body)

    assert answer.status_code == 400
    assert answer.json()["title"]


def test_a_field_of_another_name_is_told(writer):
    answer = writer.send_file(PIECES, "a.mid", files.midi(1), field="music")

    assert answer.status_code == 400
    assert "music" in answer.json()["errors"]


def test_the_same_music_is_the_piece_that_is_there(writer):
    first, second = (
        writer.send_file(PIECES, name, files.midi(1)) for name in ("a.mid", "b.mid")
    )

    assert first.json()["id"] == second.json()["id"]


def test_a_request_sent_twice_with_a_key_is_done_once(writer):
    first, second = (
        writer.send_file(PIECES, "a.mid", files.midi(1), **KEY) for _ in range(2)
    )
    other = writer.send_file(PIECES, "a.mid", files.midi(2), **KEY)

    assert second["Idempotent-Replayed"] == "true"
    assert first.json() == second.json()
    assert other.status_code == 422


def test_where_many_send_one_is_told_to_come_back(writer, settings):
    settings.COMPOSE_WAIT_SECONDS = 0
    with api.one_of_few():
        answer = writer.send_file(PIECES, "a.mid", files.midi(1))

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert writer.send_file(PIECES, "a.mid", files.midi(1)).status_code == 201


def test_a_deleted_piece_is_nowhere(writer, own_pieces):
    path = f"{PIECES}{own_pieces[0].pk}/"

    assert writer.send("DELETE", path).status_code == 204

    assert writer.get(path).status_code == 404
    assert len(writer.get(PIECES).json()["results"]) == 9


def test_a_dataset_is_made_of_ones_own_pieces(writer, own_pieces):
    answer = writer.post(DATASETS, {"kind": "pieces", "way": "melody"})

    assert answer.status_code == 202
    told = answer.json()
    assert (told["kind"], told["encoding"]) == ("pieces", {"name": "melody"})
    assert Dataset.objects.get().entries.count() == 10


def test_pieces_of_others_are_not_there(callers, own_pieces):
    body = {"kind": "pieces", "pieces": [piece.pk for piece in own_pieces]}

    answer = callers["bob"].post(DATASETS, body)

    assert answer.status_code == 400
    assert "/api/v1/pieces/" in answer.json()["errors"]["pieces"][0]


def test_too_few_pieces_are_told(writer, own_pieces):
    body = {"kind": "pieces", "pieces": [own_pieces[0].pk]}

    answer = writer.post(DATASETS, body)

    assert answer.status_code == 400
    assert "10 is the least" in answer.json()["title"]
