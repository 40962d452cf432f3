from __future__ import annotations

from typing import Any

from rest_framework.exceptions import (
    APIException,
    MethodNotAllowed,
    NotFound,
    ParseError,
    UnsupportedMediaType,
)
from rest_framework.response import Response
from rest_framework.views import exception_handler


class Refused(APIException):
    """What was asked for cannot be. The message says what can."""

    status_code = 400


class Unknown(Refused):
    status_code = 404


def one_sentence(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error as {"error": "what is wrong and what to do"}."""
    response = exception_handler(error, context)
    if response is not None:
        response.data = {"error": _sentence(error, context)}
    return response


def _sentence(error: Exception, context: dict[str, Any]) -> str:
    if isinstance(error, ParseError):
        return 'That is not JSON. Send an object, for example {"num_notes": 64}.'
    if isinstance(error, UnsupportedMediaType):
        return "Send JSON (Content-Type: application/json) or a form."
    if isinstance(error, MethodNotAllowed):
        return _right_method(context)
    if isinstance(error, NotFound):
        return "There is no such page. Start again without a cursor."
    return str(getattr(error, "detail", error))


def _right_method(context: dict[str, Any]) -> str:
    url = context["request"].build_absolute_uri(context["request"].path)
    if "post" in context["view"].http_method_names:
        return f"Use POST, for example: curl -X POST {url} -d num_notes=64"
    return f"Use GET, for example: curl {url}"
