"""What a keeper of the site can do: by services, and with a line in the log each.

Some steps are refused, with a sentence that says why.
"""

from __future__ import annotations

import shutil

import pytest
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generation import measuring, services
from generation.composing.recipe import ComposeRequest
from generation.models import Composition, Rendering
from tests.training.rows import make_dataset, make_run
from training.models import Dataset, Model, ModelVersion, Portrait, TrainingRun

State = TrainingRun.State


@pytest.fixture
def keeper(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


def act(client: Client, action: str, *rows) -> str:
    """Do it with the rows; what the page then says."""
    opts = rows[0]._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    response = client.post(url, body, follow=True)
    assert response.status_code == 200
    return " ".join(str(message) for message in response.context["messages"])


def log() -> list[tuple]:
    entries = LogEntry.objects.order_by("pk")
    return [(e.action_flag, e.object_repr, e.get_change_message()) for e in entries]


def make_version(**values) -> ModelVersion:
    model = values.pop("model", None) or Model.objects.create(slug="hers", title="Hers")
    number = model.versions.count() + 1
    return ModelVersion.objects.create(
        model=model, number=number, bundle_hash=str(number) * 64, **values
    )


def make_piece(**values) -> Composition:
    piece = services.compose_random(
        num_notes=4, seed=1, qpm=120, owner=None, session_key="s"
    )
    Composition.objects.filter(pk=piece.pk).update(**values)
    return piece


# Versions


def test_a_version_is_promoted(keeper):
    first = make_version(is_default=True)
    second = make_version(model=first.model)

    said = act(keeper, "promote", second)

    assert said == "Promoted: 1 model version."
    assert first.model.default_version == second
    assert log() == [(CHANGE, "Hers 2", "Promoted.")]


def test_a_version_is_retired_but_not_the_default(keeper):
    first = make_version(is_default=True)
    second = make_version(model=first.model)

    said = act(keeper, "retire", first, second)

    assert "Retired: 1 model version." in said
    assert "Promote another version first." in said
    assert not ModelVersion.objects.offered().filter(pk=second.pk).exists()
    assert log() == [(CHANGE, "Hers 2", "Retired.")]


def test_a_versions_music_is_measured_again(keeper, tunes):
    said = act(keeper, "measure_again", tunes)

    assert said == "Asked to measure its music again: 1 model version."
    assert Portrait.objects.get(version=tunes).state == "queued"
    assert "about to be measured already" in act(keeper, "measure_again", tunes)
    assert measuring.sweep_portraits() == 1  # and it is at once


def test_a_version_that_pieces_depend_on_is_not_deleted(keeper, tunes):
    request = ComposeRequest(num_notes=8)
    services.compose_now(tunes, request, owner=None, session_key="s")
    newer = make_version(model=tunes.model)
    act(keeper, "promote", newer)

    said = act(keeper, "delete_unused", tunes)

    # Its examples are pieces too.
    assert f"5 pieces depend on {tunes}. Retire it" in said
    assert ModelVersion.objects.filter(pk=tunes.pk).exists()
    assert log() == [(CHANGE, str(newer), "Promoted.")]


def test_a_version_that_nothing_depends_on_is_deleted(keeper):
    first = make_version(is_default=True)
    second = make_version(model=first.model)

    said = act(keeper, "delete_unused", first, second)

    assert "Deleted: 1 model version." in said
    assert "Hers 1 is what Hers composes with." in said
    assert list(first.model.versions.all()) == [first]
    assert log() == [(DELETION, "Hers 2", "")]


def test_the_bundle_of_a_deleted_version_is_purged(tunes, settings, tmp_path):
    from training.services import keep_bundle, purge_bundles

    settings.BUNDLES_ROOT = tmp_path / "bundles"
    bundle = tmp_path / "new"
    bundle.mkdir()
    for digest in (tunes.bundle_hash, "f" * 64):
        keep_bundle(bundle, digest)
    now = (settings.BUNDLES_ROOT / tunes.bundle_hash).stat().st_mtime

    assert purge_bundles(now=now + 3600) == 0
    assert purge_bundles(now=now + 90_000) == 1

    kept = [folder.name for folder in settings.BUNDLES_ROOT.iterdir()]
    assert kept == [tunes.bundle_hash]
    shutil.rmtree(settings.BUNDLES_ROOT)


def test_a_version_shows_its_curve_and_its_metrics_beside_baselines(keeper, tunes):
    url = reverse("admin:training_modelversion_change", args=[tunes.pk])

    page = keeper.get(url).content.decode()

    assert "<polyline" in page
    assert "style=" not in page.split("<svg")[1].split("</svg>")[0]
    assert "<th>This version</th>" in page
    assert "<th>repeat_last</th>" in page
    assert f"<td>{tunes.scores()['bits_per_note']:.3f}</td>" in page


# Runs


def test_a_run_is_cancelled_and_tried_again(keeper):
    run = make_run()

    assert act(keeper, "cancel", run) == "Cancelled: 1 training run."
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert act(keeper, "cancel", run) == f"{run} has ended already."

    assert act(keeper, "requeue", run) == "Put in the queue again: 1 training run."
    run.refresh_from_db()
    assert run.state == State.QUEUED
    assert [line[2] for line in log()] == ["Cancelled.", "Put in the queue again."]


def test_a_run_cannot_be_edited(keeper):
    run = make_run()
    url = reverse("admin:training_trainingrun_change", args=[run.pk])

    assert b'name="state"' not in keeper.get(url).content
    assert keeper.post(url, {"state": "succeeded"}).status_code == 403


def test_a_run_that_trains_is_not_deleted(keeper):
    run = make_run(
        state=State.RUNNING,
        token="00000000-0000-0000-0000-000000000001",
        heartbeat_at=timezone.now(),
    )

    assert "is training. Cancel it first." in act(keeper, "delete_ended", run)
    assert log() == []


# Datasets, pieces, files


def test_a_dataset_that_runs_learnt_from_is_not_deleted(keeper):
    used, unused = make_run().dataset, make_dataset(name="Unused")

    said = act(keeper, "delete_unused", used, unused)

    assert "Delete their runs first." in said
    assert list(Dataset.objects.all()) == [used]
    assert log() == [(DELETION, "Unused", "")]


def test_a_piece_is_thrown_away_and_taken_back(keeper):
    piece = make_piece()

    assert "Thrown away: 1 composition." in act(keeper, "throw_away", piece)
    assert not Composition.objects.kept().filter(pk=piece.pk).exists()

    assert "Taken back: 1 composition." in act(keeper, "take_back", piece)
    assert Composition.objects.kept().filter(pk=piece.pk).exists()
    assert "has not been thrown away." in act(keeper, "take_back", piece)
    assert [line[2] for line in log()] == ["Thrown away.", "Taken back."]


def test_a_piece_becomes_an_example_unless_it_is_somebodys(keeper, alice, tunes):
    nobodys, hers = make_piece(version=tunes), make_piece(version=tunes, owner=alice)

    said = act(keeper, "show", nobodys, hers)

    assert "belongs to an account" in said
    assert nobodys in Composition.objects.showcases()
    assert hers not in Composition.objects.showcases()

    act(keeper, "show_no_more", nobodys)
    assert nobodys not in Composition.objects.showcases()


def test_a_failed_rendering_is_tried_again(keeper):
    values = {"composition": make_piece(), "rung_at": timezone.now()}
    failed = Rendering.objects.create(
        format="mp3", state="failed", error="No.", finished_at=timezone.now(), **values
    )
    waiting = Rendering.objects.create(format="pdf", **values)

    said = act(keeper, "try_again", failed, waiting)

    assert "has not failed." in said
    failed.refresh_from_db()
    assert (failed.state, failed.error) == (Rendering.State.QUEUED, "")


# Accounts


def test_an_account_goes_with_its_pieces_and_their_files(
    keeper, alice, django_capture_on_commit_callbacks
):
    piece = make_piece(owner=alice)
    name = default_storage.save("renderings/hers.pdf", ContentFile(b"%PDF"))
    Rendering.objects.create(
        composition=piece,
        format="pdf",
        state="ready",
        file=name,
        rung_at=timezone.now(),
    )

    with django_capture_on_commit_callbacks(execute=True):
        said = act(keeper, "delete_accounts", alice)

    assert said == "Deleted: 1 user."
    assert not Composition.objects.filter(pk=piece.pk).exists()
    assert not default_storage.exists(name)
    assert log() == [(DELETION, "alice", "")]


def test_an_account_whose_models_others_use_stays(keeper, alice):
    version = make_version(
        model=Model.objects.create(slug="hers", title="Hers", owner=alice)
    )
    make_piece(version=version)

    assert "take the models over" in act(keeper, "delete_accounts", alice)
    assert User.objects.filter(pk=alice.pk).exists()


def test_nobody_deletes_the_account_they_are_in_with(keeper):
    said = act(keeper, "delete_accounts", User.objects.get(username="keeper"))

    assert "This is your own account." in said


def test_an_account_shows_what_it_uses(keeper, alice):
    make_piece(owner=alice)
    make_piece(owner=alice, deleted_at=timezone.now())
    make_run(owner=alice)

    page = keeper.get(reverse("admin:auth_user_changelist"), {"q": "alice"})

    (user,) = page.context["cl"].result_list
    counts = (user.num_pieces, user.num_files, user.num_datasets, user.num_runs)
    assert counts == (1, 0, 0, 1)


# Who may


def test_who_may_only_look_is_offered_no_action(db):
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_trainingrun"))
    client, run = Client(), make_run()
    client.force_login(looker)

    page = client.get(reverse("admin:training_trainingrun_changelist"))
    act(client, "cancel", run)

    assert page.status_code == 200
    assert b"Try again" not in page.content
    run.refresh_from_db()
    assert run.state == State.QUEUED


def test_many_rows_are_not_acted_on_at_once(keeper, monkeypatch):
    monkeypatch.setattr("training.admin.base.MAX_ROWS", 1)
    runs = [make_run(), make_run()]

    assert act(keeper, "cancel", *runs) == "Choose at most 1 at a time."
    assert TrainingRun.objects.unfinished().count() == 2


@pytest.mark.parametrize("kind", ["modelversion", "trainingrun", "dataset"])
def test_django_s_own_page_to_delete_is_not_there(keeper, tunes, kind):
    url = reverse(f"admin:training_{kind}_delete", args=[tunes.pk])

    assert keeper.post(url, {"post": "yes"}).status_code in (302, 403)
    assert ModelVersion.objects.filter(pk=tunes.pk).exists()
