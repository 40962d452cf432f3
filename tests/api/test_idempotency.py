"""A request with an Idempotency-Key is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from composer_site.api.models import KeptAnswer
from composer_site.tokens.services import create_token
from generation.models import Composition
from tests.api.conftest import with_token
from training.models import Dataset

pytestmark = pytest.mark.django_db

DATASETS, COMPOSE = "/api/v1/datasets/", "/api/v1/compositions/"
BODY = {"kind": "random", "samples": 8, "window": 4}
KEY = {"idempotency-key": "a-key-of-mine"}


def test_the_same_request_is_done_once_and_answered_twice(writer):
    first, second = (writer.post(DATASETS, BODY, **KEY) for _ in range(2))

    assert Dataset.objects.count() == 1
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first["Location"] == second["Location"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"


def test_a_piece_is_composed_once(writer):
    body = {"num_notes": 8, "candidates": 1}

    first, second = (writer.post(COMPOSE, body, **KEY) for _ in range(2))

    assert first.json() == second.json()
    assert Composition.objects.filter(is_showcase=False).count() == 1


def test_another_request_needs_another_key(writer):
    writer.post(DATASETS, BODY, **KEY)

    answer = writer.post(DATASETS, {**BODY, "samples": 9}, **KEY)

    assert answer.status_code == 422
    assert "Choose a new one" in answer.json()["title"]
    assert Dataset.objects.count() == 1


def test_a_refused_request_may_be_corrected_with_the_same_key(writer):
    refused = writer.post(DATASETS, {**BODY, "samples": 0}, **KEY)
    corrected = writer.post(DATASETS, BODY, **KEY)

    assert (refused.status_code, corrected.status_code) == (400, 202)


def test_a_request_under_way_is_not_begun_again(writer, alice):
    writer.post(DATASETS, BODY, **KEY)
    KeptAnswer.objects.update(status=None)

    answer = writer.post(DATASETS, BODY, **KEY)

    assert answer.status_code == 409
    assert Dataset.objects.count() == 1


def test_a_request_whose_process_died_may_be_made_again(writer):
    writer.post(DATASETS, BODY, **KEY)
    long_ago = timezone.now() - timedelta(minutes=3)
    KeptAnswer.objects.update(status=None, created_at=long_ago)

    assert writer.post(DATASETS, BODY, **KEY).status_code == 202


def test_a_key_is_forgotten_after_a_day(writer):
    writer.post(DATASETS, BODY, **KEY)
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))

    writer.post(DATASETS, BODY, **KEY)

    assert Dataset.objects.count() == 2
    assert KeptAnswer.objects.count() == 1


def test_keys_of_different_people_have_nothing_to_do_with_each_other(writer, bob):
    bobs = with_token(create_token(bob, name="Bob's", scope="write").text)

    first, second = (c.post(DATASETS, BODY, **KEY) for c in (writer, bobs))

    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("key", ["x" * 101, "caf\u00e9", "a\tb"])
def test_a_key_that_is_none_is_refused(writer, key):
    answer = writer.post(DATASETS, BODY, **{"idempotency-key": key})

    assert answer.status_code == 400
    assert not Dataset.objects.exists()


def test_a_visitor_has_no_keys(callers):
    answer = callers["charlie"].post(COMPOSE, {}, **KEY)

    assert answer.status_code == 400
    assert "Leave it out, or sign in" in answer.json()["title"]
