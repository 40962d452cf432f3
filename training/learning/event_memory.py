"""A short-term model of events: what the piece at hand does, beside what music does.

For every field of an encoding a few views (see ``short_term``) count what the piece has
done so far: which pitch followed the last three, which interval, what stood at this
place of the bar. Where a view has seen nothing it leaves everything to the network, so
its escape is the network's own distribution instead of even odds:

    p_view(s) = share of s + left * p_network(s)

The views are combined by ``short_term.combine`` (a weighted geometric mean in which the
sure ones count more), and then the network with them, in fixed parts:

    log p(s)  =  (1 - c) log p_network(s) + c log p_views(s) + constant

over the legal values, with c = closeness times the field's weight in ``ear.weights``.
Closeness is 0 (the network alone) to 1. Weights, escape and bias were chosen on the
validation pieces of the house models, see ``adaptive.py``.

Symbols: V values of a field, K views of it, O symbols in a context.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

from training.learning.ears import Ear, ear_for
from training.learning.short_term import Array, CountedModel, Escape, combine
from training.music.encodings import Encoding
from training.music.encodings.base import Context, Event

Logits = npt.NDArray[np.float32]

ESCAPE: Escape = "C"
BIAS = 1.0
_LEAST = 1e-30  # no probability is less, so that it has a logarithm
_RELATIVE = 1000  # what is no pitch (a rest, a hold) is this far from any interval


class EventMemory:
    """Learns a piece event by event and tells the network what to expect of it.

    Plain Python, for the inner loop of composing: it does not depend on the length of
    the piece. One memory may learn a beginning and be copied for every draft.
    """

    __slots__ = ("_closeness", "_ear", "_models")

    def __init__(self, encoding: Encoding, *, closeness: float) -> None:
        if not 0.0 <= closeness <= 1.0:
            raise ValueError(f"Closeness is a number from 0 to 1, not {closeness}.")
        self._ear: Ear = ear_for(encoding)
        self._closeness = closeness
        self._models = [
            [CountedModel(order, ESCAPE) for order in orders]
            for orders in self._ear.orders
        ]

    def copy(self) -> EventMemory:
        """An independent memory of the same past."""
        other = EventMemory.__new__(EventMemory)
        other._closeness, other._ear = self._closeness, self._ear.copy()
        other._models = [[m.copy() for m in models] for models in self._models]
        return other

    def learn(self, context: Context, event: Event) -> None:
        """Take in the event that came in ``context``."""
        for field, value in enumerate(event):
            asked = self._ear.ask(field, context, event[:field])
            for model, (past, base) in zip(self._models[field], asked, strict=True):
                model.learn(past, self._symbol(field, value, base))
        self._ear.hear(context, event)

    def mix(
        self, field: int, context: Context, chosen: Event, logits: Logits
    ) -> Logits:
        """(V,) logits of ``field`` as the network and the memory together rate it.

        ``logits`` (V,) are the network's, -inf where a value is not legal; ``chosen``
        are the event's fields before this one.
        """
        share = self._closeness * self._ear.weights[field]
        legal = np.flatnonzero(logits > -np.inf)
        if share == 0.0 or len(legal) == 1:
            return logits
        own = logits[legal].astype(np.float64)
        own -= own.max()
        own -= np.log(np.exp(own).sum())
        said = self._views(field, context, chosen, legal, own)
        mixed = np.full(len(logits), -np.inf, np.float32)
        together = combine(said, BIAS)
        mixed[legal] = (1 - share) * own + share * np.log(np.maximum(together, _LEAST))
        return mixed

    def _views(
        self,
        field: int,
        context: Context,
        chosen: Event,
        legal: npt.NDArray[np.intp],
        own: Array,
    ) -> Array:
        """(K, legal values): what each view expects, or else the network."""
        asked = self._ear.ask(field, context, chosen)
        column = {value: i for i, value in enumerate(legal.tolist())}
        probs = np.exp(own)
        said = np.empty((len(asked), len(legal)))
        for model, row, (past, base) in zip(
            self._models[field], said, asked, strict=True
        ):
            shares, left = model.recall(past)
            np.multiply(probs, left, out=row)
            for symbol, part in shares.items():
                place = column.get(self._value(symbol, base))
                if place is not None:
                    row[place] += part
        np.maximum(said, _LEAST, out=said)
        said /= said.sum(axis=1, keepdims=True)
        return said

    def _symbol(self, field: int, value: int, base: int | None) -> int:
        if base is None:
            return value
        return value - base if value >= self._ear.first_pitch else value - _RELATIVE

    @staticmethod
    def _value(symbol: Hashable, base: int | None) -> int:
        assert isinstance(symbol, int)
        if base is None:
            return symbol
        return symbol + base if symbol > -_RELATIVE // 2 else symbol + _RELATIVE
