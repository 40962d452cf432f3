from __future__ import annotations

import json

import pytest

from tests.music.lines import chords, line
from training.music.pitch import Key
from training.music.profile import (
    MEASURES,
    compare,
    overlaps,
    profile,
    profile_from_json,
    profile_to_json,
    spread,
)
from training.music.score import KeyChange, Part, Score
from training.music.similarity import known_ngrams

C_MAJOR = (KeyChange(0, Key(0)),)
TUNE = Score((line(60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 64, 60, 72),), keys=C_MAJOR)
HYMN = chords((72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48), keys=C_MAJOR)


def test_a_spread_is_a_mean_and_three_percentiles():
    found = spread(list(range(101)))

    assert (found.low, found.median, found.high) == (5.0, 50.0, 95.0)
    assert (found.mean, found.pieces) == (50.0, 101)


def test_a_tune_has_phrases_and_voices_have_cadences():
    tune, hymn = profile([TUNE]).measures, profile([HYMN]).measures

    assert tune["phrases_on_tonic"].mean == 1.0
    assert hymn["authentic_cadences"].mean == 1.0
    assert hymn["ends_on_tonic"].mean == 1.0
    assert not {"crossings", "parallel_fifths", "authentic_cadences"} & set(tune)
    assert not {"phrases_on_tonic", "phrases_on_tonic_chord"} & set(hymn)
    assert set(tune) | set(hymn) == set(MEASURES)


def test_parts_that_play_chords_are_no_voices():
    piano = Score((Part((*line(60).notes, *line(64).notes)), line(48)))

    assert "crossings" not in profile([piano]).measures


def test_a_measure_is_of_the_pieces_that_have_it():
    found = profile([TUNE, HYMN, Score()])

    assert found.pieces == 3
    assert found.notes == TUNE.num_notes + HYMN.num_notes
    assert found.measures["pitch_class_entropy"].pieces == 2
    assert found.measures["crossings"].pieces == 1


def test_copying_is_measured_against_what_is_known():
    known = [known_ngrams([TUNE], 10), known_ngrams([], 11)]

    found = profile([TUNE], known).measures

    assert found["copied_10"].mean == 1.0
    assert found["copied_11"].mean == 0.0


def sides(generated, held_out):
    return {row.name: row.side for row in compare(generated, held_out)}


def test_a_mean_inside_the_band_of_real_pieces_is_told_from_one_outside():
    real = profile([Score((line(60, 60, 62),)), Score((line(60, 62, 64, 65, 65),))])
    like = profile([Score((line(60, 62, 62, 64),))])
    unlike = profile([Score((line(60, 60, 60, 60),))])

    assert sides(like, real)["repeated_notes"] == 0  # 1/3; real ones 1/2 and 1/4
    assert sides(unlike, real)["repeated_notes"] == 1
    assert sides(real, unlike)["repeated_notes"] == -1


def test_of_what_is_rare_the_mean_is_not_too_much():
    clean = chords((72, 48), (71, 55), (72, 48))
    slip = chords((67, 60), (69, 62), (71, 60))
    real = profile([clean] * 39 + [slip])

    same, worse = profile([clean] * 39 + [slip]), profile([clean, slip])

    assert real.measures["parallel_fifths"].high == 0.0
    assert sides(same, real)["parallel_fifths"] == 0
    assert sides(worse, real)["parallel_fifths"] == 1


def test_only_what_both_have_is_compared():
    names = [row.name for row in compare(profile([TUNE]), profile([HYMN]))]

    assert "pitch_class_entropy" in names
    assert "crossings" not in names


def test_histograms_are_compared_by_their_overlap():
    quarters, halves = Score((line(60, 62, 64),)), Score((line(60, 62, 60, ticks=960),))

    assert overlaps(profile([quarters]), profile([quarters])) == pytest.approx(
        {"intervals": 1.0, "durations": 1.0}
    )
    assert overlaps(profile([quarters]), profile([halves])) == pytest.approx(
        {"intervals": 0.5, "durations": 0.0}
    )
    assert overlaps(profile([quarters]), profile([])) == {}


def test_a_profile_comes_back_from_json():
    found = profile([TUNE, HYMN], [known_ngrams([TUNE], 10)])

    told = json.loads(json.dumps(profile_to_json(found)))

    back = profile_from_json(told)
    assert back.pieces == found.pieces
    assert back.measures.keys() == found.measures.keys()
    assert back.measures["groove_consistency"].mean == pytest.approx(
        found.measures["groove_consistency"].mean, rel=1e-5
    )
    assert back.histograms["intervals"] == pytest.approx(
        found.histograms["intervals"], rel=1e-5
    )
    assert profile_to_json(back) == told


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"pieces": 1, "notes": 1, "measures": {"x": {"mean": 1}}, "histograms": {}},
        [],
    ],
)
def test_what_is_no_profile_is_refused(told):
    with pytest.raises(ValueError, match="not a profile"):
        profile_from_json(told)
