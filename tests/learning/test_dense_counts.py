"""Counts in rows of numbers: what the counted models say, for many at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.learning.dense_counts import DenseCounts, blend
from training.learning.event_memory import EventMemory, mix_all
from training.learning.short_term import CountedModel
from training.music.encodings import VoicesEncoding

SYMBOLS, ORDER = 4, 2


def said(model, past):
    """(SYMBOLS,) shares, and what is left."""
    rows = model.recall(past)
    counts, totals = np.zeros((ORDER + 1, SYMBOLS)), np.zeros(ORDER + 1)
    different = np.zeros(ORDER + 1)
    for depth, row in enumerate(rows):
        counts[depth], totals[depth] = row.counts, row.total
        different[depth] = row.different
    return blend(counts, totals, different)


@given(st.lists(st.integers(0, SYMBOLS - 1), min_size=ORDER, max_size=40))
def test_they_say_what_the_counted_model_says(symbols):
    plain, dense = CountedModel(ORDER, "C"), DenseCounts(ORDER, SYMBOLS)
    for time in range(ORDER, len(symbols)):
        past = tuple(symbols[time - ORDER : time])
        shares, left = said(dense, past)
        wanted, wanted_left = plain.recall(past)
        assert left == pytest.approx(wanted_left)
        assert shares == pytest.approx([wanted.get(s, 0.0) for s in range(SYMBOLS)])
        plain.learn(past, symbols[time])
        dense.learn(past, symbols[time])


def test_a_copy_goes_its_own_way():
    model = DenseCounts(ORDER, SYMBOLS)
    model.learn((0, 1), 2)
    copy = model.copy()
    copy.learn((0, 1), 3)
    model.learn((0, 1), 1)

    assert [row.counts.tolist() for row in model.recall((0, 1))] == [[0, 1, 1, 0]] * 3
    assert [row.counts.tolist() for row in copy.recall((0, 1))] == [[0, 0, 1, 1]] * 3


def test_memories_side_by_side_say_what_each_says_alone():
    encoding = VoicesEncoding()
    walk_form = encoding.context_fields
    chance = np.random.default_rng(1)
    memories = [EventMemory(encoding, closeness=0.5) for _ in range(3)]
    contexts = [
        tuple(int(chance.integers(0, min(4, f.size))) for f in walk_form) for _ in "abc"
    ]
    for memory, context in zip(memories, contexts, strict=True):
        for _ in range(5):
            memory.learn(context, tuple(chance.integers(0, 6, 4).tolist()))
    logits = chance.normal(size=(3, encoding.fields[1].size)).astype(np.float32)
    logits[0, 5:] = -np.inf
    logits[2, 1:] = -np.inf  # One value alone is legal.

    together = mix_all(memories, 1, contexts, [(3,)] * 3, logits)

    for row, memory in enumerate(memories):
        alone = memory.mix(1, contexts[row], (3,), logits[row])
        assert together[row].tobytes() == alone.tobytes()
    assert np.isneginf(together[0, 5:]).all()
    assert together[2, 0] == logits[2, 0]
