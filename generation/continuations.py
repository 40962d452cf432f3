"""The verb of going on: a piece's beginning is kept, a model writes what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from generation.models import Composition
from generation.recipe import (
    MAX_BARS,
    MAX_QPM,
    MIN_QPM,
    BadRequest,
    ComposeRequest,
    source_controls,
)
from generation.services import compose_now, draw_seed
from generation.source import UnusableSource, beginning_of_score, keep_all
from training.learning.adaptive import SOME
from training.models import ModelVersion

MAX_MORE_BARS = 128
USUAL_MORE_BARS = 8

#: What a continuation takes over from the recipe of the piece it goes on from.
_INHERITED = (
    *("temperature", "top_k", "top_p"),
    *("lowest_pitch", "highest_pitch", "scale_only"),
)


def continue_piece(
    composition: Composition,
    version: ModelVersion,
    *,
    from_bar: int | None = None,
    more_bars: int = USUAL_MORE_BARS,
    closeness: float = SOME,
    seed: int | None = None,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """Keep the piece up to the end of ``from_bar`` (None: all of it) and go on.

    Raises ``BadRequest`` and ``TooBusy``.
    """
    request = request_to_continue(
        composition, from_bar=from_bar, more_bars=more_bars, closeness=closeness
    )
    return compose_now(
        version,
        replace(request, seed=draw_seed() if seed is None else seed),
        owner=owner,
        session_key=session_key,
        parent=composition,
    )


def request_to_continue(
    composition: Composition, *, from_bar: int | None, more_bars: int, closeness: float
) -> ComposeRequest:
    """Raises ``BadRequest``."""
    score = composition.as_score()
    try:
        source = beginning_of_score(
            score, bars_of(composition) if from_bar is None else from_bar
        )
    except UnusableSource as reason:
        raise BadRequest(str(reason)) from None
    bars = source.bars + more_bars
    if not 1 <= more_bars <= MAX_MORE_BARS or bars > MAX_BARS:
        most = min(MAX_MORE_BARS, MAX_BARS - source.bars)
        raise BadRequest(
            f"Ask for 1 to {most} more bars."
            if most > 0
            else f"A piece has at most {MAX_BARS} bars. Go on from an earlier one."
        )
    inherited = {
        name: value
        for name in _INHERITED
        if (value := composition.recipe.get(name)) is not None
    }
    return ComposeRequest(
        **inherited,
        bars=bars,
        qpm=min(max(score.qpm, MIN_QPM), MAX_QPM),
        source=source,
        keep=(keep_all(source),),
        closeness=closeness,
    )


def bars_of(composition: Composition) -> int:
    """How many bars a piece has, its pick-up not counted."""
    return int(composition.measures.get("bars") or 1)


def with_source(request: ComposeRequest, recipe: dict[str, Any]) -> ComposeRequest:
    """``request`` with the given notes of ``recipe``, when that has some.

    Raises ``BadRequest``.
    """
    if not recipe.get("source"):
        return request
    closeness = recipe.get("closeness", 0.0)
    return replace(request, **source_controls(recipe), closeness=closeness)
