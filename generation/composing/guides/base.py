"""What is given of a piece that is being written, in the words of its encoding.

A *run* is a stretch of one part of which something is kept. A *guide* stands beside a
walk and says, field by field, which values what is given leaves: one where all is
given, none that would sound over an edge, and so on. It knows nothing of what is likely
or legal, and is made once and copied for every particle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, Self, TypeVar

from generation.composing.source import KEPT_AS, NOTES, Keep, clipped
from training.music.encodings.base import Event, Form, Mask, Walk, allow
from training.music.score import Note

W = TypeVar("W", bound=Walk, contravariant=True)
G = TypeVar("G")


@dataclass(frozen=True, slots=True)
class Run:
    """What of one part is kept from ``start_tick`` up to ``end_tick``.

    ``notes`` are the source's there, cut at the edges, as the model would write them.
    """

    what: str  # see ``Keep``
    start_tick: int
    end_tick: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a piece in ``form`` is to be, by the model's parts.

    ``like`` is the music whose values are favoured where they are open, None without;
    ``has_its_rhythm`` says whether its durations are favoured too.
    """

    form: Form
    runs: tuple[tuple[Run, ...], ...]
    like: tuple[tuple[Note, ...], ...] | None = None
    has_its_rhythm: bool = True

    @property
    def open_ticks(self) -> tuple[int, int]:
        """Where the first and the last stretch that are not kept begin and end.

        Equal where nothing is to be written.
        """
        first, last = self.form.length_ticks, 0
        for runs in self.runs:
            tick = 0
            for run in runs:
                if run.what != NOTES:
                    continue
                if run.start_tick > tick:
                    first, last = min(first, tick), max(last, run.start_tick)
                tick = run.end_tick
            if tick < self.form.length_ticks:
                first, last = min(first, tick), self.form.length_ticks
        return (first, last) if first < last else (last, last)

    @property
    def edges(self) -> frozenset[int]:
        return frozenset(
            tick
            for runs in self.runs
            for run in runs
            for tick in (run.start_tick, run.end_tick)
        )


class Guide(Protocol[W]):
    """See the module. ``walk`` is the particle's own, of the guide's encoding."""

    def narrow(self, walk: W, field: int, chosen: Event) -> Mask | None:
        """What the field of the next event may be; None: anything. A shared array."""

    def like(self, walk: W, field: int, chosen: Event) -> int:
        """The value that the music to be like has at this place, or -1."""

    def is_given(self, walk: W) -> bool:
        """Whether all of the next event is given."""

    def advance(self, walk: W, event: Event) -> None:
        """Take ``event``, which the walk has not taken yet."""

    def copy(self) -> Self:
        """An independent guide at the same place."""


def duplicate(guide: G) -> G:
    """A shallow copy, quicker than ``copy.copy``."""
    other = object.__new__(type(guide))
    other.__dict__.update(guide.__dict__)
    return other


@cache
def only(size: int, value: int) -> Mask:
    """A mask that leaves one value."""
    return allow(size, [value])


def runs_of(
    keeps: Sequence[Keep], part: int, notes: Sequence[Note], length_ticks: int
) -> tuple[Run, ...]:
    """What ``keeps`` hold of ``part`` of a source, whose ``notes`` these are.

    Where they overlap, notes count before rhythm and rhythm before pitches. Runs of one
    kind that touch are one.
    """
    spans = [
        (k.start_tick, min(k.end_tick, length_ticks), KEPT_AS.index(k.what))
        for k in keeps
        if (k.parts is None or part in k.parts) and k.start_tick < length_ticks
    ]
    edges = sorted({tick for start, end, _ in spans for tick in (start, end)})
    merged: list[tuple[int, int, int]] = []
    for start, end in zip(edges, edges[1:], strict=False):
        kinds = [kind for a, b, kind in spans if a <= start and end <= b]
        if not kinds:
            continue
        kind = min(kinds)
        if merged and merged[-1][1] == start and merged[-1][2] == kind:
            start = merged.pop()[0]
        merged.append((start, end, kind))
    return tuple(
        Run(KEPT_AS[kind], start, end, clipped(notes, start, end))
        for start, end, kind in merged
    )
