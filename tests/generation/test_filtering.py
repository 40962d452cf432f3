"""Particles against a posterior that can be counted: all ways to fill what is open."""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pytest

from generation.composing.constraints import ConstrainedDraft
from generation.composing.filtering import MOST_LIKENESS, Filter, Particle
from generation.composing.guides.base import Run, Wanted
from generation.composing.guides.melody import MelodyGuide, PitchesGuide
from generation.composing.network import Network, State, score_events
from generation.composing.sampler import Sampling
from generation.composing.weighing import Stuck, systematic
from tests.generation.toys import TINY, random_weights
from training.music.encodings import Form, MelodyEncoding, PitchesEncoding
from training.music.encodings.base import allow
from training.music.encodings.melody import DURATIONS, NUM_PITCH_SYMBOLS
from training.music.score import Metre, Note

PARTICLES, SEEDS = 64, 60
#: Total variation between what is counted and what is drawn; 4,000 independent draws
#: of 36 outcomes differ from their distribution by about 0.03.
TOLERANCE = 0.08
FREE_BARS = 2
QUARTER, HALF = DURATIONS.index(24), DURATIONS.index(48)
TONIC, FIFTH = 38, 45
FORM = Form(4 * 960, Metre(2, 4))


class FewValues(ConstrainedDraft):
    """Quarters and halves of two pitches: six ways to fill a bar."""

    MASKS = (
        allow(len(DURATIONS), [QUARTER, HALF]),
        allow(NUM_PITCH_SYMBOLS, [TONIC, FIFTH]),
    )

    def allowed(self, field, chosen, legal):
        return self.narrowed(legal, self.MASKS[field])


def melody():
    encoding = MelodyEncoding()
    # The first bar and the last are given, two halves: those between are open.
    runs = (
        Run("notes", 0, 960, (Note(0, 60, 960),)),
        Run("notes", 2880, 3840, (Note(2880, 67, 480), Note(3360, 60, 480))),
    )
    bars = [
        *(((QUARTER, a), (QUARTER, b)) for a in (TONIC, FIFTH) for b in (TONIC, FIFTH)),
        *(((HALF, a),) for a in (TONIC, FIFTH)),
    ]
    ways = [
        ((HALF, TONIC), *first, *second, (QUARTER, FIFTH), (QUARTER, TONIC))
        for first, second in product(bars, bars)
    ]
    guide = MelodyGuide(Wanted(FORM, (runs,)))
    draft = FewValues(encoding, FORM, (None, None))
    barriers = [1920, 2880, 3840]
    return encoding, FORM, draft, guide, ways, barriers


def pitches(like=None):
    encoding = PitchesEncoding(60, 63)
    form = Form(6 * 480)
    runs = (
        Run("notes", 0, 480, (Note(0, 60, 480),)),
        Run("notes", 1920, 2880, (Note(1920, 61, 480), Note(2400, 63, 480))),
    )
    ways = [
        ((0,), *((v,) for v in way), (1,), (3,)) for way in product(range(4), repeat=3)
    ]
    guide = PitchesGuide(Wanted(form, (runs,), like), encoding)
    draft = ConstrainedDraft(encoding, form, (None,))
    return encoding, form, draft, guide, ways, [960, 1440, 1920, 2400, 2880]


CASES = pytest.mark.parametrize("case", [melody, pitches])


def network_for(encoding, seed=0):
    # Strong opinions: the posterior is then far from what runs ahead blindly.
    return Network(
        random_weights(
            encoding, TINY, seed=seed, scale=1.6 if encoding.name == "melody" else 0.9
        )
    )


def counted(encoding, form, draft, network, ways, temperature, liked=None):
    """The probability of every way, what comes before what is open left out."""
    logs = []
    for way in ways:
        own = draft.copy()
        walk = own.walk
        contexts, bases = [], []
        for event in way:
            contexts.append(walk.context())
            bases.append(
                [
                    own.allowed(f, event[:f], walk.legal(f, event[:f]))
                    for f in range(len(event))
                ]
            )
            own.advance(event)
        scored = score_events(network, contexts, way)
        log = 0.0
        for time, event in enumerate(way):
            for field, value in enumerate(event):
                logits = scored.logits[field][time].astype(np.float64) / temperature
                if liked is not None:
                    logits[liked[time]] += MOST_LIKENESS * 0.2
                logits = logits + bases[time][field]
                if time:  # The first event is given in every way.
                    log += logits[value] - np.log(np.exp(logits).sum())
        logs.append(log)
    return np.exp(logs)


