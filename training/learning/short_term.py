"""Counted models that learn while a piece goes by, and how predictions are combined.

Prediction by partial match: how often has each symbol followed the last k? From the
shortest context to the longest, with n(s) the times that symbol s came after a context,
N their sum, and E the *escape* (what is set aside for the new):

    p_k(s) = (n(s) + E p_k-1(s)) / (N + E)            p_-1(s) = 1 / candidates

    escape "A"   E = 1
    escape "C"   E = number of different symbols after this context
    escape "X"   E = 1 + number of symbols that came after it exactly once

(Cleary & Witten 1984; Moffat 1990 for C; Moffat et al. 1994 for X; interpolated as in
Bunton 1997; all compared on melodies by Pearce 2005, chapter 6.)

A *view* says what a symbol is: the pitch itself, the interval from the last one, the
degree of the scale. A model that counts intervals knows a phrase again when it returns
a third higher. Every view predicts the same candidates, so that several can be combined
(Conklin & Witten 1995). One model that has counted a corpus is a *long-term* model; one
that starts empty with every piece is a *short-term* model; together they are told that
folk songs like seconds, and that this song likes this leap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Escape = Literal["A", "C", "X"]

DEFAULT_ORDER = 6  # how many of the last symbols a context holds at most
_START = "start"  # stands before the first symbol of every piece


class CountedModel:
    """What came after the last 0, 1, .. ``order`` symbols, and how often."""

    def __init__(self, order: int = DEFAULT_ORDER, escape: Escape = "C") -> None:
        if order < 0:
            raise ValueError(f"A context holds 0 symbols or more, not {order}.")
        self.order = order
        self.escape: Escape = escape
        self._counts: dict[tuple[Hashable, ...], Counter[Hashable]] = {}
        # Contexts whose counts are no other model's too; None: all of them.
        self._own: set[tuple[Hashable, ...]] | None = None

    def learn(self, past: Sequence[Hashable], symbol: Hashable) -> None:
        """Count ``symbol`` after ``past``, the symbols of the piece until now."""
        for context in self._contexts(past):
            counts = self._counts.get(context)
            if counts is None:
                counts = self._counts[context] = Counter()
            elif self._own is not None and context not in self._own:
                counts = self._counts[context] = counts.copy()
            if self._own is not None:
                self._own.add(context)
            counts[symbol] += 1

    def copy(self) -> CountedModel:
        """One that goes on by itself. Cheap: counts are shared until they change."""
        other = CountedModel(self.order, self.escape)
        other._counts = self._counts.copy()
        self._own, other._own = set(), set()
        return other

    def learn_piece(self, symbols: Sequence[Hashable]) -> None:
        for time, symbol in enumerate(symbols):
            self.learn(symbols[:time], symbol)

    def predict(
        self, past: Sequence[Hashable], candidates: Sequence[Hashable]
    ) -> Array:
        """(candidates,) probabilities that sum to one; candidates may share a symbol.

        What has been counted but is no candidate takes no part in the sum.
        """
        shares, left = self.recall(past)
        seen = np.array([shares.get(symbol, 0.0) for symbol in candidates])
        probs = seen + left / len(candidates)
        normalised: Array = probs / probs.sum()
        return normalised

    def recall(self, past: Sequence[Hashable]) -> tuple[dict[Hashable, float], float]:
        """What each symbol that was seen before is given, and what is left for all.

        The recursion without its end: p(s) = share of s + left * p_-1(s).
        """
        shares: dict[Hashable, float] = {}
        left = 1.0
        for context in self._contexts(past):
            counts = self._counts.get(context)
            if counts is None:
                break
            escape = self._escape(counts)
            total = sum(counts.values()) + escape
            aside = escape / total
            left *= aside
            shares = {symbol: share * aside for symbol, share in shares.items()}
            for symbol, count in counts.items():
                shares[symbol] = shares.get(symbol, 0.0) + count / total
        return shares, left

    def _contexts(self, past: Sequence[Hashable]) -> Iterable[tuple[Hashable, ...]]:
        """The last 0, 1, .. symbols; at a piece's start the start is one of them."""
        recent = tuple(past[len(past) - min(self.order, len(past)) :])
        if len(past) < self.order:
            recent = (_START, *recent)
        for length in range(len(recent) + 1):
            yield recent[len(recent) - length :]

    def _escape(self, counts: Counter[Hashable]) -> float:
        if self.escape == "A":
            return 1.0
        if self.escape == "C":
            return float(len(counts))
        return 1.0 + sum(count == 1 for count in counts.values())


