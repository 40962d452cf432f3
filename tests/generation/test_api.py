"""The four plain paths, as a program meets them."""

from __future__ import annotations

import io
import json

import mido
import pytest
from django.test import Client

from generation.models import Composition

pytestmark = pytest.mark.django_db


def post_json(client: Client, path: str, body: object):
    return client.post(path, json.dumps(body), content_type="application/json")


def midi_notes(data: bytes) -> int:
    midi = mido.MidiFile(file=io.BytesIO(data))
    return sum(m.type == "note_on" and m.velocity > 0 for t in midi.tracks for m in t)


# /generate


def test_generate_gives_a_midi_file_of_as_many_notes_as_asked(client):
    response = client.post("/generate", {"num_notes": 64})

    assert response.status_code == 200
    assert response["Content-Type"] == "audio/midi"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert midi_notes(response.content) == 64


def test_json_and_form_are_the_same_to_it(client):
    controls = {"num_notes": 24, "seed": 7, "temperature": 0.9, "tempo": 100}

    form = client.post("/generate", controls)
    body = post_json(client, "/generate", controls)

    assert form.content == body.content


def test_the_same_seed_gives_the_same_bytes(client):
    first, second, other = (
        post_json(client, "/generate", {"seed": seed, "num_notes": 32}).content
        for seed in (7, 7, 8)
    )

    assert first == second
    assert first != other


def test_a_drawn_seed_is_told_and_makes_the_piece_again(client):
    drawn = client.post("/generate", {"num_notes": 32})

    again = client.post("/generate", {"num_notes": 32, "seed": drawn["X-Seed"]})

    assert again.content == drawn.content


def test_chorales_end_at_the_first_bar_line_past_the_notes_asked_for(client):
    body = {"model": "chorales", "num_notes": 64, "seed": 1}

    response = post_json(client, "/generate_json", body).json()

    assert 64 <= len(response["notes"]) < 64 + 4 * 16


def test_random_notes_are_the_seeds_own(client):
    body = {"model": "random", "num_notes": 50, "seed": 3}

    first = post_json(client, "/generate_json", body).json()
    second = post_json(client, "/generate_json", body).json()

    pitches = [note["pitch"] for note in first["notes"]]
    assert len(pitches) == 50
    assert set(pitches) <= set(range(60, 72))
    assert len({note["duration_ticks"] for note in first["notes"]}) == 1
    assert pitches == [note["pitch"] for note in second["notes"]]
    assert first["metrics"]["r2"] == 0.0


def test_an_empty_body_is_a_request_for_anything(client):
    assert client.post("/generate").status_code == 200
    assert post_json(client, "/generate_json", {}).status_code == 200


def test_other_controls_are_obeyed(client):
    body = {"tonic": "D", "mode": "dorian", "metre": "6/8", "bars": 8, "seed": 5}

    response = post_json(client, "/generate_json", body).json()

    piece = Composition.objects.get(pk=response["id"])
    assert piece.measures["key"] == "D dorian"
    assert piece.measures["metre"] == "6/8"
    assert piece.measures["bars"] == 8


# /generate_json


def test_generate_json_tells_the_notes_and_what_is_known_of_the_model(client, tunes):
    response = post_json(client, "/generate_json", {"num_notes": 16, "seed": 7})

    told = response.json()
    assert set(told) >= {"notes", "metrics", "model", "seed", "id"}
    assert told["model"] == "tunes"
    assert told["seed"] == 7
    assert len(told["notes"]) == 16
    assert set(told["metrics"]) == {"r2", "mse", "rmse"}
    assert told["metrics"]["r2"] == pytest.approx(tunes.scores()["r2"])
    assert client.get(told["url"]).status_code == 200


# /metrics


def test_metrics_stand_beside_their_baselines(client):
    told = client.get("/metrics").json()

    assert told["model"] == "tunes"
    assert {"r2", "mse", "rmse", "bits_per_note"} <= set(told["metrics"])
    assert {"repeat_last", "ridge", "ngram"} <= set(told["baselines"])


def test_metrics_of_another_model_can_be_asked_for(client):
    assert client.get("/metrics?model=chorales").json()["model"] == "chorales"
    assert client.get("/metrics?model=random").json()["metrics"]["r2"] == 0.0


# /history


def test_history_lists_the_callers_pieces_newest_first(client, other_visitor):
    for seed in (1, 2, 3):
        post_json(client, "/generate", {"num_notes": 8, "seed": seed})
    post_json(other_visitor, "/generate", {"num_notes": 8, "seed": 4})

    told = client.get("/history").json()

    assert [piece["seed"] for piece in told["results"]] == [3, 2, 1]
    assert [p["seed"] for p in other_visitor.get("/history").json()["results"]] == [4]


def test_history_follows_the_account_not_the_session(client, alice, charlie):
    client.force_login(alice)
    post_json(client, "/generate", {"num_notes": 8, "seed": 1})
    elsewhere, outsider = Client(), Client()
    elsewhere.force_login(alice)
    outsider.force_login(charlie)

    assert len(elsewhere.get("/history").json()["results"]) == 1
    assert outsider.get("/history").json()["results"] == []


def test_history_comes_in_pages(client):
    for seed in range(5):
        body = {"model": "random", "num_notes": 2, "seed": seed}
        post_json(client, "/generate", body)

    first = client.get("/history?limit=2").json()
    second = client.get(first["next"]).json()

    assert [piece["seed"] for piece in first["results"]] == [4, 3]
    assert [piece["seed"] for piece in second["results"]] == [2, 1]


