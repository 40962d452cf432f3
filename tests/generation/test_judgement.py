from __future__ import annotations

import pytest

from generation.composing.judgement import (
    bad_counterpoint,
    bar_repetition,
    fault,
    monotony,
    shapelessness,
    silence,
    staleness,
    unlikelihood,
    weak_ending,
    wide_leaps,
)
from training.music.pitch import Key
from training.music.score import KeyChange, Note, Part, Score

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def melody(*pitches, last=960, durations=480):
    """Quarter notes and a half note, in C major and 4/4; None is a rest."""
    notes = []
    for i, pitch in enumerate(pitches):
        is_last = i + 1 == len(pitches)
        if pitch is not None:
            notes.append(Note(i * 480, pitch, last if is_last else durations))
    return Score(parts=(Part(notes=tuple(notes)),), keys=(KeyChange(0, Key(0)),))


def test_a_tonic_held_long_is_a_good_ending():
    assert weak_ending(melody(64, 62, 60)) == 0


def test_endings_get_weaker_from_tonic_to_third_to_second():
    tonic, third, second = (weak_ending(melody(64, 65, last)) for last in (60, 64, 62))

    assert tonic < third < second


def test_a_clipped_last_note_is_weak():
    assert weak_ending(melody(64, 62, 60, last=120)) > 0


def test_one_note_for_ever_is_monotony():
    assert monotony(melody(*[60] * 16).parts[0]) > 2
    assert monotony(melody(*SCALE, *reversed(SCALE)).parts[0]) == 0


def test_a_part_of_one_note_is_not_judged_for_monotony():
    assert monotony(melody(60).parts[0]) == 0


def test_rests_for_breath_are_free_and_long_silence_is_not():
    assert silence(melody(60, 62, 64, None, 65, 67, 69, 72)) == 0
    assert silence(melody(60, None, None, None, None, None, None, 72)) > 1


def test_only_leaps_beyond_an_octave_are_wide():
    assert wide_leaps(melody(60, 72, 60).parts[0]) == 0
    assert wide_leaps(melody(60, 74, 60).parts[0]) == 2.0


def test_bars_that_return_are_counted():
    a, b, c = (60, 62, 64, 65), (67, 65, 64, 62), (72, 71, 69, 67)

    assert bar_repetition(melody(*a, *b, *a, *b, last=480)) == 0.5
    assert bar_repetition(melody(*a, *b, *c, last=480)) == 0


def test_a_long_melody_should_come_back_to_something():
    rambling = melody(*[60 + i * 7 % 17 + i // 5 for i in range(64)], last=480)
    returning = melody(*([*range(60, 76)] * 4), last=480)

    assert shapelessness(rambling) > 0.3
    assert shapelessness(returning) < 0.2


def test_short_melodies_need_no_shape():
    assert shapelessness(melody(60, 62, 64, 65)) == 0


def test_too_surprising_weighs_more_than_too_plain():
    assert unlikelihood(2.0, 2.0) == 0
    assert unlikelihood(3.0, 2.0) == 1.0
    assert unlikelihood(1.0, 2.0) == 0.5


def test_silence_is_the_worst_piece():
    empty = Score(parts=(Part(),))

    assert fault(empty, bits_per_event=0.1, typical_bits=2.0) == 100


def test_a_sound_piece_has_no_fault():
    piece = melody(60, 64, 62, 67, 65, 64, 62, 60)

    assert fault(piece, bits_per_event=2.0, typical_bits=2.0) == pytest.approx(0)


def test_a_rewriting_that_gives_the_same_back_is_the_worst():
    old = [melody(60, 62, 64, 65).parts[0].notes]
    half = [melody(60, 62, 67, 69).parts[0].notes]
    new = [melody(72, 71, 69, 67).parts[0].notes]

    faults = [staleness(notes, old, likeness=0.0) for notes in (new, half, old)]

    assert faults[0] == 0.0
    assert 0.0 < faults[1] < 1.0
    assert faults[2] == 5.0
    assert staleness(half, old, likeness=0.9) < faults[1] / 5
    assert staleness(old, old, likeness=1.0) == 3.0
    assert staleness([()], [()], likeness=0.0) == 0.0


def test_one_chord_alone_has_no_bad_counterpoint():
    chord = Score(parts=tuple(Part(notes=(Note(0, p, 480),)) for p in (72, 64, 60)))

    assert bad_counterpoint(chord) == 0.0
    silent = Score(parts=(Part(), Part()))
    assert bad_counterpoint(silent) == 0.0


def test_voices_are_judged_where_they_are_new():
    fifths = tuple(
        Part(notes=tuple(Note(i * 480, low + i, 480) for i in range(8)))
        for low in (67, 60)
    )
    whole = Score(parts=fifths)
    sound = Score(parts=tuple(Part(notes=part.notes[:1]) for part in fifths))
    costs = {"bits_per_event": 2.0, "typical_bits": 2.0}

    assert fault(whole, **costs) > fault(whole, new=sound, **costs)
