from __future__ import annotations

import numpy as np
import pytest

from training.learning.baselines import NGram, measure_baselines, repeat_last, ridge
from training.learning.measures import measure, onsets, regression
from training.music.encodings import EncodedPiece, PitchesEncoding, PolyphonyEncoding
from training.music.score import Note, Part, Score

POLYPHONY = PolyphonyEncoding()


def row(*pitches):
    notes = tuple(Note(480 * i, pitch, 480) for i, pitch in enumerate(pitches))
    return PitchesEncoding().encode(Score(parts=(Part(notes=notes),)))


def test_an_ngram_gives_what_was_counted_by_hand():
    # After training on C D alone: () has C and D once each, (-1, -1, -1) has C once.
    ngram = NGram(PitchesEncoding(), [row(60, 62)])

    (log_probs,) = ngram.predict(row(60))

    # At order 0: N = 2, D = 2, so P0(C) = 1/4 + 1/2 * 1/12. The five contexts above it
    # ((held), the last one, two, three values, and with the given fields) each hold
    # nothing but C, except (held), which has seen both.
    order_0 = 1 / 4 + 1 / 2 / 12
    held = 1 / 4 + 1 / 2 * order_0
    p = held
    for _ in range(4):
        p = 1 / 2 + 1 / 2 * p
    assert np.exp(log_probs[0, 0]) == pytest.approx(p)
    assert np.exp(log_probs[0]).sum() == pytest.approx(1.0)


def test_an_ngram_learns_a_cycle():
    cycle = row(*[60, 64, 67, 71] * 20)

    predicted = [NGram(PitchesEncoding(), [cycle]).predict(cycle)]
    result = measure(PitchesEncoding(), [cycle], predicted)

    assert result["accuracy"]["pitch"] == 1.0
    assert result["bits_per_note"] < 0.3


def test_repeating_the_last_note_is_measured_in_semitones():
    result = repeat_last(PitchesEncoding(), [row(60, 62, 62, 65)])

    assert result["mse"] == pytest.approx((4 + 0 + 9) / 3)
    assert result["note_accuracy"] == pytest.approx(1 / 3)


def test_ridge_finds_a_line():
    rising = [row(*range(60 + i % 3, 70)) for i in range(30)]

    result = ridge(PitchesEncoding(), rising, rising)

    assert result["rmse"] < 0.2
    assert result["r2"] > 0.95


def test_uniform_predictions_cost_log2_of_the_alphabet():
    piece = row(60, 65, 71)
    uniform = [np.full((3, 12), -np.log(12), np.float32)]

    result = measure(PitchesEncoding(), [piece], [uniform])

    assert result["bits_per_note"] == pytest.approx(np.log2(12), rel=1e-6)
    # The expected pitch is 65.5; the first note is not asked for.
    assert result["mse"] == pytest.approx(((65.5 - 65) ** 2 + (65.5 - 71) ** 2) / 2)


def test_r2_is_nought_for_the_mean_and_one_for_the_truth():
    actual = np.array([1.0, 2.0, 6.0])

    assert regression(np.full(3, 3.0), actual)["r2"] == pytest.approx(0.0)
    assert regression(actual, actual)["r2"] == 1.0


def test_every_baseline_is_measured_on_the_same_pieces():
    pieces = [row(*np.random.default_rng(i).integers(60, 72, 40)) for i in range(20)]

    result = measure_baselines(PitchesEncoding(), pieces[:15], pieces[15:])

    assert set(result) == {"repeat_last", "ridge", "ngram"}
    assert all({"r2", "mse", "rmse"} <= set(values) for values in result.values())


def canon(start: int) -> EncodedPiece:
    """Two voices: one goes up and down three notes, the other repeats its own."""
    upper = tuple(Note(480 * i, start + (0, 4, 7)[i % 3], 480) for i in range(48))
    lower = tuple(Note(480 * i, start - 24, 480) for i in range(48))
    return POLYPHONY.encode(Score(parts=(Part(notes=upper), Part(notes=lower))))


def test_in_polyphony_each_part_has_a_past_of_its_own():
    pieces = [canon(60 + i) for i in range(5)]

    last = repeat_last(POLYPHONY, pieces)
    line = ridge(POLYPHONY, pieces[:4], pieces[4:])
    ngram = NGram(POLYPHONY, [canon(60)])
    predicted = [ngram.predict(canon(60))]

    # Of two voices the lower always repeats its last note and the upper never does.
    assert last["note_accuracy"] == pytest.approx(0.5)
    assert line["rmse"] < 1.0
    result = measure(POLYPHONY, [canon(60)], predicted)
    assert result["accuracy"]["pitch"] == 1.0


def test_a_note_held_over_several_events_is_one_note():
    long = Part(notes=(Note(0, 60, 480 * 30), Note(480 * 30, 62, 480)))
    piece = POLYPHONY.encode(Score(parts=(long,)))

    assert len(piece.events) > 2
    assert [onset.pitch for onset in onsets(POLYPHONY, piece)] == [60, 62]
