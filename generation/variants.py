"""What a rendering depends on beside its format: how the piece is played, or for whom
it is written.

A rendering keeps its options and their digest, its variant. So a recording that was
made on another desk is another row: nobody gets it for this one, however the desk
changes while a task is under way.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from generation.models import Composition, Rendering
from training.music.desk import (
    WRITTEN_FOR,
    BadDesk,
    Desk,
    desk_json,
    read_desk,
)

PRINTED = (Rendering.Format.PDF, Rendering.Format.PNG)


def sound_of(composition: Composition) -> Desk:
    try:
        return read_desk(composition.sound)
    except BadDesk:
        return Desk()  # kept by another version of the program


def options_for(
    composition: Composition, format: str, written_for: str = "concert"
) -> dict[str, Any]:
    """What a file of ``format`` is made with now; without what is as usual."""
    options: dict[str, Any] = {}
    if composition.title != composition.score.get("title", composition.title):
        options["title"] = composition.title
    if format in PRINTED:
        if written_for != "concert":
            options["for"] = written_for
        return options
    desk = sound_of(composition).as_recorded()
    if format == Rendering.Format.STEMS:
        desk = desk.unmuted()
    if told := desk_json(desk):
        options["desk"] = told
    return options


def variant_of(options: dict[str, Any]) -> str:
    """A digest of ``options``; empty when there are none."""
    if not options:
        return ""
    text = json.dumps(options, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def variant_now(
    composition: Composition, format: str, written_for: str = "concert"
) -> str:
    return variant_of(options_for(composition, format, written_for))


def variants_now(composition: Composition, format: str) -> set[str]:
    """Those of all who may ask: print is made for each kind of instrument."""
    readers = WRITTEN_FOR if format in PRINTED else ("concert",)
    return {variant_now(composition, format, reader) for reader in readers}


def current(
    composition: Composition, written_for: str = "concert"
) -> dict[str, Rendering]:
    """By format, the renderings there are of the piece as it sounds and reads now."""
    return {
        rendering.format: rendering
        for rendering in composition.renderings.all()
        if rendering.variant == variant_now(composition, rendering.format, written_for)
    }


def find(
    composition: Composition, format: str, written_for: str = "concert"
) -> Rendering | None:
    return composition.renderings.filter(
        format=format, variant=variant_now(composition, format, written_for)
    ).first()


def drop_obsolete(composition: Composition, format: str) -> None:
    """Free what was made on desks, or under titles, that are no more.

    A task that is making such a file finds its row gone and leaves nothing behind.
    """
    stale = composition.renderings.filter(format=format)
    stale.exclude(variant__in=variants_now(composition, format)).delete()
