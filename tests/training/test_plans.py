"""What presets come to on much music and little, on quick machines and slow ones."""

from __future__ import annotations

import pytest

from tests.learning.tiny import learning_set
from training.advanced import (
    MAX_MEMORY_BYTES,
    NUMBERS,
    TooLarge,
    change_network,
    change_training,
    memory_bytes,
)
from training.learning.baselines import measure_baselines
from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import Timing, Work, macs_per_event
from training.learning.train import train
from training.music.encodings import MelodyEncoding, PitchesEncoding
from training.plans import Known, make_plan
from training.presets import (
    FEW_PIECES,
    FEWEST_AT_A_TIME,
    MAX_EPOCHS,
    MIN_PATIENCE_UPDATES,
    MIN_UPDATES_AN_EPOCH,
    PRESETS,
)

ENCODING = MelodyEncoding()
QUICK, STANDARD, THOROUGH = (PRESETS[s] for s in ("quick", "standard", "thorough"))


def work(pieces: int, length: int = 100) -> Work:
    tenth = (length,) * max(1, pieces // 10)
    return Work((length,) * pieces, tenth, tenth)


def clock(rate: float, *, is_rough: bool = False):
    """Of a machine that does so many multiply-adds a second, forward."""

    def tell(network, training):
        event = macs_per_event(ENCODING, network) / rate
        step = 3 * event * training.batch_size * training.window
        return Known(Timing(1.0, step, event, 2 * event), is_rough)

    return tell


def plan(preset, music, tell=None, **values):
    tell = tell or clock(5e9)
    values = {"on_random_notes": False, "seed": 0, **values}
    return make_plan(preset, ENCODING, music, tell, **values)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.slug)
@pytest.mark.parametrize("pieces", [30, 1_000, 4_000, 20_000])
@pytest.mark.parametrize("rate", [1e9, 5e9, 50e9])
def test_a_preset_takes_its_time_or_has_a_reason(preset, pieces, rate):
    made = plan(preset, work(pieces), clock(rate))

    bounds = preset.training(on_random_notes=False, seed=0, work=work(pieces))
    least = preset.fewest_epochs(bounds, work(pieces))
    assert preset.min_epochs <= least <= made.epochs <= bounds.epochs
    if made.epochs > least:
        assert made.seconds <= preset.seconds
        if made.epochs < bounds.epochs:
            # One epoch more would have been too much.
            assert made.seconds > preset.seconds * made.epochs / (made.epochs + 2)


@pytest.mark.parametrize(
    ("pieces", "shape", "epochs"),
    [
        (12, (4, 32), 60),
        (50, (8, 32), 27),
        (400, (16, 128), 30),
        (4_000, (32, 128), 8),
        (20_000, (32, 128), 8),
    ],
)
def test_little_music_is_read_in_small_helpings_and_more_often(pieces, shape, epochs):
    made = plan(QUICK, work(pieces), clock(1e12))

    training = made.train_config
    assert (training.batch_size, training.window) == shape
    assert made.epochs == epochs
    updates = made.epochs * work(pieces).steps(training)
    assert updates <= QUICK.max_updates or made.epochs == QUICK.train_config.epochs
    if pieces >= 50:
        assert work(pieces).steps(training) >= MIN_UPDATES_AN_EPOCH


def test_updates_hardly_depend_on_how_much_music_there_is():
    updates = []
    for pieces in (12, 25, 50, 100, 200, 400, 800, 1_600, 3_200):
        made = plan(QUICK, work(pieces), clock(1e12))
        updates.append(made.epochs * work(pieces).steps(made.train_config))

    assert max(updates) <= 1.3 * min(updates)


def test_few_long_pieces_fill_what_is_read_side_by_side():
    made = plan(QUICK, work(10, length=2_000))

    assert (made.train_config.batch_size, made.train_config.window) == (4, 128)


@pytest.mark.parametrize("pieces", [1, 3, 5])
def test_hardly_any_music_is_planned_too(pieces):
    made = plan(QUICK, work(pieces, length=5), clock(1e12))

    assert made.train_config.batch_size == FEWEST_AT_A_TIME
    assert made.epochs <= MAX_EPOCHS


def test_little_music_ends_when_it_is_learnt_and_not_after_a_handful_of_updates():
    for preset in PRESETS.values():
        made = plan(preset, work(12), clock(1e12))

        waited = made.train_config.patience * work(12).steps(made.train_config)
        assert made.may_stop_early
        assert waited >= MIN_PATIENCE_UPDATES


def test_a_slow_machine_still_makes_enough_updates():
    made = plan(QUICK, work(50), clock(1e6))

    assert made.model_config == QUICK.small_model_config
    assert made.epochs * work(50).steps(made.train_config) >= QUICK.min_updates


