from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from composer_site.tokens import services
from composer_site.tokens.models import Token


class Command(BaseCommand):
    help = "Make, list or withdraw the tokens with which programs use the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make one; it is printed once")
        create.add_argument("username")
        create.add_argument("--name", default="From the command line")
        create.add_argument("--scope", choices=Token.Scope.values, default="read")
        create.add_argument("--days", type=int, default=services.DEFAULT_DAYS)
        listing = verbs.add_parser("list", help="whose there are, never the tokens")
        listing.add_argument("username", nargs="?")
        revoke = verbs.add_parser("revoke", help="withdraw one")
        revoke.add_argument("prefix", help="its first characters, as list shows them")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["verb"])(**options)

    def create(self, username: str, name: str, scope: str, days: int, **_: Any) -> None:
        owner = _find_user(username)
        try:
            new = services.create_token(owner, name=name, scope=scope, days=days)
        except services.BadToken as error:
            raise CommandError(str(error)) from None
        # Alone on standard output, so that a script can catch it.
        self.stdout.write(new.text)
        until = f"{new.row.expires_at:%Y-%m-%d}"
        self.stderr.write(f"Keep it now: it is not shown again. It lasts to {until}.")

    def list(self, username: str | None, **_: Any) -> None:
        tokens = Token.objects.select_related("owner")
        if username:
            tokens = tokens.of(_find_user(username))
        for token in tokens.iterator(chunk_size=500):
            self.stdout.write(
                f"{token.prefix}  {token.owner.get_username()}  {token.scope}  "
                f"to {token.expires_at:%Y-%m-%d}  {token.name}"
            )

    def revoke(self, prefix: str, **_: Any) -> None:
        prefix = prefix.removeprefix(services.MARK)[: services.PREFIX_CHARACTERS]
        token = Token.objects.filter(prefix=prefix).first()
        if token is None:
            raise CommandError("There is no such token. See manage.py tokens list.")
        services.revoke_token(token)
        self.stdout.write(f"{token} is withdrawn.")


def _find_user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username!r}.")
    return user
