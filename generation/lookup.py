"""Who asks, and for which piece: what every page of a piece begins with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from generation.models import Composition
from training.music.desk import WRITTEN_FOR


def get_composition(id: UUID) -> Composition:
    """Anyone who has the link may see a piece, see Composition."""
    return get_object_or_404(
        Composition.objects.kept().select_related("version__model", "parent"), pk=id
    )


def reader(request: HttpRequest, *, default: str = "concert") -> str:
    """For whom to write, by ``?for=``, if it names anybody we know."""
    asked = request.GET.get("for", "")
    return asked if asked in WRITTEN_FOR else default


def whose(request: HttpRequest) -> dict[str, Any]:
    """Owner and session key for a new piece; a visitor gets a session now."""
    if request.user.is_authenticated:
        return {"owner": request.user, "session_key": ""}
    if not request.session.session_key:
        request.session.create()
    return {"owner": None, "session_key": request.session.session_key or ""}
