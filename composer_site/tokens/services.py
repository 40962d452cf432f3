"""The verbs of tokens: make one, know one again, withdraw one."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from composer_site.tokens.models import Token

#: Says what it is to whoever finds one where it does not belong.
MARK = "amc_"
PREFIX_CHARACTERS = 8
TOKEN = re.compile(rf"{MARK}([0-9a-f]{{{PREFIX_CHARACTERS}}})_[A-Za-z0-9_-]{{43}}")
MAX_TOKENS = 20
MAX_DAYS = 366
DEFAULT_DAYS = 90
#: A row written to with every request would make readers wait for writers.
USE_NOTED_EVERY = timedelta(minutes=1)


class BadToken(ValueError):
    """No such token can be made. The message says what to do."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and its row. The text is nowhere else."""

    text: str
    row: Token


def create_token(
    owner: User,
    *,
    name: str,
    scope: str = Token.Scope.READ,
    days: int = DEFAULT_DAYS,
) -> NewToken:
    if scope not in Token.Scope.values:
        raise BadToken(f"A token's scope is one of {', '.join(Token.Scope.values)}.")
    if not 1 <= days <= MAX_DAYS:
        raise BadToken(f"A token lasts 1 to {MAX_DAYS} days.")
    prefix = secrets.token_hex(PREFIX_CHARACTERS // 2)
    text = f"{MARK}{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        # Two requests at once must not both find room for the last one.
        User.objects.select_for_update().get(pk=owner.pk)
        if Token.objects.of(owner).count() >= MAX_TOKENS:
            raise BadToken(f"You have {MAX_TOKENS} tokens. Withdraw one first.")
        row = Token.objects.create(
            owner=owner,
            name=name.strip()[:60] or "Token",
            prefix=prefix,
            sha256=_sha256(text),
            scope=scope,
            expires_at=timezone.now() + timedelta(days=days),
        )
    return NewToken(text, row)


def find_token(text: str) -> Token | None:
    """The row of a token, expired ones included; None for what is none of ours."""
    shape = TOKEN.fullmatch(text)
    if shape is None:
        return None
    token = Token.objects.select_related("owner").filter(prefix=shape[1]).first()
    if token is None or not hmac.compare_digest(token.sha256, _sha256(text)):
        return None
    return token


def note_use(token: Token) -> None:
    now = timezone.now()
    long_ago = now - USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < long_ago:
        Token.objects.filter(
            Q(last_used_at=None) | Q(last_used_at__lt=long_ago), pk=token.pk
        ).update(last_used_at=now)


def revoke_token(token: Token) -> None:
    token.delete()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
