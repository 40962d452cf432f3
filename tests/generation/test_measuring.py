"""A version writes some pieces, and its page says what they are like."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from generation import measuring
from generation.composing.composer import BadRequest
from tests.generation.toys import toy_tunes
from training import doorbell, portraits, services
from training.learning.bundle import HOUSE_MODELS_ROOT
from training.learning.reference import REFERENCE_FILES
from training.models import Model, Portrait
from training.music.profile import profile, profile_to_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def portrait(tunes):
    """One that waits to be measured."""
    Portrait.objects.filter(version=tunes).update(
        state="queued", attempt=0, generated={}, finished_at=None
    )
    return tunes.portrait


# Writing


def test_pieces_are_those_of_their_seeds():
    bundle = toy_tunes()

    assert measuring.write_pieces(bundle, 2, seed=5) == [
        *measuring.write_pieces(bundle, 1, seed=5),
        *measuring.write_pieces(bundle, 1, seed=6),
    ]


def test_a_piece_that_does_not_end_is_left_out(monkeypatch):
    real = measuring.compose

    def compose(bundle, request):
        if request.seed == 2:
            raise BadRequest("This grew too long.")
        return real(bundle, request)

    monkeypatch.setattr(measuring, "compose", compose)

    assert len(measuring.write_pieces(toy_tunes(), 3, seed=1)) == 2


def test_no_piece_is_begun_when_the_time_is_up():
    assert measuring.write_pieces(toy_tunes(), 3, seed=1, seconds=-1.0) == []


# The row and its task


def test_the_house_models_have_been_measured_when_the_site_is_there(tunes, chorales):
    for version in (tunes, chorales):
        found = version.portrait

        assert found.state == "ready"
        assert found.own.pieces == 2  # as tests/settings.py has it
        assert found.real.pieces >= 30
        assert {row.name for row in found.comparisons()} == set(found.own.measures)
        assert set(found.overlaps()) == {"intervals", "durations"}


def test_a_new_version_is_measured(tunes, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        version = services.register_version(
            HOUSE_MODELS_ROOT / "chorales", slug="hymns", title="Hymns"
        )

    assert version.portrait.state == "queued"  # as it was made
    version.portrait.refresh_from_db()
    assert version.portrait.state == "ready"
    assert "crossings" in version.portrait.own.measures


def test_what_is_measured_is_not_measured_again(portrait, monkeypatch):
    measuring.measure_music(portrait.version_id)
    portrait.refresh_from_db()
    assert (portrait.state, portrait.attempt) == ("ready", 1)

    measuring.measure_music(portrait.version_id)

    portrait.refresh_from_db()
    assert portrait.attempt == 1


def test_one_is_measured_at_a_time_and_the_next_follows(
    portrait, chorales, django_capture_on_commit_callbacks
):
    Portrait.objects.filter(version=chorales).update(
        state="running", started_at=timezone.now()
    )

    measuring.measure_music(portrait.version_id)
    portrait.refresh_from_db()
    assert portrait.state == "queued"

    Portrait.objects.filter(version=chorales).update(state="queued")
    with django_capture_on_commit_callbacks(execute=True):
        measuring.measure_music(portrait.version_id)
    assert set(Portrait.objects.values_list("state", flat=True)) == {"ready"}


def test_what_a_dead_worker_held_is_taken_up_again(
    portrait, django_capture_on_commit_callbacks
):
    long_ago = timezone.now() - 2 * portraits.LEASE
    Portrait.objects.filter(pk=portrait.pk).update(
        state="running", attempt=1, started_at=long_ago, rung_at=long_ago
    )

    with django_capture_on_commit_callbacks(execute=True):
        assert measuring.sweep_portraits() == 1

    portrait.refresh_from_db()
    assert (portrait.state, portrait.attempt) == ("ready", 2)


def test_a_doorbell_just_rung_is_not_rung_again(portrait):
    Portrait.objects.filter(pk=portrait.pk).update(rung_at=timezone.now())
    assert measuring.sweep_portraits() == 0

    Portrait.objects.filter(pk=portrait.pk).update(
        rung_at=timezone.now() - portraits.PATIENCE - timedelta(seconds=1)
    )
    assert measuring.sweep_portraits() == 1
    assert measuring.sweep_portraits() == 0


def test_a_late_worker_does_not_overwrite(portrait):
    held = portraits.claim_portrait(portrait.version_id)
    # Its reference has come anew, which counts attempts from 0 again.
    Portrait.objects.filter(pk=portrait.pk).update(state="queued", attempt=0)
    later = portraits.claim_portrait(portrait.version_id)
    assert (held.attempt, later.attempt) == (1, 1)

    assert not portraits.finish_portrait(held, profile([]))
    assert not portraits.fail_portrait(held, "Too late.")

    portrait.refresh_from_db()
    assert (portrait.state, portrait.generated) == ("running", {})
    assert portraits.finish_portrait(later, profile([]))


def test_a_version_that_stops_its_workers_is_given_up(portrait):
    Portrait.objects.filter(pk=portrait.pk).update(attempt=portraits.MAX_ATTEMPTS)

    measuring.measure_music(portrait.version_id)

    portrait.refresh_from_db()
    assert portrait.state == "failed"
    assert "three times" in portrait.error


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda *a, **k: [], "came to an end"),
        (lambda *a, **k: 1 / 0, "Something went wrong"),
    ],
)
def test_what_cannot_be_measured_says_so(portrait, monkeypatch, client, write, why):
    monkeypatch.setattr(measuring, "write_pieces", write)

    measuring.measure_music(portrait.version_id)

    portrait.refresh_from_db()
    assert portrait.state == "failed"
    assert why in portrait.error
    page = client.get("/models/tunes/").content.decode()
    assert portrait.error in page


def test_a_bundle_without_a_reference_is_measured_all_the_same(
    tmp_path, client, django_capture_on_commit_callbacks
):
    shutil.copytree(
        HOUSE_MODELS_ROOT / "tunes",
        tmp_path / "bare",
        ignore=shutil.ignore_patterns(*REFERENCE_FILES),
    )
    description = json.loads((tmp_path / "bare" / "bundle.json").read_text())
    description["name"] = "bare"  # another bundle, so that none is kept of it yet
    (tmp_path / "bare" / "bundle.json").write_text(json.dumps(description))

    with django_capture_on_commit_callbacks(execute=True):
        version = services.register_version(
            tmp_path / "bare", slug="bare", title="Bare"
        )

    version.portrait.refresh_from_db()
    assert version.portrait.real is None
    assert "copied_10" not in version.portrait.own.measures
    page = client.get("/models/bare/").content.decode()
    assert "What its music is like" in page
    assert "nine in ten" not in page

    # Its reference comes later, with a newer program.
    for name in REFERENCE_FILES:
        shutil.copy(HOUSE_MODELS_ROOT / "tunes" / name, tmp_path / "bare" / name)
    services.register_version(tmp_path / "bare", slug="bare", title="Bare")

    version.portrait.refresh_from_db()
    assert version.portrait.real.pieces >= 30
    assert version.portrait.state == "queued"


def test_it_waits_in_the_main_queue_whoever_rings(
    tunes, settings, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr(doorbell, "async_task", lambda *a, **k: rung.append((a, k)))

    with django_capture_on_commit_callbacks(execute=True):
        measuring.ring(tunes.pk)

    task = ("generation.tasks.measure_music", tunes.pk)
    assert rung == [(task, {"cluster": settings.MAIN_QUEUE})]


# Where it is told


def test_programs_are_told_too(client, tunes):
    told = client.get("/metrics").json()["music"]

    assert told["state"] == "ready"
    assert told["generated"]["pieces"] == 2
    assert told["held_out"]["measures"]["scale_consistency"]["mean"] > 0.9
    assert set(told["overlap"]) == {"intervals", "durations"}
    assert client.get(f"/api/v1/versions/{tunes.pk}/").json()["music"] == told
    assert client.get("/metrics?model=random").json()["music"] is None


def test_the_command_prints_a_table_and_one_line_of_json():
    out = StringIO()

    call_command(
        "measure_music", "--model", "tunes", "--pieces", "2", stdout=out, stderr=out
    )

    lines = out.getvalue().splitlines()
    told = json.loads(lines[-1])
    assert told["generated"]["pieces"] == 2
    assert told["held_out"]["pieces"] == 100
    assert set(told["overlap"]) == {"intervals", "durations"}
    rows = {line.split()[0]: line for line in lines if line}
    mean = told["generated"]["measures"]["groove_consistency"]["mean"]
    assert f"{mean:.4f}" in rows["groove_consistency"]
    # The task measures the pieces of the same seeds.
    portrait = Portrait.objects.get(version__model__slug="tunes")
    assert told["generated"] == portrait.generated


def test_the_command_measures_a_bundle_without_a_reference(tmp_path):
    shutil.copytree(
        HOUSE_MODELS_ROOT / "tunes",
        tmp_path / "bare",
        ignore=shutil.ignore_patterns(*REFERENCE_FILES),
    )
    out = StringIO()

    call_command(
        *("measure_music", "--bundle", str(tmp_path / "bare"), "--pieces", "1"),
        stdout=out,
        stderr=StringIO(),
    )

    assert "Nothing real to compare with." in out.getvalue()
    assert json.loads(out.getvalue().splitlines()[-1])["held_out"] is None


def test_the_command_measures_a_model_of_the_site(tunes):
    Model.objects.filter(pk=tunes.model_id).update(slug="reels")
    out = StringIO()

    call_command(
        "measure_music", "--model", "reels", "--pieces", "1", stdout=out, stderr=out
    )

    assert json.loads(out.getvalue().splitlines()[-1])["bundle"] == tunes.bundle_hash


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (["--pieces", "0"], "from 1 to"),
        (["--pieces", "100000"], "from 1 to"),
        (["--seed", "-1"], "whole number"),
        (["--model", "no-such"], "Name one of"),
        (["--bundle", "/no/such/folder"], "not a model bundle"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(wish, why):
    with pytest.raises(CommandError, match=why):
        call_command("measure_music", *wish, stderr=StringIO())


def test_a_profile_is_what_its_page_shows(tunes, client):
    found = profile(measuring.write_pieces(toy_tunes(), 3, seed=1))
    Portrait.objects.filter(version=tunes).update(generated=profile_to_json(found))

    response = client.get("/models/tunes/")

    rows = {row.name: row for row in response.context["music_rows"]}
    groove = found.measures["groove_consistency"].mean
    assert rows["groove_consistency"].own == f"{100 * groove:.1f} %"
    assert "It wrote 3 pieces" in response.content.decode()