def test_a_long_history_takes_as_many_queries_as_a_short_one(
    client, django_assert_num_queries
):
    post_json(client, "/generate", {"num_notes": 8})
    with django_assert_num_queries(2):  # session, pieces
        client.get("/history")
    for _ in range(4):
        post_json(client, "/generate", {"num_notes": 8})

    with django_assert_num_queries(2):
        client.get("/history")


def test_a_stranger_has_no_history(client):
    assert client.get("/history").json()["results"] == []


# What cannot be

BAD_BODIES = [
    ({"num_notes": 10**9}, 400),
    ({"num_notes": 0}, 400),
    ({"num_notes": -5}, 400),
    ({"num_notes": "many"}, 400),
    ({"num_notes": True}, 400),
    ({"num_notes": [64]}, 400),
    ({"num_notes": {"a": 1}}, 400),
    ({"num_notes": 1.5}, 400),
    ({"temperature": -3}, 400),
    ({"temperature": 0}, 400),
    ({"temperature": "NaN"}, 400),
    ({"temperature": "inf"}, 400),
    ({"temperature": 10**400}, 400),
    ({"tempo": -1}, 400),
    ({"tempo": 1e9}, 400),
    ({"top_p": 1.5}, 400),
    ({"top_k": -1}, 400),
    ({"seed": -1}, 400),
    ({"seed": 10**40}, 400),
    ({"seed": "x"}, 400),
    ({"bars": 100_000}, 400),
    ({"metre": "6"}, 400),
    ({"metre": "1/0"}, 400),
    ({"metre": ["6", "8"]}, 400),
    ({"tonic": "H"}, 400),
    ({"mode": "happy"}, 400),
    ({"lowest_pitch": 90, "highest_pitch": 40}, 400),
    ({"highest_pitch": 500}, 400),
    ({"candidates": 10**6}, 400),
    ({"temprature": 1}, 400),
    ({"model": "no-such"}, 404),
    ({"model": 5}, 404),
    ({"model": ["tunes"]}, 404),
    ([1, 2], 400),
    ("tunes", 400),
    (None, 400),
]


@pytest.mark.parametrize("path", ["/generate", "/generate_json"])
@pytest.mark.parametrize(("body", "status"), BAD_BODIES)
def test_it_says_what_is_wrong_and_writes_nothing(client, path, body, status):
    before = Composition.objects.count()

    response = post_json(client, path, body)

    assert response.status_code == status
    error = response.json()["error"]
    assert error.endswith((".", "64", "64}."))
    assert Composition.objects.count() == before


@pytest.mark.parametrize("model", ["random", "chorales"])
def test_every_model_refuses_too_many_notes(client, model):
    response = post_json(client, "/generate", {"model": model, "num_notes": 10**9})

    assert response.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"num_notes is 64",
        b"{",
        b'{"temperature": NaN}',
        b'{"temperature": Infinity}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"seed": ' + b"9" * 5000 + b"}",
    ],
)
def test_text_that_is_not_json_is_refused(client, body):
    response = client.post("/generate", body, content_type="application/json")

    assert response.status_code == 400
    assert "Send an object" in response.json()["error"]


def test_a_body_of_another_kind_is_refused(client):
    response = client.post("/generate", b"<a/>", content_type="application/xml")

    assert response.status_code == 415
    assert "Send JSON" in response.json()["error"]


def test_a_body_that_is_too_large_is_not_read(client):
    body = json.dumps({"model": "x" * 2_000_000})

    response = client.post("/generate", body, content_type="application/json")

    assert response.status_code == 413
    assert "KiB" in response.json()["error"]


@pytest.mark.parametrize("path", ["/generate", "/generate_json"])
def test_a_get_is_told_to_post(client, path):
    response = client.get(path)

    assert response.status_code == 405
    assert f"curl -X POST http://testserver{path}" in response.json()["error"]


@pytest.mark.parametrize("path", ["/metrics", "/history"])
def test_a_post_is_told_to_get(client, path):
    response = client.post(path)

    assert response.status_code == 405
    assert "Use GET" in response.json()["error"]


def test_an_unknown_model_has_no_metrics(client):
    response = client.get("/metrics?model=no-such")

    assert response.status_code == 404
    assert "tunes" in response.json()["error"]


def test_a_cursor_of_ones_own_making_is_refused(client):
    post_json(client, "/generate", {"model": "random", "num_notes": 2})

    # The second is well-formed, of a date that is none.
    for cursor in ("nonsense", "cD15ZXN0ZXJkYXk="):
        response = client.get(f"/history?cursor={cursor}")

        assert response.status_code == 404
        assert response.json()["error"].startswith("There is no such page.")


# Pages of other sites


def test_a_listed_origin_may_call(client):
    response = client.options(
        "/generate",
        headers={
            "origin": "https://listed.example",
            "access-control-request-method": "POST",
        },
    )
    posted = client.post(
        "/generate", {"model": "random"}, headers={"origin": "https://listed.example"}
    )

    assert response["Access-Control-Allow-Origin"] == "https://listed.example"
    assert posted["Access-Control-Allow-Origin"] == "https://listed.example"
    assert "x-seed" in posted["Access-Control-Expose-Headers"].lower()


def test_other_origins_may_not_and_other_paths_never(client):
    other = client.get("/metrics", headers={"origin": "https://other.example"})
    page = client.get("/healthz", headers={"origin": "https://listed.example"})

    assert "Access-Control-Allow-Origin" not in other
    assert "Access-Control-Allow-Origin" not in page
