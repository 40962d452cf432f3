from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.music.pitch import MODES, Key
from training.music.score import (
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)
from training.music.score_json import score_from_json, score_to_json

notes = st.builds(
    Note,
    start_tick=st.integers(0, 100_000),
    pitch=st.integers(0, 127),
    duration_ticks=st.integers(1, 10_000),
    velocity=st.integers(1, 127),
)
parts = st.builds(
    Part,
    notes=st.lists(notes, max_size=8).map(tuple),
    name=st.text(max_size=10),
    program=st.integers(0, 127),
    is_drum=st.booleans(),
)
metres = st.builds(Metre, st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32]))
keys = st.builds(Key, st.integers(0, 11), st.sampled_from(MODES))


def changes(kind, values):
    """Up to three changes in order of time, the first at tick 0."""
    later = st.lists(st.integers(1, 10_000), max_size=2, unique=True).map(sorted)
    return later.flatmap(
        lambda ticks: st.tuples(
            *(st.builds(kind, st.just(tick), values) for tick in [0, *ticks])
        )
    )


scores = st.builds(
    Score,
    parts=st.lists(parts, max_size=3).map(tuple),
    metres=changes(MetreChange, metres),
    keys=changes(KeyChange, keys),
    tempos=changes(TempoChange, st.floats(4, 1000)),
    phrase_end_ticks=st.lists(st.integers(0, 10_000), max_size=3).map(tuple),
    title=st.text(max_size=20),
    composer=st.text(max_size=20),
)


@given(scores)
def test_a_stored_score_comes_back_whole(score):
    stored = json.loads(json.dumps(score_to_json(score)))

    assert score_from_json(stored) == score


def test_an_empty_score_comes_back_empty():
    assert score_from_json(score_to_json(Score())) == Score()


def test_a_pickup_comes_back():
    score = Score(parts=(Part((Note(0, 60, 240),)),), pickup_ticks=240)

    assert score_from_json(score_to_json(score)) == score


def test_it_refuses_a_format_of_the_future():
    stored = score_to_json(Score()) | {"format_version": 99}

    with pytest.raises(ValueError, match="Update the program"):
        score_from_json(stored)
