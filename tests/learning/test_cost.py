"""What training costs, by arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import (
    LISTEN_BATCH,
    LISTEN_WINDOW,
    Seen,
    Timing,
    Work,
    epoch_seconds,
    fixed_seconds,
    foretell,
    macs_per_event,
)
from training.learning.input_pipeline import windows
from training.music.encodings import (
    EncodedPiece,
    Form,
    MelodyEncoding,
    VoicesEncoding,
)

TIMING = Timing(2.0, 0.5, 1e-5, 1e-4)
LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=40)


def pieces(lengths: list[int]) -> list[EncodedPiece]:
    form = Form(length_ticks=480)
    return [
        EncodedPiece(np.zeros((n, 1), np.int16), np.zeros((n, 2), np.int16), form)
        for n in lengths
    ]


@given(LENGTHS, st.integers(1, 8), st.integers(1, 32))
@settings(deadline=None)
def test_windows_are_counted_as_they_are_laid(lengths, batch_size, window):
    config = TrainConfig(batch_size=batch_size, window=window)
    work = Work(tuple(lengths), tuple(lengths), (1,))

    laid = windows(pieces(lengths), batch_size=batch_size, window=window)
    heard = windows(pieces(lengths), batch_size=LISTEN_BATCH, window=LISTEN_WINDOW)

    assert work.steps(config) == sum(1 for _ in laid)
    assert work.padded_valid_events == sum(w.weights.size for w in heard)


def test_weights_are_counted_by_their_multiply_adds():
    """Every weight of the network but its biases is used once for each event."""
    from training.learning.model import init_weights

    for encoding in (MelodyEncoding(), VoicesEncoding()):
        config = ModelConfig(
            embedding_dim=6, lstm_units=10, lstm_layers=3, head_units=4
        )
        weights = init_weights(encoding, config, 0)

        counted = sum(w.size for name, w in weights.items() if "bias" not in name)

        assert macs_per_event(encoding, config) == counted


def test_an_epoch_is_its_windows_and_what_is_held_out():
    work = Work((100,) * 8, (10,), (10,))
    config = TrainConfig(batch_size=4, window=50)

    once = epoch_seconds(work, config, TIMING)
    slower = epoch_seconds(work, config, replace(TIMING, step_seconds=1.5))

    assert slower - once == pytest.approx(4 * 1.0)


def test_more_to_test_on_takes_longer_to_measure():
    few, many = (Work((100,) * 8, (10,), (n,)) for n in (100, 100_100))

    longer = fixed_seconds(many, MelodyEncoding(), TIMING) - fixed_seconds(
        few, MelodyEncoding(), TIMING
    )

    assert longer == pytest.approx(100_000 * (1e-4 + 2 * 15e-6))


# Networks like those that were seen -------------------------------------------------

SEEN = [
    Seen(macs, 32, 128, Timing(1.0, step, step / 1e4, step / 1e3))
    for macs, step in ((100_000, 0.1), (1_000_000, 0.5))
]
CONFIG = TrainConfig(batch_size=32, window=128)


@pytest.mark.parametrize("one", SEEN, ids=["small", "large"])
def test_of_a_size_that_was_seen_it_tells_what_was_seen(one):
    assert foretell(SEEN, one.macs, CONFIG).step_seconds == pytest.approx(
        one.timing.step_seconds
    )


def test_a_larger_network_is_never_foretold_to_be_quicker():
    sizes = np.geomspace(10_000, 50_000_000, 40).astype(int)

    steps = [foretell(SEEN, int(macs), CONFIG).step_seconds for macs in sizes]

    assert steps == sorted(steps)


def test_beyond_what_was_seen_time_grows_as_the_size_does():
    assert foretell(SEEN, 4_000_000, CONFIG).step_seconds == pytest.approx(4 * 0.5)


def test_twice_the_window_takes_twice_as_long():
    wide = foretell(SEEN, 100_000, replace(CONFIG, window=256))

    assert wide.step_seconds == pytest.approx(0.2)


def test_half_the_pieces_side_by_side_take_more_than_half_as_long():
    thin = foretell(SEEN, 100_000, replace(CONFIG, batch_size=16))

    assert 0.05 < thin.step_seconds < 0.1


def test_nothing_is_foretold_of_nothing():
    assert foretell([], 1000, CONFIG) is None
