from __future__ import annotations

import math

import pytest

from training.music.metrics import (
    OCTAVE,
    PERFECT_FIFTH,
    crossing_rate,
    ends_on_tonic,
    groove_consistency,
    parallel_rate,
    pitch_class_entropy,
    repeated_note_rate,
    scale_consistency,
    sonorities,
    wide_spacing_rate,
)
from training.music.pitch import Key
from training.music.score import Note, Part, Score
from training.music.similarity import copying_rate, known_ngrams


def line(*pitches: int, ticks: int = 480) -> Part:
    return Part(tuple(Note(i * ticks, p, ticks) for i, p in enumerate(pitches)))


def test_entropy_is_nought_for_one_note_and_full_for_all_twelve():
    assert pitch_class_entropy(Score((line(60, 72, 60),))) == 0.0
    assert pitch_class_entropy(Score((line(*range(60, 72)),))) == pytest.approx(
        math.log2(12)
    )


def test_scale_consistency_counts_notes_in_the_scale():
    score = Score((line(60, 62, 64, 66),))

    assert scale_consistency(score, Key(0)) == 0.75
    assert scale_consistency(score) == 1.0  # all four are in G major


def test_the_same_rhythm_in_every_bar_is_the_steadiest_groove():
    steady = Score((line(*[60] * 8),))
    changing = Score((Part((*line(60, 60, 60, 60).notes, Note(1920, 60, 1920))),))

    assert groove_consistency(steady) == 1.0
    assert groove_consistency(changing) == pytest.approx(1 - 3 / 16)


def test_parallel_fifths_and_octaves_are_found():
    fifths = Score((line(67, 69, 67), line(60, 62, 64)))
    octaves = Score((line(72, 74), line(60, 62)))

    assert parallel_rate(fifths, PERFECT_FIFTH) == 50.0  # one of two changes
    assert parallel_rate(fifths, OCTAVE) == 0.0
    assert parallel_rate(octaves, OCTAVE) == 100.0


def test_a_fifth_that_stays_is_not_parallel():
    assert parallel_rate(Score((line(67, 67, 69), line(60, 60, 65))), 7) == 0.0


def test_crossings_and_wide_spacing_are_counted_by_sonority():
    crossed = Score((line(60, 72), line(64, 65)))
    wide = Score((line(76, 72), line(60, 64), line(48, 48), line(30, 36)))

    assert crossing_rate(crossed) == 0.5
    assert wide_spacing_rate(wide) == pytest.approx(1.0)  # 16, then 16 semitones


def test_sonorities_tell_rests_from_notes():
    score = Score((line(60, 62), Part((Note(480, 50, 480),))))

    assert sonorities(score) == [(60, None), (62, 50)]


def test_the_last_bass_note_decides_the_ending():
    assert ends_on_tonic(Score((line(64, 60), line(48, 48))), Key(0))
    assert not ends_on_tonic(Score((line(64, 60), line(48, 43))), Key(0))


def test_repeated_notes_are_a_share_of_steps():
    assert repeated_note_rate(Score((line(60, 60, 62),))) == 0.5
    assert math.isnan(repeated_note_rate(Score()))


def test_a_transposed_copy_is_a_copy():
    original = Score((line(60, 62, 64, 65, 67, 64, 60),))
    transposed = Score((line(*[p + 5 for p in (60, 62, 64, 65, 67, 64, 60)]),))
    other = Score((line(60, 59, 57, 60, 62, 60, 55),))

    known = known_ngrams([original], 4)

    assert copying_rate(transposed, known, 4) == 1.0
    assert copying_rate(other, known, 4) == 0.0
