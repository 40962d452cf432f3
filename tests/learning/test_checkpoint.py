from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from tests.learning.tiny import MODEL, TRAIN, learning_set
from training.learning.checkpoint import (
    Saved,
    UnreadableCheckpoint,
    from_bytes,
    load_checkpoint,
    save_checkpoint,
    to_bytes,
)
from training.learning.process import Stopped
from training.learning.train import new_state, train
from training.music.encodings import MelodyEncoding


@pytest.fixture(scope="module")
def pieces():
    return learning_set()


@pytest.fixture
def state():
    return replace(
        new_state(MelodyEncoding(), MODEL, TRAIN), epoch=7, step=91, best_bits=1 / 3
    )


def run(pieces, *, state=None, on_epoch=lambda epoch, state: None, **more):
    return train(
        MelodyEncoding(),
        pieces.train,
        pieces.valid,
        model_config=MODEL,
        config=TRAIN,
        on_epoch=on_epoch,
        state=state,
        **more,
    )


def assert_same(one, other):
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, dict):
            assert a.keys() == b.keys()
            for name in a:
                assert np.asarray(a[name]).tobytes() == np.asarray(b[name]).tobytes()
        else:
            assert a == b


@pytest.mark.parametrize("best_bits", [1 / 3, float("inf")])
def test_what_is_read_is_what_was_written(state, best_bits):
    state = replace(state, best_bits=best_bits)

    assert_same(from_bytes(to_bytes(state)), state)


def test_a_run_resumed_from_a_file_ends_in_the_same_bits(tmp_path, pieces):
    whole = run(pieces)
    saved = []

    def save_and_stop(epoch, state):
        saved.append(save_checkpoint(tmp_path, state, attempt=1))
        raise Stopped

    with pytest.raises(Stopped):
        run(pieces, on_epoch=save_and_stop)
    resumed = run(pieces, state=load_checkpoint(tmp_path, saved[0]))

    assert all(whole[name].tobytes() == resumed[name].tobytes() for name in whole)


def test_training_stops_between_windows_and_says_how_far_it_is(pieces):
    shares = []

    with pytest.raises(Stopped):
        run(pieces, on_window=shares.append, should_stop=lambda: len(shares) == 3)

    assert len(shares) == 3
    assert 0 < shares[0] < shares[1] < shares[2] < 1


def test_the_file_is_named_for_attempt_and_epoch_and_is_alone(tmp_path, state):
    saved = save_checkpoint(tmp_path, state, attempt=2)

    assert saved.name == "checkpoint-002-0007.safetensors"
    assert [path.name for path in tmp_path.iterdir()] == [saved.name]


def test_it_refuses_a_file_that_has_changed(tmp_path, state):
    saved = save_checkpoint(tmp_path, state, attempt=1)
    path = tmp_path / saved.name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    with pytest.raises(UnreadableCheckpoint, match="changed"):
        load_checkpoint(tmp_path, saved)


def test_it_refuses_a_file_that_is_missing_or_cut_short(tmp_path, state):
    with pytest.raises(UnreadableCheckpoint):
        load_checkpoint(tmp_path, Saved("checkpoint-001-0001.safetensors", "0" * 64))
    with pytest.raises(UnreadableCheckpoint):
        from_bytes(to_bytes(state)[:-10])
    with pytest.raises(UnreadableCheckpoint):
        from_bytes(b"\x80\x04pickle")