def drawn(case, network, temperature, *, is_weighed=True, particles=PARTICLES, **more):
    """How often each way was written, and the estimated probability of the given."""
    encoding, form, draft, guide, ways, barriers = case()
    index = {way: i for i, way in enumerate(ways)}
    counts = np.zeros(len(ways))
    evidence = []
    for seed in range(SEEDS * PARTICLES // particles):
        writers = Filter(
            network,
            Particle(draft.copy(), guide.copy(), None),
            seed=seed,
            sampling=Sampling(temperature),
            max_events=1000,
            **more,
        )
        writers.read()
        writers.part(particles)
        writers.write(barriers)
        evidence.append(writers.evidence)
        if is_weighed:
            writers.redraw()
        for number in range(particles):
            events = writers.line(number, without_bits=True).events
            counts[index[tuple(map(tuple, events.tolist()))]] += 1
    return counts / counts.sum(), float(np.mean(np.exp(evidence)))


def distance(a, b):
    """Total variation."""
    return float(np.abs(a - b).sum() / 2)


@CASES
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_particles_write_every_way_as_often_as_it_is_likely_given_what_follows(
    case, temperature
):
    encoding, form, draft, _, ways, _ = case()
    network = network_for(encoding)
    joint = counted(encoding, form, draft, network, ways, temperature)
    posterior = joint / joint.sum()

    found, evidence = drawn(case, network, temperature)

    assert distance(found, posterior) < TOLERANCE
    # And what is given is as likely as counted: weights are unbiased.
    assert evidence == pytest.approx(joint.sum(), rel=0.1)


@CASES
def test_forcing_without_weights_would_be_far_from_it(case):
    encoding, form, draft, _, ways, _ = case()
    network = network_for(encoding)
    joint = counted(encoding, form, draft, network, ways, 1.0)

    found, _ = drawn(case, network, 1.0, particles=1, is_weighed=False)

    assert distance(found, joint / joint.sum()) > 2 * TOLERANCE


def test_likeness_is_part_of_the_model():
    liked = [0, 2, 2, 1, 1, 3]
    like = tuple(Note(i * 480, 60 + value, 480) for i, value in enumerate(liked))
    case = partial(pitches, like=(like,))
    encoding, form, draft, _, ways, _ = case()
    network = network_for(encoding)
    joint = counted(encoding, form, draft, network, ways, 1.0, liked=liked)

    found, _ = drawn(case, network, 1.0, likeness=0.2)

    assert distance(found, joint / joint.sum()) < TOLERANCE
    plain = counted(encoding, form, draft, network, ways, 1.0)
    assert distance(found, plain / plain.sum()) > TOLERANCE


def test_states_of_several_are_gathered_in_order():
    network = network_for(PitchesEncoding(60, 63))
    states = []
    for last in (0, 1):
        state = network.start(2)
        network.step([(last,), (last + 2,)], state)
        states.append(state)

    rows = ((1, 1), (0, 0), (1, 1))
    together = State.gathered(network, [(states[i], row) for i, row in rows])

    expected = [
        network.step([(1,)], states[i].take(network, [row])).copy() for i, row in rows
    ]
    found = network.step([(1,)] * 3, together)
    for row, alone in enumerate(expected):
        np.testing.assert_allclose(found[:, row], alone[:, 0], rtol=1e-5, atol=1e-6)


def test_where_nothing_fits_it_is_said():
    class Contrary(PitchesGuide):
        def narrow(self, walk, field, chosen):
            if walk.tick == 960:
                return allow(4, [])
            return None

    encoding, form, draft, _, _, barriers = pitches()
    guide = Contrary(Wanted(form, ((),)), encoding)
    writers = Filter(
        network_for(encoding),
        Particle(draft, guide, None),
        seed=0,
        sampling=Sampling(),
        max_events=100,
    )
    writers.part(4)

    with pytest.raises(Stuck, match="no way to go on"):
        writers.write(barriers)


def test_it_stops_at_the_most_events():
    encoding, _, draft, guide, _, barriers = pitches()
    writers = Filter(
        network_for(encoding),
        Particle(draft, guide, None),
        seed=0,
        sampling=Sampling(),
        max_events=3,
    )
    writers.part(2)

    with pytest.raises(Stuck, match="too long"):
        writers.write(barriers)


def test_particles_go_on_as_often_as_their_shares_say():
    shares = np.array([0.5, 0.0, 0.25, 0.25])

    assert systematic(shares, 0.5) == [0, 0, 2, 3]
    for uniform in (0.01, 0.99):
        counts = np.bincount(systematic(np.repeat(shares / 8, 8), uniform))
        assert (np.abs(counts - np.repeat(shares * 4, 8)) < 1).all()
