"""Writing around what is given: a particle filter over the batched sampler. NumPy only.

The music wanted is the model's, given that the kept notes stand where they stand:

    p(events | given)  in proportion to  product over fields of p(value) [value fits]

A *particle* is a draft that writes with the model narrowed to what fits (its proposal);
what the narrowing left out is made up for by its weight (Doucet et al. 2001; Lew et al.
2023 for language models):

    log w  +=  log (mass of what fits)  -  log (mass of all that is wished for)

both under the model at the sampling temperature, its wishes (range, endings, rules of
part-writing) included. Where the effective number of particles falls below half, they
are drawn anew in proportion to their weights (systematic resampling, Kitagawa 1996),
and the likely ones go on in several ways. Events differ in length, so particles are
compared only where time is the same for all: at *barriers*, at which those that are
early wait.

Particles that have done the same so far are one: the network reads for them once, and
what they hold is copied when one of them chooses otherwise.

A wish that what is given breaks gives way, at a price that is the same for all such:
``BROKEN_WISH``. With ``Sampling.top_k`` and ``top_p`` the proposal is cut off, but the
masses are those of the whole model.

``likeness`` tilts the model itself: the value that the music to be like has at a place
is given ``likeness * MOST_LIKENESS`` nats more, in the proposal and in both masses.

Symbols: B active particles that differ, F event fields, V_f values of field f.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any

import numpy as np

from generation.composing.constraints import ConstrainedDraft
from generation.composing.forks import Forks
from generation.composing.guides.base import Guide
from generation.composing.network import Float32s, Float64s, Network, State
from generation.composing.sampler import Chances, Line, Sampling, draw, surprise
from generation.composing.weighing import (
    Met,
    Stuck,
    log_mean,
    meeting,
    rows_of,
    shares_of,
    systematic,
)
from training.learning.event_memory import EventMemory, mix_all
from training.music.encodings.base import Context, Event, Mask

#: How much likelier, in nats, the source's own value is at a likeness of 1.
MOST_LIKENESS = 7.0
#: Below this share of effective particles they are drawn anew.
ENOUGH = 0.5
#: The number of the chances by which particles are drawn; those of drafts count from 0.
FILTER_CHANCES = 2**32 - 2
#: Colder than this, particles are weighed as if at it: all but the likeliest value is
#: out of reach already, and divided by less, logits leave the range of float32.
_COLDEST = 1e-3
_CHUNK = 16  # events for which chances are drawn at once

_Trail = tuple["_Trail", int, int] | None  # what came before, the step, the row in it


@dataclass(slots=True)
class Particle:
    """A piece in the making."""

    draft: ConstrainedDraft
    guide: Guide[Any]
    memory: EventMemory | None
    trail: _Trail = None

    def copy(self) -> Particle:
        return Particle(
            self.draft.copy(),
            self.guide.copy(),
            self.memory.copy() if self.memory else None,
            self.trail,
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """One event of every active particle."""

    contexts: list[Context]
    ticks: list[int]
    events: list[Event]
    logits: list[Float32s]  # for each field (B, V_f), of legal values


class Filter:
    """Particles side by side, from the first event of a piece to its last."""

    def __init__(
        self,
        network: Network,
        particle: Particle,
        *,
        seed: int,
        sampling: Sampling,
        likeness: float = 0.0,
        max_events: int,
    ) -> None:
        """``particle`` stands at the beginning; at most ``max_events`` are written."""
        self._network = network
        self._fields = range(network.num_fields)
        self._seed, self._sampling = seed, sampling
        self._temperature = max(sampling.temperature, _COLDEST)
        self._tilt = np.float32(likeness * MOST_LIKENESS * self._temperature)
        self._left = max_events
        self.particles = [particle]
        self.weights = np.zeros(1)  # log
        #: log of the probability of what is given, as the particles estimate it.
        self.log_evidence = 0.0
        self._steps: list[_Step] = []
        self._met: dict[tuple[int, int, int], Met] = {}
        self._only: dict[tuple[int, int], tuple[int, Mask, Mask | None]] = {}
        # Of the particles that go on: their numbers, and the network's state of them.
        # Those that have done the same are one, a row of the state, until they part.
        self._active = [0]
        self._row_of = [0]
        self._state = network.start(1)
        self._waiting: dict[int, tuple[State, int]] = {}
        self._chances: list[Chances] = []
        self._chunk: list[Float32s] = []  # for each field (_CHUNK, particles, V_f)
        self._written = 0
        self._resampling = np.random.Philox(
            np.random.SeedSequence(seed, spawn_key=(FILTER_CHANCES,))
        )

    def read(self, until_tick: int | None = None, *, is_recalled: bool = True) -> None:
        """Take what is given in full, with a single particle: up to ``until_tick``.

        None: as far as possible. Unless ``is_recalled``, a memory learns from what is
        given without having a say in how surprising that is, which takes long.
        """
        (particle,) = self.particles
        draft, guide = particle.draft, particle.guide
        walk = draft.walk
        contexts, ticks, events = [], [], []
        legal: list[list[Mask]] = [[] for _ in self._fields]
        while not walk.is_done and guide.is_given(walk):
            if until_tick is not None and walk.tick >= until_tick:
                break
            event: Event = ()
            for field in self._fields:
                mask = walk.legal(field, event)
                legal[field].append(mask)
                event = (*event, self._given(guide.narrow(walk, field, event), mask))
            contexts.append(walk.context())
            ticks.append(walk.tick)
            events.append(event)
            guide.advance(walk, event)
            draft.advance(event)
        if not events:
            return
        logits = self._network.read(contexts, events, self._state)
        for field in self._fields:
            logits[field] += np.array(legal[field])
        for time, event in enumerate(events):
            rows = [table[time : time + 1] for table in logits]
            if particle.memory:
                for field, row in enumerate(rows if is_recalled else ()):
                    row[0] = particle.memory.mix(
                        field, contexts[time], event[:field], row[0]
                    )
                particle.memory.learn(contexts[time], event)
            step = _Step([contexts[time]], [ticks[time]], [event], rows)
            particle.trail = (particle.trail, len(self._steps), 0)
            self._steps.append(step)

    def _given(self, given: Mask | None, legal: Mask) -> int:
        """The value that what is given leaves."""
        names = (id(legal), id(given))
        known = self._only.get(names)
        if known is None:
            both = legal if given is None else legal + given
            known = (int(both.argmax()), legal, given)
            self._only[names] = known
        return known[0]

    def read_event(self) -> tuple[Event, list[Float32s]]:
        """Take the next event, which is given, with a single particle.

        Returns it and, for each field, the logits (V_f,) of its legal values.
        """
        self._write_event(is_given=True)
        step = self._steps[-1]
        return step.events[0], [logits[0] for logits in step.logits]

    def part(self, particles: int) -> None:
        """Go on with so many, which stand at the same place."""
        self.particles *= particles
        self.weights = np.repeat(self.weights, particles)
        self._active = list(range(particles))
        self._row_of = [0] * particles
        sizes = self._network.field_sizes
        self._chances = [Chances(self._seed, i, sizes) for i in self._active]
        self._written = 0

    def write(self, barriers: Sequence[int]) -> None:
        """Write up to the last of ``barriers`` (rising ticks), comparing at each.

        Raises ``Stuck``.
        """
        for barrier in barriers:
            self._wait(barrier)
            while self._active:
                self._write_event()
                self._wait(barrier)
            self._compare()

    def choose(self, number: int) -> None:
        """Go on with one particle alone."""
        row = self._row_of[self._active.index(number)]
        self._state = self._state.take(self._network, [row])
        self._row_of = [0]
        self.particles = [self.particles[number]]
        self.weights = self.weights[[number]]
        self._active = [0]
        if self._chances:
            self._chances = [self._chances[number]]
            self._chunk = [table[:, [number]] for table in self._chunk]

    def finish(self) -> None:
        """Write the one particle that is left to its end, all of it given."""
        (particle,) = self.particles
        particle.memory = None  # What is to come is not chosen any more.
        while not particle.draft.walk.is_done:
            self.read()
            if not particle.draft.walk.is_done:
                self._write_event()

    def redraw(self) -> None:
        """Draw the particles anew, so that all weigh the same."""
        self._resample(shares_of(self.weights))

    def line(
        self, number: int, *, from_tick: int = 0, without_bits: bool = False
    ) -> Line:
        """What a particle has written, from ``from_tick`` on."""
        rows = []
        trail = self.particles[number].trail
        while trail is not None:
            trail, step, row = trail
            if self._steps[step].ticks[row] < from_tick:
                break
            rows.append((self._steps[step], row))
        rows.reverse()
        events = np.array([s.events[row] for s, row in rows], np.int16)
        events = events.reshape(len(rows), self._network.num_fields)
        bits = np.zeros(events.shape)
        for field in self._fields if rows and not without_bits else ():
            logits = np.array([s.logits[field][row] for s, row in rows])
            bits[:, field] = surprise(logits, events[:, field].astype(np.intp))
        contexts = np.array([s.contexts[row] for s, row in rows], np.int16)
        return Line(
            events=events,
            contexts=contexts.reshape(len(rows), self._network.num_contexts),
            ticks=np.array([s.ticks[row] for s, row in rows], np.int64),
            bits=bits,
            is_finished=self.particles[number].draft.walk.is_done,
        )

    # One event -----------------------------------------------------------------------

    def _write_event(self, *, is_given: bool = False) -> None:
        """One event for every active particle; without chances where it is given."""
        if not self._left:
            raise Stuck("It grew too long.")
        self._left -= 1
        branches = self._branches()
        contexts = [p.draft.walk.context() for p in branches]
        heads = self._network.step(contexts, self._state)
        chances = None if is_given else self._next_chances()
        forks = Forks(len(branches), self._row_of)
        found: list[Float32s] = []
        for field in self._fields:
            logits = self._network.field_logits(
                field, heads, forks.columns, forks.branch
            )
            particles = [branches[row] for row in forks.branch]
            legal = [
                p.draft.walk.legal(field, c)
                for p, c in zip(particles, forks.chosen, strict=True)
            ]
            logits += rows_of(legal)
            memories = [p.memory for p in particles if p.memory]
            if memories:
                own = [contexts[row] for row in forks.branch]
                logits = mix_all(memories, field, own, forks.chosen, logits)
            found.append(logits)
            fitting = self._fitting(field, particles, forks, legal, logits, is_given)
            if chances is None:
                picks = fitting.argmax(axis=1)
            else:
                picks = draw(forks.each(fitting), chances[field], self._sampling)
            forks.part(picks.tolist())
        self._take(branches, contexts, forks, found)

    def _branches(self) -> list[Particle]:
        """What the active particles are, those that are alike only once."""
        branches: list[Particle | None] = [None] * self._state.batch
        for number, row in zip(self._active, self._row_of, strict=True):
            branches[row] = self.particles[number]
        return [particle for particle in branches if particle is not None]

    def _take(
        self,
        branches: list[Particle],
        contexts: list[Context],
        forks: Forks,
        logits: list[Float32s],
    ) -> None:
        """Everybody takes the event that was chosen; who differs now stands alone."""
        step = _Step(
            [contexts[row] for row in forks.branch],
            [branches[row].draft.walk.tick for row in forks.branch],
            forks.chosen,
            [forks.as_chosen(field, table) for field, table in enumerate(logits)],
        )
        self._steps.append(step)
        seen: set[int] = set()
        taken = []
        for row in forks.branch:
            taken.append(branches[row].copy() if row in seen else branches[row])
            seen.add(row)
        if len(taken) > len(branches):
            for number, row in zip(self._active, forks.row_of, strict=True):
                self.particles[number] = taken[row]
            self._state = self._state.take(self._network, forks.branch)
        self._row_of = forks.row_of
        number = len(self._steps) - 1
        for row, (particle, event) in enumerate(zip(taken, forks.chosen, strict=True)):
            if particle.memory:
                particle.memory.learn(step.contexts[row], event)
            particle.guide.advance(particle.draft.walk, event)
            particle.draft.advance(event)
            particle.trail = (particle.trail, number, row)

    def _fitting(
        self,
        field: int,
        particles: list[Particle],
        forks: Forks,
        legal: list[Mask],
        logits: Float32s,
        is_given: bool,
    ) -> Float32s:
        """The model's logits of what fits; the weights take what is lost by it."""
        met: list[Met] = []
        known = self._met
        for particle, before, mask in zip(particles, forks.chosen, legal, strict=True):
            draft = particle.draft
            given = particle.guide.narrow(draft.walk, field, before)
            wished = draft.allowed(field, before, mask)
            names = id(mask), id(wished), id(given)
            own = known.get(names)
            if own is None:
                own = known[names] = meeting(mask, wished, given)
            met.append(own)
        if self._tilt:
            logits = self._tilted(field, particles, forks.chosen, logits)
        base = [m.base for m in met]
        model = logits if all(map(is_, base, legal)) else logits + rows_of(base)
        fitting = [m.fitting for m in met]
        if is_given:  # By the one that reads for all.
            return logits + rows_of(fitting)
        if all(m.is_free for m in met):
            return model
        proposal = logits + rows_of(fitting)
        lost = self._log_mass(proposal) - self._log_mass(model)
        for row, m in enumerate(met):
            if m.price:
                lost[row] -= m.price
            if m.is_dead:
                lost[row] = -np.inf
        self.weights[self._active] += forks.each(lost)
        return proposal

    def _tilted(
        self,
        field: int,
        particles: list[Particle],
        chosen: list[Event],
        logits: Float32s,
    ) -> Float32s:
        likes = np.array(
            [
                p.guide.like(p.draft.walk, field, before)
                for p, before in zip(particles, chosen, strict=True)
            ]
        )
        rows = np.flatnonzero(likes >= 0)
        if not len(rows):
            return logits
        logits = logits.copy()
        logits[rows, likes[rows]] += self._tilt
        return logits

    def _log_mass(self, logits: Float32s) -> Float64s:
        """(B,) log of the sum of exp(logits / temperature)."""
        most = logits.max(axis=1)
        scaled = (logits - most[:, None]) / self._temperature
        sums = np.exp(scaled).sum(axis=1, dtype=np.float64)
        return np.asarray(np.log(sums) + most / self._temperature)

    def _next_chances(self) -> list[Float32s]:
        """For each field (B, V_f). Those who wait let theirs go by."""
        time = self._written % _CHUNK
        if time == 0:
            temperature = self._sampling.temperature
            drawn = [own.draw(_CHUNK, temperature) for own in self._chances]
            self._chunk = [
                np.stack([tables[field] for tables in drawn], axis=1)
                for field in self._fields
            ]
        self._written += 1
        if len(self._active) == len(self.particles):
            return [table[time] for table in self._chunk]
        return [table[time, self._active] for table in self._chunk]

    # At the barriers -----------------------------------------------------------------

    def _wait(self, barrier: int) -> None:
        """Let those wait who are at the barrier, or cannot go on at all."""
        going: list[tuple[int, int]] = []
        for number, row in zip(self._active, self._row_of, strict=True):
            walk = self.particles[number].draft.walk
            is_there = walk.tick >= barrier or walk.is_done
            if is_there or self.weights[number] == -np.inf:
                self._waiting[number] = self._state, row
            else:
                going.append((number, row))
        if len(going) == len(self._active):
            return
        self._active = [number for number, _ in going]
        rows = sorted({row for _, row in going})
        self._row_of = [rows.index(row) for _, row in going]
        if rows:
            self._state = self._state.take(self._network, rows)

    def _compare(self) -> None:
        """All particles are waiting: draw them anew if few of them matter."""
        shares = shares_of(self.weights)
        if 1.0 / np.square(shares).sum() < ENOUGH * len(shares):
            self._resample(shares)
            return
        self._go_on(list(range(len(self.particles))))

    def _resample(self, shares: Float64s) -> None:
        count = len(shares)
        uniform = ((int(self._resampling.random_raw()) >> 12) + 0.5) * 2.0**-52
        chosen = systematic(shares, uniform)
        level = log_mean(self.weights)
        self.log_evidence += level
        if not self._waiting:
            self._waiting = {
                i: (self._state, row) for i, row in enumerate(self._row_of)
            }
        self.particles = [self.particles[ancestor] for ancestor in chosen]
        self.weights = np.zeros(count)
        self._go_on(chosen)

    def _go_on(self, ancestors: list[int]) -> None:
        """Everybody is active again, in the states of their ancestors."""
        places: dict[tuple[int, int], int] = {}
        rows: list[tuple[State, int]] = []
        self._row_of = []
        for ancestor in ancestors:
            state, row = self._waiting[ancestor]
            place = places.setdefault((id(state), row), len(rows))
            if place == len(rows):
                rows.append((state, row))
            self._row_of.append(place)
        first = rows[0][0]
        if all(state is first for state, _ in rows):
            self._state = first.take(self._network, [row for _, row in rows])
        else:
            self._state = State.gathered(self._network, rows)
        self._waiting = {}
        self._active = list(range(len(self.particles)))

    @property
    def evidence(self) -> float:
        """log of the probability of what is given, estimated up to here."""
        return self.log_evidence + log_mean(self.weights)
