"""What the page of a piece offers to do with it: buttons, and reasons where not."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generation.actions import as_piece
from generation.composing.abilities import Piece, abilities
from generation.composing.wishes import (
    CALMER,
    CONTINUE,
    HARMONISE,
    IN_KEY,
    IN_METRE,
    IN_MODE,
    LONGER,
    NEW_ENDING,
    ON_BARS,
    REWRITE,
    SAME_RHYTHM,
    SAME_START,
    VARY_A_LITTLE,
    VARY_A_LOT,
    WILDER,
    other_mode,
)
from generation.models import Composition
from generation.offers import Offer, repertoire_of
from training.music.pitch import Key

LABELS = {
    REWRITE: "Rewrite",
    CONTINUE: "Continue from here",
    NEW_ENDING: "New ending",
    HARMONISE: "Harmonise",
    WILDER: "Wilder",
    CALMER: "Calmer",
    IN_MODE: "In another mode",
    IN_KEY: "In another key",
    IN_METRE: "In another metre",
    LONGER: "Longer",
    SAME_RHYTHM: "Same rhythm",
    SAME_START: "Same start",
    VARY_A_LITTLE: "A little different",
    VARY_A_LOT: "Quite different",
}
#: The buttons of the row, in order; keys and metres have menus after them.
ROW = (
    *(WILDER, CALMER, IN_MODE, LONGER, SAME_RHYTHM, SAME_START),
    *(VARY_A_LITTLE, VARY_A_LOT),
)


@dataclass(frozen=True, slots=True)
class Button:
    """One press of it is one action."""

    action: str
    value: str
    label: str
    why_not: str = ""
    is_hidden: bool = False  # of use to another model only

    @property
    def why_id(self) -> str:
        return _id_of(self.why_not) if self.why_not else ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some actions cannot be done, in one sentence for all of them."""

    id: str
    labels: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that may work on the piece, with the reasons for the page's scripts."""

    offer: Offer
    is_chosen: bool
    cannot: str

    @property
    def metres(self) -> str:
        return " ".join(str(metre) for metre in self.offer.repertoire.metres)


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the templates need."""

    piece: Piece
    choices: tuple[Choice, ...]
    on_bars: tuple[Button, ...]
    again: tuple[Button, ...]
    keys: tuple[Button, ...]
    metres: tuple[Button, ...]
    #: The parts that can be harmonised, numbered from 0.
    voices: tuple[tuple[int, str], ...]
    #: For scripts: what the buttons are called, by action.
    labels: str
    #: Each action, and why the chosen model cannot do it; empty where it can.
    why: Mapping[str, str]

    @property
    def chosen(self) -> Offer | None:
        return next((c.offer for c in self.choices if c.is_chosen), None)

    @property
    def why_not_bars(self) -> list[Reason]:
        return _reasons(self.on_bars)

    @property
    def why_not_again(self) -> list[Reason]:
        return _reasons((*self.again, *self.keys[:1], *self.metres[:1]))


def desk_of(
    composition: Composition, offers: Sequence[Offer], slug: str | None = None
) -> Desk:
    """``slug`` names the model that was asked for; None: the piece's own."""
    piece = as_piece(composition)
    own = composition.version_id
    cannot = {
        offer.slug: abilities(
            piece,
            offer.repertoire,
            is_own=offer.version.pk == own,
            others=[o.repertoire for o in offers if o is not offer],
        )
        for offer in offers
    }
    offer = _chosen(composition, piece, offers, cannot, slug)
    why = (
        cannot[offer.slug] if offer else abilities(piece, None, is_own=False, others=())
    )
    labels = _labels(piece)
    return Desk(
        piece=piece,
        choices=tuple(
            Choice(o, o is offer, json.dumps(cannot[o.slug]))
            for o in offers
            if o is offer or _can_do_something(cannot[o.slug])
        ),
        on_bars=tuple(_button(a, labels, why) for a in ON_BARS),
        again=tuple(_button(a, labels, why) for a in ROW),
        keys=tuple(_keys(piece, why)),
        metres=tuple(_metres(piece, offers, offer, why)),
        voices=tuple((n, piece.names[n] or f"Part {n + 1}") for n in piece.melodies),
        labels=json.dumps(labels),
        why=why,
    )


