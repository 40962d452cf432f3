from __future__ import annotations

import math

import pytest

from tests.music.lines import chords, line
from training.music.cadences import (
    Cadence,
    cadence_share,
    cadences,
    ends_on_tonic,
    resting_notes,
    resting_share,
)
from training.music.pitch import Key
from training.music.score import KeyChange, Note, Part, Score

C_MAJOR = (KeyChange(0, Key(0)),)
I = (72, 67, 64, 48)  # noqa: E741  (as in every book of harmony)
IV = (72, 69, 65, 53)
V = (71, 67, 62, 55)
VI = (72, 64, 60, 57)
II = (69, 65, 62, 50)
V_OF_V = (69, 66, 62, 50)
VII6 = (71, 65, 62, 50)


@pytest.mark.parametrize(
    ("before", "last", "kind"),
    [
        (V, I, Cadence.AUTHENTIC),
        (V_OF_V, V, Cadence.AUTHENTIC),  # in the key of the dominant
        (I, V, Cadence.HALF),
        (IV, V, Cadence.HALF),
        (II, V, Cadence.HALF),  # up a fourth, but without a leading note
        (IV, I, Cadence.PLAGAL),
        (VII6, I, Cadence.STEPWISE),
        (V, VI, Cadence.STEPWISE),
        (I, VI, Cadence.OTHER),
    ],
)
def test_the_bass_tells_the_cadence(before, last, kind):
    assert cadences(chords(I, IV, before, last, keys=C_MAJOR)) == [kind]


def test_every_fermata_is_a_phrase_end():
    score = chords(I, V, I, IV, V, keys=C_MAJOR, phrase_end_ticks=(960, 1920))

    assert cadences(score) == [Cadence.AUTHENTIC, Cadence.HALF]
    assert cadence_share(score, Cadence.HALF) == 0.5
    assert cadence_share(score, Cadence.PLAGAL) == 0.0


def test_a_bass_that_repeats_its_note_is_looked_at_before_that():
    low_v = (71, 67, 62, 43)

    assert cadences(chords(V, low_v, I, keys=C_MAJOR)) == [Cadence.AUTHENTIC]
    assert cadences(chords(V, I, I, keys=C_MAJOR)) == [Cadence.AUTHENTIC]


def test_a_first_chord_comes_from_nowhere():
    score = chords(I, V, keys=C_MAJOR, phrase_end_ticks=(0,))

    assert cadences(score) == [Cadence.OTHER]


def test_without_a_key_there_is_no_fifth_degree():
    assert cadences(chords(I, V)) == [Cadence.OTHER]
    assert cadences(chords(V, I)) == [Cadence.AUTHENTIC]


def test_no_music_has_no_cadences():
    assert cadences(Score()) == []
    assert math.isnan(cadence_share(Score(), Cadence.HALF))


def test_the_last_bass_note_decides_the_ending():
    assert ends_on_tonic(Score((line(64, 60), line(48, 48))), Key(0))
    assert not ends_on_tonic(Score((line(64, 60), line(48, 43))), Key(0))


def melody(*bars: tuple[tuple[int, int], ...], **values) -> Score:
    """(pitch, ticks) by bar of 4/4."""
    notes, tick = [], values.get("pickup_ticks", 0)
    for pitch, ticks in (note for bar in bars for note in bar):
        notes.append(Note(tick, pitch, ticks))
        tick += ticks
    return Score((Part(tuple(notes)),), keys=C_MAJOR, **values)


MOVING = tuple((62 + i % 2, 480) for i in range(4))


def test_a_melody_rests_in_every_fourth_bar_on_the_longest_note():
    score = melody(
        *(MOVING, MOVING, MOVING, ((65, 240), (64, 960), (62, 720))),
        *(MOVING, MOVING, MOVING, ((60, 1440), (67, 480))),
    )

    assert [note.pitch for note in resting_notes(score)] == [64, 60]
    assert resting_share(score, frozenset({0})) == 0.5
    assert resting_share(score, frozenset({0, 2, 4})) == 1.0


def test_the_last_bar_is_a_phrase_end_whatever_its_number():
    score = melody(
        MOVING, MOVING, MOVING, ((62, 1920),), MOVING, ((60, 960), (67, 480))
    )

    assert [note.pitch for note in resting_notes(score)] == [62, 60]


def test_a_pick_up_is_no_bar():
    tune = melody(MOVING, MOVING, MOVING, ((60, 1440),), pickup_ticks=480)

    assert [note.pitch for note in resting_notes(tune)] == [60]


def test_a_note_held_into_the_bar_counts_for_what_lies_in_it():
    score = melody(MOVING, MOVING, MOVING[:3] + ((67, 960),), ((60, 960), (64, 480)))

    assert [note.pitch for note in resting_notes(score)] == [60]


def test_without_a_key_or_a_phrase_there_are_no_degrees():
    assert math.isnan(resting_share(Score((line(60),)), frozenset({0})))
    assert math.isnan(resting_share(Score(keys=C_MAJOR), frozenset({0})))
