"""Particles that were one and choose an event field by field: when do they part?

Within an event, particles of one branch that have chosen the same fields are a *fork*,
and what the network and the guides say is asked for once for each fork.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from generation.composing.network import Float32s, Float64s, Ints
from training.music.encodings.base import Event

Numbers = TypeVar("Numbers", Float32s, Float64s)


class Forks:
    """The forks of an event that is being chosen: one for each branch at first."""

    def __init__(self, branches: int, row_of: Sequence[int]) -> None:
        """``row_of`` says of each particle which branch it is on."""
        self.branch = list(range(branches))  # of each fork
        self.chosen: list[Event] = [()] * branches
        self.columns: list[Ints] = []  # of each field so far, what each fork chose
        self.row_of = list(row_of)  # of each particle, its fork
        #: Of each field, the fork from which each fork of now chose it.
        self._came_from: list[list[int]] = []

    def each(self, rows: Numbers) -> Numbers:
        """What is known of forks, for each particle."""
        return rows if self._all_differ else rows.take(self.row_of, axis=0)

    @property
    def _all_differ(self) -> bool:
        return len(self.branch) == len(self.row_of)

    def part(self, picks: Sequence[int]) -> None:
        """Each particle has chosen a value of the next field."""
        if self._all_differ:  # And stay so, in the same order.
            self._came_from.append(self.row_of)
            self.columns.append(np.array(picks, np.intp))
            self.chosen = [
                (*c, pick) for c, pick in zip(self.chosen, picks, strict=True)
            ]
            return
        forks: dict[tuple[int, int], int] = {}
        row_of = []
        for row, pick in zip(self.row_of, picks, strict=True):
            row_of.append(forks.setdefault((row, pick), len(forks)))
        old = [row for row, _ in forks]
        self.branch = [self.branch[row] for row in old]
        self.chosen = [(*self.chosen[row], pick) for row, pick in forks]
        self.columns = [column[old] for column in self.columns]
        self.columns.append(np.array([pick for _, pick in forks], np.intp))
        self._came_from = [[rows[row] for row in old] for rows in self._came_from]
        self._came_from.append(old)
        self.row_of = row_of

    def as_chosen(self, field: int, table: Float32s) -> Float32s:
        """The rows of ``table``, of the forks that chose ``field``, for those now."""
        rows = self._came_from[field]
        return table if rows == list(range(len(table))) else table[rows]
