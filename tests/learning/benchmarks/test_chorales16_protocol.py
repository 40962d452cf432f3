from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from training.learning.benchmarks.chorales16.frames import from_pitches, transpose
from training.learning.benchmarks.chorales16.protocol import (
    HoldOrMove,
    UnreadableBenchmark,
    figures,
    known_sopranos,
    read_split,
    repeat_accuracy,
)

CHORD = [67, 64, 60, 48]


def piece(*sopranos):
    return from_pitches([[soprano, *CHORD[1:]] for soprano in sopranos])


def test_a_symbol_is_one_more_than_the_semitones_from_the_lowest_pitch():
    assert from_pitches([[81, 0, 36, 60]]).tolist() == [[46, 0, 1, 25]]


@pytest.mark.parametrize("frames", [[[82, 60, 60, 60]], [[60, 60, 60]], []])
def test_it_refuses_frames_that_are_none(frames):
    with pytest.raises(ValueError, match=r"four pitches|from 36 to 81"):
        from_pitches(frames)


def test_tokens_weigh_alike_in_one_figure_and_pieces_in_the_other():
    pieces = [piece(67), piece(67, 69, 71)]
    predicted = []
    for frames, likelihood in zip(pieces, (0.5, 0.25), strict=True):
        log_probs = np.full((*frames.shape, 47), -50.0, np.float32)
        np.put_along_axis(
            log_probs, frames[..., None].astype(int), np.log(likelihood), axis=-1
        )
        predicted.append(log_probs)

    found = figures(predicted, pieces)

    # 4 tokens of one bit, 12 of two.
    assert found.nats_per_token == pytest.approx(np.log(2) * (4 + 24) / 16)
    assert found.nats_per_token_of_pieces == pytest.approx(np.log(2) * 1.5)
    assert found.accuracy == 1.0


def test_repeating_is_right_where_nothing_moves():
    # Of 12 tokens the first four have nothing before them and one soprano moves.
    assert repeat_accuracy([piece(67, 67, 69)]) == 7 / 12


def test_hold_or_move_counts():
    counted = HoldOrMove([piece(67, 67, 69)])

    log_probs = counted.predict(piece(67, 67, 69))

    np.testing.assert_allclose(np.exp(log_probs).sum(axis=-1), 1.0, rtol=1e-5)
    # At the second place of a bar the soprano held once: (1 + 1) of (1 + 2).
    assert np.exp(log_probs[1, 0, 32]) == pytest.approx(2 / 3)
    # At the third it moved, and from G it has gone to A once: 2 of 45 + 1 others.
    assert np.exp(log_probs[2, 0, 34]) == pytest.approx(2 / 3 * 2 / 47)


def test_sopranos_are_known_in_any_key_and_rhythm():
    train = [piece(67, 69, 71, 71)]

    known = known_sopranos(
        [transpose(piece(67, 67, 69, 71), 3), piece(67, 69, 70)], train
    )

    assert known == [True, False]


def test_a_split_that_is_missing_is_named(tmp_path):
    path = tmp_path / "chorales16.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"valid": [[CHORD]]}).encode()))

    assert len(read_split(tmp_path, "valid")) == 1
    with pytest.raises(UnreadableBenchmark, match="no test split"):
        read_split(tmp_path, "test")
    with pytest.raises(UnreadableBenchmark, match="--data"):
        read_split(tmp_path / "elsewhere", "valid")


@pytest.mark.parametrize("pieces", [7, [7], [[[None] * 4]], [[[10**9] * 4]]])
def test_a_split_that_holds_no_pieces_is_told(tmp_path, pieces):
    path = tmp_path / "chorales16.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"valid": pieces}).encode()))

    with pytest.raises(UnreadableBenchmark, match=r"chorales16\.json\.gz"):
        read_split(tmp_path, "valid")


def test_an_empty_split_is_as_good_as_none(tmp_path):
    path = tmp_path / "chorales16.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"valid": []}).encode()))

    with pytest.raises(UnreadableBenchmark, match="no valid split"):
        read_split(tmp_path, "valid")
