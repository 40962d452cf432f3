"""What is wrong, in one format: RFC 9457's application/problem+json.

``title`` is one sentence that says what to do; ``errors`` has sentences by field.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import (
    APIException,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    ParseError,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.response import Response
from rest_framework.views import exception_handler

PROBLEM_TYPE = "application/problem+json"


class Conflict(APIException):
    """It cannot be done in the state that things are in."""

    status_code = 409


class Unprocessable(APIException):
    status_code = 422


class ProblemSerializer(serializers.Serializer[dict[str, Any]]):
    """Every error looks like this."""

    title = serializers.CharField(help_text="One sentence that says what to do.")
    status = serializers.IntegerField(help_text="The HTTP status once more.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Sentences by field, where a field is at fault.",
    )


def problem(status: int, title: str, **more: Any) -> HttpResponse:
    """A problem from outside the API's views."""
    body = {"title": title, "status": status, **more}
    return HttpResponse(json.dumps(body), content_type=PROBLEM_TYPE, status=status)


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the API's views, as DRF asks for it."""
    response = exception_handler(error, context)
    if response is None:
        return None
    body: dict[str, Any] = {
        "title": _title(error, context),
        "status": response.status_code,
    }
    if isinstance(error, ValidationError):
        body |= _told(error)
    response.data = body
    response.content_type = PROBLEM_TYPE
    return response


def _title(error: Exception, context: dict[str, Any]) -> str:
    if isinstance(error, ParseError):
        return "That is not JSON. Send an object."
    if isinstance(error, UnsupportedMediaType):
        return "Send JSON, with Content-Type: application/json."
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(context["view"].allowed_methods)
        return f"That cannot be done here. Use one of {allowed}."
    if isinstance(error, NotAuthenticated):
        return "Sign in, or send a token: Authorization: Bearer amc_…"
    if isinstance(error, Http404) or (
        isinstance(error, NotFound) and error.detail == NotFound.default_detail
    ):
        return "There is no such thing, or it is not yours. See /api/docs/."
    return str(getattr(error, "detail", error))


def _told(error: ValidationError) -> dict[str, Any]:
    """Title and errors of what a serializer found."""
    errors = _by_field(error.detail)
    general = errors.pop("", [])
    names = ", ".join(errors)
    title = general[0] if general else f"Correct {names} and send it again."
    return {"title": title, "errors": errors} if errors else {"title": title}


def _by_field(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Nested errors as ``{"corpora.0": ["…"]}``; "" for what is of no field."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            is_general = name in ("non_field_errors", "__all__")
            below = path if is_general else f"{path}.{name}".lstrip(".")
            for field, sentences in _by_field(inner, below).items():
                found.setdefault(field, []).extend(sentences)
        return found
    if isinstance(detail, list):
        return {path: [str(sentence) for sentence in detail]}
    return {path: [str(detail)]}
