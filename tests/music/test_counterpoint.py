from __future__ import annotations

import math

import pytest

from tests.music.lines import chords, line
from training.music.counterpoint import (
    OCTAVE,
    PERFECT_FIFTH,
    crossing_rate,
    crossing_share,
    parallel_rate,
    sonorities,
    wide_spacing_rate,
    wide_spacing_share,
)
from training.music.score import Note, Part, Score


def test_sonorities_tell_rests_from_notes():
    score = Score((line(60, 62), Part((Note(480, 50, 480),))))

    assert sonorities(score) == [(60, None), (62, 50)]


def test_parallel_fifths_and_octaves_are_found():
    fifths = chords((67, 60), (69, 62), (67, 64))
    octaves = chords((72, 60), (74, 62))

    assert parallel_rate(fifths, PERFECT_FIFTH) == 50.0  # one of two changes
    assert parallel_rate(fifths, OCTAVE) == 0.0
    assert parallel_rate(octaves, OCTAVE) == 100.0


def test_a_fifth_that_stays_is_not_parallel():
    assert parallel_rate(chords((67, 60), (67, 60), (69, 65)), PERFECT_FIFTH) == 0.0


def test_fifths_in_contrary_motion_are_not_parallel():
    assert parallel_rate(chords((67, 60), (81, 50)), PERFECT_FIFTH) == 0.0


def test_a_chord_struck_again_is_no_change():
    assert parallel_rate(chords((67, 60), (67, 60), (69, 62)), PERFECT_FIFTH) == 100.0


def test_crossings_and_wide_spacing_are_counted_by_sonority():
    crossed = chords((60, 64), (72, 65))
    wide = chords((76, 60, 48, 30), (72, 64, 48, 36))

    assert crossing_rate(crossed) == 0.5
    assert wide_spacing_rate(wide) == pytest.approx(1.0)  # 16, then 16 semitones


def test_crossings_are_a_share_of_the_time():
    soprano = Part((Note(0, 60, 1440), Note(1440, 72, 480)))
    alto = Part((Note(0, 64, 1920),))

    assert crossing_share(Score((soprano, alto))) == 0.75
    assert crossing_rate(Score((soprano, alto))) == 0.5


def test_wide_spacing_is_of_the_upper_voices():
    close_above = chords((72, 64, 40))
    apart_above = chords((80, 64, 60), (72, 64, 60))

    assert wide_spacing_share(close_above) == 0.0
    assert wide_spacing_share(apart_above) == 0.5


def test_two_voices_may_stand_as_far_apart_as_they_like():
    assert math.isnan(wide_spacing_share(chords((80, 40))))


@pytest.mark.parametrize("score", [Score(), Score((Part(), Part(), Part()))])
def test_of_no_voices_nothing_can_be_said(score):
    assert math.isnan(parallel_rate(score, OCTAVE))
    for measure in (
        crossing_rate,
        crossing_share,
        wide_spacing_rate,
        wide_spacing_share,
    ):
        assert math.isnan(measure(score))
