"""Writing pieces event by event: the network rates, chance decides. NumPy only.

Several drafts are written side by side, because reading the network's weights is what
takes time and one reading serves them all. Each draft has its own chances, so that it
becomes the same piece in any company.

Symbols: B drafts side by side, F event fields, C context fields, V_f values of field f,
T events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import is_

import numpy as np
import numpy.typing as npt

from generation.composing.network import Float32s, Float64s, Ints, Network
from training.learning.event_memory import EventMemory, mix_all
from training.music.encodings.base import Context, Event, Mask, Walk

_CHUNK = 64  # events for which chances are drawn at once


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a value is drawn from its logits.

    ``temperature`` divides them. Of what is likely then ``top_k`` keeps the k best (0:
    all; ties with the last one stay; Fan et al. 2018) and after it ``top_p`` the fewest
    values that together hold that share of the probability, the nucleus (Holtzman et
    al. 2020).
    """

    temperature: float = 1.0  # > 0
    top_k: int = 0
    top_p: float = 1.0  # (0, 1]


def draw(logits: Float32s, chances: Float32s, sampling: Sampling) -> Ints:
    """One value for each row of ``logits`` (B, V), in proportion to its probability.

    Illegal values are -inf; each row has a legal one. ``chances`` (B, V) come from
    ``Chances``: independent, Gumbel distributed, times the temperature. The greatest
    sum of logit and chance stands at each value as often as its probability says
    (Gumbel 1954; Maddison et al. 2014). With the same seed, a slightly different
    temperature or mask changes few of the values drawn.
    """
    if 0 < sampling.top_k < logits.shape[1]:
        kth = np.partition(logits, -sampling.top_k, axis=1)[:, [-sampling.top_k]]
        logits = np.where(logits < kth, np.float32(-np.inf), logits)
    if sampling.top_p < 1.0:
        logits = _nucleus(logits, sampling)
    picks: Ints = (logits + chances).argmax(axis=1)
    return picks


def _nucleus(logits: Float32s, sampling: Sampling) -> Float32s:
    """-inf for all but the fewest values with ``top_p`` of each row's probability."""
    falling = np.sort(logits, axis=1)[:, ::-1]
    likelihoods = np.exp((falling - falling[:, :1]) / sampling.temperature)
    cumulative = likelihoods.cumsum(axis=1, dtype=np.float64)
    outside = cumulative >= sampling.top_p * cumulative[:, -1:]  # from the last inside
    last = outside.argmax(axis=1)
    least = falling[np.arange(len(falling)), last]
    return np.where(logits < least[:, None], np.float32(-np.inf), logits)


