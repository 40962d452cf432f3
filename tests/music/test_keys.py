"""Keys are guessed as listeners would."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.music.abc import read_abc
from training.music.keys import correlation, durations_by_class, find_key
from training.music.pitch import Key
from training.music.score import Note, Part, Score
from training.music.transform import transpose

JIG = b"X:1\nM:6/8\nL:1/8\nK:G\nGAB d2B|c2A AGF|GAB d2g|fdc BAF|G3 G3|]"
AIR = b"X:1\nM:3/4\nL:1/4\nK:Am\nA2B|c2d|e3|e2d|c2B|A2^G|A3|]"


def line(*pitches: int) -> Score:
    notes = tuple(Note(480 * i, pitch, 480) for i, pitch in enumerate(pitches))
    return Score(parts=(Part(notes=notes),))


@pytest.mark.parametrize(
    ("text", "key"), [(JIG, Key(7)), (AIR, Key(9, "minor"))], ids=["jig", "air"]
)
def test_it_finds_the_key_that_the_notes_are_in(text, key):
    assert find_key(read_abc(text)) == key


@given(st.integers(-12, 12))
def test_a_tune_moved_up_is_in_a_key_moved_up(semitones):
    tune = read_abc(JIG)

    assert find_key(transpose(tune, semitones)) == Key((7 + semitones) % 12)


def test_the_last_note_decides_between_keys_that_fit_alike():
    # The white keys alone, each as long as the others, rising and falling.
    scale = (60, 62, 64, 65, 67, 69, 71)

    assert find_key(line(*scale, 72)) == Key(0)
    assert find_key(line(69, 71, 72, 74, 76, 77, 79, 81)) == Key(9, "minor")


def test_longer_notes_count_for_more():
    short = Score(parts=(Part(notes=(Note(0, 60, 480), Note(480, 67, 960))),))

    assert durations_by_class(short) == [480, 0, 0, 0, 0, 0, 0, 960, 0, 0, 0, 0]


def test_one_note_alone_is_called_the_tonic():
    assert find_key(line(62)) == find_key(line(62, 62, 74)) == Key(2)


def test_all_twelve_alike_end_where_they_end():
    assert find_key(line(*range(60, 72))) == Key(11)


def test_silence_and_drums_have_no_key():
    assert find_key(Score()) is None
    drums = Part(notes=(Note(0, 36, 480),), is_drum=True)
    assert find_key(Score(parts=(drums,))) is None


def test_the_correlation_is_pearsons():
    # By hand: means 2 and 4; sums of products 3, of squares 2 and 6.
    assert correlation([1, 2, 3], [3, 3, 6]) == pytest.approx(3 / math.sqrt(12))
    assert correlation([1, 1, 1], [3, 3, 6]) == 0.0
