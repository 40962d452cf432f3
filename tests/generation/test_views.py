"""The pages, as a visitor meets them."""

from __future__ import annotations

import io
import json
import uuid

import mido
import pytest
from django.test import Client
from django.urls import reverse

from generation import renderings, services
from generation.composing.recipe import ComposeRequest
from generation.models import Composition, Rendering
from training import doorbell
from training.music.midi import read_midi
from training.music.musicxml_reader import read_musicxml

pytestmark = pytest.mark.django_db


@pytest.fixture
def piece(tunes) -> Composition:
    return services.compose_now(
        tunes, ComposeRequest(seed=7, bars=8), owner=None, session_key="someone"
    )


def of_piece(piece: Composition, name: str, *args: object) -> str:
    return reverse(name, args=[piece.pk, *args])


# Home


def test_home_plays_a_finished_piece_of_each_model(client):
    response = client.get("/")

    assert response.status_code == 200
    slugs = [piece.model_slug for piece in response.context["showcases"]]
    assert slugs == ["tunes", "chorales", "quartets"]
    for piece in response.context["showcases"]:
        assert of_piece(piece, "notes_json") in response.content.decode()


def test_home_takes_the_same_queries_however_many_pieces_there_are(
    client, tunes, django_assert_num_queries
):
    with django_assert_num_queries(2):  # showcases, models
        client.get("/")
    services.compose_now(
        tunes, ComposeRequest(seed=1), owner=None, session_key="", is_showcase=True
    )

    with django_assert_num_queries(2):
        client.get("/")


def test_pages_may_load_nothing_from_elsewhere(client):
    policy = client.get("/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


# Compose


def test_compose_asks_for_nothing_but_a_click(client):
    response = client.post("/compose/", {"model": "tunes"})

    piece = Composition.objects.get(is_showcase=False)
    assert response.status_code == 302
    assert response["Location"] == piece.get_absolute_url()
    assert client.get(response["Location"]).status_code == 200


def test_compose_obeys_every_control(client):
    controls = {
        "model": "tunes",
        "tonic": "A",
        "mode": "dorian",
        "metre": "6/8",
        "bars": "8",
        "lowest_pitch": "55",
        "highest_pitch": "88",
        "tempo": "90",
        "temperature": "0.8",
        "top_k": "12",
        "top_p": "0.95",
        "candidates": "2",
        "seed": "11",
    }

    client.post("/compose/", controls)

    piece = Composition.objects.get(is_showcase=False)
    assert piece.seed == 11
    assert piece.measures["key"] == "A dorian"
    assert piece.measures["metre"] == "6/8"
    assert piece.measures["bars"] == 8
    assert piece.measures["qpm"] == 90
    pitches = [note.pitch for note in piece.as_score().parts[0].notes]
    assert min(pitches) >= 55 and max(pitches) <= 88
    assert piece.recipe["temperature"] == 0.8


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("temperature", "-3", "temperature must be a number above 0"),
        ("bars", "1000000000", "from 1 to 256"),
        ("metre", "waltz", "written like 4/4"),
        ("model", "no-such", "Choose one from the list"),
        ("tonic", "H", "name of a note"),
        ("seed", "abc", "whole number"),
    ],
)
def test_the_form_says_what_to_change(client, field, value, sentence):
    response = client.post("/compose/", {"model": "tunes", field: value})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Composition.objects.filter(is_showcase=False).exists()


def test_a_visitor_keeps_the_session_a_first_piece_gave(client):
    client.post("/compose/", {"model": "tunes"})
    client.post("/compose/", {"model": "tunes"})

    keys = {
        piece.session_key for piece in Composition.objects.filter(is_showcase=False)
    }
    assert keys == {client.session.session_key}


def test_a_form_without_its_token_is_refused(db):
    response = Client(enforce_csrf_checks=True).post("/compose/", {"model": "tunes"})

    assert response.status_code == 403
    assert "text/html" in response["Content-Type"]


def test_when_all_places_are_taken_it_says_when_to_come_back(client, monkeypatch):
    def busy(*args, **kwargs):
        raise services.TooBusy("Many people are composing just now.")

    monkeypatch.setattr(services, "compose_now", busy)

    page = client.post("/compose/", {"model": "tunes"})
    program = client.post("/generate")

    assert page.status_code == program.status_code == 503
    assert page["Retry-After"] == program["Retry-After"] == "5"
    assert program.json()["error"] == "Many people are composing just now."


# A piece


def test_a_piece_has_its_page(client, piece):
    response = client.get(piece.get_absolute_url())

    page = response.content.decode()
    assert response.status_code == 200
    assert piece.title in page
    labels = [row["label"] for row in response.context["recipe_rows"]]
    assert {"Model", "Seed", "Key", "Metre", "Bars", "Tempo"} <= set(labels)
    formats = [download.format for download in response.context["downloads"]]
    assert {"mid", "musicxml", "abc", "pdf", "mp3"} <= set(formats)


