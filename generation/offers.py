"""The models a person may compose with, each with what it knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.contrib.auth.models import AnonymousUser, User

from generation.composing.repertoire import Repertoire, repertoire_of_forms
from training.learning.bundle import UnreadableBundle, read_forms
from training.models import ModelVersion


@dataclass(frozen=True, slots=True)
class Offer:
    """A model by the version one composes with. Templates read its properties."""

    version: ModelVersion
    repertoire: Repertoire

    @property
    def slug(self) -> str:
        return self.version.model.slug

    @property
    def title(self) -> str:
        return self.version.model.title

    @property
    def description(self) -> str:
        return self.version.model.description

    @property
    def knows(self) -> str:
        """For the page's scripts."""
        return json.dumps(self.repertoire.as_json())


def offers_to(user: User | AnonymousUser) -> list[Offer]:
    """One query. A version whose bundle is gone is not offered."""
    versions = ModelVersion.objects.visible_to(user).default()
    return [
        Offer(version, repertoire)
        for version in versions.select_related("model").order_by("model__pk")
        if (repertoire := repertoire_of(version))
    ]


def chosen(offers: Sequence[Offer], slug: object) -> Offer | None:
    """The offer of that name, else the first."""
    first = offers[0] if offers else None
    return next((offer for offer in offers if offer.slug == slug), first)


def repertoire_of(version: ModelVersion) -> Repertoire | None:
    """What ``version`` knows; None when its bundle cannot be read any more."""
    try:
        return _read(version.model.title, version.bundle_folder)
    except UnreadableBundle:
        return None


@lru_cache(maxsize=256)
def _read(title: str, folder: Path) -> Repertoire:
    # A bundle never changes: what was read once stays true.
    return repertoire_of_forms(title, *read_forms(folder))