def test_a_slow_machine_is_given_a_smaller_network():
    quick, slow = (plan(STANDARD, work(4_000), clock(rate)) for rate in (20e9, 1e9))

    assert quick.model_config == STANDARD.model_config
    assert slow.model_config == STANDARD.small_model_config


def test_pieces_at_a_time_set_by_hand_bring_their_own_epochs():
    made = plan(QUICK, work(400), clock(1e12), changes={"batch_size": 4})

    assert made.train_config.batch_size == 4
    assert made.epochs == QUICK.train_config.epochs  # of many more updates each


def test_more_time_is_more_epochs():
    epochs = [
        plan(preset, work(4_000), clock(20e9)).epochs for preset in (STANDARD, THOROUGH)
    ]

    assert epochs == sorted(set(epochs))


def test_few_pieces_have_part_of_what_names_them_hidden():
    few, many = (plan(STANDARD, work(n)) for n in (FEW_PIECES - 1, FEW_PIECES))

    assert few.train_config.context_dropout > many.train_config.context_dropout == 0


def test_where_nothing_was_measured_nothing_is_foretold():
    made = plan(QUICK, work(1_000), lambda network, training: None)

    assert made.seconds is None
    assert QUICK.min_epochs <= made.epochs <= 8


def test_music_that_cannot_be_read_is_planned_in_full():
    made = plan(QUICK, None)

    assert (made.epochs, made.seconds) == (8, None)


def test_random_notes_have_their_own_network_and_windows():
    music = Work((33,) * 700, (33,) * 100, (33,) * 200, is_random=True)

    made = make_plan(
        THOROUGH,
        PitchesEncoding(60, 71),
        music,
        lambda network, training: None,
        on_random_notes=True,
        seed=4,
    )

    assert made.train_config.window == 33
    assert made.train_config.seed == 4
    assert made.epochs == THOROUGH.control_epochs


# Numbers set by hand ----------------------------------------------------------------


def test_numbers_set_by_hand_stand_and_the_rest_stays():
    changes = {"epochs": 3, "lstm_units": 40, "dropout": 0.55, "batch_size": 8}

    made = plan(STANDARD, work(1_000), changes=changes)

    assert made.epochs == 3
    assert made.model_config.lstm_units == 40
    assert made.model_config.lstm_layers == STANDARD.model_config.lstm_layers
    assert made.train_config.dropout == 0.55
    assert made.train_config.batch_size == 8
    assert made.train_config.learning_rate == STANDARD.train_config.learning_rate


def test_a_smaller_network_has_more_epochs_in_the_same_time():
    changes = {"lstm_units": 64, "lstm_layers": 1}

    assert (
        plan(STANDARD, work(4_000), clock(2e9), changes=changes).epochs
        > plan(STANDARD, work(4_000), clock(2e9)).epochs
    )


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_every_number_can_be_set_to_its_bounds(number, end):
    value = getattr(number, end)

    network = change_network(ModelConfig(), {number.name: value})
    training = change_training(TrainConfig(), {number.name: value})

    found = getattr(network, number.name, getattr(training, number.name, None))
    assert found == value
    if number.is_whole:
        assert isinstance(found, int)


def test_presets_stay_far_below_the_ceiling():
    for preset in PRESETS.values():
        needed = memory_bytes(ENCODING, preset.model_config, preset.train_config)
        assert needed < MAX_MEMORY_BYTES / 4


def test_all_numbers_at_their_highest_are_too_much():
    changes = {
        number.name: number.highest
        for number in NUMBERS
        if number.name in ("lstm_layers", "lstm_units", "batch_size", "window")
    }

    with pytest.raises(TooLarge, match=r"about \d+ GB of memory.*at most 2"):
        plan(QUICK, work(100), changes=changes)


# Trained ----------------------------------------------------------------------------


def test_a_dozen_tunes_are_learnt_as_well_as_by_counting():
    pieces = learning_set(12)
    music = Work(
        *(
            tuple(len(piece.events) for piece in side)
            for side in ([v[0] for v in pieces.train], pieces.valid, pieces.test)
        )
    )
    made = plan(QUICK, music)
    bits = []

    def note(epoch, state):
        bits.append(epoch.valid_bits)

    train(
        ENCODING,
        pieces.train,
        pieces.valid,
        model_config=QUICK.small_model_config,
        config=made.train_config,
        on_epoch=note,
    )

    counted = measure_baselines(ENCODING, [v[0] for v in pieces.train], pieces.valid)
    # Of a random walk there is no more to know than counting finds.
    assert min(bits) < 1.1 * counted["ngram"]["bits_per_event"]
    assert min(bits) < 0.5 * bits[0]
    assert len(bits) < made.epochs  # patience ends it
