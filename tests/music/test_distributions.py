from __future__ import annotations

import math

import pytest

from tests.music.lines import line
from training.music.distributions import (
    DURATION_BINS,
    INTERVAL_BINS,
    duration_histogram,
    interval_histogram,
    overlap_area,
)
from training.music.score import Part, Score


def counted(bins, histogram):
    return {b: share for b, share in zip(bins, histogram, strict=True) if share}


def test_intervals_of_all_scores_are_counted_together():
    scores = [Score((line(60, 62, 64),)), Score((line(60, 59), line(48, 60)))]

    found = counted(INTERVAL_BINS, interval_histogram(scores))

    assert found == {2: 0.5, -1: 0.25, 12: 0.25}


def test_leaps_beyond_an_octave_are_the_outermost():
    found = counted(INTERVAL_BINS, interval_histogram([Score((line(40, 80, 41),))]))

    assert found == {-13: 0.5, 13: 0.5}


def test_lengths_go_to_the_nearest_note_value():
    lengths = (480, 470, 160, 900, 20_000)
    score = Score(tuple(line(60, ticks=ticks) for ticks in lengths))
    drums = Score((Part(line(36, 36, ticks=60).notes, is_drum=True),))

    found = counted(DURATION_BINS, duration_histogram([score, drums]))

    assert found == pytest.approx({480: 0.4, 160: 0.2, 960: 0.2, 1920: 0.2})


def test_the_overlap_is_what_two_histograms_share():
    assert overlap_area((0.5, 0.5, 0.0), (0.25, 0.25, 0.5)) == 0.5
    assert overlap_area((1.0, 0.0), (1.0, 0.0)) == 1.0
    assert overlap_area((1.0, 0.0), (0.0, 1.0)) == 0.0


def test_nothing_overlaps_with_nothing():
    assert not sum(interval_histogram([Score()]))
    assert not sum(duration_histogram([]))
    assert math.isnan(overlap_area((0.0, 0.0), (0.5, 0.5)))
