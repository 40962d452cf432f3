"""The admin: every list opens, however long, and nothing is changed by accident."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from composer_site.tokens.services import create_token
from generation import services
from generation.models import Composition, Rendering
from tests.training.rows import make_run
from training.models import (
    EpochMetric,
    Metric,
    Model,
    ModelVersion,
    Piece,
    TrainingRun,
    Upload,
    WorkerBeat,
)

LISTS = [
    "admin_logentry",
    "auth_user",
    "generation_composition",
    "generation_rendering",
    "tokens_token",
    "training_dataset",
    "training_model",
    "training_modelversion",
    "training_piece",
    "training_trainingrun",
    "training_upload",
    "training_workerbeat",
]


@pytest.fixture
def keeper(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


def fill(seed: int) -> Composition:
    """A row of everything, each of another person's and of another model."""
    user = User.objects.create_user(f"user-{seed}")
    model = Model.objects.create(slug=f"m-{seed}", title=f"M {seed}", owner=user)
    version = ModelVersion.objects.create(
        model=model, number=1, bundle_hash=str(seed) * 64
    )
    Metric.objects.create(version=version, name="bits_per_note", value=2.5)
    piece = services.compose_random(
        num_notes=4, seed=seed, qpm=120, owner=user, session_key=""
    )
    Composition.objects.filter(pk=piece.pk).update(version=version)
    Rendering.objects.create(composition=piece, format="pdf", rung_at=timezone.now())
    run = make_run(model=model, owner=user)
    EpochMetric.objects.create(
        run=run, epoch=1, train_bits=3, valid_bits=4, seconds=1, is_best=True
    )
    Piece.objects.create(name=f"P {seed}", owner=user, score={}, content_hash=seed)
    Upload.objects.create(owner=user, rung_at=timezone.now())
    WorkerBeat.objects.create(queue=f"queue-{seed}", seen_at=timezone.now())
    create_token(user, name=f"Token {seed}")
    LogEntry.objects.log_actions(user.pk, [piece], 2, single_object=True)
    return piece


@pytest.mark.parametrize("name", LISTS)
def test_a_longer_list_takes_no_more_queries(
    keeper, name, django_assert_max_num_queries
):
    url = reverse(f"admin:{name}_changelist")
    fill(1)
    with django_assert_max_num_queries(14) as first:
        assert keeper.get(url).status_code == 200
    for seed in range(2, 8):
        fill(seed)

    with django_assert_max_num_queries(len(first)):
        keeper.get(url)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_can_be_searched(keeper, name):
    fill(1)

    response = keeper.get(reverse(f"admin:{name}_changelist"), {"q": "random"})

    assert response.status_code == 200


def test_a_version_shows_its_metrics_and_cannot_be_edited(keeper, tunes):
    url = reverse("admin:training_modelversion_change", args=[tunes.pk])

    page = keeper.get(url).content.decode()

    assert "bits_per_note" in page
    assert tunes.bundle_hash in page
    assert 'name="bundle_hash"' not in page


def test_a_page_of_many_lines_takes_no_more_queries(
    keeper, django_assert_max_num_queries
):
    """A model with its versions, a run with its epochs, a piece with its files."""
    piece = fill(1)
    piece.refresh_from_db()
    version, run = piece.version, TrainingRun.objects.get()
    urls = [
        reverse("admin:training_model_change", args=[version.model_id]),
        reverse("admin:training_trainingrun_change", args=[run.pk]),
        reverse("admin:generation_composition_change", args=[piece.pk]),
    ]
    first = []
    for url in urls:
        with django_assert_max_num_queries(14) as queries:
            assert keeper.get(url).status_code == 200
        first.append(len(queries))
    for number in range(2, 8):
        ModelVersion.objects.create(
            model=version.model, number=number, bundle_hash=f"0{number}" * 32
        )
        EpochMetric.objects.create(
            run=run, epoch=number, train_bits=3, valid_bits=4, seconds=1
        )
    for format in ("mp3", "ogg", "wav"):
        Rendering.objects.create(
            composition=piece, format=format, rung_at=timezone.now()
        )

    for url, count in zip(urls, first, strict=True):
        with django_assert_max_num_queries(count):
            keeper.get(url)


def test_a_composition_shows_its_recipe(keeper):
    piece = fill(5)

    page = keeper.get(reverse("admin:generation_composition_change", args=[piece.pk]))

    assert piece.title in page.content.decode()
    assert "num_notes" in page.content.decode()


def test_rows_that_only_the_program_makes_cannot_be_added(keeper):
    for name in ("generation_composition", "training_modelversion", "training_dataset"):
        assert keeper.get(reverse(f"admin:{name}_add")).status_code == 403


def test_the_queue_is_not_to_be_seen_or_changed(keeper):
    assert b"django_q" not in keeper.get(reverse("admin:index")).content
    assert keeper.get("/admin/django_q/schedule/add/").status_code == 404


def test_visitors_are_asked_who_they_are(client, db):
    response = client.get(reverse("admin:index"))

    assert response.status_code == 302
    assert "login" in response["Location"]
