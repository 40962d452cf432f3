from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from generation.composing.network import Network, score_events
from tests.generation.toys import TINY, random_weights
from training.learning.bundle import HOUSE_MODELS_ROOT, load_bundle
from training.learning.config import ModelConfig
from training.music.encodings import (
    Encoding,
    Field,
    MelodyEncoding,
    PitchesEncoding,
    VoicesEncoding,
)

HOUSE_BUNDLES = sorted(path.parent for path in HOUSE_MODELS_ROOT.glob("*/bundle.json"))


def random_piece(encoding, time, seed=0):
    rng = np.random.default_rng(seed)

    def draw(fields):
        return np.stack([rng.integers(0, field.size, time) for field in fields], axis=1)

    return draw(encoding.context_fields), draw(encoding.fields)


def assert_same_logits(ours, theirs):
    """The bound that every bundle is held to: 1e-5 of the logits' range."""
    for mine, reference in zip(ours, theirs, strict=True):
        tolerance = 1e-5 * max(1.0, float(np.ptp(reference)))
        np.testing.assert_allclose(mine, reference, rtol=0, atol=tolerance)


@pytest.mark.parametrize("folder", HOUSE_BUNDLES, ids=lambda folder: folder.name)
def test_every_house_model_gives_the_logits_that_keras_gave(folder):
    bundle = load_bundle(folder)
    golden = bundle.golden

    scored = score_events(Network(bundle.weights), golden["contexts"], golden["events"])

    fields = range(len(bundle.encoding.fields))
    assert_same_logits(scored.logits, [golden[f"logits.{f}"] for f in fields])


# Sizes are all that a network takes from its encoding, and Keras likes them few.
FEW_FIELDS = cast(
    Encoding,
    SimpleNamespace(
        context_fields=(Field("place", 7), Field("last", 4)),
        fields=(Field("duration", 3), Field("pitch", 5), Field("loudness", 4)),
    ),
)


@pytest.mark.parametrize(
    ("units", "layers"),
    [(24, 1), (24, 3), (128, 2)],  # one block of columns, one, two
)
def test_it_is_the_keras_network(units, layers):
    from training.learning.model import build_model, init_weights

    encoding = FEW_FIELDS
    config = ModelConfig(
        embedding_dim=16, lstm_units=units, lstm_layers=layers, head_units=12
    )
    weights = init_weights(encoding, config, seed=1)
    contexts, events = random_piece(encoding, time=12)

    outputs = build_model(encoding, config, weights)([contexts[None], events[None]])
    scored = score_events(Network(weights), contexts, events)

    assert_same_logits(scored.logits, [np.asarray(output)[0] for output in outputs])


def test_pieces_side_by_side_are_as_alone():
    encoding = MelodyEncoding()
    network = Network(random_weights(encoding, TINY))
    pieces = [random_piece(encoding, time=6, seed=seed) for seed in range(5)]

    alone = [score_events(network, *piece).logits for piece in pieces]
    state = network.start(5)
    together = []
    for time in range(6):
        heads = network.step([contexts[time] for contexts, _ in pieces], state)
        chosen = list(np.stack([events[time] for _, events in pieces], axis=1))
        together.append([network.field_logits(f, heads, chosen) for f in (0, 1)])

    for number, logits in enumerate(alone):
        for field in (0, 1):
            rows = [step[field][number] for step in together]
            np.testing.assert_allclose(logits[field], rows, rtol=0, atol=1e-5)


def test_a_state_can_be_thinned_out_and_doubled():
    encoding = MelodyEncoding()
    network = Network(random_weights(encoding, TINY))
    contexts = np.stack([random_piece(encoding, 3, seed)[0] for seed in range(3)])
    state = network.start(3)
    network.step(contexts[:, 0], state)

    taken = state.take(network, [2, 0, 2])
    expected = network.step(contexts[:, 1], state)[:, [2, 0, 2]].copy()
    found = network.step(contexts[[2, 0, 2], 1], taken)

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_scoring_goes_on_from_nothing_each_time():
    encoding = PitchesEncoding()
    network = Network(random_weights(encoding, TINY))
    piece = random_piece(encoding, time=8)

    first = score_events(network, *piece).logits
    second = score_events(network, *piece).logits

    np.testing.assert_array_equal(first, second)


def test_it_refuses_contexts_that_do_not_fit_the_events():
    encoding = MelodyEncoding()
    network = Network(random_weights(encoding, TINY))
    contexts, events = random_piece(encoding, time=4)

    with pytest.raises(ValueError, match="Contexts must be"):
        score_events(network, contexts[:3], events)


def test_it_refuses_weights_of_another_kind():
    with pytest.raises(ValueError, match="embedding.0"):
        Network({"dense": np.zeros((2, 2), np.float32)})


@pytest.mark.parametrize("encoding", [MelodyEncoding(), VoicesEncoding()])
def test_reading_what_is_known_is_the_same_as_stepping_through_it(encoding):
    network = Network(random_weights(encoding, TINY))
    rng = np.random.default_rng(1)
    contexts = np.stack(
        [rng.integers(0, f.size, 9) for f in encoding.context_fields], 1
    )
    events = np.stack([rng.integers(0, f.size, 9) for f in encoding.fields], 1)
    state = network.start()

    first = network.read(contexts[:4], events[:4], state)
    second = network.read(contexts[4:], events[4:], state)

    stepped = score_events(network, contexts, events)
    for field, expected in enumerate(stepped.logits):
        found = np.concatenate([first[field], second[field]])
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    further = [network.step(contexts[:1], s).copy() for s in (state, stepped.state)]
    np.testing.assert_allclose(*further, rtol=1e-4, atol=1e-5)


def test_more_drafts_than_are_multiplied_at_once_are_each_as_if_alone():
    encoding = MelodyEncoding()
    network = Network(random_weights(encoding, TINY))
    rng = np.random.default_rng(2)
    contexts = np.stack(
        [rng.integers(0, f.size, 70) for f in encoding.context_fields], 1
    )
    state = network.start(70)

    for _ in range(2):
        heads = network.step(contexts, state).copy()

    for row in (0, 15, 16, 69):
        alone = network.start()
        for _ in range(2):
            expected = network.step(contexts[[row]], alone)
        np.testing.assert_allclose(heads[:, row], expected[:, 0], rtol=1e-4, atol=1e-5)
