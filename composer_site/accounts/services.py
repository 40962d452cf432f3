"""The verbs of accounts: come in, be remembered, leave."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, ProtectedError, Q
from django.http import HttpRequest
from django_q.tasks import async_task

from generation.models import Composition, Rendering, caller
from generation.shelf import adopt_pieces


class StillNeeded(Exception):
    """Other people's pieces depend on what would go with the account."""


@dataclass(frozen=True, slots=True)
class Usage:
    pieces: int
    favourites: int
    files: int


def log_in(request: HttpRequest, user: User) -> int:
    """Begin a session as ``user``. The pieces composed before come along.

    Returns how many did.
    """
    # login() gives the session another key, so that nobody who knew the old one is in.
    _, session_key = caller(request)
    login(request, user)
    return adopt_pieces(session_key, user)


def ask_for_reset(email: str, *, host: str, is_https: bool) -> None:
    """Mail a link to whoever has an account with this address, if anyone has.

    Looking and sending is a task's work, so that the answer takes as long whether
    there is such an account or not.
    """
    task = "composer_site.accounts.tasks.mail_reset"
    transaction.on_commit(
        partial(async_task, task, email, host=host, is_https=is_https), robust=True
    )


def usage_of(user: User) -> Usage:
    """What an account holds."""
    pieces = Composition.objects.of(user, None).aggregate(
        all=Count("pk"), favourites=Count("pk", filter=Q(is_favourite=True))
    )
    files = Rendering.objects.ready().filter(
        composition__owner=user, composition__deleted_at=None
    )
    return Usage(pieces["all"], pieces["favourites"], files.count())


def delete_account(user: User) -> None:
    """The account and all that is its own, for good. Raises ``StillNeeded``."""
    try:
        with transaction.atomic():
            # First the pieces: they hold on to the models that wrote them.
            Composition.objects.filter(owner=user).delete()
            user.delete()
    except ProtectedError:
        raise StillNeeded(
            "Other people's pieces were written by your models. Ask whoever runs this "
            "site to take the models over; then the account can be deleted."
        ) from None
