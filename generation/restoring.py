"""The verbs of restoring: a recipe that comes back in a file makes its piece again.

A recipe names the network that wrote the piece, and every control. That of a piece that
was edited or brought holds its notes instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F

from generation import services
from generation.bringing import bars_of, keep_as_it_is
from generation.composing.recipe import (
    MAX_NOTES,
    MAX_QPM,
    MIN_QPM,
    RECIPE_VERSION,
    BadRequest,
    ComposeRequest,
    request_from_recipe,
)
from generation.forms import ControlsForm, initial_from_recipe
from generation.models import Composition
from training.models import ModelVersion
from training.music.reading import UnreadableScore
from training.music.score import Score
from training.music.sent_notes import score_from_stranger

MAX_LETTERS = 1024 * 1024
MAX_HELD_NOTES = 8_192  # in a recipe that holds its notes
MAX_HELD_BARS = 2_048  # written out, fifty thousand bars keep a core busy for seconds
#: Where a recipe comes from that holds its notes.
HELD = (Composition.Origin.BROUGHT, Composition.Origin.EDITED)

_NO_RECIPE = "This is not a recipe. Use one that this program wrote."


class NetworkNotHere(BadRequest):
    """The recipe is good, and its network is not on this machine."""


@dataclass(frozen=True, slots=True)
class Restorable:
    """A recipe that can be followed here: by a network, by chance, or note by note."""

    text: str
    recipe: dict[str, Any]
    version: ModelVersion | None = None
    request: ComposeRequest | None = None
    held: Score | None = None

    @property
    def by(self) -> str:
        """What wrote the piece, in words."""
        if self.version:
            return self.version.model.title
        return "a person" if self.held else "chance"

    @property
    def initial(self) -> dict[str, Any]:
        """The form of composing as this recipe fills it in, its seed included."""
        assert self.version
        return initial_from_recipe(self.recipe) | {
            "seed": self.recipe.get("seed"),
            "model": self.version.model.slug,
        }


def read_recipe(text: str, user: User | AnonymousUser) -> Restorable:
    """The recipe in ``text``, which may come from anywhere.

    Raises ``BadRequest`` where it is none or cannot be followed, and among these
    ``NetworkNotHere`` where its network is not on this machine, or not this person's.
    """
    recipe = _as_dict(text)
    if recipe.get("origin") in HELD:
        return Restorable(text, recipe, held=_held_notes(recipe))
    if recipe.get("model") == "random" and "bundle" not in recipe:
        _check_random(recipe)
        return Restorable(text, recipe)
    bundle, request = request_from_recipe(text)
    if request.seed > services.MAX_SEED:
        raise BadRequest(f"Its seed is too large: {services.MAX_SEED} is the largest.")
    versions = ModelVersion.objects.visible_to(user).select_related("model")
    # The same network may have been registered twice.
    offered_first = F("retired_at").desc(nulls_first=True)
    version = versions.filter(bundle_hash=bundle).order_by(offered_first, "pk").first()
    if version is None:
        raise NetworkNotHere(
            f"The network that wrote it ({_name_of_network(recipe)}) is not on this "
            "machine, or not yours to use, so the recipe cannot be followed here."
        )
    return Restorable(text, recipe, version, request)


def compose_the_same(
    found: Restorable, *, owner: User | AnonymousUser | None, session_key: str
) -> Composition:
    """The piece of this recipe once more, note for note.

    Raises ``BadRequest`` and ``TooBusy``.
    """
    if found.held:
        return keep_as_it_is(
            found.held,
            Composition.Origin(found.recipe["origin"]),
            owner=owner,
            session_key=session_key,
        )
    if found.version is None or found.request is None:
        recipe = found.recipe
        return services.compose_random(
            num_notes=recipe["num_notes"],
            seed=recipe["seed"],
            qpm=recipe["qpm"],
            owner=owner,
            session_key=session_key,
        )
    return services.compose_now(
        found.version, found.request, owner=owner, session_key=session_key
    )


def request_with(found: Restorable, controls: dict[str, Any]) -> ComposeRequest:
    """The recipe's request with the ``controls`` of a form in place of its own.

    What the form does not show, given notes above all, stays. Raises ``BadRequest``.
    """
    assert found.request
    usual = {field.name: field.default for field in fields(ComposeRequest)}
    asked: dict[str, Any] = {}
    for name in ControlsForm.base_fields:
        field = ControlsForm.request_names.get(name, name)
        value = controls.get(name)
        asked[field] = usual[field] if value in (None, "") else value
    if controls.get("seed") is None:
        asked["seed"] = services.draw_seed()
    return replace(found.request, **asked)


def _as_dict(text: str) -> dict[str, Any]:
    if len(text) > MAX_LETTERS:
        raise BadRequest("This recipe is too long.")
    try:
        recipe = json.loads(text)
        # Half a character cannot be kept.
        text.encode()
        json.dumps(recipe, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        recipe = None
    if not isinstance(recipe, dict):
        raise BadRequest(_NO_RECIPE)
    version = recipe.get("recipe_version", RECIPE_VERSION)
    if version != RECIPE_VERSION:
        raise BadRequest(
            f"This recipe is of version {version!s:.9}; this program follows version "
            f"{RECIPE_VERSION}. Update the program."
        )
    return recipe


def _held_notes(recipe: dict[str, Any]) -> Score:
    try:
        score = score_from_stranger(recipe.get("score"), most_notes=MAX_HELD_NOTES)
    except UnreadableScore as error:
        raise BadRequest(str(error)) from None
    if not score.num_notes:
        raise BadRequest("There are no notes in this recipe.")
    if (bars := bars_of(score)) > MAX_HELD_BARS:
        raise BadRequest(f"It holds {bars:,} bars; at most {MAX_HELD_BARS:,} are kept.")
    return score


def _check_random(recipe: dict[str, Any]) -> None:
    whole = {"num_notes": (1, MAX_NOTES), "seed": (0, services.MAX_SEED)}
    for name, (lowest, highest) in whole.items():
        value = recipe.get(name)
        if type(value) is not int or not lowest <= value <= highest:
            raise BadRequest(_NO_RECIPE)
    qpm = recipe.get("qpm")
    if not isinstance(qpm, int | float) or isinstance(qpm, bool):
        raise BadRequest(_NO_RECIPE)
    if not MIN_QPM <= qpm <= MAX_QPM:
        raise BadRequest(_NO_RECIPE)


def _name_of_network(recipe: dict[str, Any]) -> str:
    words = [recipe.get("model"), recipe.get("version")]
    named = " ".join(str(word)[:40] for word in words if isinstance(word, str | int))
    return " ".join(named.split()) or str(recipe["bundle"])[:12]
