"""Renderings in a bucket: stored, handed to whoever may have them, and deleted."""

from __future__ import annotations

import pytest
from django.utils import timezone

from composer_site.settings import storage_from_environment
from generation import renderings, services
from generation.models import Composition, Rendering
from tests.site.bucket import KEY, bucket_server


@pytest.fixture
def bucket(monkeypatch, settings):
    """The default storage, as the environment names it."""
    with bucket_server() as server:
        monkeypatch.setenv("S3_BUCKET", "music")
        monkeypatch.setenv("S3_ENDPOINT_URL", server.url)
        monkeypatch.setenv("S3_REGION", "somewhere")
        monkeypatch.setenv("S3_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("S3_PREFIX", "composer")
        settings.STORAGES = {
            **settings.STORAGES,
            "default": storage_from_environment(),
        }
        yield server


@pytest.fixture
def rendering(alice) -> Rendering:
    piece = services.compose_random(
        num_notes=8, seed=1, qpm=120, owner=alice, session_key=""
    )
    return Rendering.objects.create(
        composition=piece, format="pdf", rung_at=timezone.now()
    )


def test_files_are_kept_beside_the_database_until_a_bucket_is_named():
    assert storage_from_environment()["BACKEND"].endswith("FileSystemStorage")


def test_a_rendering_is_stored_in_the_bucket_and_read_from_it(bucket, rendering):
    renderings.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == "ready"
    ((name, data),) = bucket.files.items()
    assert name == f"music/composer/{rendering.file.name}"
    assert data.startswith(b"%PDF")
    with rendering.file.open("rb") as file:
        assert file.read() == data


def test_it_leaves_through_our_own_page_while_the_piece_may_be_seen(
    bucket, rendering, alice, client
):
    renderings.perform_rendering(rendering.pk)
    url = f"/pieces/{rendering.composition_id}/download/pdf"

    client.force_login(alice)
    whole = client.get(url)
    part = client.get(url, headers={"Range": "bytes=0-3"})
    Composition.objects.update(deleted_at=timezone.now())

    assert client.get(url).status_code == 404
    data = b"".join(whole)
    assert (whole.status_code, data) == (200, next(iter(bucket.files.values())))
    assert int(whole["Content-Length"]) == len(data)
    assert (part.status_code, b"".join(part)) == (206, b"%PDF")
    assert bucket.url not in str(whole.headers)


def test_it_is_deleted_with_its_piece(
    bucket, rendering, django_capture_on_commit_callbacks
):
    renderings.perform_rendering(rendering.pk)

    with django_capture_on_commit_callbacks(execute=True):
        Composition.objects.filter(pk=rendering.composition_id).delete()

    assert bucket.files == {}


@pytest.fixture
def refuse(bucket, monkeypatch, settings):
    """From now on the bucket knows another key."""

    def refuse() -> None:
        monkeypatch.setenv("S3_ACCESS_KEY_ID", "another")
        settings.STORAGES = {**settings.STORAGES, "default": storage_from_environment()}

    return refuse


def test_a_bucket_that_refuses_fails_the_rendering_with_a_sentence(refuse, rendering):
    refuse()

    renderings.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == "failed"
    assert rendering.error == "The file could not be stored. Try again later."


def test_a_piece_can_be_deleted_while_its_bucket_refuses(
    refuse, rendering, django_capture_on_commit_callbacks, caplog
):
    renderings.perform_rendering(rendering.pk)
    refuse()

    with django_capture_on_commit_callbacks(execute=True):
        Composition.objects.filter(pk=rendering.composition_id).delete()

    assert not Rendering.objects.exists()
    assert "stays in the storage" in caplog.text
