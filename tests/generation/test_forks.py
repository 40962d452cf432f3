"""Particles that were one part when they choose otherwise, and not before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generation.composing.forks import Forks


@given(st.data())
def test_every_particle_finds_its_own_choices_and_likes_share_a_fork(data):
    count = data.draw(st.integers(1, 6))
    raw = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    seen: dict[int, int] = {}
    row_of = [seen.setdefault(value, len(seen)) for value in raw]
    forks = Forks(len(seen), row_of)
    told = []  # Of each field, a row for each fork that says whose it is.
    own = [(row,) for row in row_of]
    for _ in range(3):
        firsts = [own[forks.row_of.index(fork)] for fork in range(len(forks.branch))]
        told.append(firsts)
        assert forks.each(np.arange(len(firsts))).tolist() == forks.row_of
        picks = data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
        forks.part(picks)
        own = [(*before, pick) for before, pick in zip(own, picks, strict=True)]

    assert len(forks.branch) == len(set(own))
    for particle, fork in enumerate(forks.row_of):
        assert (forks.branch[fork], *forks.chosen[fork]) == own[particle]
        for field, column in enumerate(forks.columns):
            assert column[fork] == own[particle][field + 1]
    for field, firsts in enumerate(told):
        rows = forks.as_chosen(field, np.arange(len(firsts)))
        for fork, row in enumerate(rows):
            mine = (forks.branch[fork], *forks.chosen[fork][:field])
            assert firsts[row] == mine