def _can_do_something(why: Mapping[str, str]) -> bool:
    """Whether the model does more than to let the notes be moved."""
    return any(
        not reason for action, reason in why.items() if action not in (IN_KEY, IN_MODE)
    )


def _chosen(
    composition: Composition,
    piece: Piece,
    offers: Sequence[Offer],
    cannot: Mapping[str, Mapping[str, str]],
    slug: str | None,
) -> Offer | None:
    """The one asked for, the piece's own, or the one that suits it best.

    Of those that can do something with it, one that writes as many parts; and of these
    the one that refuses least.
    """
    for name in (slug, composition.model_slug):
        for offer in offers:
            if offer.slug == name:
                return offer
    if not offers:
        return None

    def misfit(offer: Offer) -> tuple[bool, bool, int]:
        why = cannot[offer.slug]
        return (
            not _can_do_something(why),
            offer.repertoire.num_parts != piece.num_parts,
            sum(map(bool, why.values())),
        )

    return min(offers, key=misfit)


def own_offers(composition: Composition, offers: Sequence[Offer]) -> list[Offer]:
    """``offers``, the piece's own model by the version that wrote it.

    The same network follows the same recipe, one thing changed, most closely.
    """
    version = composition.version
    known = repertoire_of(version) if version and not version.retired_at else None
    if version is None or known is None:
        return list(offers)
    slug = composition.model_slug
    return [Offer(version, known) if o.slug == slug else o for o in offers]


def _labels(piece: Piece) -> dict[str, str]:
    mode = other_mode(piece.key.mode) if piece.key else "minor"
    return {**LABELS, IN_MODE: f"In {mode}"}


def _button(action: str, labels: Mapping[str, str], why: Mapping[str, str]) -> Button:
    return Button(action, action, labels[action], why[action])


def _keys(piece: Piece, why: Mapping[str, str]) -> Iterable[Button]:
    """Another key: up the keyboard from C, the piece's own left out."""
    for tonic in range(12):
        if piece.key is None or tonic != piece.key.tonic:
            key = Key(tonic, piece.key.mode if piece.key else "major")
            name, _, _ = str(key).partition(" ")
            yield Button(IN_KEY, f"{IN_KEY} {tonic}", name, why[IN_KEY])


def _metres(
    piece: Piece,
    offers: Sequence[Offer],
    chosen: Offer | None,
    why: Mapping[str, str],
) -> Iterable[Button]:
    """Another metre: what the chosen model knows, the most usual first.

    Those of the other models stand by for the page's scripts.
    """
    known = chosen.repertoire.metres if chosen else ()
    others = [m for offer in offers for m in offer.repertoire.metres]
    for metre in dict.fromkeys((*known, *others)):
        if metre != piece.metre:
            value = f"{IN_METRE} {metre}"
            is_unknown = metre not in known
            yield Button(IN_METRE, value, str(metre), why[IN_METRE], is_unknown)


def _reasons(buttons: Iterable[Button]) -> list[Reason]:
    """Each reason once, with all that it stands in the way of."""
    labels: dict[str, list[str]] = {}
    for button in buttons:
        if button.why_not:
            takes_value = button.action in (IN_KEY, IN_METRE)
            name = LABELS[button.action] if takes_value else button.label
            labels.setdefault(button.why_not, []).append(name)
    return [
        Reason(_id_of(sentence), ", ".join(names), sentence)
        for sentence, names in labels.items()
    ]


def _id_of(sentence: str) -> str:
    return f"why-{zlib.crc32(sentence.encode()):x}"
