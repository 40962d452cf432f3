"""What is offered is done; what is refused says why: by all models, in all metres."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from generation.composing.abilities import abilities, piece_of
from generation.composing.composer import compose
from generation.composing.recipe import BadRequest, ComposeRequest
from generation.composing.repertoire import repertoire_of_forms
from generation.composing.reworking import reworked
from generation.composing.wishes import IN_KEY, IN_METRE, IN_MODE, Wish
from training.learning.bundle import HOUSE_MODELS_ROOT, load_bundle
from training.music.pitch import Key
from training.music.score import (
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
)

NAMES = ("tunes", "chorales", "quartets")
METRES = [*map(Metre, (2, 3, 4, 2, 3, 6, 9, 12, 5), (4, 4, 4, 2, 8, 8, 8, 8, 4))]
# Without a model of their own these move the notes, or follow a recipe.
FORMS = {IN_KEY, IN_MODE, IN_METRE}
WISHES = {"rewrite": {"first_bar": 2, "last_bar": 2}}


@cache
def bundle_of(name):
    return load_bundle(HOUSE_MODELS_ROOT / name)


@cache
def model_of(name):
    bundle = bundle_of(name)
    return repertoire_of_forms(name.capitalize(), bundle.encoding, bundle.forms)


def music(metre, num_parts, bars=3):
    beat = metre.beat_ticks
    scale = (0, 2, 4, 5, 7, 4, 2)
    lowest = (67, 62, 55, 48)[:num_parts]
    parts = tuple(
        Part(
            notes=tuple(
                Note(i * beat, low + scale[i % 7], beat)
                for i in range(bars * metre.bar_ticks // beat)
            )
        )
        for low in lowest
    )
    return Score(
        parts=parts,
        metres=(MetreChange(0, metre),),
        keys=(KeyChange(0, Key(0, "major")),),
    )


@pytest.mark.parametrize("num_parts", [1, 4])
@pytest.mark.parametrize("metre", METRES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_offered_is_done_and_else_it_says_why(name, metre, num_parts):
    bundle, model, score = bundle_of(name), model_of(name), music(metre, num_parts)
    piece = piece_of(score, bars=3, plain_temperature=None)

    for action, reason in abilities(piece, model, is_own=False).items():
        if reason:
            assert reason.endswith(".")
        if action in FORMS:
            continue
        wish = Wish(action, **WISHES.get(action, {}))
        if not reason:
            request, _ = reworked(score, wish, recipe={}, model=model)
            made = compose(bundle, with_few(request))
            assert made.score.metre == metre
            continue
        if "knows no music in" in reason:
            request, _ = reworked(score, wish, recipe={}, model=model)
            with pytest.raises(BadRequest, match=str(metre)):
                compose(bundle, with_few(request))


def with_few(request: ComposeRequest) -> ComposeRequest:
    return replace(request, seed=1, candidates=2)
