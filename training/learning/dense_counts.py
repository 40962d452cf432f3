"""What came after a context, counted in rows of numbers: quick to recall for many.

The counts of ``short_term.CountedModel`` for symbols that are numbers from 0, each
context's in a row of its own, so that the recursion over contexts,

    p_k(s) = (n(s) + E p_k-1(s)) / (N + E),   E = the number of different symbols

is a few operations on arrays for all views of all drafts at once (escape "C").

Symbols: W symbols, D depths (the lengths of contexts, from none), "..." any axes.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Context = tuple[Hashable, ...]


class Row:
    """What came after one context."""

    __slots__ = ("counts", "different", "total")

    def __init__(self, width: int) -> None:
        self.counts = np.zeros(width, np.int16)  # (W,)
        self.total = self.different = 0

    def copy(self) -> Row:
        other = Row.__new__(Row)
        other.counts = self.counts.copy()
        other.total, other.different = self.total, self.different
        return other

    def add(self, symbol: int) -> None:
        self.different += self.counts[symbol] == 0
        self.counts[symbol] += 1
        self.total += 1


class DenseCounts:
    """Counts after the last 0, 1, .. ``order`` symbols, for ``width`` symbols."""

    __slots__ = ("_own", "_rows", "_width", "order")

    def __init__(self, order: int, width: int) -> None:
        self.order, self._width = order, width
        self._rows: dict[Context, Row] = {}
        # Contexts whose row is no other model's too; None: all of them.
        self._own: set[Context] | None = None

    def copy(self) -> DenseCounts:
        """One that goes on by itself. Cheap: rows are shared until they change."""
        other = DenseCounts(self.order, self._width)
        other._rows = self._rows.copy()
        self._own, other._own = set(), set()
        return other

    def learn(self, past: Context, symbol: int) -> None:
        """Count ``symbol`` after ``past``, of ``order`` symbols, and after its ends."""
        rows, own = self._rows, self._own
        for start in range(self.order, -1, -1):
            context = past[start:]
            row = rows.get(context)
            if row is None:
                row = rows[context] = Row(self._width)
            elif own is not None and context not in own:
                row = rows[context] = row.copy()
            if own is not None:
                own.add(context)
            row.add(symbol)

    def recall(self, past: Context) -> list[Row]:
        """The rows of the ends of ``past`` that were seen, from the shortest."""
        found = []
        for start in range(self.order, -1, -1):
            row = self._rows.get(past[start:])
            if row is None:
                break
            found.append(row)
        return found


def blend(counts: Array, totals: Array, different: Array) -> tuple[Array, Array]:
    """The recursion without its end: p(s) = share of s + left * p_-1(s).

    ``counts`` (..., D, W), ``totals`` and ``different`` (..., D) come from the shortest
    context to the longest; those that were not seen are 0. Returns the shares (..., W)
    and what is left (...).
    """
    all_of = totals + different
    was_seen = all_of > 0
    all_of = np.where(was_seen, all_of, 1.0)
    aside = np.where(was_seen, different / all_of, 1.0)
    # What the longer contexts leave to each.
    after = np.ones_like(aside)
    after[..., :-1] = np.cumprod(aside[..., :0:-1], axis=-1)[..., ::-1]
    shares = np.matmul((after / all_of)[..., None, :], counts)[..., 0, :]
    return shares, after[..., 0] * aside[..., 0]
