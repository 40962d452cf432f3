from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from generation import renderings, services
from generation.models import Composition, Rendering
from generation.recipe import ComposeRequest
from training import doorbell

pytestmark = pytest.mark.django_db

SHORT = ComposeRequest(seed=7, bars=4)


@pytest.fixture
def piece(tunes) -> Composition:
    return services.compose_now(tunes, SHORT, owner=None, session_key="s")


def rendering_of(piece: Composition, **values) -> Rendering:
    defaults = {"format": "mp3", "rung_at": timezone.now()}
    return Rendering.objects.create(composition=piece, **{**defaults, **values})


@pytest.fixture
def doorbells(monkeypatch) -> list[int]:
    """Ids rung for, in place of a queue."""
    rung: list[int] = []
    monkeypatch.setattr(doorbell, "async_task", lambda path, id, **k: rung.append(id))
    return rung


def test_asking_twice_rings_once(piece, doorbells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first = renderings.request_rendering(piece, "mp3")
        second = renderings.request_rendering(piece, "mp3")

    assert first == second
    assert doorbells == [first.pk]


def test_the_doorbell_rings_after_the_row_is_there(piece, doorbells):
    with transaction.atomic():
        renderings.request_rendering(piece, "pdf")
        assert doorbells == []


def test_it_refuses_a_format_it_does_not_make(piece):
    with pytest.raises(renderings.NoSuchRendering, match="mp3"):
        renderings.request_rendering(piece, "exe")


@pytest.mark.parametrize(
    ("format", "magic"),
    [
        ("wav", b"RIFF"),
        ("mp3", b""),
        ("ogg", b"OggS"),
        ("flac", b"fLaC"),
        ("pdf", b"%PDF"),
    ],
)
def test_a_rendering_is_a_file_of_its_format(piece, format, magic):
    rendering = rendering_of(piece, format=format)

    renderings.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.error == ""
    assert rendering.is_ready
    with rendering.file.open("rb") as file:
        assert file.read().startswith(magic)


def test_a_second_delivery_of_a_task_does_nothing(piece, monkeypatch):
    made = []
    monkeypatch.setattr(renderings, "render", lambda *args: made.append(1) or b"x")
    rendering = rendering_of(piece)

    renderings.perform_rendering(rendering.pk)
    renderings.perform_rendering(rendering.pk)

    assert made == [1]


def test_a_rendering_that_fails_says_so_and_can_be_asked_for_again(
    piece, monkeypatch, doorbells, django_capture_on_commit_callbacks
):
    def fail(*args):
        raise RuntimeError("secret")

    monkeypatch.setattr(renderings, "render", fail)
    rendering = rendering_of(piece)

    renderings.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == Rendering.State.FAILED
    assert "secret" not in rendering.error
    with django_capture_on_commit_callbacks(execute=True):
        again = renderings.request_rendering(piece, "mp3")
    assert again.state == Rendering.State.QUEUED
    assert doorbells == [rendering.pk]


def test_a_missing_soundfont_is_named(piece, settings, tmp_path):
    settings.SOUNDFONT_PATH = tmp_path / "none.sf3"
    rendering = rendering_of(piece, format="wav")

    renderings.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == Rendering.State.FAILED
    assert "make start" in rendering.error


def test_a_worker_thought_dead_cannot_overwrite_its_successor(piece, monkeypatch):
    rendering = rendering_of(piece)

    def overtaken(*args):
        Rendering.objects.filter(pk=rendering.pk).update(attempt=2)
        return b"late"

    monkeypatch.setattr(renderings, "render", overtaken)

    renderings.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == Rendering.State.RUNNING
    assert not rendering.file


def test_a_lost_doorbell_is_rung_again(
    piece, doorbells, django_capture_on_commit_callbacks
):
    now = timezone.now()
    lost = rendering_of(piece, rung_at=now - timedelta(minutes=2))
    rendering_of(piece, format="wav", rung_at=now)

    with django_capture_on_commit_callbacks(execute=True):
        assert renderings.sweep_renderings(now=now) == 1
        assert renderings.sweep_renderings(now=now) == 0

    assert doorbells == [lost.pk]


def test_what_a_dead_worker_held_is_freed(
    piece, doorbells, django_capture_on_commit_callbacks
):
    now = timezone.now()
    started = now - renderings.RENDERING_LEASE - timedelta(seconds=1)
    dead = rendering_of(piece, state="running", attempt=1, started_at=started)
    alive = rendering_of(
        piece, format="wav", state="running", attempt=1, started_at=now
    )

    with django_capture_on_commit_callbacks(execute=True):
        renderings.sweep_renderings(now=now)

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert dead.state == Rendering.State.QUEUED
    assert alive.state == Rendering.State.RUNNING
    assert doorbells == [dead.pk]


def test_what_kills_its_worker_is_not_tried_for_ever(piece):
    rendering = rendering_of(piece, attempt=renderings.MAX_ATTEMPTS)

    renderings.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == Rendering.State.FAILED


def test_the_file_goes_when_its_piece_goes(piece, django_capture_on_commit_callbacks):
    rendering = rendering_of(piece, format="pdf")
    renderings.perform_rendering(rendering.pk)
    rendering.refresh_from_db()
    storage, name = rendering.file.storage, rendering.file.name

    with django_capture_on_commit_callbacks(execute=True):
        piece.delete()

    assert not storage.exists(name)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "ready"},
        {"state": "failed"},
        {"state": "lost"},
        {"format": "exe"},
    ],
)
def test_the_database_refuses_states_that_cannot_be(piece, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        rendering_of(piece, **values)
