"""The models a person may compose with, each with what it knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User

from generation.repertoire import Repertoire, repertoire_of
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
