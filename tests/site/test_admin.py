"""The admin: every list opens, however long, and nothing is changed by accident."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generation import services
from generation.models import Composition, Rendering
from training.models import Dataset

LISTS = [
    "generation_composition",
    "generation_rendering",
    "training_dataset",
    "training_model",
    "training_modelversion",
]


@pytest.fixture
def keeper(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


def fill(seed: int) -> Composition:
    piece = services.compose_random(
        num_notes=4, seed=seed, qpm=120, owner=None, session_key="s"
    )
    Rendering.objects.create(composition=piece, format="pdf", rung_at=timezone.now())
    Dataset.objects.create(name=f"Random {seed}", kind=Dataset.Kind.RANDOM)
    return piece


@pytest.mark.parametrize("name", LISTS)
def test_a_longer_list_takes_no_more_queries(
    keeper, name, django_assert_max_num_queries
):
    url = reverse(f"admin:{name}_changelist")
    fill(1)
    with django_assert_max_num_queries(12) as first:
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


def test_a_composition_shows_its_recipe(keeper):
    piece = fill(5)

    page = keeper.get(reverse("admin:generation_composition_change", args=[piece.pk]))

    assert piece.title in page.content.decode()
    assert "num_notes" in page.content.decode()


def test_rows_that_only_the_program_makes_cannot_be_added(keeper):
    for name in ("generation_composition", "training_modelversion", "training_dataset"):
        assert keeper.get(reverse(f"admin:{name}_add")).status_code == 403


def test_visitors_are_asked_who_they_are(client, db):
    response = client.get(reverse("admin:index"))

    assert response.status_code == 302
    assert "login" in response["Location"]
