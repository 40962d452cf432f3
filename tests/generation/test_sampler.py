from __future__ import annotations

import numpy as np
import pytest

from generation.composing.network import Network, score_events
from generation.composing.sampler import (
    Chances,
    Draft,
    Sampling,
    draw,
    sample,
    surprise,
)
from tests.generation.toys import TINY, TUNE_FORMS, random_weights
from training.music.encodings import (
    Form,
    MelodyEncoding,
    PitchesEncoding,
    VoicesEncoding,
)
from training.music.encodings.base import allow

LOGITS = np.log(np.array([0.5, 0.25, 0.125, 0.0625, 0.0625], np.float32))


def shares(logits, sampling, count=40_000):
    """How often each value is drawn."""
    rows = np.broadcast_to(logits, (count, len(logits)))
    (chances,) = Chances(7, 0, [len(logits)]).draw(count, sampling.temperature)
    return np.bincount(draw(rows, chances, sampling), minlength=len(logits)) / count


class CountingNetwork(Network):
    """Rates one field: the value after the last one is 3 times as likely as others."""

    def __init__(self, size: int) -> None:
        self.num_contexts, self.num_fields = 1, 1
        self.size = size
        self.batches: list[int] = []

    @property
    def field_sizes(self):
        return [self.size]

    def start(self, batch=1):
        return self

    def take(self, network, rows):
        return self

    def step(self, contexts, state):
        self.batches.append(len(contexts))
        return np.array(contexts)[:, 0]

    def field_logits(self, field, heads, chosen):
        logits = np.zeros((len(heads), self.size), np.float32)
        logits[np.arange(len(heads)), heads % self.size] = np.log(3.0)
        return logits


def test_values_are_drawn_as_often_as_they_are_likely():
    found = shares(LOGITS, Sampling())

    np.testing.assert_allclose(found, np.exp(LOGITS), atol=0.01)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_sharpens_and_flattens(temperature):
    found = shares(LOGITS, Sampling(temperature=temperature))

    expected = np.exp(LOGITS / temperature)
    np.testing.assert_allclose(found, expected / expected.sum(), atol=0.01)


def test_top_k_keeps_the_k_likeliest_in_proportion():
    found = shares(LOGITS, Sampling(top_k=2))

    np.testing.assert_allclose(found, [2 / 3, 1 / 3, 0, 0, 0], atol=0.01)


def test_values_that_tie_at_the_edge_of_top_k_all_stay():
    assert (shares(LOGITS, Sampling(top_k=4)) > 0).all()


@pytest.mark.parametrize(
    ("top_p", "kept"), [(1.0, 5), (0.9, 4), (0.8, 3), (0.7, 2), (0.4, 1), (1e-9, 1)]
)
def test_the_nucleus_is_the_fewest_values_that_hold_the_share(top_p, kept):
    logits = np.log(np.array([0.5, 0.25, 0.125, 0.08, 0.045], np.float32))

    found = shares(logits, Sampling(top_p=top_p))

    assert (found > 0).tolist() == [True] * kept + [False] * (5 - kept)


def test_what_is_illegal_is_never_drawn():
    logits = LOGITS + allow(5, [1, 4])

    for sampling in (
        Sampling(),
        Sampling(4.0),
        Sampling(1.0, 3),
        Sampling(1.0, 0, 0.99),
    ):
        assert (shares(logits, sampling) > 0).tolist() == [
            False,
            True,
            False,
            False,
            True,
        ]


def test_chances_are_the_same_for_ever():
    # Every piece that was ever composed hangs on these numbers.
    first, second = Chances(7, 3, [2, 1]).draw(2)

    np.testing.assert_allclose(
        first, [[-0.7014350, -0.8940175], [-0.0865325, -1.4243263]], rtol=1e-5
    )
    np.testing.assert_allclose(second, [[0.8253781], [-1.3530175]], rtol=1e-5)


def test_chances_do_not_depend_on_how_many_are_drawn_at_once():
    whole = Chances(1, 0, [3]).draw(10)[0]
    chances = Chances(1, 0, [3])

    parts = np.concatenate([chances.draw(4)[0], chances.draw(6)[0]])

    np.testing.assert_array_equal(parts, whole)


def test_candidates_and_seeds_have_chances_of_their_own():
    tables = [Chances(seed, i, [4]).draw(2)[0] for seed in (0, 1) for i in (0, 1)]

    assert len({table.tobytes() for table in tables}) == 4


def test_a_walk_is_followed_to_its_end_one_step_an_event():
    network = CountingNetwork(12)
    walk = PitchesEncoding().walk(Form(300 * 480))

    (line,) = sample(network, [Draft(walk)], seed=1, max_events=1000)

    assert line.is_finished
    assert len(network.batches) == len(line.events) == 300
    assert line.contexts[1:, 0].tolist() == (line.events[:-1, 0] + 1).tolist()
    assert line.ticks.tolist() == list(range(0, 300 * 480, 480))


