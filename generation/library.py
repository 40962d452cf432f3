"""What of one's own pieces is looked for: filters, what they offer, and order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, When

from generation.keyset import ORDERS, Order
from generation.models import Composition, CompositionQuerySet, folded
from generation.shelf import clean_title
from training.models import ModelVersion

MAX_SEARCH_LENGTH = 100
MAX_SEARCH_WORDS = 8
#: Beyond it, the page says "more than".
MOST_COUNTED = 10_000
#: What "all that match" reaches at a time.
MOST_AT_ONCE = 1_000

ORIGINS = {
    "composed": "Written by a model",
    "edited": "Edited by hand",
    "brought": "Brought by you",
    "random": "Drawn at random",
}
_SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which pieces, in which order. What is empty asks for nothing."""

    find: str = ""  # words of the title, all of which it has
    model: str = ""  # a slug
    key: str = ""  # "D major"
    metre: str = ""  # "6/8"
    origin: str = ""
    is_favourite: bool = False
    sort: str = "newest"

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Wishes:
        """Of what an address says, that which can be; the rest is left out."""

        def line(name: str, longest: int) -> str:
            return clean_title(str(asked.get(name) or "")[:longest])

        model, origin = line("model", 60), line("origin", 20)
        sort = line("sort", 20)
        return cls(
            find=line("find", MAX_SEARCH_LENGTH),
            model=model if _SLUG.fullmatch(model) else "",
            key=line("key", 20),
            metre=line("metre", 10),
            origin=origin if origin in ORIGINS else "",
            is_favourite=asked.get("show") == "favourites",
            sort=sort if sort in ORDERS else "newest",
        )

    def query(self) -> dict[str, str]:
        """As an address says it: ``read(query())`` is the same wishes."""
        told = {
            "show": "favourites" if self.is_favourite else "",
            "find": self.find,
            "model": self.model,
            "key": self.key,
            "metre": self.metre,
            "origin": self.origin,
            "sort": self.sort if self.sort != "newest" else "",
        }
        return {name: value for name, value in told.items() if value}

    @property
    def order(self) -> Order:
        return ORDERS[self.sort]

    @property
    def narrows(self) -> bool:
        """Whether it filters, other than by the star."""
        return any((self.find, self.model, self.key, self.metre, self.origin))

    def cleared(self) -> Wishes:
        return replace(Wishes(), is_favourite=self.is_favourite, sort=self.sort)


def matching(mine: CompositionQuerySet, wishes: Wishes) -> CompositionQuerySet:
    """Of ``mine``, those that are wished for, in no order."""
    found = mine.order_by()
    words = folded(wishes.find).split()[:MAX_SEARCH_WORDS]
    for word in words:
        found = found.filter(folded_title__contains=word)
    if wishes.model:
        versions = ModelVersion.objects.filter(model__slug=wishes.model)
        found = found.filter(version__in=versions.order_by().values("pk"))
    for column in ("key", "metre", "origin"):
        if value := getattr(wishes, column):
            found = found.filter(**{column: value})
    return found.favourites() if wishes.is_favourite else found


def count_up_to(rows: QuerySet[Composition], most: int = MOST_COUNTED) -> int:
    """How many there are; ``most + 1`` says that there are more."""
    return rows.order_by().values("pk")[: most + 1].count()


def first_ids(mine: CompositionQuerySet, wishes: Wishes, most: int) -> list[UUID]:
    order = wishes.order
    sign = "-" if order.is_descending else ""
    found = matching(mine, wishes).order_by(f"{sign}{order.column}", f"{sign}pk")
    return list(found.values_list("pk", flat=True)[:most])


def cards(ids: list[UUID]) -> list[Composition]:
    """The rows of a page in its order, with what a card says and no more.

    ``ids`` are the caller's own. Who owns them is not asked once more: SQLite would
    then read all rows of the owner to find these.
    """
    rows = Composition.objects.filter(pk__in=ids).order_by()
    light = rows.for_cards().annotate(
        # Of a parent that one may see, as in the family: another's has no name here.
        parent_title=Case(
            When(
                Q(parent__owner=None) | Q(parent__owner=F("owner")),
                then=F("parent__title"),
            )
        ),
        parent_deleted_at=F("parent__deleted_at"),
    )
    found = {piece.pk: piece for piece in light}
    return [found[id] for id in ids if id in found]


Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Offers:
    """What there is to filter by: values that this person's pieces have."""

    model: Choices
    key: Choices
    metre: Choices
    origin: Choices


def offers(mine: CompositionQuerySet, wishes: Wishes) -> Offers:
    """Two queries. What is wished for stands among them even if it is gone."""
    columns = ("version_id", "key", "metre", "origin")
    found = set(mine.order_by().values_list(*columns).distinct())
    versions = {version for version, *_ in found if version}
    models = ModelVersion.objects.filter(pk__in=versions).order_by()
    titles = dict(models.values_list("model__slug", "model__title").distinct())
    keys = {key for _, key, _, _ in found if key}
    metres = {metre for _, _, metre, _ in found if metre}
    origins = {origin for *_, origin in found}

    def plain(values: set[str], wished: str) -> Choices:
        return [(value, value) for value in sorted(values | ({wished} - {""}))]

    if wishes.model:
        titles.setdefault(wishes.model, wishes.model)
    return Offers(
        model=sorted(titles.items(), key=lambda choice: choice[1]),
        key=plain(keys, wishes.key),
        metre=sorted(plain(metres, wishes.metre), key=_by_unit),
        origin=[
            choice
            for choice in ORIGINS.items()
            if choice[0] in origins or choice[0] == wishes.origin
        ],
    )


def _by_unit(choice: tuple[str, str]) -> tuple[int, int]:
    """2/4 before 3/4 before 6/8."""
    beats, _, unit = choice[0].partition("/")
    if beats.isdecimal() and unit.isdecimal():
        return int(unit), int(beats)
    return 0, 0


def own_ids(mine: CompositionQuerySet, sent: list[str]) -> list[UUID]:
    """Of the identifiers that a form sent, those of ``mine``; in the order sent."""
    ids = []
    for text in sent[:MOST_AT_ONCE]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    own = set(mine.filter(Q(pk__in=ids)).order_by().values_list("pk", flat=True))
    return [id for id in dict.fromkeys(ids) if id in own]
