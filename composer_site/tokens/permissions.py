from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from composer_site.tokens.models import Token

if TYPE_CHECKING:
    # Which reads the settings that name this module.
    from rest_framework.views import APIView


class TokenScope(BasePermission):
    """A token that may only read changes nothing. People signed in may do both."""

    message = "This token may only read. Make one that may write."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method in SAFE_METHODS or not isinstance(request.auth, Token):
            return True
        return request.auth.may_write
