"""What a model thinks of music that is there: how surprising each note is, and why.

The past is read by the network once, up to the note in question; nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.composing.composer import MAX_GIVEN_EVENTS, bits_of_notes, network_of
from generation.composing.constraints import ConstrainedDraft
from generation.composing.filtering import Filter, Particle
from generation.composing.network import Float32s
from generation.composing.recipe import BadRequest, ComposeRequest
from generation.composing.sampler import Sampling, surprise
from generation.composing.source import (
    NOTES,
    Keep,
    Source,
    UnusableSource,
    clipped,
    keep_all,
    source_of,
)
from generation.composing.steering import Steering, steering_of
from training.learning.bundle import Bundle
from training.learning.event_memory import EventMemory
from training.music.encodings import (
    Encoding,
    MelodyEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
    Walk,
)
from training.music.encodings import melody as of_melody
from training.music.encodings import polyphony_walk as of_polyphony
from training.music.encodings.base import Event
from training.music.encodings.melody import DURATIONS, TICKS_PER_STEP
from training.music.encodings.polyphony_walk import TIMES, PolyphonyWalk
from training.music.pitch import Key, spell_pitch
from training.music.score import TICKS_PER_QUARTER, Note, Score

#: How many alternatives are told.
USUAL_ALTERNATIVES = 8
NOTE_VALUES = {
    60: "thirty-second",
    80: "triplet sixteenth",
    90: "dotted thirty-second",
    120: "sixteenth",
    160: "triplet eighth",
    180: "dotted sixteenth",
    240: "eighth",
    320: "triplet quarter",
    360: "dotted eighth",
    480: "quarter",
    640: "triplet half",
    720: "dotted quarter",
    960: "half",
    1440: "dotted half",
    1920: "whole",
    2880: "dotted whole",
}
_UNREADABLE = "This model cannot read these notes one by one. Choose another model."


@dataclass(frozen=True, slots=True)
class Alternative:
    """One value of a note, and how likely the model held it.

    Of a pitch, ``pitch`` is MIDI, or None for what is no note: a rest, or what sounded
    before going on. Of a rhythm, ``duration_ticks`` is how long it lasts, at most up to
    the bar line in a melody.
    """

    name: str
    probability: float  # among all that was legal there
    is_chosen: bool  # it stands in the piece
    pitch: int | None = None
    duration_ticks: int | None = None


@dataclass(frozen=True, slots=True)
class Thought:
    """What a model thought where a note begins, the likeliest first.

    ``durations`` is empty where the encoding lets time decide (voices, quarter notes).
    ``bits`` is how surprising the note was, all of it.
    """

    pitches: tuple[Alternative, ...]
    durations: tuple[Alternative, ...]
    bits: float


def surprise_of(
    bundle: Bundle, score: Score, *, closeness: float = 0.0
) -> npt.NDArray[np.float64]:
    """Bits of each note of ``score``, part after part, whoever wrote it.

    ``closeness`` is how much the model learns from the piece as it reads. Raises
    ``BadRequest`` for music that this model cannot read.
    """
    steering = _reading(bundle, score)
    reader = _reader(bundle, steering, closeness)
    reader.read()
    encoding, form = bundle.encoding, steering.plan.form
    line = reader.line(0)
    if not line.is_finished:
        raise BadRequest(_UNREADABLE)
    spelt = encoding.decode(line.events, form)
    if [len(p.notes) for p in spelt.parts] != [len(p.notes) for p in score.parts]:
        raise BadRequest(_UNREADABLE)
    return bits_of_notes(encoding, line, form, spelt)


def alternatives(
    bundle: Bundle,
    score: Score,
    part: int,
    note: int,
    *,
    top: int = USUAL_ALTERNATIVES,
    closeness: float = 0.0,
) -> Thought:
    """What the model thought where note number ``note`` of ``part`` begins.

    Both count from 0; notes in order of time. Raises ``BadRequest``.
    """
    _note(score, part, note)
    steering = _reading(bundle, score)
    reader = _reader(bundle, steering, closeness)
    own = steering.source[part][note]
    reader.read(own.start_tick)
    encoding, form = bundle.encoding, steering.plan.form
    walk = reader.particles[0].draft.walk
    while not walk.is_done and walk.tick <= own.start_tick:
        parts = _parts_of_fields(encoding, walk)
        event, logits = reader.read_event()
        for field, value in enumerate(event):
            pitch = encoding.pitch_of(field, value, form)
            if pitch == own.pitch and parts[field] == part:
                return _thought(bundle, steering, field, event, logits, top)
    raise BadRequest(_UNREADABLE)


def choose_note(
    source: Source, part: int, note: int, pitch: int, duration_ticks: int | None = None
) -> ComposeRequest:
    """To go on otherwise from one note: the request for the same piece up to there.

    What began before that note stays, and the note, at ``pitch`` and of
    ``duration_ticks`` (None: its own); all else is new, up to the source's length.
    Raises ``BadRequest``.
    """
    old = _note(source.score, part, note)
    start = old.start_tick
    lasts = old.duration_ticks if duration_ticks is None else duration_ticks
    try:
        lasts = min(lasts, source.length_ticks - start)
        chosen = Note(start, pitch, lasts)
        parts, keeps = [], []
        for number, other in enumerate(source.score.parts):
            notes = [n for n in other.notes if n.start_tick < start]
            end = max([start, *(n.end_tick for n in notes)])
            if number == part:
                notes = [*clipped(notes, 0, start), chosen]
                end = chosen.end_tick
            parts.append(replace(other, notes=tuple(notes)))
            if end > 0:
                keeps.append(Keep(NOTES, 0, end, (number,)))
        score = replace(source.score, parts=tuple(parts))
        return ComposeRequest(
            source=replace(source, score=score), keep=tuple(keeps), bars=source.bars
        )
    except ValueError as reason:
        raise BadRequest(str(reason)) from None


# Reading ----------------------------------------------------------------------------


def _note(score: Score, part: int, note: int) -> Note:
    if not 0 <= part < len(score.parts):
        raise BadRequest(f"Choose one of the parts, from 0 to {len(score.parts) - 1}.")
    notes = score.parts[part].notes
    if not 0 <= note < len(notes):
        raise BadRequest(f"Choose one of the notes, from 0 to {len(notes) - 1}.")
    return notes[note]


def _reading(bundle: Bundle, score: Score) -> Steering:
    """The whole of ``score`` as given, in the model's words."""
    try:
        source = source_of(score)
    except UnusableSource as reason:
        raise BadRequest(str(reason)) from None
    request = ComposeRequest(source=source, keep=(keep_all(source),))
    return steering_of(bundle, request, source)


