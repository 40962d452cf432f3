"""A piece around what is given: particles write it, the best of them is kept.

What all share is read once. Particles write from the first place that is open to a
little after the last, so that each is weighed by how it joins what follows; then they
are drawn by their weights, those that differ are judged, and only the chosen one reads
the rest. A memory of the piece learns from what is given and has a say in what is new;
how surprising given notes are is the network's own opinion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from generation.composing.constraints import ConstrainedDraft
from generation.composing.filtering import Filter, Particle
from generation.composing.guides.base import Wanted
from generation.composing.judgement import fault, staleness
from generation.composing.network import Network
from generation.composing.recipe import BadRequest, ComposeRequest
from generation.composing.sampler import Line, Sampling
from generation.composing.source import NOTES
from generation.composing.steering import Parts, Steering
from generation.composing.weighing import Stuck
from training.learning.event_memory import EventMemory
from training.music.encodings import Encoding
from training.music.score import Note, Score

#: So much of what is kept after the last open place weighs the particles.
LOOK_AHEAD_BARS = 2
#: So many of the particles are judged, which takes longer than it took to write them.
MOST_JUDGED = 8


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where particles write, in ticks."""

    start: int
    end: int  # of what is open
    judged_at: int  # and what is given has been weighed as far as here


def stretch_of(wanted: Wanted) -> Stretch:
    start, end = wanted.open_ticks
    ahead = end + LOOK_AHEAD_BARS * wanted.form.metre.bar_ticks
    return Stretch(start, end, min(ahead, wanted.form.length_ticks))


def is_weighed(wanted: Wanted) -> bool:
    """Whether much is given where particles write, so that some fit it better."""
    start, bar = stretch_of(wanted).start, wanted.form.metre.bar_ticks
    return any(run.end_tick - start > bar for runs in wanted.runs for run in runs)


def barriers(wanted: Wanted) -> list[int]:
    """Where particles are compared: bar lines, the edges of what is kept, the end."""
    stretch, form = stretch_of(wanted), wanted.form
    lines = range(form.pickup_ticks, form.length_ticks, form.metre.bar_ticks)
    return sorted(
        {
            tick
            for tick in (*lines, *wanted.edges, stretch.judged_at)
            if stretch.start < tick <= stretch.judged_at
        }
    )


def write_around(
    network: Network,
    steering: Steering,
    draft: ConstrainedDraft,
    encoding: Encoding,
    request: ComposeRequest,
    *,
    max_events: int,
    typical_bits: float | None,
) -> Line:
    """The whole piece's events. ``request.candidates`` is the number of particles.

    Raises ``BadRequest`` where what is kept leaves no way.
    """
    wanted = steering.wanted
    stretch = stretch_of(wanted)
    memory = None
    if request.closeness:
        memory = EventMemory(encoding, closeness=request.closeness)
    writers = Filter(
        network,
        Particle(draft, steering.guide, memory),
        seed=request.seed,
        sampling=Sampling(request.temperature, request.top_k, request.top_p),
        likeness=request.likeness,
        max_events=max_events,
    )
    try:
        writers.read(stretch.start, is_recalled=False)
        writers.part(request.candidates)
        writers.write(barriers(wanted))
        writers.redraw()
        writers.choose(_best(writers, steering, encoding, request, typical_bits))
        writers.finish()
    except Stuck as reason:
        raise BadRequest(
            f"{reason} Keep less, ask for a shorter piece, or lower the temperature."
        ) from None
    return writers.line(0)


def _best(
    writers: Filter,
    steering: Steering,
    encoding: Encoding,
    request: ComposeRequest,
    typical_bits: float | None,
) -> int:
    """The number of the particle with the least fault, among some that differ.

    They weigh the same, having been drawn by their weights.
    """
    differing = {id(p.trail): i for i, p in enumerate(writers.particles)}
    numbers = sorted(differing.values())[:MOST_JUDGED]
    if len(numbers) == 1:
        return numbers[0]
    wanted = steering.wanted
    start = stretch_of(wanted).start
    lines = [writers.line(number, from_tick=start) for number in numbers]
    costs = [line.bits.sum() / max(1, len(line.events)) for line in lines]
    typical = float(typical_bits or np.mean(costs))
    old = _open_notes(steering.source, wanted)
    faults = []
    for number, cost in zip(numbers, costs, strict=True):
        written = writers.line(number, without_bits=True)
        score = _completed(encoding.decode(written.events, wanted.form), wanted)
        new = _open_notes(tuple(part.notes for part in score.parts), wanted)
        faults.append(
            fault(
                score,
                bits_per_event=float(cost),
                typical_bits=typical,
                new=_neighbourhood(score, wanted),
            )
            + staleness(new, old, likeness=request.likeness)
        )
    return numbers[int(np.argmin(faults))]


def _completed(score: Score, wanted: Wanted) -> Score:
    """``score``, written a little past the last open place, with what is kept after."""
    end = stretch_of(wanted).end
    parts = tuple(
        replace(
            part,
            notes=(
                *(note for note in part.notes if note.start_tick < end),
                *(
                    note
                    for run in runs
                    for note in run.notes
                    if run.what == NOTES and note.start_tick >= end
                ),
            ),
        )
        for part, runs in zip(score.parts, wanted.runs, strict=True)
    )
    return replace(score, parts=parts)


def _neighbourhood(score: Score, wanted: Wanted) -> Score:
    """What sounds where something was written, and in a bar before and after."""
    stretch, bar = stretch_of(wanted), wanted.form.metre.bar_ticks
    start, end = stretch.start - bar, stretch.end + bar
    parts = tuple(
        replace(part, notes=tuple(n for n in part.notes if start <= n.start_tick < end))
        for part in score.parts
    )
    return replace(score, parts=parts)


def _open_notes(parts: Parts, wanted: Wanted) -> list[list[Note]]:
    """Of each part the notes in places that are written anew."""
    return [
        [note for note, kept in zip(notes, _kept(notes, runs), strict=True) if not kept]
        for notes, runs in zip(parts, _notes_runs(wanted), strict=True)
    ]


def kept_notes(score: Score, wanted: Wanted) -> list[bool]:
    """Which notes of ``score`` are the source's, part after part."""
    return [
        is_kept
        for part, runs in zip(score.parts, _notes_runs(wanted), strict=True)
        for is_kept in _kept(part.notes, runs)
    ]


def _notes_runs(wanted: Wanted) -> Iterator[list[tuple[int, int]]]:
    for runs in wanted.runs:
        yield [(run.start_tick, run.end_tick) for run in runs if run.what == NOTES]


def _kept(notes: tuple[Note, ...], runs: list[tuple[int, int]]) -> list[bool]:
    return [
        any(start <= note.start_tick < end for start, end in runs) for note in notes
    ]
