"""What the house models write by themselves, judged as a listener would."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean

import pytest

from generation.composing.composer import ComposeRequest, compose
from generation.composing.judgement import (
    bar_repetition,
    monotony,
    silence,
    weak_ending,
)
from training.learning.bundle import HOUSE_MODELS_ROOT, load_bundle
from training.music.counterpoint import crossing_rate, parallel_rate
from training.music.metrics import scale_consistency

SEEDS = range(6)


@pytest.fixture(scope="module")
def tunes():
    bundle = load_bundle(HOUSE_MODELS_ROOT / "tunes")
    return [compose(bundle, ComposeRequest(seed=seed)) for seed in SEEDS]


@pytest.fixture(scope="module")
def chorales():
    bundle = load_bundle(HOUSE_MODELS_ROOT / "chorales")
    return [compose(bundle, ComposeRequest(seed=seed)) for seed in SEEDS]


@pytest.fixture(params=["tunes", "chorales"])
def pieces(request):
    return request.getfixturevalue(request.param)


def test_they_end_on_their_tonic_and_hold_it(pieces):
    assert all(weak_ending(piece.score) == 0 for piece in pieces)


def test_no_part_stays_on_one_note_or_falls_silent(pieces):
    for piece in pieces:
        assert silence(piece.score) == 0
        assert all(monotony(part) < 0.5 for part in piece.score.parts)


def test_they_keep_to_their_keys_but_not_slavishly(pieces):
    shares = [scale_consistency(piece.score, piece.score.key) for piece in pieces]

    assert min(shares) > 0.75
    assert mean(shares) > 0.88


def test_they_are_as_surprising_as_real_music(pieces):
    bits = mean(-piece.log2_likelihood / len(piece.events) for piece in pieces)

    # Held-out pieces cost about 2.1 bits an event in tunes, 2.6 in chorales.
    assert 1.2 < bits < 3.0


def test_tunes_come_back_to_what_they_said(tunes):
    assert mean(bar_repetition(piece.score) for piece in tunes) > 0.08


def test_tunes_move_mostly_by_step_and_small_leap(tunes):
    for piece in tunes:
        notes = piece.score.parts[0].notes
        leaps = [abs(b.pitch - a.pitch) for a, b in pairwise(notes)]
        assert mean(leap <= 5 for leap in leaps) > 0.8


def test_the_voices_of_a_chorale_are_independent(chorales):
    assert mean(parallel_rate(piece.score, 7) for piece in chorales) < 1.0
    assert mean(parallel_rate(piece.score, 0) for piece in chorales) < 1.0
    assert mean(crossing_rate(piece.score) for piece in chorales) < 0.08


def test_the_voices_of_a_chorale_can_be_sung(chorales):
    compasses = [(57, 84), (52, 77), (45, 72), (36, 65)]
    for piece in chorales:
        for part, (low, high) in zip(piece.score.parts, compasses, strict=True):
            assert all(low <= note.pitch <= high for note in part.notes)


def test_the_phrases_of_a_chorale_come_to_rest(chorales):
    held = [
        any(n.start_tick == end and n.duration_ticks >= 480 for n in soprano)
        for piece in chorales
        for soprano in [piece.score.parts[0].notes]
        for end in piece.score.phrase_end_ticks
    ]

    assert len(held) > 20
    assert mean(held) > 0.85