def _reader(bundle: Bundle, steering: Steering, closeness: float) -> Filter:
    encoding = bundle.encoding
    free = (None,) * len(encoding.fields)
    draft = ConstrainedDraft(encoding, steering.plan.form, free)
    memory = EventMemory(encoding, closeness=closeness) if closeness else None
    return Filter(
        network_of(bundle),
        Particle(draft, steering.guide, memory),
        seed=0,
        sampling=Sampling(),
        max_events=MAX_GIVEN_EVENTS,
    )


def _parts_of_fields(encoding: Encoding, walk: Walk) -> Sequence[int]:
    """Whose note each field of the next event would begin."""
    if isinstance(encoding, VoicesEncoding):
        return encoding.order
    part = walk.part if isinstance(walk, PolyphonyWalk) else 0
    return [part] * len(encoding.fields)


# What was thought ---------------------------------------------------------------------


def _thought(
    bundle: Bundle,
    steering: Steering,
    field: int,
    event: Event,
    logits: Sequence[Float32s],
    top: int,
) -> Thought:
    encoding, form = bundle.encoding, steering.plan.form
    shift = steering.plan.transposition
    key = form.key.transposed(shift) if form.key else Key()

    def as_pitch(value: int) -> dict[str, Any]:
        pitch = encoding.pitch_of(field, value, form)
        if pitch is not None:
            pitch += shift
            return {"pitch": pitch, "name": pitch_name(pitch, key)}
        is_hold = value == encoding.fields[field].hold
        return {"name": "what sounded goes on" if is_hold else "a rest"}

    def as_duration(value: int) -> dict[str, Any]:
        ticks = times[value] * TICKS_PER_STEP
        return {"duration_ticks": ticks, "name": duration_name(ticks)}

    durations: tuple[Alternative, ...] = ()
    times = DURATIONS if isinstance(encoding, MelodyEncoding) else TIMES
    if isinstance(encoding, MelodyEncoding | PolyphonyEncoding):
        number = of_melody.DURATION if times is DURATIONS else of_polyphony.DURATION
        durations = _ranked(logits[number], event[number], as_duration, top)
    fields = [field] if isinstance(encoding, VoicesEncoding) else range(len(event))
    bits = sum(
        float(surprise(logits[f][None], np.array([event[f]]))[0]) for f in fields
    )
    return Thought(
        pitches=_ranked(logits[field], event[field], as_pitch, top),
        durations=durations,
        bits=bits,
    )


def _ranked(
    logits: Float32s,
    chosen: int,
    described: Callable[[int], dict[str, Any]],
    top: int,
) -> tuple[Alternative, ...]:
    """The ``top`` likeliest values, and the chosen one wherever it stands."""
    shares = np.exp(logits.astype(np.float64) - logits.max())
    shares /= shares.sum()
    falling = np.argsort(-shares, kind="stable").tolist()
    told = [value for value in falling[:top] if shares[value] > 0.0]
    if chosen not in told:
        told.append(chosen)
    return tuple(
        Alternative(
            probability=float(shares[value]),
            is_chosen=value == chosen,
            **described(value),
        )
        for value in told
    )


def pitch_name(pitch: int, key: Key) -> str:
    """As a musician in ``key`` says it: ``F\u266f4``, middle C is ``C4``."""
    letter, alteration, octave = spell_pitch(pitch, key)
    sign = "\u266f" if alteration > 0 else "\u266d"
    return f"{letter}{sign * abs(alteration)}{octave}"


def duration_name(ticks: int) -> str:
    """``dotted quarter``; what has no name is counted in quarters."""
    if name := NOTE_VALUES.get(ticks):
        return name
    return f"{Fraction(ticks, TICKS_PER_QUARTER)} quarters"