def test_a_piece_takes_the_same_queries_with_all_its_renderings(
    client, piece, django_assert_num_queries
):
    with django_assert_num_queries(4):  # piece, models, its children, renderings
        client.get(piece.get_absolute_url())
    for format in Rendering.Format.values:
        Rendering.objects.create(
            composition=piece, format=format, rung_at=piece.created_at
        )

    with django_assert_num_queries(4):
        client.get(piece.get_absolute_url())


def test_a_piece_that_is_not_there_is_a_404_page(client):
    response = client.get(f"/pieces/{uuid.uuid4()}/")

    assert response.status_code == 404
    assert "text/html" in response["Content-Type"]


def test_again_follows_the_same_recipe_with_another_seed(client, piece):
    response = client.post(of_piece(piece, "again"))

    child = Composition.objects.get(parent=piece)
    assert response["Location"] == child.get_absolute_url()
    assert child.recipe["bars"] == 8
    assert child.seed != piece.seed
    assert child.score["parts"] != piece.score["parts"]


def test_again_may_change_the_recipe(client, piece):
    client.post(of_piece(piece, "again"), {"bars": "4", "seed": "3", "metre": "3/4"})

    child = Composition.objects.get(parent=piece)
    assert (child.measures["bars"], child.seed) == (4, 3)
    assert child.measures["metre"] == "3/4"


def test_again_says_what_to_change(client, piece):
    response = client.post(of_piece(piece, "again"), {"bars": "0"})

    assert response.status_code == 422
    assert "from 1 to 256" in response.content.decode()
    assert response.context["composition"] == piece


def test_again_is_asked_for_not_looked_at(client, piece):
    assert client.get(of_piece(piece, "again")).status_code == 405


# What the page draws and plays


def test_notes_are_told_with_their_surprise(client, piece):
    told = client.get(of_piece(piece, "notes_json")).json()

    score = piece.as_score()
    assert len(told["notes"]) == score.num_notes
    assert {"start_seconds", "duration_seconds", "pitch", "part", "bits"} <= set(
        told["notes"][0]
    )
    assert told["duration_seconds"] == pytest.approx(
        score.seconds_at(score.end_tick), abs=0.001
    )
    assert [bar["number"] for bar in told["bars"]][-1] == 8
    assert [part["program"] for part in told["parts"]] == [score.parts[0].program]


def test_the_score_and_its_timemap_agree(client, piece):
    timemap = client.get(of_piece(piece, "timemap_json") + "?width=700").json()

    pages = [
        client.get(of_piece(piece, "score_svg", page + 1) + "?width=700")
        for page in range(timemap["pages"])
    ]

    assert {page["Content-Type"] for page in pages} == {"image/svg+xml"}
    drawn = "".join(page.content.decode() for page in pages)
    heads = {head for moment in timemap["timemap"] for head in moment["note_ids"]}
    assert heads
    assert all(f'"{head}"' in drawn for head in heads)


def test_a_page_past_the_last_is_a_404(client, piece):
    assert client.get(of_piece(piece, "score_svg", 99)).status_code == 404
    assert client.get(of_piece(piece, "score_svg", 0)).status_code == 404


def test_any_width_is_answered(client, piece):
    for width in ("1", "400", "99999999999", "wide", ""):
        url = of_piece(piece, "score_svg", 1) + f"?width={width}"
        assert client.get(url).status_code == 200


def test_the_roll_is_a_picture(client, piece):
    response = client.get(of_piece(piece, "roll_svg"))

    assert response["Content-Type"] == "image/svg+xml"
    assert b"<rect" in response.content


# Downloads


def test_midi_reads_back_as_the_piece(client, piece):
    response = client.get(of_piece(piece, "download", "mid"))

    assert response["Content-Disposition"].endswith('.mid"')
    assert read_midi(response.content) == piece.as_score()
    midi = mido.MidiFile(file=io.BytesIO(response.content))
    assert midi.length == pytest.approx(piece.measures["seconds"], abs=0.5)


def test_musicxml_reads_back_as_the_piece(client, piece):
    response = client.get(of_piece(piece, "download", "musicxml"))

    read = read_musicxml(response.content)
    assert [part.notes for part in read.parts] == [
        part.notes for part in piece.as_score().parts
    ]


def test_the_recipe_travels_inside_the_files(client, piece):
    from training.music.formats import read_recipe

    for format in ("mid", "musicxml", "abc"):
        data = client.get(of_piece(piece, "download", format)).content
        recipe = json.loads(read_recipe(f"piece.{format}", data))
        assert recipe == piece.recipe


def test_abc_is_for_one_melody(client, chorales):
    chorale = services.compose_now(
        chorales, ComposeRequest(seed=1, bars=4), owner=None, session_key="s"
    )

    page = client.get(chorale.get_absolute_url())

    assert client.get(of_piece(chorale, "download", "abc")).status_code == 404
    assert "abc" not in [download.format for download in page.context["downloads"]]


