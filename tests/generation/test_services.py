from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from generation import services
from generation.composer import compose
from generation.models import Composition, Rendering
from generation.recipe import ComposeRequest, request_from_recipe
from training.music.score_json import score_to_json
from training.services import load_version_bundle

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
    monkeypatch.setattr(services, "async_task", lambda path, id, **k: rung.append(id))
    return rung


# Composing


def test_a_piece_is_kept_with_all_that_makes_it_again(tunes, piece):
    composed = compose(load_version_bundle(tunes), SHORT)

    assert piece.as_score() == replace(composed.score, title=piece.title)
    assert piece.recipe["bundle"] == tunes.bundle_hash
    assert piece.recipe["seed"] == piece.seed == 7
    assert len(piece.surprise) == piece.as_score().num_notes
    assert piece.measures["bars"] == 4


def test_a_recipe_is_a_request_again(tunes, piece):
    bundle_hash, request = request_from_recipe(services.recipe_text(piece))

    again = services.compose_now(tunes, request, owner=None, session_key="t")

    assert (bundle_hash, request) == (tunes.bundle_hash, SHORT)
    assert again.score == piece.score


def test_a_piece_belongs_to_the_account_or_else_to_the_session(tunes, alice):
    visitors = services.compose_now(tunes, SHORT, owner=None, session_key="s")
    hers = services.compose_now(tunes, SHORT, owner=alice, session_key="s")

    assert (visitors.owner, visitors.session_key) == (None, "s")
    assert (hers.owner, hers.session_key) == (alice, "")


def test_too_many_at_once_are_told_to_come_back(tunes, settings, monkeypatch):
    settings.COMPOSE_WAIT_SECONDS = 0
    monkeypatch.setattr(services, "_slots", threading.BoundedSemaphore(1))

    with services.composing_slot(), pytest.raises(services.TooBusy):
        services.compose_now(tunes, SHORT, owner=None, session_key="s")

    assert not Composition.objects.filter(session_key="s").exists()
    services.compose_now(tunes, SHORT, owner=None, session_key="s")


def test_house_models_have_finished_pieces_to_show(tunes, chorales):
    for version in (tunes, chorales):
        assert version.compositions.showcases().count() >= 2


def test_a_new_version_shows_its_own_pieces(tunes):
    before = set(Composition.objects.showcases().values_list("pk", flat=True))

    services.write_showcases(tunes)

    showcases = Composition.objects.showcases().filter(version=tunes)
    assert before.isdisjoint(showcases.values_list("pk", flat=True))
    assert showcases.count() == len(services.SHOWCASE_SEEDS["tunes"])


# Renderings


def test_asking_twice_rings_once(piece, doorbells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first = services.request_rendering(piece, "mp3")
        second = services.request_rendering(piece, "mp3")

    assert first == second
    assert doorbells == [first.pk]


def test_the_doorbell_rings_after_the_row_is_there(piece, doorbells):
    with transaction.atomic():
        services.request_rendering(piece, "pdf")
        assert doorbells == []


def test_it_refuses_a_format_it_does_not_make(piece):
    with pytest.raises(services.NoSuchRendering, match="mp3"):
        services.request_rendering(piece, "exe")


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

    services.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.error == ""
    assert rendering.is_ready
    with rendering.file.open("rb") as file:
        assert file.read().startswith(magic)


def test_a_second_delivery_of_a_task_does_nothing(piece, monkeypatch):
    made = []
    monkeypatch.setattr(services, "render", lambda *args: made.append(1) or b"x")
    rendering = rendering_of(piece)

    services.perform_rendering(rendering.pk)
    services.perform_rendering(rendering.pk)

    assert made == [1]


def test_a_rendering_that_fails_says_so_and_can_be_asked_for_again(
    piece, monkeypatch, doorbells, django_capture_on_commit_callbacks
):
    def fail(*args):
        raise RuntimeError("secret")

    monkeypatch.setattr(services, "render", fail)
    rendering = rendering_of(piece)

    services.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == Rendering.State.FAILED
    assert "secret" not in rendering.error
    with django_capture_on_commit_callbacks(execute=True):
        again = services.request_rendering(piece, "mp3")
    assert again.state == Rendering.State.QUEUED
    assert doorbells == [rendering.pk]


def test_a_missing_soundfont_is_named(piece, settings, tmp_path):
    settings.SOUNDFONT_PATH = tmp_path / "none.sf3"
    rendering = rendering_of(piece, format="wav")

    services.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == Rendering.State.FAILED
    assert "make start" in rendering.error


def test_a_worker_thought_dead_cannot_overwrite_its_successor(piece, monkeypatch):
    rendering = rendering_of(piece)

    def overtaken(*args):
        Rendering.objects.filter(pk=rendering.pk).update(attempt=2)
        return b"late"

    monkeypatch.setattr(services, "render", overtaken)

    services.perform_rendering(rendering.pk)

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
        assert services.sweep_renderings(now=now) == 1
        assert services.sweep_renderings(now=now) == 0

    assert doorbells == [lost.pk]


def test_what_a_dead_worker_held_is_freed(
    piece, doorbells, django_capture_on_commit_callbacks
):
    now = timezone.now()
    started = now - services.RENDERING_LEASE - timedelta(seconds=1)
    dead = rendering_of(piece, state="running", attempt=1, started_at=started)
    alive = rendering_of(
        piece, format="wav", state="running", attempt=1, started_at=now
    )

    with django_capture_on_commit_callbacks(execute=True):
        services.sweep_renderings(now=now)

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert dead.state == Rendering.State.QUEUED
    assert alive.state == Rendering.State.RUNNING
    assert doorbells == [dead.pk]


def test_what_kills_its_worker_is_not_tried_for_ever(piece):
    rendering = rendering_of(piece, attempt=services.MAX_ATTEMPTS)

    services.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.state == Rendering.State.FAILED


def test_the_file_goes_when_its_piece_goes(piece, django_capture_on_commit_callbacks):
    rendering = rendering_of(piece, format="pdf")
    services.perform_rendering(rendering.pk)
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


def test_stored_scores_come_back_whole(chorales):
    piece = services.compose_now(
        chorales, ComposeRequest(seed=1, bars=4), owner=None, session_key="s"
    )

    assert score_to_json(piece.as_score()) == piece.score


def test_a_piece_on_show_is_nobodys(tunes):
    piece = services.compose_now(
        tunes, ComposeRequest(seed=5, bars=4), owner=None, session_key="visitor"
    )

    assert services.set_showcase(piece, True)

    piece.refresh_from_db()
    assert (piece.is_showcase, piece.session_key) == (True, "")
