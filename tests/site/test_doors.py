"""What holds for every page: headers, refusals, health."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

pytestmark = pytest.mark.django_db


def test_the_site_says_that_it_is_well(client):
    response = client.get("/healthz")

    assert response.content == b"ok\n"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/compose/", "/bring/", "/models/", "/datasets/", "/nope"),
        *("/my/pieces/", "/my/pieces/bin/", "/my/music/"),
    ],
)
def test_every_page_keeps_to_itself(client, path):
    response = client.get(path)

    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_an_address_that_is_nowhere_is_a_page(client):
    response = client.get("/nope")

    assert response.status_code == 404
    assert "No such page" in response.content.decode()


def test_a_page_that_breaks_says_so_without_saying_how(monkeypatch):
    def breaks(*args, **kwargs):
        raise RuntimeError("secret")

    monkeypatch.setattr("generation.views.pieces.one_of_each_model", breaks)
    client = Client(raise_request_exception=False)

    response = client.get("/")

    assert response.status_code == 500
    assert "secret" not in response.content.decode()


def test_a_page_is_told_too_that_it_sent_too_much(client):
    response = client.post("/compose/", {"model": "x" * 2_000_000})

    assert response.status_code == 413
    assert "KiB" in response.content.decode()


def test_only_ones_own_music_may_be_larger(client, alice):
    client.force_login(alice)
    file = SimpleUploadedFile("a.mid", b"x" * 1_900_000)

    brought = client.post("/my/music/upload/", {"files": file})
    file.seek(0)
    elsewhere = client.post("/compose/", {"files": file})

    assert (brought.status_code, elsewhere.status_code) == (302, 413)


@pytest.mark.parametrize("length", ["lots", "-", "1e9"])
def test_a_length_that_is_no_number_is_refused(client, length):
    response = client.generic("POST", "/generate", b"x", CONTENT_LENGTH=length)

    assert response.status_code == 400


def test_a_host_that_is_not_ours_is_refused(client):
    with override_settings(ALLOWED_HOSTS=["music.example"]):
        assert client.get("/", headers={"host": "other.example"}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/bring/",
        "/my/pieces/",
        "/my/pieces/bin/",
        "/models/",
        "/history",
        "/metrics",
    ],
)
def test_looking_leaves_no_session_behind(client, path):
    client.get(path)

    assert "sessionid" not in client.cookies
