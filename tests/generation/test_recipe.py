from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.composing.recipe import (
    RECIPE_VERSION,
    BadRequest,
    ComposeRequest,
    recipe_json,
    request_from_recipe,
)
from generation.composing.source import KEPT_AS, Keep, source_of
from training.music.pitch import MODES, Key
from training.music.score import KeyChange, Metre, Note, Part, Score

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
    closeness=st.floats(0.0, 1.0),
)
ticks = st.integers(0, 20_000)
keeps = st.builds(
    lambda what, start, lasts, parts: Keep(what, start, start + lasts, parts),
    st.sampled_from(KEPT_AS),
    ticks,
    st.integers(1, 20_000),
    st.none()
    | st.lists(st.integers(0, 1), min_size=1, max_size=2, unique=True).map(tuple),
)
sources = st.builds(
    lambda notes, key, pickup: source_of(
        Score(
            parts=(
                Part(notes=tuple(notes), name="Violin", program=40),
                Part(name="Bass"),
            ),
            keys=() if key is None else (KeyChange(0, key),),
            pickup_ticks=pickup,
        )
    ),
    st.lists(
        st.builds(Note, ticks, st.integers(0, 127), st.integers(1, 2000)),
        min_size=1,
        max_size=6,
    ),
    st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(MODES)),
    st.sampled_from([0, 480]),
)
with_sources = st.builds(
    replace,
    requests,
    source=sources,
    keep=st.lists(keeps, max_size=3).map(tuple),
    likeness=st.floats(0.0, 1.0),
    as_part=st.integers(0, 7),
)


@given(requests | with_sources)
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


@pytest.mark.parametrize(
    "broken",
    [
        {"keep": 3},
        {"keep": "notes"},
        {"keep": [1]},
        {"keep": [{}]},
        {"keep": [{"what": "tempo", "start_tick": 0, "end_tick": 1, "parts": None}]},
        {"keep": [{"what": [], "start_tick": 0, "end_tick": 1, "parts": None}]},
        {"keep": [{"what": "notes", "start_tick": 1, "end_tick": 1, "parts": None}]},
        {"keep": [{"what": "notes", "start_tick": -1, "end_tick": 1, "parts": None}]},
        {"keep": [{"what": "notes", "start_tick": 0, "end_tick": 1e9, "parts": None}]},
        {"keep": [{"what": "notes", "start_tick": 0, "end_tick": 1, "parts": []}]},
        {"keep": [{"what": "notes", "start_tick": 0, "end_tick": 1, "parts": [0, 0]}]},
        {"keep": [{"what": "notes", "start_tick": 0, "end_tick": 1, "parts": ["a"]}]},
        {"keep": [{"what": "notes", "start_tick": 0, "end_tick": 1, "parts": 5}]},
        {"keep": [{"what": "notes", "start_tick": 0, "end_tick": 1}]},
        {"keep": [None] * 100_000},
        {"likeness": -1},
        {"likeness": "much"},
        {"likeness": True},
        {"as_part": 8},
        {"as_part": "soprano"},
        {"source": {"parts": {}}},
    ],
    ids=lambda broken: repr(broken)[:70],
)
def test_what_a_recipe_keeps_is_read_or_refused_in_one_sentence(broken):
    with pytest.raises(BadRequest, match=r"^[A-Z].*\.$"):
        request_from_recipe(json.dumps({"bundle": "abc", **broken}))
