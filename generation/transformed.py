"""Exact changes of given notes: another key, another mode. No model, no chance.

Their recipe is what the notes came from and what was done to them, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generation.recipe import BadRequest
from training.music.degrees import in_mode
from training.music.pitch import Key
from training.music.score import Score
from training.music.score_json import score_from_json
from training.music.transform import transpose_to

MAX_CHANGES = 256


def in_key(score: Score, key: Key) -> tuple[Score, list[dict[str, Any]]]:
    """``score`` in another key, and the steps that led there.

    Raises ``BadRequest``.
    """
    steps: list[dict[str, Any]] = []
    if score.key and key.mode != score.key.mode:
        steps.append({"mode": key.mode})
    if score.key and key.tonic != score.key.tonic:
        steps.append({"tonic": key.tonic})
    return follow(score, steps), steps


def follow(score: Score, steps: list[dict[str, Any]]) -> Score:
    """What ``steps``, as a recipe holds them, make of ``score``.

    Raises ``BadRequest``.
    """
    try:
        for step in steps:
            score = (
                in_mode(score, step["mode"])
                if "mode" in step
                else transpose_to(score, step["tonic"])
            )
    except ValueError as reason:
        raise BadRequest(str(reason)) from None
    return score


def recipe_of_changes(
    recipe: Mapping[str, Any], score: Mapping[str, Any], steps: list[dict[str, Any]]
) -> dict[str, Any]:
    """The recipe of a piece that ``steps`` made of one with ``recipe`` and ``score``.

    It holds the notes that were changed: nobody needs the model that wrote them. Steps
    after steps are kept in one list. Raises ``BadRequest`` when there are too many.
    """
    if isinstance(recipe.get("changed"), Mapping):
        before = recipe["changed"]
        changed = {"score": before["score"], "steps": [*before["steps"], *steps]}
    else:
        changed = {"score": dict(score), "steps": steps}
    if len(changed["steps"]) > MAX_CHANGES:
        raise BadRequest("This was changed very often. Start from an earlier piece.")
    named = {name: recipe[name] for name in ("model", "version") if name in recipe}
    return {**named, "changed": changed}


def changed_score(recipe: Mapping[str, Any]) -> Score:
    """The notes that a recipe of changes gives. Raises ``BadRequest``."""
    changed = recipe["changed"]
    return follow(score_from_json(changed["score"]), changed["steps"])