class Chances:
    """The chances of one draft: Gumbel numbers that follow from (seed, candidate).

    Made from the raw output of a Philox counter (Salmon et al. 2011), whose stream
    NumPy promises never to change. They do not depend on how many drafts are written at
    once.
    """

    def __init__(self, seed: int, candidate: int, sizes: Sequence[int]) -> None:
        """``sizes`` are V_f of each field."""
        sequence = np.random.SeedSequence(seed, spawn_key=(candidate,))
        self._bits = np.random.Philox(sequence)
        self._bounds = np.cumsum([0, *sizes]).tolist()

    def draw(self, events: int, temperature: float = 1.0) -> list[Float32s]:
        """For each field (events, V_f): the next chances times ``temperature``."""
        raw = np.asarray(self._bits.random_raw(events * self._bounds[-1]))
        uniform = ((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
        gumbel = -temperature * np.log(-np.log(uniform))
        table = gumbel.astype(np.float32).reshape(events, -1)
        bounds = self._bounds
        return [
            table[:, start:end]
            for start, end in zip(bounds[:-1], bounds[1:], strict=True)
        ]


class Draft:
    """A piece in the making: a walk, and what is asked of it beyond what is legal."""

    __slots__ = ("walk",)

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def allowed(self, field: int, chosen: Event, legal: Mask) -> Mask:
        """``legal``, or fewer values. At least one must stay."""
        return legal

    def advance(self, event: Event) -> None:
        self.walk.advance(event)


@dataclass(frozen=True, slots=True)
class Line:
    """What ``sample`` wrote for one draft.

    ``bits`` is -log2 of the probability that the network (with the memory, where there
    is one) gave each field, among the legal values and at temperature 1, whatever the
    sampling.
    """

    events: npt.NDArray[np.int16]  # (T, F)
    contexts: npt.NDArray[np.int16]  # (T, C)
    ticks: npt.NDArray[np.int64]  # (T,) where each event starts
    bits: Float64s  # (T, F)
    is_finished: bool  # the walk is done; False when ``max_events`` came first


def sample(
    network: Network,
    drafts: Sequence[Draft],
    *,
    seed: int,
    sampling: Sampling | None = None,
    max_events: int,
    memory: EventMemory | None = None,
) -> list[Line]:
    """Write every draft on until its walk is done, side by side.

    Draft number i draws from ``Chances(seed, i)``, so it becomes the same piece in any
    company (but for the last bits of the arithmetic, which differ with the batch).
    With a ``memory``, that of each draft learns what the draft writes.
    """
    scribe = _Scribe(network, drafts, seed, sampling or Sampling())
    scribe.remember(memory)
    for _ in range(max_events):
        if not scribe.active:
            break
        scribe.write_event()
    return scribe.lines()


class _Scribe:
    """The loop of ``sample``, cut into methods."""

    def __init__(
        self, network: Network, drafts: Sequence[Draft], seed: int, sampling: Sampling
    ) -> None:
        self._network = network
        self._drafts = drafts
        self._sampling = sampling
        self._fields = range(network.num_fields)
        sizes = network.field_sizes
        self._chances = [Chances(seed, i, sizes) for i in range(len(drafts))]
        self._chunk: list[Float32s] = []  # for each field (_CHUNK, active, V_f)
        # Of each step: who was active, where, in which context, and what each wrote.
        self._who: list[list[int]] = []
        self._ticks: list[int] = []
        self._contexts: list[Context] = []
        self._events: list[Event] = []
        self._logits: list[list[Float32s]] = [[] for _ in self._fields]  # legal ones
        self.active = [i for i, draft in enumerate(drafts) if not draft.walk.is_done]
        self._state = network.start(len(self.active))
        self._open = [drafts[i] for i in self.active]
        self._written = 0  # events for which chances were drawn
        self._memories: list[EventMemory] = []  # of the open drafts, if they have any

    def remember(self, memory: EventMemory | None) -> None:
        """Every draft goes on from a memory of its own."""
        if memory:
            self._memories = [memory.copy() for _ in self._open]

    def write_event(self) -> None:
        """One event for every active draft."""
        drafts = self._open
        chances = self._next_chances()
        contexts = [draft.walk.context() for draft in drafts]
        heads = self._network.step(contexts, self._state)
        chosen: list[Event] = [()] * len(drafts)
        columns: list[Ints] = []
        for field in self._fields:
            logits = self._network.field_logits(field, heads, columns)
            if self._memories:
                logits = self._remembered(field, contexts, chosen, logits)
            logits = self._masked(field, chosen, logits)
            picks = draw(logits, chances[field], self._sampling)
            columns.append(picks)
            chosen = [(*c, p) for c, p in zip(chosen, picks.tolist(), strict=True)]
        self._who.append(self.active)
        self._ticks += [draft.walk.tick for draft in drafts]
        self._contexts += contexts
        self._events += chosen
        self._written += 1
        for memory, context, event in zip(
            self._memories, contexts, chosen, strict=False
        ):
            memory.learn(context, event)
        is_any_done = False
        for draft, event in zip(drafts, chosen, strict=True):
            draft.advance(event)
            is_any_done = is_any_done or draft.walk.is_done
        if is_any_done:
            self._retire()

    def _masked(self, field: int, chosen: list[Event], logits: Float32s) -> Float32s:
        """``logits`` with -inf where a value is not allowed; notes the legal ones."""
        masks = [
            draft.walk.legal(field, before)
            for draft, before in zip(self._open, chosen, strict=True)
        ]
        allowed = [
            draft.allowed(field, before, mask)
            for draft, before, mask in zip(self._open, chosen, masks, strict=True)
        ]
        logits += _rows(masks)
        self._logits[field].append(logits)
        if all(map(is_, allowed, masks)):
            return logits
        return logits + _rows(allowed)

    def _remembered(
        self,
        field: int,
        contexts: list[Context],
        chosen: list[Event],
        logits: Float32s,
    ) -> Float32s:
        """``logits`` of the legal values as the drafts' memories would have them."""
        masks = [
            draft.walk.legal(field, before)
            for draft, before in zip(self._open, chosen, strict=True)
        ]
        return mix_all(self._memories, field, contexts, chosen, logits + _rows(masks))

    def _next_chances(self) -> list[Float32s]:
        """For each field (active, V_f)."""
        time = self._written % _CHUNK
        if time == 0:
            temperature = self._sampling.temperature
            drawn = [self._chances[i].draw(_CHUNK, temperature) for i in self.active]
            self._chunk = [
                np.stack([tables[field] for tables in drawn], axis=1)
                for field in self._fields
            ]
        return [table[time] for table in self._chunk]

    def _retire(self) -> None:
        """Drop the drafts that are done from the batch."""
        rows = [row for row, draft in enumerate(self._open) if not draft.walk.is_done]
        self._open = [self._open[row] for row in rows]
        self.active = [self.active[row] for row in rows]
        self._chunk = [table[:, rows] for table in self._chunk]
        if self._memories:
            self._memories = [self._memories[row] for row in rows]
        if rows:
            self._state = self._state.take(self._network, rows)

    def lines(self) -> list[Line]:
        who = np.array([i for active in self._who for i in active], np.intp)
        ticks = np.array(self._ticks, np.int64)
        contexts = _table(self._contexts, self._network.num_contexts)
        events = _table(self._events, self._network.num_fields)
        bits = np.zeros(events.shape)
        for field, logits in enumerate(self._logits):
            if logits:
                chosen = events[:, field].astype(np.intp)
                bits[:, field] = surprise(np.concatenate(logits), chosen)
        return [
            Line(
                events=events[who == i],
                contexts=contexts[who == i],
                ticks=ticks[who == i],
                bits=bits[who == i],
                is_finished=draft.walk.is_done,
            )
            for i, draft in enumerate(self._drafts)
        ]


def _rows(masks: list[Mask]) -> Mask:
    """(B, V), or (V,) for one."""
    return masks[0] if len(masks) == 1 else np.array(masks)


def surprise(logits: Float32s, chosen: Ints) -> Float64s:
    """-log2 of the probability of ``chosen`` (N,) under ``logits`` (N, V), in bits."""
    values = logits.astype(np.float64)
    values -= values.max(axis=1, keepdims=True)
    total = np.log(np.exp(values).sum(axis=1))
    picked = values[np.arange(len(values)), chosen]
    return np.asarray((total - picked) / np.log(2.0))


def _table(rows: Sequence[tuple[int, ...]], width: int) -> npt.NDArray[np.int16]:
    return np.array(rows, np.int16).reshape(len(rows), width)
