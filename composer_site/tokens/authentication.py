from __future__ import annotations

from typing import NoReturn

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from composer_site.tokens import services
from composer_site.tokens.models import Token


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer amc_…``, with a token from the account's page."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        scheme, _, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = services.find_token(text.strip().decode("latin-1"))
        if token is None or not token.owner.is_active:
            self._refuse("There is no such token.")
        if token.is_expired:
            self._refuse("This token has expired.")
        services.note_use(token)
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _refuse(self, why: str) -> NoReturn:
        raise AuthenticationFailed(f"{why} Make a new one at /account/tokens/.")
