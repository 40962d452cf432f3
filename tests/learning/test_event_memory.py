"""A memory of the piece at hand, mixed with what a network says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.learning.adaptive import (
    SOME,
    AdaptiveBits,
    adaptive_from_json,
    adaptive_to_json,
    measure_adaptive,
)
from training.learning.event_memory import EventMemory
from training.learning.short_term import CountedModel
from training.music.encodings import (
    MelodyEncoding,
    PitchesEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
)
from training.music.pitch import Key
from training.music.score import KeyChange, Metre, MetreChange, Note, Part, Score

QUARTER = 480


def score_of(pitches, parts=1, ticks=QUARTER):
    return Score(
        parts=tuple(
            Part(
                notes=tuple(
                    Note(i * ticks, pitch - 5 * number, ticks)
                    for i, pitch in enumerate(pitches)
                )
            )
            for number in range(parts)
        ),
        metres=(MetreChange(0, Metre(4, 4)),),
        keys=(KeyChange(0, Key(0, "major")),),
    )


PHRASE = [60, 64, 62, 65, 64, 67, 65, 62]
PIECES = {
    "melody": (MelodyEncoding(), score_of(PHRASE * 6)),
    "pitches": (PitchesEncoding(), replace(score_of(PHRASE * 6), keys=(), metres=())),
    "voices": (VoicesEncoding(), score_of(PHRASE * 6, parts=4)),
    "polyphony": (PolyphonyEncoding(2), score_of(PHRASE * 6, parts=2)),
}
ENCODINGS = pytest.mark.parametrize("name", PIECES)


def even(encoding, piece):
    """What a network says that knows nothing."""
    return [np.zeros((len(piece.events), f.size), np.float32) for f in encoding.fields]


def encoded(name):
    encoding, score = PIECES[name]
    return encoding, encoding.encode(score)


@ENCODINGS
def test_a_piece_that_repeats_itself_is_learnt_on_the_way(name):
    encoding, piece = encoded(name)

    bits = measure_adaptive(encoding, [piece], [even(encoding, piece)], closeness=1.0)

    assert bits.adaptive < 0.8 * bits.alone
    assert bits.late_adaptive / bits.late_alone < bits.adaptive / bits.alone


@ENCODINGS
def test_with_closeness_0_the_network_speaks_alone(name):
    encoding, piece = encoded(name)

    bits = measure_adaptive(encoding, [piece], [even(encoding, piece)], closeness=0.0)

    assert bits.adaptive == bits.alone


@ENCODINGS
def test_what_comes_later_does_not_change_what_was_expected_before(name):
    encoding, piece = encoded(name)
    half = len(piece.events) // 2

    def heard(times):
        memory = EventMemory(encoding, closeness=SOME)
        walk = encoding.walk(piece.form)
        rows = []
        for event in map(tuple, piece.events[:times].tolist()):
            context = walk.context()
            for field in range(len(event)):
                legal = np.array(walk.legal(field, event[:field]))
                rows.append(memory.mix(field, context, event[:field], legal))
            memory.learn(context, event)
            walk.advance(event)
        return rows

    early, all_of_it = heard(half), heard(len(piece.events))

    assert all(
        a.tobytes() == b.tobytes() for a, b in zip(early, all_of_it, strict=False)
    )


@ENCODINGS
def test_a_copy_goes_its_own_way(name):
    encoding, piece = encoded(name)
    walk = encoding.walk(piece.form)
    memory = EventMemory(encoding, closeness=1.0)
    events = list(map(tuple, piece.events.tolist()))
    for event in events[:20]:
        memory.learn(walk.context(), event)
        walk.advance(event)
    context, legal = walk.context(), np.array(walk.legal(0, ()))
    before = memory.mix(0, context, (), legal)

    copies = [memory.copy(), memory.copy()]
    for _ in range(5):
        copies[0].learn(context, events[20])

    assert memory.mix(0, context, (), legal).tobytes() == before.tobytes()
    assert copies[1].mix(0, context, (), legal).tobytes() == before.tobytes()


@given(st.lists(st.floats(-8, 8), min_size=12, max_size=12), st.integers(1, 11))
def test_a_mix_is_a_distribution_over_the_legal_values(numbers, legal):
    memory = EventMemory(PitchesEncoding(), closeness=0.7)
    for value in (0, 4, 7, 4, 0, 4):
        memory.learn((0,), (value,))
    logits = np.array(numbers, np.float32)
    logits[legal:] = -np.inf

    mixed = memory.mix(0, (5,), (), logits)

    assert np.isneginf(mixed[legal:]).all()
    assert np.isfinite(mixed[:legal]).all()


def test_where_it_has_heard_nothing_the_network_decides():
    memory = EventMemory(PitchesEncoding(), closeness=1.0)
    logits = np.log(np.arange(1, 13, dtype=np.float32) / 78)

    assert memory.mix(0, (0,), (), logits) == pytest.approx(logits, abs=1e-5)


@pytest.mark.parametrize("closeness", [-0.1, 1.01, float("nan")])
def test_closeness_is_from_0_to_1(closeness):
    with pytest.raises(ValueError, match="from 0 to 1"):
        EventMemory(MelodyEncoding(), closeness=closeness)


def test_a_copied_model_counts_as_one_that_was_counted_anew():
    model, fresh = CountedModel(order=2), CountedModel(order=2)
    model.learn_piece("abab")
    copy = model.copy()
    model.learn_piece("bbbb")
    copy.learn_piece("aaba")
    for piece in ("abab", "aaba"):
        fresh.learn_piece(piece)

    for past in ("", "a", "ab", "zz"):
        assert copy.predict(past, "abc") == pytest.approx(fresh.predict(past, "abc"))


def test_the_figures_survive_as_json():
    bits = AdaptiveBits(2.25, 2.0, 2.5, 2.125, pieces=3)

    assert adaptive_from_json(adaptive_to_json(bits)) == bits
    assert bits.gain == pytest.approx(1 / 9)
    assert adaptive_from_json(None) is None
    for broken in ([], {"alone": 1}, {**adaptive_to_json(bits), "alone": "x"}):
        with pytest.raises((TypeError, ValueError)):
            adaptive_from_json(broken)
