"""Who calls, and what there is to call for.

alice owns it, bob has an account of his own, charlie is a visitor without one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from composer_site.tokens.models import Token
from composer_site.tokens.services import create_token
from generation.composing.recipe import ComposeRequest
from generation.models import Composition
from generation.services import compose_now
from tests.learning.tiny import tune
from training.datasets import build_dataset, create_random_dataset
from training.models import Dataset, Model, ModelVersion, Piece, TrainingRun
from training.pieces import keep_piece
from training.presets import PRESETS
from training.random_notes import RandomOptions
from training.runs import EpochReport, claim_run, record_epoch, start_run


@dataclass
class Caller:
    """Somebody's program."""

    client: Client
    headers: dict[str, str]

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self.headers | headers)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        return self.client.generic(
            method,
            path,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers=self.headers | headers,
        )

    def send_file(
        self, path: str, name: str, content: bytes, field: str = "file", **headers: str
    ) -> Any:
        file = SimpleUploadedFile(name, content)
        return self.client.post(path, {field: file}, headers=self.headers | headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)


def with_token(text: str) -> Caller:
    return Caller(Client(), {"authorization": f"Bearer {text}"})


def signed_in(user: User) -> Caller:
    client = Client()
    client.force_login(user)
    return Caller(client, {})


@pytest.fixture
def bob(db) -> User:
    """Who has things of his own."""
    return User.objects.create_user("bob", password="password")


@pytest.fixture
def writer(alice) -> Caller:
    """Alice's program."""
    return with_token(create_token(alice, name="Programs", scope="write").text)


@pytest.fixture
def callers(alice, bob, writer) -> dict[str, Caller]:
    expired = create_token(alice, name="Old", scope="write")
    Token.objects.filter(pk=expired.row.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    return {
        "alice": signed_in(alice),
        "writer": writer,
        "reader": with_token(create_token(alice, name="Reads").text),
        "expired": with_token(expired.text),
        "bob": signed_in(bob),
        "charlie": Caller(Client(), {}),
    }


@pytest.fixture
def dataset(alice) -> Dataset:
    options = RandomOptions(samples=8, window=4)
    made = create_random_dataset(options, owner=alice, name="Alice's notes")
    build_dataset(made.pk)
    made.refresh_from_db()
    return made


@pytest.fixture
def run(alice, dataset) -> TrainingRun:
    return start_run(dataset, PRESETS["quick"], owner=alice, title="Alice's model")


@pytest.fixture
def trained(run) -> TrainingRun:
    """With one epoch behind it."""
    token = claim_run(run.pk)
    assert token
    record_epoch(run.pk, token, EpochReport(1, 3.0, 3.5, 2.0, True, "1", "0" * 64))
    run.refresh_from_db()
    return run


@pytest.fixture
def make_version(alice, tunes) -> Callable[..., ModelVersion]:
    """A version of alice's, with the network of the tunes."""

    def make(number: int = 1, **values: Any) -> ModelVersion:
        model, _ = Model.objects.get_or_create(
            slug="alices", defaults={"title": "Alice's", "owner": alice}
        )
        return ModelVersion.objects.create(
            model=model,
            number=number,
            bundle_hash=tunes.bundle_hash if number == 1 else f"{number:064}",
            is_default=number == 1,
            **values,
        )

    return make


@pytest.fixture
def version(make_version) -> ModelVersion:
    return make_version()


@pytest.fixture
def piece(alice, tunes) -> Composition:
    wanted = ComposeRequest(seed=7, num_notes=8, candidates=1)
    return compose_now(tunes, wanted, owner=alice, session_key="")


@pytest.fixture
def own_pieces(alice) -> list[Piece]:
    """Music that alice brought: enough to learn from."""
    return [
        keep_piece(tune(seed), name=f"Tune {seed}", owner=alice).piece
        for seed in range(10)
    ]
