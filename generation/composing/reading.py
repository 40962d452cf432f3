"""A finished piece as its model reads it, whoever wrote it and however.

The same notes can be written in several ways: a long note of several events in one
order or another, a rest by who keeps it. What a piece is judged by is one of them, the
encoding's own; and what a memory of the piece had to say while it was written is not in
it. So notes that stand alike are as surprising in a piece, in one that was edited from
it, and in the same one brought from a file.
"""

from __future__ import annotations

from generation.composing.constraints import ConstrainedDraft
from generation.composing.filtering import Filter, Particle
from generation.composing.guides.base import Run, Wanted
from generation.composing.network import Network
from generation.composing.sampler import Line, Sampling
from generation.composing.source import NOTES
from generation.composing.steering import guide_of
from training.music.encodings import Encoding, Form
from training.music.score import Score


def as_read(
    network: Network, encoding: Encoding, form: Form, score: Score, *, max_events: int
) -> Line:
    """The events that spell ``score``, which is in the words of ``form``."""
    length = form.length_ticks
    runs = tuple((Run(NOTES, 0, length, part.notes),) for part in score.parts)
    guide = guide_of(encoding, Wanted(form, runs))
    draft = ConstrainedDraft(encoding, form, (None,) * len(encoding.fields))
    reader = Filter(
        network,
        Particle(draft, guide, None),
        seed=0,
        sampling=Sampling(),
        max_events=max_events,
    )
    reader.read()
    return reader.line(0)
