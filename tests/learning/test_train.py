from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tests.learning.tiny import MODEL, TRAIN, learning_set
from training.learning.evaluate import evaluate, evaluate_bits
from training.learning.process import Diverged
from training.learning.train import new_state, train
from training.music.encodings import MelodyEncoding


def run(config, *, state=None, pieces=None):
    pieces = pieces or learning_set()
    epochs, states = [], []

    def note(epoch, state):
        epochs.append(epoch)
        states.append(state)

    weights = train(
        MelodyEncoding(),
        pieces.train,
        pieces.valid,
        model_config=MODEL,
        config=config,
        on_epoch=note,
        state=state,
    )
    return weights, epochs, states


def test_it_learns():
    config = replace(TRAIN, epochs=6)

    _, epochs, _ = run(config)

    assert epochs[-1].valid_bits < 0.8 * epochs[0].valid_bits


def test_the_same_seed_gives_the_same_weights():
    first, _, _ = run(TRAIN)
    again, _, _ = run(TRAIN)
    other, _, _ = run(replace(TRAIN, seed=4))

    assert all((first[name] == again[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)


def test_a_resumed_run_ends_in_the_same_bits():
    class Stopped(Exception):
        pass

    whole, _, _ = run(TRAIN)
    kept = []

    def stop_after_one(epoch, state):
        # Copied, as a checkpoint would: the next update may reuse this memory.
        arrays = ("params", "first_moment", "second_moment", "average", "best")
        copies = {
            name: {k: jnp.array(v, copy=True) for k, v in getattr(state, name).items()}
            for name in arrays
        }
        kept.append(replace(state, **copies))
        raise Stopped

    pieces = learning_set()
    with pytest.raises(Stopped):
        train(
            MelodyEncoding(),
            pieces.train,
            pieces.valid,
            model_config=MODEL,
            config=TRAIN,
            on_epoch=stop_after_one,
        )
    resumed, epochs, _ = run(TRAIN, state=kept[0], pieces=pieces)

    assert [epoch.number for epoch in epochs] == [2]
    assert all((whole[name] == resumed[name]).all() for name in whole)


def test_the_best_epoch_is_kept_not_the_last():
    pieces = learning_set(24)
    config = replace(TRAIN, epochs=30, learning_rate=5e-2, dropout=0.0)

    weights, epochs, _ = run(config, pieces=pieces)

    best = min(epoch.valid_bits for epoch in epochs)
    params = {name: jnp.asarray(w) for name, w in weights.items()}
    bits = evaluate_bits(MelodyEncoding(), params, MODEL, pieces.valid)
    assert bits == best
    assert epochs[-1].valid_bits > best


def test_it_stops_when_patience_is_out():
    pieces = learning_set(24)
    config = replace(TRAIN, epochs=60, learning_rate=5e-2, dropout=0.0, patience=3)

    _, epochs, states = run(config, pieces=pieces)

    assert len(epochs) < 60
    assert [epoch.is_best for epoch in epochs[-4:]] == [True, False, False, False]
    assert states[-1].best_epoch == len(epochs) - 3


def test_whole_pieces_and_windows_agree_on_the_bits():
    pieces = learning_set()
    weights, _, _ = run(TRAIN, pieces=pieces)
    params = {name: jnp.asarray(w) for name, w in weights.items()}

    by_window = evaluate_bits(MelodyEncoding(), params, MODEL, pieces.valid)
    by_piece = evaluate(MelodyEncoding(), params, MODEL, pieces.valid)

    np.testing.assert_allclose(by_piece["bits_per_event"], by_window, rtol=1e-5)


def test_weights_that_left_the_numbers_end_the_run():
    state = new_state(MelodyEncoding(), MODEL, TRAIN)
    broken = {name: w * float("nan") for name, w in state.average.items()}

    with pytest.raises(Diverged, match="another seed"):
        run(TRAIN, state=replace(state, average=broken))