def test_the_network_is_heeded():
    walk = PitchesEncoding().walk(Form(3000 * 480))

    (line,) = sample(CountingNetwork(12), [Draft(walk)], seed=1, max_events=3000)

    last, current = line.events[:-1, 0], line.events[1:, 0]
    assert np.mean(current == (last + 1) % 12) == pytest.approx(3 / 14, abs=0.03)


def test_surprise_is_counted_in_bits():
    walk = PitchesEncoding().walk(Form(100 * 480))

    (line,) = sample(CountingNetwork(12), [Draft(walk)], seed=1, max_events=100)

    expected = (line.contexts[:, 0] % 12) == line.events[:, 0]
    bits = np.where(expected, np.log2(14 / 3), np.log2(14))
    np.testing.assert_allclose(line.bits[:, 0], bits, atol=1e-5)


def test_drafts_that_are_done_leave_the_others_alone():
    network = CountingNetwork(12)
    encoding = PitchesEncoding()
    lengths = (3, 5, 0, 2)
    drafts = [Draft(encoding.walk(Form(n * 480))) for n in lengths]

    lines = sample(network, drafts, seed=1, max_events=100)

    assert network.batches == [3, 3, 2, 1, 1]
    assert [len(line.events) for line in lines] == list(lengths)
    for i, line in enumerate(lines):
        alone = sample(
            CountingNetwork(12),
            [Draft(encoding.walk(Form(0)))] * i
            + [Draft(encoding.walk(Form(lengths[i] * 480)))],
            seed=1,
            max_events=100,
        )[i]
        np.testing.assert_array_equal(line.events, alone.events)
        np.testing.assert_allclose(line.bits, alone.bits, atol=1e-6)


def test_it_stops_at_the_most_events():
    walk = PitchesEncoding().walk(Form(100 * 480))

    (line,) = sample(CountingNetwork(12), [Draft(walk)], seed=1, max_events=10)

    assert not line.is_finished
    assert len(line.events) == 10


def test_the_same_seed_gives_the_same_line():
    encoding = MelodyEncoding()
    network = Network(random_weights(encoding, TINY))
    form = TUNE_FORMS[0][0]

    lines = [
        sample(network, [Draft(encoding.walk(form))], seed=seed, max_events=2000)[0]
        for seed in (5, 5, 6)
    ]

    assert lines[0].events.tobytes() == lines[1].events.tobytes()
    assert lines[0].bits.tobytes() == lines[1].bits.tobytes()
    assert lines[0].events.tobytes() != lines[2].events.tobytes()


def test_a_candidate_is_the_same_in_any_company():
    encoding = MelodyEncoding()
    network = Network(random_weights(encoding, TINY))

    def lines(count):
        drafts = [Draft(encoding.walk(TUNE_FORMS[0][0])) for _ in range(count)]
        return sample(network, drafts, seed=5, max_events=2000)

    for alone, together in zip(lines(2), lines(6), strict=False):
        np.testing.assert_array_equal(alone.events, together.events)


@pytest.mark.parametrize("encoding", [MelodyEncoding(), VoicesEncoding()])
def test_bits_are_those_of_teacher_forcing_among_legal_values(encoding):
    network = Network(random_weights(encoding, TINY))
    form = TUNE_FORMS[0][0]
    drafts = [Draft(encoding.walk(form))]

    (line,) = sample(network, drafts, seed=2, sampling=Sampling(0.7), max_events=2000)

    scored = score_events(network, line.contexts, line.events)
    walk = encoding.walk(form)
    masks: list[list] = [[] for _ in encoding.fields]
    for event in map(tuple, line.events.tolist()):
        for f in range(len(event)):
            masks[f].append(walk.legal(f, event[:f]))
        walk.advance(event)
    for f, logits in enumerate(scored.logits):
        bits = surprise(logits + np.array(masks[f]), line.events[:, f].astype(np.intp))
        np.testing.assert_allclose(line.bits[:, f], bits, atol=1e-4)


def test_a_draft_may_allow_less_than_is_legal():
    class NoTonic(Draft):
        def allowed(self, field, chosen, legal):
            return allow(12, range(1, 12))

    walk = PitchesEncoding().walk(Form(500 * 480))

    (line,) = sample(CountingNetwork(12), [NoTonic(walk)], seed=1, max_events=500)

    assert line.events.min() == 1
    # The bits are still those among all legal values.
    assert line.bits.min() == pytest.approx(np.log2(14 / 3), abs=1e-5)
