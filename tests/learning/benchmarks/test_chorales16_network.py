from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from training.learning.benchmarks.chorales16.bundle import (
    BEST,
    FrameModel,
    UnreadableFrameModel,
    load_frame_model,
    save_frame_model,
)
from training.learning.benchmarks.chorales16.frames import (
    ECHO_COLUMNS,
    NONE,
    feature_sizes,
    features,
    from_pitches,
    transpose,
)
from training.learning.benchmarks.chorales16.network import (
    FrameModelConfig,
    init_params,
)
from training.learning.benchmarks.chorales16.protocol import figures
from training.learning.benchmarks.chorales16.rating import (
    _weighted,
    mean,
    predict,
    predict_and_learn,
    predict_in_all_keys,
)
from training.learning.benchmarks.chorales16.training import (
    FrameTrainConfig,
    train_frames,
)

CONFIG = FrameModelConfig(embedding_dim=12, lstm_units=16, lstm_layers=2, head_units=10)
LENGTH = 40


def chorale(seed, length=LENGTH):
    """Four voices that each hold for some frames and then take a step."""
    rng = np.random.default_rng(seed)
    now = np.array([32, 27, 22, 12])
    frames = []
    for _ in range(length):
        frames.append(now.copy())
        moves = rng.random(4) < 0.25
        now = now + moves * rng.choice([-2, -1, 1, 2], 4)
        now = np.clip(now, [28, 22, 15, 6], [40, 32, 28, 22])
    return np.array(frames, np.int16)


@pytest.fixture(scope="module")
def params():
    # Not those of init, whose relative ratings are next to nothing.
    rng = np.random.default_rng(1)
    return {
        name: jnp.asarray(array + rng.normal(0, 0.1, array.shape), jnp.float32)
        for name, array in init_params(CONFIG, 0).items()
    }


def test_features_are_counted_by_hand():
    frames = np.array([[30, 20, 10, 5], [30, 22, 10, 5], [30, 22, 10, 5]], np.int16)

    place, *rest = features(frames)[2].tolist()

    assert place == 2
    assert rest[:4] == [30, 22, 10, 5]  # sounds
    assert rest[4:8] == [47, 20, 47, 47]  # before that: only the alto has changed
    assert rest[8:12] == [2, 1, 2, 2]  # for so many frames
    assert rest[12:16] == [0, 2 + 14, 0, 0]  # it rose by two
    assert rest[16] == 30 - 22 + 33  # soprano above alto


def test_what_came_the_last_time_is_echoed():
    line = [[30, 20, 10, 5], [32, 20, 10, 5], [33, 21, 12, 6], [35, 20, 10, 5]]
    frames = np.array([*line, *line[:3], [36, 20, 10, 5]], np.int16)
    whole, soprano = ECHO_COLUMNS

    known = features(frames)

    # Nothing had come before at first, and one frame alone says nothing.
    assert known[4, whole].tolist() == [NONE] * 4
    assert known[5, whole].tolist() == [NONE] * 4
    # Two frames agree with the beginning: what came there was the third.
    assert known[6, whole].tolist() == line[2]
    assert known[7, whole].tolist() == line[3]
    assert known[7, whole.stop] == 1
    assert known[7, soprano].tolist() == line[3]


def test_a_held_chord_does_not_echo_itself():
    frames = np.array([[30, 20, 10, 5]] * 6 + [[32, 20, 10, 5]] * 6, np.int16)

    known = features(frames)

    assert (known[:, ECHO_COLUMNS[0]] == NONE).all()


def test_features_are_below_their_sizes():
    frames = chorale(3, 300)
    frames[50:60, 2] = 0

    assert (features(frames).max(axis=0) < feature_sizes()).all()
    assert features(frames).min() >= 0


def test_the_future_changes_nothing_of_the_past(params):
    frames, now = chorale(5), 23
    other = frames.copy()
    other[now:] = np.random.default_rng(9).permutation(frames[now:])
    other[now, 1] += 1  # the alto is chosen after the soprano and the bass

    (ours,), (theirs,) = (predict(params, [f], CONFIG) for f in (frames, other))

    np.testing.assert_array_equal(ours[:now], theirs[:now])
    assert (ours[now + 1 :] != theirs[now + 1 :]).any()


def test_a_voice_is_rated_before_those_after_it_are_known(params):
    frames = chorale(5)
    other = frames.copy()
    other[10, 2] += 1  # the tenor comes last

    (ours,), (theirs,) = (predict(params, [f], CONFIG) for f in (frames, other))

    np.testing.assert_array_equal(ours[10], theirs[10])
    other[10, 3] += 1  # the bass comes second: alto and tenor hear it
    (theirs,) = predict(params, [other], CONFIG)
    assert (ours[10, [0, 3]] == theirs[10, [0, 3]]).all()
    assert (ours[10, [1, 2]] != theirs[10, [1, 2]]).any(axis=-1).all()


def test_learning_from_a_piece_does_not_look_ahead(params):
    frames = chorale(5)
    other = frames.copy()
    other[32:] = transpose(frames[32:], 1)

    ours, theirs = (
        predict_and_learn(params, [f], CONFIG, rate=0.1, decay=0.0)[0]
        for f in (frames, other)
    )

    np.testing.assert_array_equal(ours[:32], theirs[:32])
    plain = predict(params, [frames], CONFIG)[0]
    np.testing.assert_allclose(ours[:16], plain[:16], atol=1e-4)
    assert np.abs(ours[16:] - plain[16:]).max() > 1e-3


