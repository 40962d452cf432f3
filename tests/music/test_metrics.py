from __future__ import annotations

import math

import pytest

from tests.music.lines import line
from training.music.metrics import (
    groove_consistency,
    melodic_intervals,
    pitch_class_entropy,
    repeated_note_rate,
    scale_consistency,
)
from training.music.pitch import Key
from training.music.score import Metre, MetreChange, Note, Part, Score


def test_entropy_is_nought_for_one_note_and_full_for_all_twelve():
    assert pitch_class_entropy(Score((line(60, 72, 60),))) == 0.0
    assert pitch_class_entropy(Score((line(*range(60, 72)),))) == pytest.approx(
        math.log2(12)
    )


def test_entropy_of_a_half_and_two_quarters_is_one_and_a_half_bits():
    assert pitch_class_entropy(Score((line(60, 72, 62, 64),))) == pytest.approx(1.5)


def test_scale_consistency_counts_notes_in_the_scale():
    score = Score((line(60, 62, 64, 66),))

    assert scale_consistency(score, Key(0)) == 0.75
    assert scale_consistency(score) == 1.0  # all four are in G major


def test_the_same_rhythm_in_every_bar_is_the_steadiest_groove():
    steady = Score((line(*[60] * 8),))
    changing = Score((Part((*line(60, 60, 60, 60).notes, Note(1920, 60, 1920))),))

    assert groove_consistency(steady) == 1.0
    assert groove_consistency(changing) == pytest.approx(1 - 3 / 16)


def test_a_groove_needs_two_bars_of_one_length():
    pickup = Score((line(60, 60, 60),), pickup_ticks=480)
    jig = Score((line(60, 60, ticks=1440),), (MetreChange(0, Metre(6, 8)),))

    assert math.isnan(groove_consistency(pickup))
    assert groove_consistency(jig) == 1.0


def test_repeated_notes_are_a_share_of_steps():
    assert repeated_note_rate(Score((line(60, 60, 62),))) == 0.5


def test_intervals_are_of_each_part_and_not_of_drums():
    drums = Part(line(36, 38).notes, is_drum=True)

    assert list(melodic_intervals(Score((line(60, 64), line(50, 48), drums)))) == [
        4,
        -2,
    ]


def test_the_melody_of_chords_is_their_highest_note():
    piano = Part((*line(60, 62).notes, *line(76, 79).notes, Note(240, 50, 60)))

    assert list(melodic_intervals(Score((piano,)))) == [-26, 29]


@pytest.mark.parametrize(
    "measure",
    [
        groove_consistency,
        pitch_class_entropy,
        repeated_note_rate,
        scale_consistency,
    ],
)
def test_of_no_notes_nothing_can_be_said(measure):
    assert math.isnan(measure(Score()))
