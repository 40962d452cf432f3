from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.learning.short_term import (
    FROM_FIRST,
    INTERVAL,
    PITCH,
    CountedModel,
    PieceMemory,
    combine,
    entropy,
    scale_degree,
)

ALPHABET = range(60, 72)
PITCHES = st.lists(st.integers(60, 71), max_size=30)
VIEWS = [PITCH, INTERVAL, FROM_FIRST, scale_degree(2)]


@pytest.mark.parametrize(
    ("escape", "after_nothing"),
    # () was followed by a, b, a: N = 3; C and X set aside 2, A sets aside 1.
    [("A", (2 + 1 / 2) / 4), ("C", (2 + 2 / 2) / 5), ("X", (2 + 2 / 2) / 5)],
)
def test_a_model_gives_what_was_counted_by_hand(escape, after_nothing):
    model = CountedModel(order=1, escape=escape)
    model.learn_piece("aba")

    probs = model.predict("aba", "ab")

    # a was followed by b, once: N = 1, and C sets aside 1, X 2, A 1.
    aside = {"A": 1, "C": 1, "X": 2}[escape]
    a = aside * after_nothing / (1 + aside)
    assert probs == pytest.approx([a, 1 - a])


def test_the_start_of_a_piece_is_a_context():
    model = CountedModel(order=2)
    for _ in range(50):
        model.learn_piece("cabab")

    assert model.predict("", "abc")[2] > 0.9


def test_a_model_that_has_seen_nothing_finds_all_alike():
    assert CountedModel().predict("xyz", "abcd").tolist() == [0.25] * 4


def test_the_interval_view_knows_a_phrase_again_in_another_key():
    memory = PieceMemory(range(60, 84), [INTERVAL])
    for pitch in [60, 64, 62, 65, 60, 72, 76, 74]:
        memory.learn(pitch)

    assert memory.predict().argmax() + 60 == 77


def test_the_pitch_view_does_not():
    memory = PieceMemory(range(60, 84), [PITCH])
    for pitch in [60, 64, 62, 65, 60, 72, 76, 74]:
        memory.learn(pitch)

    assert memory.predict().argmax() + 60 != 77


@given(PITCHES)
def test_probabilities_sum_to_one(pitches):
    memory = PieceMemory(ALPHABET, VIEWS)
    for pitch in pitches:
        memory.learn(pitch)

    assert memory.predict_views().sum(axis=1) == pytest.approx(np.ones(len(VIEWS)))
    assert memory.predict().sum() == pytest.approx(1.0)
    assert memory.predict().min() > 0


@settings(deadline=None)
@given(PITCHES, PITCHES, PITCHES)
def test_no_future_changes_what_was_said_of_the_past(past, future, other):
    def said(pitches):
        memory = PieceMemory(ALPHABET, VIEWS)
        found = []
        for pitch in pitches:
            found.append(memory.predict().tolist())
            memory.learn(pitch)
        return found[: len(past)]

    assert said(past + future) == said(past + other)


def test_entropy_is_in_bits_and_an_impossible_symbol_has_none():
    assert entropy(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist() == [1.0, 0.0]


def test_without_bias_the_combination_is_the_geometric_mean():
    combined = combine(np.array([[0.5, 0.5], [0.9, 0.1]]), 0.0)

    # sqrt(0.45) : sqrt(0.05) = 3 : 1
    assert combined == pytest.approx([0.75, 0.25])


def test_a_bias_listens_to_the_model_that_is_sure():
    # One knows nothing (weight 1); the other's entropy is H(0.9) = 0.469 bits of 1.
    combined = combine(np.array([[0.5, 0.5], [0.9, 0.1]]), 1.0)

    weight = 1 / 0.4689956
    odds = 9 ** (weight / (1 + weight))
    assert combined[0] == pytest.approx(odds / (1 + odds))


def test_a_sequence_of_predictions_is_combined_at_once():
    several = np.random.default_rng(0).dirichlet(np.ones(5), size=(3, 7))

    at_once = combine(several, 2.0)

    for time in range(7):
        assert at_once[time] == pytest.approx(combine(several[:, time], 2.0))


def test_nonsense_is_refused_with_a_reason():
    with pytest.raises(ValueError, match="0 symbols or more"):
        CountedModel(order=-1)
    with pytest.raises(ValueError, match="bias is 0 or more"):
        combine(np.ones((1, 2)) / 2, -1.0)
    with pytest.raises(ValueError, match="at least one view"):
        PieceMemory(ALPHABET, [])