def test_every_prediction_adds_up_to_one(params):
    pieces = [chorale(1), chorale(2, 25)]
    predictions = [
        predict(params, pieces, CONFIG),
        predict_in_all_keys(params, pieces, CONFIG),
        predict_and_learn(params, pieces, CONFIG, rate=0.1, decay=0.1),
    ]

    for predicted in predictions:
        for log_probs, piece in zip(predicted, pieces, strict=True):
            assert log_probs.shape == (*piece.shape, 47)
            total = np.exp(log_probs.astype(float)).sum(axis=-1)
            np.testing.assert_allclose(total, 1.0, atol=1e-5)


def test_reading_in_all_keys_does_not_look_ahead(params):
    frames, now = chorale(5), 23
    other = frames.copy()
    other[now:, 0] = 46  # in higher keys this falls out of the alphabet

    (ours,), (theirs,) = (
        predict_in_all_keys(params, [f], CONFIG) for f in (frames, other)
    )

    # That frame too, before it is known.
    np.testing.assert_array_equal(ours[:now], theirs[:now])
    np.testing.assert_array_equal(ours[now, 0], theirs[now, 0])


def test_a_key_counts_for_what_it_foretold():
    by_key = np.log([[[[0.9, 0.1]] * 4] * 2, [[[0.1, 0.9]] * 4] * 2])
    piece = np.zeros((2, 4), np.int16)

    alike, bayes = (_weighted(by_key, piece, trust) for trust in (0.0, 1.0))

    np.testing.assert_allclose(np.exp(alike[:, 0, 0]), 0.5, rtol=1e-5)
    np.testing.assert_allclose(np.exp(bayes[0, 0, 0]), 0.5, rtol=1e-5)
    # After a frame of four tokens the first key is 9^4 times as likely.
    odds = 9.0**4
    expected = (0.9 * odds + 0.1) / (odds + 1)
    np.testing.assert_allclose(np.exp(bayes[1, 0, 0]), expected, rtol=1e-5)


def test_a_mean_is_of_probabilities():
    a, b = np.log([[0.2, 0.8]]), np.log([[0.6, 0.4]])

    np.testing.assert_allclose(np.exp(mean([a, b])), [[0.4, 0.6]], rtol=1e-6)


def test_it_learns_and_its_seed_decides():
    pieces = [chorale(seed) for seed in range(8)]
    config = FrameTrainConfig(
        epochs=8,
        batch_size=4,
        window=20,
        learning_rate=1e-2,
        dropout=0.1,
        recurrent_dropout=0.1,
        head_dropout=0.1,
        average_decay=0.9,
    )
    epochs = []

    def run(config):
        return train_frames(
            pieces[:6],
            pieces[6:],
            model_config=CONFIG,
            config=config,
            on_epoch=epochs.append,
            try_every=2,
        )

    params = run(config)

    assert [epoch.number for epoch in epochs if epoch.valid] == [2, 4, 6, 8]
    assert epochs[-1].valid.nats_per_token < 0.8 * epochs[1].valid.nats_per_token
    best = min(epoch.valid.nats_per_token for epoch in epochs if epoch.valid)
    arrays = {name: jnp.asarray(array) for name, array in params.items()}
    predicted = predict(arrays, pieces[6:], CONFIG)
    assert figures(predicted, pieces[6:]).nats_per_token == pytest.approx(best)
    again, other = run(config), run(replace(config, seed=1))
    assert all((params[name] == again[name]).all() for name in params)
    assert any((params[name] != other[name]).any() for name in params)


def test_a_network_comes_back_as_it_was_saved(tmp_path):
    model = FrameModel(CONFIG, init_params(CONFIG, 3), {"seconds": 5})

    save_frame_model(tmp_path / "m", model)

    again = load_frame_model(tmp_path / "m")
    assert again.config == CONFIG
    assert again.story == {"seconds": 5}
    assert all((again.params[k] == model.params[k]).all() for k in model.params)


def test_it_refuses_what_is_no_network(tmp_path):
    with pytest.raises(UnreadableFrameModel, match="--save"):
        load_frame_model(tmp_path)
    save_frame_model(
        tmp_path, FrameModel(CONFIG, init_params(replace(CONFIG, lstm_units=8), 0), {})
    )
    with pytest.raises(UnreadableFrameModel, match="do not fit"):
        load_frame_model(tmp_path)


def test_the_one_that_is_shipped_knows_what_a_cadence_is():
    model = load_frame_model(BEST)
    params = {name: jnp.asarray(array) for name, array in model.params.items()}
    dominant, tonic = [71, 67, 62, 55], [72, 67, 64, 48]
    chords = [tonic, dominant, tonic, dominant]
    frames = from_pitches([chord for chord in chords for _ in range(4)] + [tonic] * 4)

    (predicted,) = predict(params, [frames], model.config)

    assert model.num_parameters * 4 < 20_000_000
    rated = figures([predicted], [frames])
    assert rated.nats_per_token < 1.0  # 3.85 would be to know nothing
    np.testing.assert_allclose(np.exp(predicted).sum(axis=-1), 1.0, atol=1e-4)
