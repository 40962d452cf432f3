"""How a given beginning goes on: the whole piece's form, and the events that are given.

The form keeps the primer's metre, key, pick-up, phrases and players. What is open, the
phrases to come, is drawn from the model's own forms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from generation.plans import MIN_PHRASE_BARS, Plan, choose_plan
from generation.primer import Primer, given_events, without_holds
from generation.recipe import BadRequest, ComposeRequest
from generation.sampler import Given
from training.learning.bundle import Bundle
from training.learning.event_memory import EventMemory
from training.music.encodings import Encoding, Form, Instrument, PolyphonyEncoding

#: Unless asked, so many bars follow what is given.
USUAL_MORE_BARS = 8
#: Music whose middle is further than this from where the model's lies, in semitones, is
#: read an octave nearer.
_FAR = 9.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a piece starts from: nothing, unless it goes on from something."""

    given: Given | None = None
    memory: EventMemory | None = None

    @property
    def events(self) -> int:
        return len(self.given.events) if self.given else 0


def beginning_of(encoding: Encoding, plan: Plan, request: ComposeRequest) -> Beginning:
    """Raises ``BadRequest`` for notes that the model's encoding does not hold."""
    memory = None
    if request.closeness:
        memory = EventMemory(encoding, closeness=request.closeness)
    if request.primer is None:
        return Beginning(memory=memory)
    try:
        events = given_events(
            encoding, request.primer, plan.form, transposition=plan.transposition
        )
    except ValueError as reason:
        raise BadRequest(f"This model cannot go on from these bars. {reason}") from None
    return Beginning(Given(events, without_holds(encoding)), memory)


def plan_to_go_on(bundle: Bundle, request: ComposeRequest, primer: Primer) -> Plan:
    """The form of the whole piece.

    Raises ``BadRequest`` for a metre or a mode that the model does not know.
    """
    bars = request.bars or primer.bars + USUAL_MORE_BARS
    if bars <= primer.bars:
        raise BadRequest(
            f"Ask for more than {primer.bars} bars in all: those are given already."
        )
    _refuse_another_music(request, primer)
    knows_keys = any(form.key for form, _ in bundle.forms)
    key = primer.key if knows_keys else None
    drawn = choose_plan(
        bundle,
        replace(
            request,
            primer=None,
            bars=bars,
            metre=primer.metre if bundle.forms else None,
            tonic=key.tonic if key else None,
            mode=key.mode if key else None,
        ),
    )
    shift = drawn.transposition if key else 0
    length = primer.score.pickup_ticks + bars * primer.metre.bar_ticks
    if bundle.encoding.name != "pitches":
        length -= primer.score.pickup_ticks  # The last bar lacks what that holds.
    form = Form(
        length_ticks=length,
        metre=primer.metre,
        key=key.transposed(-shift) if key else None,
        pickup_ticks=primer.score.pickup_ticks,
        phrase_end_ticks=_phrases(drawn.form, primer, length),
        instruments=_players(bundle.encoding, drawn.form, primer),
    )
    octaves = _octaves(bundle, form, primer, shift)
    return replace(drawn, form=form, transposition=shift + 12 * octaves)


def _refuse_another_music(request: ComposeRequest, primer: Primer) -> None:
    key = primer.key
    if (
        request.metre not in (None, primer.metre)
        or request.tonic not in (None, key.tonic if key else None)
        or request.mode not in (None, key.mode if key else None)
    ):
        raise BadRequest(
            "A piece goes on in its own key and metre. Leave both open, or compose "
            "another from its first note."
        )


def _phrases(drawn: Form, primer: Primer, length: int) -> tuple[int, ...]:
    """The given fermatas, then those of ``drawn`` from the first that leaves room."""
    if not drawn.phrase_end_ticks:
        return ()
    shift = primer.score.pickup_ticks - drawn.pickup_ticks
    last = length - (drawn.length_ticks - drawn.phrase_end_ticks[-1])
    room = int(MIN_PHRASE_BARS * primer.metre.bar_ticks)
    begin = primer.length_ticks
    ends = [end + shift for end in drawn.phrase_end_ticks[:-1]]
    given = primer.score.phrase_end_ticks
    kept = [end for end in ends if begin + room <= end <= last - room]
    return (*given, *kept, *([last] if last >= begin else []))


def _players(encoding: Encoding, drawn: Form, primer: Primer) -> tuple[Instrument, ...]:
    """The primer's, with the compass they had there and have in ``drawn``."""
    if not isinstance(encoding, PolyphonyEncoding):
        return ()
    known = {player.name: player for player in drawn.instruments}
    players = []
    for part, (low, high) in zip(primer.score.parts, primer.compasses, strict=True):
        if player := known.get(part.name):
            low = min(low, player.lowest_pitch)
            high = max(high, player.highest_pitch)
        players.append(Instrument(part.name, part.program, low, high))
    return tuple(players)


def _octaves(bundle: Bundle, form: Form, primer: Primer, shift: int) -> int:
    """By how many octaves the primer lies above the model's own music."""
    usual = [
        pitch
        for event in bundle.golden["events"].tolist()
        for field, value in enumerate(event)
        if (pitch := bundle.encoding.pitch_of(field, value, form)) is not None
    ]
    if not usual or bundle.encoding.name == "pitches":
        return 0
    distance = primer.mean_pitch - shift - float(np.mean(usual))
    return round(distance / 12) if abs(distance) > _FAR else 0