def test_an_unknown_format_is_a_404(client, piece):
    assert client.get(of_piece(piece, "download", "exe")).status_code == 404


def test_files_go_out_so_that_no_browser_runs_them(client, piece):
    response = client.get(of_piece(piece, "download", "musicxml"))

    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_file_that_is_not_made_yet_leads_back_to_where_one_asks(client, piece):
    response = client.get(of_piece(piece, "download", "mp3"), follow=True)

    assert response.redirect_chain == [(piece.get_absolute_url() + "#downloads", 302)]
    assert "not made yet" in response.content.decode()


# Renderings


@pytest.fixture
def queue(monkeypatch) -> list[int]:
    rung: list[int] = []
    monkeypatch.setattr(doorbell, "async_task", lambda path, id, **k: rung.append(id))
    return rung


def test_a_script_asks_waits_and_fetches(
    client, piece, queue, django_capture_on_commit_callbacks
):
    as_script = {"accept": "application/json"}
    url = of_piece(piece, "rendering_create")

    with django_capture_on_commit_callbacks(execute=True):
        asked = client.post(url, {"format": "wav"}, headers=as_script)

    assert asked.status_code == 202
    assert asked.json()["state"] == "queued"
    status_url = asked["Location"]
    first = client.get(status_url)
    unchanged = client.get(status_url, headers={"if-none-match": first["ETag"]})
    assert unchanged.status_code == 304

    renderings.perform_rendering(queue[0])

    changed = client.get(status_url, headers={"if-none-match": first["ETag"]})
    assert changed.json()["state"] == "ready"
    sound = client.get(changed.json()["url"])
    assert sound["Content-Type"] == "audio/wav"
    assert sound.getvalue().startswith(b"RIFF")


def test_without_scripts_one_comes_back_to_the_page(client, piece, queue):
    response = client.post(
        of_piece(piece, "rendering_create"), {"format": "pdf"}, follow=True
    )

    assert response.redirect_chain == [(piece.get_absolute_url() + "#downloads", 302)]
    (download,) = [d for d in response.context["downloads"] if d.format == "pdf"]
    assert download.is_unfinished


def test_a_browser_may_fetch_a_part_of_a_sound(client, piece):
    rendering = renderings.request_rendering(piece, "wav")
    renderings.perform_rendering(rendering.pk)
    url = of_piece(piece, "download", "wav")
    whole = client.get(url).getvalue()

    part = client.get(url, headers={"range": "bytes=100-199"})
    rest = client.get(url, headers={"range": f"bytes={len(whole) - 10}-"})
    last = client.get(url, headers={"range": "bytes=-10"})
    beyond = client.get(url, headers={"range": f"bytes={len(whole)}-"})
    odd = client.get(url, headers={"range": "pages=1-2"})

    assert part.status_code == 206
    assert part["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert part.getvalue() == whole[100:200]
    assert rest.getvalue() == last.getvalue() == whole[-10:]
    assert beyond.status_code == 416
    assert odd.status_code == 200


def test_an_unknown_format_cannot_be_asked_for(client, piece):
    url = of_piece(piece, "rendering_create")

    program = client.post(
        url, {"format": "exe"}, headers={"accept": "application/json"}
    )
    page = client.post(url, {"format": "exe"}, follow=True)

    assert program.status_code == 400
    assert "mp3" in program.json()["error"]
    assert "mp3" in page.content.decode()


def test_a_rendering_nobody_asked_for_has_no_state(client, piece):
    url = of_piece(piece, "rendering_status", "mp3")

    assert client.get(url).status_code == 404


# History


def test_my_pieces_are_mine(client, other_visitor):
    client.post("/compose/", {"model": "tunes"})
    mine = Composition.objects.get(is_showcase=False)

    assert mine.title in client.get("/my/pieces/").content.decode()
    assert (
        mine.get_absolute_url() not in other_visitor.get("/my/pieces/").content.decode()
    )


def test_my_pieces_take_the_same_queries_however_many(
    client, django_assert_num_queries
):
    client.post("/compose/", {"model": "tunes"})
    with django_assert_num_queries(6):  # session, page, count, cards, what there is
        client.get("/my/pieces/")
    for _ in range(3):
        client.post("/compose/", {"model": "chorales"})

    with django_assert_num_queries(6):
        client.get("/my/pieces/")


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "99999999999999999999"])
def test_any_page_number_is_answered(client, page):
    assert client.get(f"/my/pieces/?page={page}").status_code == 200


def test_an_account_has_its_pieces_and_no_one_elses(alice, charlie):
    hers, his = Client(), Client()
    hers.force_login(alice)
    his.force_login(charlie)
    hers.post("/compose/", {"model": "tunes"})

    assert len(hers.get("/my/pieces/").context["pieces"]) == 1
    assert len(his.get("/my/pieces/").context["pieces"]) == 0
