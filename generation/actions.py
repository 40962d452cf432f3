"""The verbs of steering: a piece and a wish in, another piece out, its child.

A piece whose recipe is a plain one is asked again with one thing changed and the same
seed. From any other, the model works on the notes themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from generation import services
from generation.composing.abilities import NO_MODEL, Piece, piece_of, why_not
from generation.composing.recipe import BadRequest, ComposeRequest, request_from_recipe
from generation.composing.reworking import reworked
from generation.composing.tweaks import TWEAKS, asked_key, tweaked
from generation.composing.wishes import IN_KEY, IN_MODE, Wish
from generation.editing import keep_edited
from generation.models import Composition
from generation.offers import repertoire_of
from training.models import ModelVersion
from training.music.degrees import in_mode
from training.music.transform import transpose_to

#: What a recipe holds when notes were given.
_GIVEN = ("source", "keep")


def act(
    composition: Composition,
    version: ModelVersion | None,
    wish: Wish,
    *,
    seed: int | None = None,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """The piece that ``wish`` makes of ``composition``, by ``version``.

    ``version`` may be None for what needs no model. Raises ``BadRequest``, with a
    sentence that says what to do, and ``TooBusy``.
    """
    whose: dict[str, Any] = {"owner": owner, "session_key": session_key}
    if needs_no_model(composition, version, wish):
        refuse_impossible(composition, version, wish)
        return _in_another_key(composition, wish, **whose)
    request, change = asked(composition, version, wish, seed=seed)
    assert version is not None  # else it was refused
    return services.compose_now(
        version, request, parent=composition, change=change, **whose
    )


def asked(
    composition: Composition,
    version: ModelVersion | None,
    wish: Wish,
    *,
    seed: int | None = None,
) -> tuple[ComposeRequest, str]:
    """What ``wish`` asks of ``version``, and the change in words.

    Raises ``BadRequest``.
    """
    refuse_impossible(composition, version, wish)
    score = composition.as_score()
    if version and wish.action in TWEAKS and follows_recipe(composition, version):
        request, change = tweaked(request_of(composition), score, wish)
        return (request if seed is None else replace(request, seed=seed)), change
    model = repertoire_of(version) if version else None
    if model is None:
        raise BadRequest(NO_MODEL)
    request, change = reworked(score, wish, recipe=composition.recipe, model=model)
    drawn = services.draw_seed() if seed is None else seed
    return replace(request, seed=drawn), change


def needs_no_model(
    composition: Composition, version: ModelVersion | None, wish: Wish
) -> bool:
    """Whether the notes are moved as they are."""
    return wish.action in (IN_KEY, IN_MODE) and not (
        version and follows_recipe(composition, version)
    )


def _in_another_key(composition: Composition, wish: Wish, **whose: Any) -> Composition:
    """The same notes moved, exactly. Raises ``BadRequest``."""
    score = composition.as_score()
    key = asked_key(score.key, wish)
    try:
        if score.key and key.mode != score.key.mode:
            score = in_mode(score, key.mode)
        if score.key and key.tonic != score.key.tonic:
            score = transpose_to(score, key.tonic)
    except ValueError as reason:  # It would leave the range of MIDI.
        raise BadRequest(str(reason)) from None
    return keep_edited(composition, score, change=f"in {key}", **whose)


def refuse_impossible(
    composition: Composition, version: ModelVersion | None, wish: Wish
) -> None:
    reason = why_not(
        wish.action,
        as_piece(composition),
        repertoire_of(version) if version else None,
        is_own=version is not None and version.pk == composition.version_id,
    )
    if reason:
        raise BadRequest(reason)


def as_piece(composition: Composition) -> Piece:
    """What abilities ask of it."""
    recipe = composition.recipe
    return piece_of(
        composition.as_score(),
        bars=int(composition.measures.get("bars") or 1),
        plain_temperature=recipe["temperature"] if is_plain(composition) else None,
    )


def is_plain(composition: Composition) -> bool:
    """Whether a model wrote all of its notes, from its recipe alone."""
    recipe: Mapping[str, Any] = composition.recipe
    return (
        composition.origin == Composition.Origin.COMPOSED
        and composition.version_id is not None
        and "temperature" in recipe
        and not any(recipe.get(name) for name in _GIVEN)
    )


def follows_recipe(composition: Composition, version: ModelVersion) -> bool:
    """Whether ``version`` can write the piece again with one thing changed."""
    return version.pk == composition.version_id and is_plain(composition)


def request_of(composition: Composition) -> ComposeRequest:
    """What was asked for, as the recipe has it. Raises ``BadRequest``."""
    _, request = request_from_recipe(json.dumps(composition.recipe))
    return request
