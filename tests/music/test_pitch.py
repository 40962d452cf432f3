from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.music.pitch import MODES, Key, spell_fifths, spell_pitch

keys = st.builds(Key, st.integers(0, 11), st.sampled_from(MODES))
NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@pytest.mark.parametrize(
    ("key", "fifths", "name"),
    [
        (Key(0), 0, "C major"),
        (Key(2, "dorian"), 0, "D dorian"),
        (Key(6, "minor"), 3, "F♯ minor"),
        (Key(10), -2, "B♭ major"),
        (Key(6), -6, "G♭ major"),
        (Key(9, "mixolydian"), 2, "A mixolydian"),
    ],
)
def test_a_key_has_the_signature_and_name_that_musicians_give_it(key, fifths, name):
    assert key.fifths == fifths
    assert str(key) == name


@given(keys)
def test_a_key_is_found_again_from_its_signature_and_mode(key):
    assert Key.from_fifths(key.fifths, key.mode) == key


@given(keys)
def test_the_scale_starts_on_the_tonic_and_is_spelt_with_seven_letters(key):
    letters = [spell_pitch(60 + pitch_class, key)[0] for pitch_class in key.scale]

    assert key.scale[0] == key.tonic
    assert sorted(letters) == sorted("ABCDEFG")


@given(st.integers(0, 127), keys)
def test_a_spelling_sounds_as_the_pitch(pitch, key):
    letter, alteration, octave = spell_pitch(pitch, key)

    assert 12 * (octave + 1) + NATURALS[letter] + alteration == pitch


@pytest.mark.parametrize(
    ("pitch", "key", "spelling"),
    [
        (68, Key(9, "minor"), ("G", 1, 4)),  # the raised leading note
        (66, Key(7, "minor"), ("F", 1, 4)),
        (63, Key(0), ("E", -1, 4)),
        (60, Key(6), ("C", 0, 4)),  # in G flat major, not B sharp
        (59, Key(6), ("C", -1, 4)),
    ],
)
def test_notes_outside_the_scale_are_spelt_as_in_books(pitch, key, spelling):
    assert spell_pitch(pitch, key) == spelling


def test_the_circle_of_fifths_goes_on_past_the_naturals():
    assert [spell_fifths(n) for n in (-2, -1, 0, 5, 6, 13)] == (
        ["Bb", "F", "C", "B", "F#", "F##"]
    )


@given(keys, st.integers(-24, 24))
def test_transposing_and_back_is_the_same_key(key, semitones):
    assert key.transposed(semitones).transposed(-semitones) == key


@pytest.mark.parametrize(
    "make", [lambda: Key(12), lambda: Key(0, "blues"), lambda: Key.from_fifths(0, "?")]
)
def test_nonsense_is_refused(make):
    with pytest.raises(ValueError, match="There is no mode|pitch class"):
        make()
