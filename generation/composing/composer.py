"""A request and a bundle in, a piece out. No Django, no Keras, no queue.

Several drafts are written side by side and the best one is kept.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.composing.around import is_weighed, kept_notes, stretch_of, write_around
from generation.composing.constraints import (
    ConstrainedDraft,
    FieldMask,
    PitchLimits,
    pitch_masks,
    usual_limits,
)
from generation.composing.counting import CountedMelody, CountedVoices
from generation.composing.endings import MelodyDraft
from generation.composing.judgement import fault
from generation.composing.network import Network
from generation.composing.part_writing import VoicesDraft
from generation.composing.plans import Plan, choose_plan, default_qpm
from generation.composing.polyphony_draft import (
    CountedPolyphony,
    PolyphonyDraft,
    part_masks,
)
from generation.composing.reading import as_read
from generation.composing.recipe import (
    RECIPE_VERSION,
    BadRequest,
    ComposeRequest,
    recipe_json,
    request_from_recipe,
)
from generation.composing.sampler import Line, Sampling, sample
from generation.composing.steering import Steering, steer
from training.learning.bundle import Bundle
from training.learning.event_memory import EventMemory
from training.music.encodings import (
    Encoding,
    Form,
    MelodyEncoding,
    NotEncodable,
    PitchesEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
)
from training.music.encodings.voices import TICKS_PER_STEP as VOICES_STEP
from training.music.pitch import HIGHEST_PITCH, LOWEST_PITCH
from training.music.score import (
    TICKS_PER_QUARTER,
    KeyChange,
    MetreChange,
    Note,
    Score,
    TempoChange,
)

__all__ = [
    "RECIPE_VERSION",
    "BadRequest",
    "ComposeRequest",
    "Composed",
    "compose",
    "network_of",
    "recipe_json",
    "request_from_recipe",
]

#: Unless asked, as many candidates as can be written within the patience below. An
#: event costs the reading of the weights and a little for each draft; in units of that
#: little, which is some 25 microseconds, the reading costs READING, and for each draft
#: its memory of what it did before, where it has one, REMEMBERING (of two fields).
READING = 7
REMEMBERING = 6
QUICK_CANDIDATES = 8
#: Who asks for a form will listen for a minute and can wait a tenth of a second for it;
#: who asks for a number of notes is a program and expects them at once.
PATIENCE, PROGRAM_PATIENCE = 4000, 1800
#: A piece for several parts has more notes a bar, and goes wrong in more ways.
POLYPHONY_PATIENCE = 12_000
#: And never more than this: about ten seconds with the largest network we train.
MAX_EVENTS = 32_768
#: Particles around a source are weighed against each other: too few, and what is kept
#: joins by luck. Where they join nothing they are only judged, as candidates are.
SOURCE_PATIENCE = 8000
QUICK_PARTICLES, FEW_PARTICLES = 16, 4
#: A voice has as many events as there are sixteenths. Of what 16 particles are worth
#: in four bars of a chorale (10.2 nats over one, in 24 pieces), 8 are worth 94 %.
QUICK_CHOIRS = 8
#: What is given is not counted as written, but it has its bounds too.
MAX_GIVEN_EVENTS = 16_384
_NETWORKS_KEPT = 8
_networks: OrderedDict[str, Network] = OrderedDict()
_networks_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Composed:
    """A piece and what the network thought of it.

    ``events`` and ``contexts`` are as the network wrote and saw them, in ``form``.
    ``score`` is what they spell, ``transposition`` semitones higher, where the asked
    key or range is not one the network knows.
    """

    score: Score
    form: Form
    events: npt.NDArray[np.int16]  # (T, F)
    contexts: npt.NDArray[np.int16]  # (T, C)
    #: How surprising each note was in bits, part after part, in order of time.
    bits: npt.NDArray[np.float64]
    log2_likelihood: float  # of all events, legal values only, at temperature 1
    request: ComposeRequest  # what was open is settled; asks for the same piece
    transposition: int = 0
    #: Which notes are the source's, part after part; empty without a source.
    kept: npt.NDArray[np.bool_] = dataclasses.field(
        default_factory=lambda: np.zeros(0, np.bool_)
    )


def compose(bundle: Bundle, request: ComposeRequest) -> Composed:
    """Write the piece that ``request`` asks of the model in ``bundle``.

    The same bundle and request give the same notes. Raises ``BadRequest`` for what this
    model cannot do.
    """
    if request.source:
        return _compose_around(bundle, request)
    plan = _in_range(bundle, choose_plan(bundle, request), request)
    length = _expected_events(bundle.encoding, plan, request)
    request = _filled_in(bundle, request, plan, length)
    drafts = _drafts(bundle, plan, request)
    memory = None
    if request.closeness:
        memory = EventMemory(bundle.encoding, closeness=request.closeness)
    lines = sample(
        network_of(bundle),
        drafts,
        seed=request.seed,
        sampling=Sampling(request.temperature, request.top_k, request.top_p),
        max_events=8 * length + 64,
        memory=memory,
    )
    pieces = [
        _composed(bundle.encoding, line, draft.form, plan, request)
        for line, draft in zip(lines, drafts, strict=True)
        if line.is_finished
    ]
    if not pieces:
        raise BadRequest("This grew too long. Lower the temperature, or ask for less.")
    return _as_read(bundle, _best(pieces, _typical_bits(bundle)))


def _compose_around(bundle: Bundle, request: ComposeRequest) -> Composed:
    steering = steer(bundle, request)
    plan, encoding = steering.plan, bundle.encoding
    length = _expected_events(encoding, plan, request, steering)
    request = _filled_in(bundle, request, plan, length, steering)
    (draft,) = _drafts(bundle, plan, replace(request, candidates=1))
    line = write_around(
        network_of(bundle),
        steering,
        draft,
        encoding,
        request,
        max_events=8 * _expected_events(encoding, plan, request) + MAX_GIVEN_EVENTS,
        typical_bits=_typical_bits(bundle),
    )
    piece = _as_read(bundle, _composed(encoding, line, draft.form, plan, request))
    kept = kept_notes(piece.score, steering.wanted)
    return replace(piece, kept=np.array(kept, np.bool_))


def _as_read(bundle: Bundle, piece: Composed) -> Composed:
    """``piece`` with bits as its model reads it, where it was written otherwise."""
    encoding, form = bundle.encoding, piece.form
    score = encoding.decode(piece.events, form)
    if not piece.request.closeness and _is_spelt_as_usual(encoding, piece, score):
        return piece
    most = len(piece.events) + MAX_GIVEN_EVENTS
    try:
        line = as_read(network_of(bundle), encoding, form, score, max_events=most)
    except NotEncodable:  # It was counted in notes, and ends where no bar does.
        return piece
    if not line.is_finished:
        return piece
    return replace(piece, bits=bits_of_notes(encoding, line, form, score))


def _is_spelt_as_usual(encoding: Encoding, piece: Composed, score: Score) -> bool:
    if isinstance(encoding, VoicesEncoding | PitchesEncoding):
        return True  # There is one way alone.
    try:
        return np.array_equal(encoding.encode(score).events, piece.events)
    except NotEncodable:
        return False


def _typical_bits(bundle: Bundle) -> float | None:
    bits = bundle.metrics.get("test", {}).get("bits_per_event")
    return float(bits) if bits else None


def network_of(bundle: Bundle) -> Network:
    """The bundle's network, arranged for composing; the last few are kept."""
    with _networks_lock:
        if bundle.hash in _networks:
            _networks.move_to_end(bundle.hash)
            return _networks[bundle.hash]
    network = Network(bundle.weights)
    with _networks_lock:
        _networks[bundle.hash] = network
        while len(_networks) > _NETWORKS_KEPT:
            _networks.popitem(last=False)
    return network


