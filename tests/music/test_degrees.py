from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.music.degrees import in_mode, pitch_in_mode
from training.music.pitch import MODES, Key
from training.music.score import KeyChange, Note, Part, Score


def line(*pitches: int, key: Key | None = None) -> Score:
    notes = tuple(Note(480 * i, pitch, 480) for i, pitch in enumerate(pitches))
    return Score(parts=(Part(notes=notes),), keys=(KeyChange(0, key),) if key else ())


def pitches_of(score: Score) -> list[int]:
    return [note.pitch for note in score.parts[0].notes]


def test_a_major_scale_becomes_a_minor_one_with_its_leading_note():
    d_major = Key(2, "major")
    up = line(62, 64, 66, 67, 69, 71, 73, 74, key=d_major)
    down = line(74, 73, 71, 69, 67, 66, 64, 62, key=d_major)

    assert pitches_of(in_mode(up, "minor")) == [62, 64, 65, 67, 69, 70, 73, 74]
    assert pitches_of(in_mode(down, "minor")) == [74, 72, 70, 69, 67, 65, 64, 62]
    assert in_mode(up, "minor").key == Key(2, "minor")


def test_notes_beside_the_scale_stay_where_the_new_scale_has_them():
    a_minor = line(69, 71, 72, 74, 76, 78, 80, 81, key=Key(9, "minor"))

    # F sharp and G sharp are of A major already; the C becomes a C sharp.
    assert pitches_of(in_mode(a_minor, "major")) == [69, 71, 73, 74, 76, 78, 80, 81]


@given(
    tonic=st.integers(0, 11),
    old=st.sampled_from(MODES),
    new=st.sampled_from(MODES),
    degree=st.integers(0, 6),
    octave=st.integers(2, 7),
)
def test_degrees_come_back(tonic, old, new, degree, octave):
    before, after = Key(tonic, old), Key(tonic, new)
    pitch = 12 * octave + tonic + (before.scale[degree] - tonic) % 12

    moved = pitch_in_mode(pitch, before, after)

    assert (moved - tonic) % 12 == (after.scale[degree] - tonic) % 12
    assert abs(moved - pitch) <= 2
    assert pitch_in_mode(moved, after, before) == pitch


@given(st.lists(st.integers(30, 90), min_size=1), st.sampled_from(MODES))
def test_the_same_mode_changes_nothing(pitches, mode):
    score = line(*pitches, key=Key(7, mode))

    assert in_mode(score, mode) == score


def test_music_without_a_key_has_no_degrees():
    with pytest.raises(ValueError, match="one key"):
        in_mode(line(60, 62), "minor")
