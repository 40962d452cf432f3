from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import Mock, patch

import hypothesis
import pytest
from django.contrib.auth.models import User
from django.test import Client

from training.models import ModelVersion

# A busy machine takes its time over an example; that is no defect.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """Every test with a database finds the house models registered, as a visitor does.

    Reading a bundle takes longer than a test should.
    """
    from training.services import register_house_models

    with django_db_blocker.unblock():
        register_house_models()


@pytest.fixture(autouse=True)
def no_measuring() -> Iterator[Mock]:
    """The machine is not measured whenever a dataset is made."""
    with patch("training.speeds.doorbell") as doorbell:
        yield doorbell.ring


@pytest.fixture
def tunes(db) -> ModelVersion:
    return ModelVersion.objects.default().get(model__slug="tunes")


@pytest.fixture
def chorales(db) -> ModelVersion:
    return ModelVersion.objects.default().get(model__slug="chorales")


@pytest.fixture
def quartets(db) -> ModelVersion:
    return ModelVersion.objects.default().get(model__slug="quartets")


@pytest.fixture
def alice(db) -> User:
    """Who owns the pieces."""
    return User.objects.create_user("alice", password="password")


@pytest.fixture
def charlie(db) -> User:
    """Who has nothing to do with them."""
    return User.objects.create_user("charlie", password="password")


@pytest.fixture
def visitor() -> Client:
    return Client()


@pytest.fixture
def other_visitor() -> Client:
    return Client()