def _in_range(bundle: Bundle, plan: Plan, request: ComposeRequest) -> Plan:
    """Move the piece by octaves to where its model's music lies in the asked range.

    Without this, a low range would leave a tune nothing but its lowest few notes. Where
    the music lies is seen in the bundle's golden piece.
    """
    low, high = request.pitch_range
    encoding = bundle.encoding
    usual = [
        pitch + plan.transposition
        for event in bundle.golden["events"].tolist()
        for field, value in enumerate(event)
        if (pitch := encoding.pitch_of(field, value, plan.form)) is not None
    ]

    def misses(octaves: int) -> tuple[int, int]:
        moved = (pitch + 12 * octaves for pitch in usual)
        return sum(not low <= pitch <= high for pitch in moved), abs(octaves)

    octaves = min(range(-5, 6), key=misses)
    return replace(plan, transposition=plan.transposition + 12 * octaves)


def _expected_events(
    encoding: Encoding,
    plan: Plan,
    request: ComposeRequest,
    steering: Steering | None = None,
) -> int:
    """About how many events are to be written, or weighed."""
    ticks = plan.form.length_ticks
    if steering:
        stretch = stretch_of(steering.wanted)
        ticks = stretch.judged_at - stretch.start
    if isinstance(encoding, VoicesEncoding):
        return max(1, ticks // VOICES_STEP)
    if request.num_notes is not None:
        return request.num_notes
    quarters = ticks / TICKS_PER_QUARTER
    return max(1, round(plan.notes_per_quarter * quarters))


def _filled_in(
    bundle: Bundle,
    request: ComposeRequest,
    plan: Plan,
    length: int,
    steering: Steering | None = None,
) -> ComposeRequest:
    """The request with what was open settled; it asks for the same piece."""
    candidates = request.candidates
    if not candidates:
        patience = PATIENCE if request.num_notes is None else PROGRAM_PATIENCE
        most = QUICK_CANDIDATES
        if request.num_notes is None and isinstance(bundle.encoding, PolyphonyEncoding):
            patience = POLYPHONY_PATIENCE
        if steering:
            is_joined = is_weighed(steering.wanted)
            patience = SOURCE_PATIENCE if is_joined else PATIENCE
            most = QUICK_PARTICLES
            if isinstance(bundle.encoding, VoicesEncoding):
                most = QUICK_CHOIRS
        drafts = patience // length - READING
        if request.closeness:
            fields = len(bundle.encoding.fields) if request.source else 2
            drafts //= 1 + REMEMBERING * fields // 2
        fewest = FEW_PARTICLES if request.source else 1
        candidates = max(fewest, min(most, drafts))
    if candidates * length > MAX_EVENTS:
        most = MAX_EVENTS // length
        advice = f"ask for at most {most} candidates, or for" if most else "ask for"
        raise BadRequest(
            f"This is too much to write at once; {advice} a shorter piece."
        )
    form = plan.form
    key = form.key.transposed(plan.transposition) if form.key else None
    bars = form.bars
    if plan.metre:
        bars = replace(form, metre=plan.metre).bars
    return replace(
        request,
        candidates=candidates,
        tonic=key.tonic if key else None,
        mode=key.mode if key else None,
        metre=plan.metre or form.metre,
        bars=bars if request.num_notes is None else None,
        qpm=request.qpm or default_qpm(form, bundle.encoding),
    )


def _drafts(
    bundle: Bundle, plan: Plan, request: ComposeRequest
) -> list[ConstrainedDraft]:
    """A fresh draft for each candidate."""
    encoding, form = bundle.encoding, plan.form
    count: dict[str, Any] = {}
    if request.num_notes is not None and not isinstance(encoding, PitchesEncoding):
        count = {"num_notes": request.num_notes, "per_bar": plan.notes_per_bar}
    draft = _draft_class(encoding, is_counted=bool(count))
    masks = _masks(encoding, plan, request)
    return [draft(encoding, form, masks, **count) for _ in range(request.candidates)]


def _masks(
    encoding: Encoding, plan: Plan, request: ComposeRequest
) -> tuple[FieldMask | None, ...]:
    """The pitches asked for, by field, or in polyphony by part."""
    form = plan.form
    asked = PitchLimits(*request.pitch_range)
    if request.scale_only and form.key:
        key = form.key.transposed(plan.transposition)
        asked = replace(asked, classes=frozenset(key.scale))
    if isinstance(encoding, PolyphonyEncoding):
        return part_masks(encoding, form, asked, transposition=plan.transposition)
    limits, transposition = usual_limits(encoding), plan.transposition
    if request.lowest_pitch is not None or request.highest_pitch is not None:
        limits = [asked for _ in limits]
    elif request.source:
        # Round a voice that lies octaves away, the others are there too.
        transposition = (transposition + 6) % 12 - 6
    limits = [replace(lim, classes=asked.classes) for lim in limits]
    return pitch_masks(encoding, form, limits, transposition=transposition)


def _draft_class(
    encoding: Encoding, *, is_counted: bool
) -> Callable[..., ConstrainedDraft]:
    """What writes pieces in ``encoding``, of so many notes or of so many bars."""
    if isinstance(encoding, MelodyEncoding):
        return CountedMelody if is_counted else MelodyDraft
    if isinstance(encoding, VoicesEncoding):
        return CountedVoices if is_counted else VoicesDraft
    if isinstance(encoding, PolyphonyEncoding):
        return CountedPolyphony if is_counted else PolyphonyDraft
    return ConstrainedDraft


def _composed(
    encoding: Encoding, line: Line, form: Form, plan: Plan, request: ComposeRequest
) -> Composed:
    score = encoding.decode(line.events, form)
    bits = bits_of_notes(encoding, line, form, score)
    score = _transposed(score, plan.transposition)
    if plan.metre:
        score = replace(score, metres=(MetreChange(0, plan.metre),))
    return Composed(
        score=replace(score, tempos=(TempoChange(0, request.qpm),)),
        form=form,
        events=line.events,
        contexts=line.contexts,
        bits=bits,
        log2_likelihood=-float(line.bits.sum()),
        request=request,
        transposition=plan.transposition,
    )


def bits_of_notes(
    encoding: Encoding, line: Line, form: Form, score: Score
) -> npt.NDArray[np.float64]:
    """What beginning each note cost: a voice's field of the event, or all of it."""
    has_voices = isinstance(encoding, VoicesEncoding)
    costs: dict[tuple[int, int, int], float] = {}  # by part, tick and pitch
    for event, parts, tick, bits in zip(
        line.events.tolist(),
        encoding.voices(line.events).tolist(),
        line.ticks.tolist(),
        line.bits.tolist(),
        strict=True,
    ):
        for field, value in enumerate(event):
            pitch = encoding.pitch_of(field, value, form)
            if pitch is not None:
                cost = bits[field] if has_voices else sum(bits)
                costs[parts[field], tick, pitch] = cost
    return np.array(
        [
            costs[number, note.start_tick, note.pitch]
            for number, part in enumerate(score.parts)
            for note in part.notes
        ]
    )


def _transposed(score: Score, semitones: int) -> Score:
    if not semitones:
        return score
    parts = tuple(
        replace(part, notes=tuple(_moved(note, semitones) for note in part.notes))
        for part in score.parts
    )
    keys = tuple(
        KeyChange(change.tick, change.key.transposed(semitones))
        for change in score.keys
    )
    return replace(score, parts=parts, keys=keys)


def _moved(note: Note, semitones: int) -> Note:
    pitch = note.pitch + semitones
    while not LOWEST_PITCH <= pitch <= HIGHEST_PITCH:  # What cannot sound, sounds near.
        pitch += 12 if pitch < LOWEST_PITCH else -12
    return replace(note, pitch=pitch)


def _best(pieces: list[Composed], typical_bits: float | None) -> Composed:
    """The piece with the least fault; the first of equals."""
    if len(pieces) == 1:
        return pieces[0]
    costs = [-piece.log2_likelihood / len(piece.events) for piece in pieces]
    typical = float(typical_bits or np.mean(costs))
    faults = [
        fault(piece.score, bits_per_event=cost, typical_bits=typical)
        for piece, cost in zip(pieces, costs, strict=True)
    ]
    return pieces[int(np.argmin(faults))]