@dataclass(frozen=True, slots=True)
class View:
    """What one model counts: the symbol that ``event`` is, after the events ``past``.

    ``event`` itself when it is the first and there is nothing to compare it with.
    """

    name: str
    symbol: Callable[[Sequence[int], int], Hashable]


def _interval(past: Sequence[int], pitch: int) -> Hashable:
    return ("from", pitch - past[-1]) if past else ("first", pitch)


def _from_first(past: Sequence[int], pitch: int) -> Hashable:
    return ("from", pitch - past[0]) if past else ("first", pitch)


PITCH = View("pitch", lambda past, pitch: pitch)
INTERVAL = View("interval", _interval)
FROM_FIRST = View("interval from the first note", _from_first)


def scale_degree(tonic: int) -> View:
    """Semitones above ``tonic`` (a pitch class), whatever the octave."""
    return View("scale degree", lambda past, pitch: (pitch - tonic) % 12)


class PieceMemory:
    """A short-term model of the piece at hand: several views, learning note by note.

    >>> memory = PieceMemory([60, 62, 64], [PITCH, INTERVAL])
    >>> for pitch in [60, 62, 60, 62, 60]:
    ...     memory.learn(pitch)
    >>> memory.predict().round(2).tolist()
    [0.06, 0.85, 0.08]
    """

    def __init__(
        self,
        alphabet: Sequence[int],
        views: Sequence[View],
        *,
        order: int = DEFAULT_ORDER,
        escape: Escape = "X",
        bias: float = 2.0,
    ) -> None:
        if not alphabet or not views:
            raise ValueError("A memory needs an alphabet and at least one view.")
        self._alphabet = tuple(alphabet)
        self._views = tuple(views)
        self._models = [CountedModel(order, escape) for _ in views]
        self._symbols: list[list[Hashable]] = [[] for _ in views]
        self._past: list[int] = []
        self._bias = bias

    def learn(self, event: int) -> None:
        """Take in what came next in the piece."""
        for view, model, symbols in zip(
            self._views, self._models, self._symbols, strict=True
        ):
            symbol = view.symbol(self._past, event)
            model.learn(symbols, symbol)
            symbols.append(symbol)
        self._past.append(event)

    def predict_views(self) -> Array:
        """(views, alphabet) probabilities of what comes next."""
        rows = []
        for view, model, symbols in zip(
            self._views, self._models, self._symbols, strict=True
        ):
            candidates = [view.symbol(self._past, event) for event in self._alphabet]
            rows.append(model.predict(symbols, candidates))
        return np.stack(rows)

    def predict(self) -> Array:
        """(alphabet,) probabilities of what comes next, all views combined."""
        return combine(self.predict_views(), self._bias)


def entropy(probs: Array) -> Array:
    """-sum p log2 p over the last axis, in bits; 0 log 0 is 0."""
    logs = np.log2(np.where(probs > 0, probs, 1.0))
    bits: Array = -(probs * logs).sum(axis=-1)
    return bits


def combine(
    distributions: Array, bias: float, sizes: npt.NDArray[np.intp] | None = None
) -> Array:
    """One distribution from several: those that are sure of themselves count more.

        w_m = (H(p_m) / H_max) ** -bias
        p(s) proportional to  product over m of  p_m(s) ** (w_m / sum of w)

    the weighted geometric mean of Pearce, Conklin & Wiggins (2004), with the relative
    entropy of Conklin (1990) as weight. H_max = log2 of the alphabet's size. A bias of
    0 is the plain geometric mean.

    Args:
        distributions: (models, ..., alphabet), positive, each summing to one. With
            ``sizes``, 0 where a symbol is not in the alphabet.
        bias: how much more the sure ones count, from 0.
        sizes: (...), how many symbols the alphabets have, 2 or more.

    Returns:
        (..., alphabet), summing to one.
    """
    if bias < 0:
        raise ValueError(f"The bias is 0 or more, not {bias}.")
    size = distributions.shape[-1]
    if size == 1:
        return np.ones(distributions.shape[1:])
    most = np.log2(size if sizes is None else sizes)
    relative = np.clip(entropy(distributions) / most, 1e-6, 1.0)
    weights = relative**-bias
    weights /= weights.sum(axis=0)
    if sizes is None:
        logs = (weights[..., None] * np.log(distributions)).sum(axis=0)
    else:
        outside = distributions[0] == 0.0
        inside = np.where(outside, 1.0, distributions)
        logs = (weights[..., None] * np.log(inside)).sum(axis=0)
        logs[outside] = -np.inf
    probs = np.exp(logs - logs.max(axis=-1, keepdims=True))
    combined: Array = probs / probs.sum(axis=-1, keepdims=True)
    return combined
