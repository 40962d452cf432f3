"""Every door of the API, tried by everyone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern

from composer_site.api.urls import v1
from generation.models import Composition
from generation.renderings import request_rendering
from training.models import Dataset

pytestmark = pytest.mark.django_db

ROLES = ("alice", "writer", "reader", "expired", "bob", "charlie")
READS = "200 200 200 401 404 404"  # what alice alone may see
OPEN = "200 200 200 401 200 200"  # what everyone may
CHANGES = "{0} {0} 403 401 404 401"  # what alice alone may change

MADE_BY_ALL = "201 201 403 401 201 201"  # visitors make things too

COMPOSE = {"num_notes": 8, "candidates": 1}
NEW_DATASET = {"kind": "random", "samples": 8, "window": 4}
NEW_OF_PIECES = {"kind": "pieces", "name": "Airs"}
A_FILE = b"X:1\nT:Air\nM:2/4\nL:1/8\nK:D\nDEFG|A2 d2|"
BROUGHT = {"notes": [[0, 62, 480], [480, 69, 480]]}
NEW_RUN = {"dataset": "{dataset}", "preset": "quick", "title": "Another"}

# An address by its name, the method, the body, and a status for each role.
DOORS = [
    ("root", "/", "GET", None, OPEN),
    ("schema", "/schema/", "GET", None, "200 200 200 200 200 200"),
    ("piece-list", "/pieces/", "GET", None, OPEN),
    ("piece-list", "/pieces/", "POST", A_FILE, "201 201 403 401 201 401"),
    ("piece-detail", "/pieces/{own_piece}/", "GET", None, READS),
    (
        *("piece-detail", "/pieces/{own_piece}/", "DELETE", None),
        "204 204 403 401 404 401",
    ),
    ("dataset-list", "/datasets/", "GET", None, OPEN),
    ("dataset-list", "/datasets/", "POST", NEW_DATASET, "202 202 403 401 202 401"),
    (
        *("dataset-list", "/datasets/", "POST", NEW_OF_PIECES),
        "202 202 403 401 400 401",
    ),
    (
        *("dataset-list", "/datasets/", "POST"),
        {**NEW_OF_PIECES, "pieces": ["{own_pieces}"]},
        "202 202 403 401 400 401",
    ),
    ("dataset-detail", "/datasets/{dataset}/", "GET", None, READS),
    ("run-list", "/runs/", "GET", None, OPEN),
    ("run-list", "/runs/", "POST", NEW_RUN, "202 202 403 401 400 401"),
    (
        *("run-list", "/runs/", "POST"),
        {**NEW_RUN, "advanced": {"epochs": 3}},
        "202 202 403 401 400 401",
    ),
    ("run-detail", "/runs/{run}/", "GET", None, READS),
    ("run-cancel", "/runs/{run}/cancel/", "POST", None, CHANGES.format(202)),
    ("run-requeue", "/runs/{run}/requeue/", "POST", None, CHANGES.format(409)),
    ("model-list", "/models/", "GET", None, OPEN),
    ("model-detail", "/models/alices/", "GET", None, READS),
    ("model-detail", "/models/tunes/", "GET", None, OPEN),
    ("version-list", "/versions/", "GET", None, OPEN),
    ("version-detail", "/versions/{version}/", "GET", None, READS),
    ("version-detail", "/versions/{tunes}/", "GET", None, OPEN),
    (
        *("version-promote", "/versions/{version}/promote/", "POST", None),
        CHANGES.format(200),
    ),
    (
        *("version-promote", "/versions/{tunes}/promote/", "POST", None),
        "403 403 403 401 403 401",
    ),
    ("composition-list", "/compositions/", "GET", None, OPEN),
    ("composition-list", "/compositions/", "POST", COMPOSE, "201 201 403 401 201 201"),
    (
        *("composition-list", "/compositions/", "POST"),
        {**COMPOSE, "model": "alices"},
        "201 201 403 401 400 400",
    ),
    (
        *("composition-list", "/compositions/", "POST"),
        {"continue": {"composition": "{piece}", "more_bars": 1}},
        "201 201 403 401 400 400",
    ),
    (
        *("composition-list", "/compositions/", "POST"),
        {"continue": {"composition": "{showcase}", "more_bars": 1}},
        "201 201 403 401 201 201",
    ),
    ("composition-bring", "/compositions/bring/", "POST", BROUGHT, MADE_BY_ALL),
    ("composition-bring", "/compositions/bring/", "POST", A_FILE, MADE_BY_ALL),
    ("composition-detail", "/compositions/{piece}/", "GET", None, READS),
    ("composition-detail", "/compositions/{showcase}/", "GET", None, OPEN),
    (
        *("composition-detail", "/compositions/{piece}/", "DELETE", None),
        "204 204 403 401 404 404",
    ),
    (
        *("composition-detail", "/compositions/{showcase}/", "DELETE", None),
        "403 403 403 401 403 403",
    ),
    ("composition-file", "/compositions/{piece}/files/mid", "GET", None, READS),
    ("composition-file", "/compositions/{showcase}/files/mid", "GET", None, OPEN),
    ("composition-abilities", "/compositions/{piece}/abilities/", "GET", None, READS),
    ("composition-abilities", "/compositions/{showcase}/abilities/", "GET", None, OPEN),
    ("composition-family", "/compositions/{piece}/family/", "GET", None, READS),
    ("composition-family", "/compositions/{showcase}/family/", "GET", None, OPEN),
    ("variation-list", "/compositions/{piece}/variations/", "GET", None, READS),
    (
        *("variation-list", "/compositions/{piece}/variations/", "POST"),
        {"action": "wilder"},
        "201 201 403 401 404 404",
    ),
    (
        *("variation-list", "/compositions/{showcase}/variations/", "POST"),
        {"action": "wilder"},
        "201 201 403 401 201 201",
    ),
    (
        *("variation-list", "/compositions/{showcase}/variations/", "POST"),
        {"action": "vary_a_lot", "model": "alices"},
        "201 201 403 401 400 400",
    ),
    ("rendering-list", "/compositions/{piece}/renderings/", "GET", None, READS),
    (
        *("rendering-list", "/compositions/{piece}/renderings/", "POST"),
        {"format": "mp3"},
        "202 202 403 401 404 404",
    ),
    (
        *("rendering-list", "/compositions/{showcase}/renderings/", "POST"),
        {"format": "mp3"},
        "202 202 403 401 202 202",
    ),
    (
        *("rendering-detail", "/compositions/{piece}/renderings/wav/", "GET", None),
        READS,
    ),
]


def named(door: tuple) -> str:
    return f"{door[2]} {door[1]}"


@pytest.fixture
def things(dataset, run, version, tunes, piece, own_pieces) -> dict[str, object]:
    request_rendering(piece, "wav")
    showcase = Composition.objects.create(
        **{**vars_of(piece), "owner": None, "is_showcase": True}
    )
    return {
        "dataset": dataset.pk,
        "run": run.pk,
        "version": version.pk,
        "tunes": tunes.pk,
        "piece": piece.pk,
        "showcase": showcase.pk,
        "own_piece": own_pieces[0].pk,
        "own_pieces": [own.pk for own in own_pieces],
    }


def vars_of(piece) -> dict[str, object]:
    names = ("title", "version", "recipe", "seed", "score", "measures", "owner")
    return {name: getattr(piece, name) for name in names}


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_each_role_meets_the_door_it_should(door, callers, things):
    _, path, method, body, expected = door
    if isinstance(body, dict) and "dataset" in body:
        body = {**body, "dataset": things["dataset"]}
    if isinstance(body, dict) and "pieces" in body:
        body = {**body, "pieces": things["own_pieces"]}
    if isinstance(body, dict) and "continue" in body:
        goes_on = body["continue"]
        named = goes_on["composition"].format(**things)
        body = {"continue": {**goes_on, "composition": named}}
    address = "/api/v1" + path.format(**things)
    statuses = []

    for role in ROLES:
        # Whatever one of them changes, the next finds as it was.
        with transaction.atomic():
            if isinstance(body, bytes):
                answer = callers[role].send_file(address, "air.abc", body)
            else:
                answer = callers[role].send(method, address, body)
            transaction.set_rollback(True)
        statuses.append(str(answer.status_code))
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["title"].endswith((".", "…", "/"))

    assert dict(zip(ROLES, statuses, strict=True)) == dict(
        zip(ROLES, expected.split(), strict=True)
    )


def test_no_door_is_without_a_row():
    names = {p.name for p in v1 if isinstance(p, URLPattern)}

    assert names == {door[0] for door in DOORS}


def test_no_method_is_without_a_row():
    tried = {(name, method) for name, _, method, _, _ in DOORS}
    answered = {
        (pattern.name, method.upper())
        for pattern in v1
        for method in methods_of(pattern)
    }

    assert answered == tried


def methods_of(pattern: URLPattern) -> list[str]:
    view: Any = pattern.callback
    if hasattr(view, "actions"):
        return [m for m in view.actions if m != "head"]
    return [m for m in ("get", "post", "put", "delete") if hasattr(view.cls, m)]


def test_lists_hold_ones_own_and_the_sites(callers, things, alice):
    Dataset.objects.create(name="Everybody's", kind="random")

    def names(role: str, query: str = "") -> set[str]:
        answer = callers[role].get(f"/api/v1/datasets/{query}").json()
        return {found["name"] for found in answer["results"]}

    assert names("alice") == {"Alice's notes", "Everybody's"}
    assert names("bob") == names("charlie") == {"Everybody's"}
    assert names("alice", "?owner=me") == {"Alice's notes"}
    assert names("alice", "?owner=site") == {"Everybody's"}
    assert names("charlie", "?owner=me") == set()


@pytest.mark.parametrize("path", ["/runs/", "/compositions/"])
def test_others_see_nothing_of_what_is_private(callers, things, path):
    own = callers["alice"].get(f"/api/v1{path}").json()["results"]

    assert len(own) == 1
    for role in ("bob", "charlie"):
        assert callers[role].get(f"/api/v1{path}").json()["results"] == []


def test_a_page_of_another_site_cannot_act_for_who_is_signed_in(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    answer = client.post(
        "/api/v1/datasets/", NEW_DATASET, content_type="application/json"
    )

    assert answer.status_code == 403
    assert "CSRF" in answer.json()["title"]


def test_what_leads_nowhere_is_a_problem_too(callers):
    answer = callers["charlie"].get("/api/v1/nowhere/")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
