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

Symbols: V values of a field, K views of it, B drafts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.learning.dense_counts import DenseCounts, blend
from training.learning.ears import NO_BASE, Ear, ear_for
from training.learning.short_term import combine
from training.music.encodings import Encoding
from training.music.encodings.base import Context, Event

Logits = npt.NDArray[np.float32]

BIAS = 1.0
_SYMBOLS = 4  # of a view, for each value of its field
_LEAST = 1e-30  # no probability is less, so that it has a logarithm


class EventMemory:
    """Learns a piece event by event and tells the network what to expect of it.

    For the inner loop of composing: it does not depend on the length of the piece. One
    memory may learn a beginning and be copied for every draft; ``mix_all`` asks those
    of all drafts at once.
    """

    __slots__ = ("_closeness", "_ear", "_models", "_sizes")

    def __init__(self, encoding: Encoding, *, closeness: float) -> None:
        if not 0.0 <= closeness <= 1.0:
            raise ValueError(f"Closeness is a number from 0 to 1, not {closeness}.")
        self._ear: Ear = ear_for(encoding)
        self._closeness = closeness
        self._sizes = [field.size for field in encoding.fields]
        self._models = [
            [DenseCounts(order, _SYMBOLS * size) for order in orders]
            for size, orders in zip(self._sizes, self._ear.orders, strict=True)
        ]

    def copy(self) -> EventMemory:
        """An independent memory of the same past."""
        other = EventMemory.__new__(EventMemory)
        other._closeness, other._ear = self._closeness, self._ear.copy()
        other._sizes = self._sizes
        other._models = [[m.copy() for m in models] for models in self._models]
        return other

    def learn(self, context: Context, event: Event) -> None:
        """Take in the event that came in ``context``."""
        first = self._ear.first_pitch
        for field, value in enumerate(event):
            asked = self._ear.ask(field, context, event[:field])
            size = self._sizes[field]
            for model, (past, base) in zip(self._models[field], asked, strict=True):
                start = 0 if base is None or value < first else _start(size, base)
                model.learn(past, start + value)
        self._ear.hear(context, event)

    def mix(
        self, field: int, context: Context, chosen: Event, logits: Logits
    ) -> Logits:
        """(V,) logits of ``field`` as the network and the memory together rate it.

        ``logits`` (V,) are the network's, -inf where a value is not legal; ``chosen``
        are the event's fields before this one.
        """
        mixed: Logits = mix_all([self], field, [context], [chosen], logits[None])[0]
        return mixed

    def recall(
        self, field: int, context: Context, chosen: Event, seen: Seen, number: int
    ) -> None:
        """Write what each view has seen into row ``number`` of ``seen``."""
        first = self._ear.first_pitch
        asked = self._ear.ask(field, context, chosen)
        size = self._sizes[field]
        for view, (model, (past, base)) in enumerate(
            zip(self._models[field], asked, strict=True)
        ):
            start = 0 if base is None else _start(size, base)
            for depth, row in enumerate(model.recall(past)):
                counts = row.counts
                place = seen.counts[number, view, depth]
                if start:
                    place[:first] = counts[:first]
                    place[first:] = counts[start + first : start + size]
                else:
                    place[:] = counts[:size]
                seen.totals[number, view, depth] = row.total
                seen.different[number, view, depth] = row.different

    def share_of(self, field: int) -> float:
        """The part of the memory beside the network's."""
        return self._closeness * self._ear.weights[field]

    def seen(self, field: int, drafts: int) -> Seen:
        """Room for what so many memories have seen of ``field``."""
        orders = self._ear.orders[field]
        return Seen(drafts, len(orders), 1 + max(orders), self._sizes[field])


class Seen:
    """What the K views of the memories of B drafts counted, by depth D of context."""

    __slots__ = ("counts", "different", "totals")

    def __init__(self, drafts: int, views: int, depths: int, size: int) -> None:
        self.counts = np.zeros((drafts, views, depths, size))
        self.totals = np.zeros((drafts, views, depths))
        self.different = np.zeros((drafts, views, depths))


def mix_all(
    memories: Sequence[EventMemory],
    field: int,
    contexts: Sequence[Context],
    chosen: Sequence[Event],
    logits: Logits,
) -> Logits:
    """(B, V) logits of ``field`` as the network and each draft's memory rate it.

    As ``EventMemory.mix``, for B drafts with memories of one kind. ``logits`` are not
    changed.
    """
    share = memories[0].share_of(field)
    legal = logits > -np.inf
    sizes = legal.sum(axis=1)
    if share == 0.0 or sizes.max() == 1:
        return logits
    seen = memories[0].seen(field, len(memories))
    for number, (memory, context, before) in enumerate(
        zip(memories, contexts, chosen, strict=True)
    ):
        if sizes[number] > 1:
            memory.recall(field, context, before, seen, number)
    own = logits.astype(np.float64)
    own -= own.max(axis=1, keepdims=True)
    own -= np.log(np.exp(own).sum(axis=1, keepdims=True))
    shares, left = blend(seen.counts, seen.totals, seen.different)
    said = np.maximum(shares + left[..., None] * np.exp(own)[:, None, :], _LEAST)
    said *= legal[:, None, :]
    said /= said.sum(axis=-1, keepdims=True)
    together = combine(said.swapaxes(0, 1), BIAS, np.maximum(sizes, 2))
    mixed = (1 - share) * own + share * np.log(np.maximum(together, _LEAST))
    mixed[sizes == 1] = logits[sizes == 1]
    return np.where(legal, mixed, -np.inf).astype(np.float32)


def _start(size: int, base: int) -> int:
    """What is added to a pitch that is counted from ``base``, or from none yet.

    Symbols are a field's values; then, three times as many: values seen from a base,
    from the lowest to the highest, and those that had none.
    """
    if base == NO_BASE:
        return 3 * size
    return 2 * size - base
