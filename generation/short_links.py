"""Short addresses of pieces, to be printed below a score: /p/ and fourteen letters.

The letters are the first 80 bits of the piece's identifier. They need no column, never
change, and are as good as impossible to guess: whoever has the link may see the piece.
"""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from generation.models import Composition

_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"  # none alike
_BITS, _LENGTH = 80, 14
_LEFT_OUT = 128 - _BITS


def short_of(id: UUID) -> str:
    """
    >>> short_of(UUID("12345678-1234-4321-8123-123456789abc"))
    '1nTPsVdcCYmUQ4'
    """
    number, letters = id.int >> _LEFT_OUT, ""
    for _ in range(_LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        letters = _LETTERS[letter] + letters
    return letters


def ids_of(short: str) -> tuple[UUID, UUID] | None:
    """The first and the last identifier that begin so; None: there are none."""
    if len(short) != _LENGTH or not set(short) <= set(_LETTERS):
        return None
    number = 0
    for letter in short:
        number = number * len(_LETTERS) + _LETTERS.index(letter)
    if number >= 1 << _BITS:
        return None
    first = number << _LEFT_OUT
    return UUID(int=first), UUID(int=first + (1 << _LEFT_OUT) - 1)


def short_path(composition: Composition) -> str:
    return reverse("short_link", args=[short_of(composition.pk)])


@require_safe
def short_link(request: HttpRequest, short: str) -> HttpResponse:
    """To the piece, wherever its page is."""
    ids = ids_of(short)
    if ids is None:
        raise Http404("There is no such piece.")
    found = Composition.objects.kept().filter(pk__range=ids).order_by("created_at")
    piece = found.only("pk").first()
    if piece is None:
        raise Http404("There is no such piece.")
    return redirect(piece)
