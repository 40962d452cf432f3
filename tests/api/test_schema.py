"""The schema is valid, its examples work, and answers are what it says they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from generation.models import Composition, Rendering
from generation.renderings import request_rendering
from tests.api.conftest import Caller, signed_in

pytestmark = pytest.mark.django_db


@cache
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def examples() -> list[Any]:
    """Path, method and each example of a body; those without a body once."""
    found = []
    for path, method, operation in operations():
        content = operation.get("requestBody", {}).get("content", {})
        bodies = example_bodies(operation)
        for name, example in bodies.items():
            found.append(pytest.param(path, method, example["value"], id=name))
        if not content:
            name = operation["operationId"]
            found.append(pytest.param(path, method, None, id=name))
    return found


def example_bodies(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return {
        name: example
        for body in content.values()
        for name, example in body.get("examples", {}).items()
    }


def test_the_schema_is_valid_and_says_nothing_it_is_unsure_of(tmp_path):
    call_command(
        "spectacular",
        validate=True,
        fail_on_warn=True,
        file=str(tmp_path / "schema.yml"),
    )


def test_every_body_has_an_example():
    for path, method, operation in operations():
        if operation.get("requestBody"):
            assert example_bodies(operation), (method, path)


@pytest.fixture
def ids(trained, version, piece, own_pieces) -> dict[str, Any]:
    rendering = request_rendering(piece, "mp3")
    name = default_storage.save("renderings/example.mp3", ContentFile(b"ID3"))
    Rendering.objects.filter(pk=rendering.pk).update(state="ready", file=name)
    return {
        "/pieces/": {"id": own_pieces[0].pk},
        "/datasets/": {"id": trained.dataset_id},
        "/runs/": {"id": trained.pk},
        "/models/": {"slug": "alices"},
        "/versions/": {"id": version.pk},
        "/compositions/": {
            "id": piece.pk,
            "composition_id": piece.pk,
            "kind": "mp3",
        },
    }


def address(path: str, ids: dict[str, dict[str, Any]]) -> str:
    resource = "/" + path.removeprefix("/api/v1/").split("/")[0] + "/"
    return path.format(**ids[resource])


@pytest.mark.parametrize(("path", "method", "body"), examples())
def test_examples_do_what_the_schema_says(path, method, body, writer, ids, trained):
    if path.endswith("requeue/"):
        type(trained).objects.filter(pk=trained.pk).update(
            state="cancelled", token=None, finished_at=trained.started_at
        )
    if body and "dataset" in body:
        body = {**body, "dataset": trained.dataset_id}
    if body and "continue" in body:
        own = {"composition": str(ids["/compositions/"]["id"]), "from_bar": 1}
        body = {**body, "continue": {**body["continue"], **own}}

    if body and "file" in body:
        content = body["file"].encode()
        answer = writer.send_file(address(path, ids), "example.abc", content)
    else:
        answer = writer.send(method.upper(), address(path, ids), body)

    responses = schema()["paths"][path][method]["responses"]
    documented = responses[str(answer.status_code)]
    assert answer.status_code < 300, answer.content
    check(answer, documented)
    if answer.status_code in (201, 202):
        assert "Location" in documented["headers"]
        assert writer.get(answer["Location"]).status_code == 200


def test_problems_are_what_the_schema_says(writer, ids):
    for path, method, operation in operations():
        if "400" not in operation["responses"]:
            continue
        bad = f"{address(path, ids)}?colour=blue" if method == "get" else None
        answer = (
            writer.get(bad) if bad else writer.post(address(path, ids), {"colour": 1})
        )

        assert answer.status_code == 400
        check(answer, operation["responses"]["400"])


def test_a_visitors_answers_are_what_the_schema_says(piece, callers):
    Composition.objects.filter(pk=piece.pk).update(owner=None, is_showcase=True)
    visitor: Caller = callers["charlie"]

    for resource in ("models", "versions"):
        listed = visitor.get(f"/api/v1/{resource}/")
        for found in listed.json()["results"]:
            (path,) = (
                p
                for p in schema()["paths"]
                if re.fullmatch(rf"/api/v1/{resource}/{{\w+}}/", p)
            )
            check(
                visitor.get(found["url"]),
                schema()["paths"][path]["get"]["responses"]["200"],
            )


def check(answer: Any, documented: dict[str, Any]) -> None:
    """The answer's type and body are what ``documented`` promises."""
    if "content" not in documented:
        return
    kind = answer["Content-Type"].split(";")[0]
    if "application/octet-stream" in documented["content"]:
        return  # A file.
    body_schema = documented["content"][kind]["schema"]
    validator = jsonschema.Draft202012Validator(
        {**body_schema, "components": schema()["components"]}
    )
    validator.validate(answer.json())


# Where it is read


def test_the_schema_is_served_to_everyone(client):
    answer = client.get("/api/v1/schema/", headers={"accept": "application/json"})

    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert set(answer.json()["paths"]) == set(schema()["paths"])


def test_the_page_asks_no_other_host_and_has_nothing_inline(client, alice):
    signed_in(alice)
    page = client.get("/api/docs/").content.decode()
    script = client.get("/api/docs/?script=")

    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert addresses
    assert all(a.startswith("/") and not a.startswith("//") for a in addresses)
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*src)", page)
    assert "https://" not in script.content.decode()
    assert script["Content-Type"].startswith("application/javascript")
    assert "no-store" in script["Cache-Control"]
