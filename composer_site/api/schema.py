"""What the schema says beyond what the code already says."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from composer_site.api.idempotency import HEADER
from composer_site.api.problems import PROBLEM_TYPE, ProblemSerializer


def only_v1(endpoints: list[tuple[str, ...]], **kwargs: Any) -> list[tuple[str, ...]]:
    """The four plain paths of old have a format of their own; README tells of them."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


class ApiSchema(AutoSchema):
    def get_description(self) -> str:  # type: ignore[override]
        return ""  # Docstrings speak to who reads the code.

    def get_auth(self) -> list[dict[str, Any]]:
        """Whether a visitor may, too."""
        is_open = self.method == "GET" or getattr(
            self.view, "is_made_by_visitors", False
        )
        return [*super().get_auth(), *([{}] if is_open else [])]


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "composer_site.tokens.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from /account/tokens/.",
        }


IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A text of your own, at most 100 characters. The same request sent "
    "again with it within a day is not done again: you get the first answer.",
)

_PROBLEMS = {
    400: "What was sent cannot be.",
    401: "Neither signed in nor a token that is valid.",
    403: "The token may only read, or the thing is not yours to change.",
    404: "There is no such thing, or it is another's.",
    409: "Not in the state that things are in.",
    422: "The Idempotency-Key came with another request before.",
    503: "Too many ask for work just now. Retry-After says when to come back.",
}


def problems(*statuses: int) -> dict[Any, OpenApiResponse]:
    """Answers in the problem format, for ``responses``."""
    return {
        (status, PROBLEM_TYPE): OpenApiResponse(ProblemSerializer, _PROBLEMS[status])
        for status in statuses
    }


MADE = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    description="Where it is.",
    response=[201, 202],
)
