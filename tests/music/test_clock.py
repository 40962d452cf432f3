from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.music.strategies import scores
from training.music.clock import Clock


@settings(max_examples=30)
@given(scores(max_parts=1), st.integers(0, 10_000))
def test_a_clock_shows_the_seconds_of_the_score(score, tick):
    assert Clock(score)(tick) == pytest.approx(score.seconds_at(tick), abs=1e-9)
