from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from generation import renderings, services
from generation.composing.recipe import ComposeRequest
from generation.models import Composition, Rendering
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
        ("png", b"\x89PNG"),
        ("stems", b"PK"),
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


# What a rendering depends on ----------------------------------------------------------


def ask(piece: Composition, format: str, **how) -> Rendering:
    """Asked for and made, as the queue would."""
    piece.refresh_from_db()
    rendering = renderings.request_rendering(piece, format, **how)
    renderings.perform_rendering(rendering.pk)
    rendering.refresh_from_db()
    assert rendering.error == ""
    return rendering


def set_sound(piece: Composition, sound: dict) -> None:
    Composition.objects.filter(pk=piece.pk).update(sound=sound)


def test_another_desk_makes_another_recording(piece, doorbells):
    plain = ask(piece, "wav")
    set_sound(piece, {"tempo": 200})

    fast = ask(piece, "wav")

    assert fast.pk != plain.pk
    assert list(piece.renderings.all()) == [fast]


def test_who_read_the_piece_before_its_desk_was_set_gets_it_as_it_is_now(
    piece, doorbells
):
    read_before = Composition.objects.get(pk=piece.pk)
    set_sound(piece, {"tempo": 200})
    piece.refresh_from_db()
    fast = renderings.request_rendering(piece, "wav")

    again = renderings.request_rendering(read_before, "wav")

    assert again == fast
    assert piece.renderings.count() == 1


def test_a_piece_renamed_meanwhile_is_called_as_when_it_was_asked_for(
    piece, doorbells, monkeypatch
):
    called: list[str] = []
    monkeypatch.setattr(
        "training.music.printing.write_pdf",
        lambda score, _: called.append(score.title) or b"%PDF",
    )
    before = piece.title
    rendering = renderings.request_rendering(piece, "pdf")
    Composition.objects.filter(pk=piece.pk).update(title="The black rogue")

    renderings.perform_rendering(rendering.pk)
    ask(piece, "pdf")

    assert called == [before, "The black rogue"]


def test_what_a_recording_does_not_hold_does_not_make_it_anew(piece, doorbells):
    plain = ask(piece, "wav")

    set_sound(piece, {"metronome": True, "count_in": True, "written_for": "bflat"})

    assert ask(piece, "wav") == plain


def test_a_task_under_way_when_the_desk_changes_leaves_nothing_behind(
    piece, doorbells, monkeypatch
):
    stored: list[str] = []
    save = renderings.default_storage.save
    monkeypatch.setattr(
        renderings.default_storage,
        "save",
        lambda *a, **k: stored.append(save(*a, **k)) or stored[-1],
    )
    made = renderings.render

    def changes_meanwhile(rendering, folder):
        if rendering.format == "wav" and not rendering.options.get("desk"):
            set_sound(piece, {"swing": 50})
            piece.refresh_from_db()
            renderings.request_rendering(piece, "wav")
        return made(rendering, folder)

    monkeypatch.setattr(renderings, "render", changes_meanwhile)
    first = renderings.request_rendering(piece, "wav")

    renderings.perform_rendering(first.pk)

    assert not Rendering.objects.filter(pk=first.pk).exists()
    assert not renderings.default_storage.exists(stored[0])
    assert piece.renderings.get().options["desk"] == {"swing": 50}


def test_a_muted_piece_says_why_there_is_no_recording(piece, doorbells):
    set_sound(piece, {"parts": [{"is_muted": True}]})
    piece.refresh_from_db()
    rendering = renderings.request_rendering(piece, "mp3")

    renderings.perform_rendering(rendering.pk)

    rendering.refresh_from_db()
    assert rendering.error == "Every part is muted. Let one sound, and ask again."


def test_print_is_kept_for_each_who_reads_it(piece, doorbells):
    concert = ask(piece, "pdf")
    clarinet = ask(piece, "pdf", written_for="bflat", link="https://a.example/p/x")

    assert {r.pk for r in piece.renderings.all()} == {concert.pk, clarinet.pk}
    with clarinet.file.open("rb") as file:
        assert b"https://a.example/p/x" in file.read()


def test_a_renamed_piece_is_printed_anew(piece, doorbells):
    before = ask(piece, "pdf")

    Composition.objects.filter(pk=piece.pk).update(title="The black rogue")

    assert ask(piece, "pdf").pk != before.pk
    assert piece.renderings.count() == 1


def test_nobody_else_is_written_for(piece):
    with pytest.raises(renderings.NoSuchRendering, match="bflat"):
        renderings.request_rendering(piece, "pdf", written_for="gsharp")


def test_a_chorale_of_32_bars_is_printed_on_one_page(chorales, doorbells):
    long = ComposeRequest(seed=1, bars=32)
    piece = services.compose_now(chorales, long, owner=None, session_key="s")

    with ask(piece, "pdf").file.open("rb") as file:
        pdf = file.read()

    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type/Page/") == 1


def test_what_a_killed_worker_left_is_swept(piece, settings, doorbells):
    left = settings.VAR_DIR / "rendering" / "left"
    left.mkdir(parents=True)
    long_ago = (timezone.now() - timedelta(hours=1)).timestamp()
    os.utime(left, (long_ago, long_ago))

    ask(piece, "wav")

    assert not list((settings.VAR_DIR / "rendering").iterdir())
