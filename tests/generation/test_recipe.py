from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.recipe import (
    RECIPE_VERSION,
    BadRequest,
    ComposeRequest,
    recipe_json,
    request_from_recipe,
)
from training.music.pitch import MODES
from training.music.score import Metre

requests = st.builds(
    ComposeRequest,
    seed=st.integers(0, 2**64 - 1),
    temperature=st.floats(0.01, 4.0),
    top_k=st.integers(0, 1000),
    top_p=st.floats(0.01, 1.0),
    tonic=st.none() | st.integers(0, 11),
    mode=st.none() | st.sampled_from(MODES),
    metre=st.none() | st.builds(Metre, st.integers(1, 12), st.sampled_from([2, 4, 8])),
    bars=st.none() | st.integers(1, 256),
    lowest_pitch=st.none() | st.integers(0, 60),
    highest_pitch=st.none() | st.integers(70, 127),
    scale_only=st.booleans(),
    qpm=st.just(0.0) | st.floats(20, 400),
    candidates=st.integers(0, 32),
)


@given(requests)
def test_a_recipe_gives_the_request_back(request):
    assert request_from_recipe(recipe_json("abc", request)) == ("abc", request)


@pytest.mark.parametrize(
    "wish",
    [
        {"seed": -1},
        {"seed": None},
        {"seed": 2**64},
        {"seed": 1.5},
        {"temperature": 0},
        {"temperature": -3},
        {"temperature": 4.1},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"temperature": "hot"},
        {"top_k": -1},
        {"top_k": True},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"tonic": 12},
        {"mode": "happy"},
        {"mode": ["minor"]},
        {"metre": "6/8"},
        {"bars": 0},
        {"bars": 257},
        {"num_notes": 0},
        {"num_notes": 10**9},
        {"bars": 8, "num_notes": 64},
        {"lowest_pitch": -1},
        {"highest_pitch": 128},
        {"lowest_pitch": 72, "highest_pitch": 60},
        {"lowest_pitch": 60, "highest_pitch": 62},
        {"lowest_pitch": 125},
        {"scale_only": "yes"},
        {"qpm": 3.0},
        {"qpm": 1e9},
        {"candidates": 33},
    ],
    ids=str,
)
def test_a_wish_without_sense_is_refused_in_one_sentence(wish):
    with pytest.raises(BadRequest) as refusal:
        ComposeRequest(**wish)

    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON",
        "[]",
        "null",
        '{"seed": 1}',
        '{"bundle": 7}',
        '{"bundle": "a", "metre": 3}',
        '{"bundle": "a", "metre": ["x", 4]}',
        '{"bundle": "a", "metre": [7, 7]}',
        '{"bundle": "a", "seed": "seven"}',
        '{"bundle": "a", "recipe_version": 99}',
        '{"bundle": "a", "recipe_version": {}}',
        "[" * 100_000,
    ],
    ids=range(13),
)
def test_a_file_that_is_not_a_recipe_is_refused(text):
    with pytest.raises(BadRequest):
        request_from_recipe(text)


def test_what_else_a_recipe_says_is_passed_over():
    recipe = json.loads(recipe_json("abc", ComposeRequest(seed=3)))

    _, request = request_from_recipe(json.dumps({**recipe, "model": "tunes"}))

    assert request == ComposeRequest(seed=3)


def test_a_recipe_names_its_version():
    recipe = json.loads(recipe_json("abc", ComposeRequest()))

    assert recipe["recipe_version"] == RECIPE_VERSION
