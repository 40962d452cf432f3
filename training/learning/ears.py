"""What a memory of a piece listens to, for each encoding: the views of its fields.

An ear is asked, before a field is chosen, for the past of each of its views: a tuple of
symbols, the most telling last, that always has the view's order. Contexts are its ends,
from none of it to all of it. A view with a *base* counts values from there: intervals
rather than pitches.
"""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy
from typing import Protocol

from training.music.encodings import (
    Encoding,
    MelodyEncoding,
    PitchesEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
)
from training.music.encodings.base import Context, Event
from training.music.encodings.melody import FIRST_PITCH as FIRST_OF_MELODY
from training.music.encodings.polyphony_walk import FIRST_PITCH as FIRST_OF_POLYPHONY
from training.music.encodings.voices import FIRST_PITCH as FIRST_OF_VOICES
from training.music.encodings.voices import HOLD as VOICES_HOLD

Past = tuple[Hashable, ...]
Asked = tuple[tuple[Past, int | None], ...]  # of each view: its past, and its base

#: Counted from when nothing has sounded yet; a memory learns such notes apart.
NO_BASE = 500


class Ear(Protocol):
    """Keeps of the past what its views need."""

    @property
    def first_pitch(self) -> int:
        """The least value that is a pitch, in fields that have some."""

    @property
    def orders(self) -> tuple[tuple[int, ...], ...]:
        """Of each field, the order of each view."""

    @property
    def weights(self) -> tuple[float, ...]:
        """Of each field, the views' part beside the network, 0 to 1, at the most."""

    def ask(self, field: int, context: Context, chosen: Event) -> Asked:
        """The views of ``field``, the event's fields before it being ``chosen``."""

    def hear(self, context: Context, event: Event) -> None:
        """Remember ``event``, which came in ``context``."""

    def copy(self) -> Ear:
        """An independent ear."""


def ear_for(encoding: Encoding) -> Ear:
    if isinstance(encoding, MelodyEncoding):
        return MelodyEar(encoding)
    if isinstance(encoding, VoicesEncoding):
        return VoicesEar(encoding)
    if isinstance(encoding, PolyphonyEncoding):
        return PolyphonyEar(encoding)
    if isinstance(encoding, PitchesEncoding):
        return PitchesEar()
    raise ValueError(f"Nobody has taught a memory to hear {encoding.name!r}.")


def _places(encoding: Encoding) -> dict[str, int]:
    return {field.name: i for i, field in enumerate(encoding.context_fields)}


class PitchesEar:
    """The last three pitches, and the last two intervals."""

    first_pitch = 0
    orders = ((3, 2),)
    weights = (0.8,)

    def __init__(self) -> None:
        self._pitches: Past = (None, None, None)

    def ask(self, field: int, context: Context, chosen: Event) -> Asked:
        first, second, last = self._pitches
        intervals = _interval(first, second), _interval(second, last)
        base = last if isinstance(last, int) else NO_BASE
        return (self._pitches, None), (intervals, base)

    def hear(self, context: Context, event: Event) -> None:
        self._pitches = (*self._pitches[1:], event[0])

    def copy(self) -> PitchesEar:
        return copy(self)


def _interval(before: Hashable, after: Hashable, first_pitch: int = 0) -> int | None:
    """None where one of them is no pitch."""
    if isinstance(before, int) and isinstance(after, int):
        return after - before if min(before, after) >= first_pitch else None
    return None


class MelodyEar:
    """Rhythm by the last note and the place in the bar; pitch by line and rhythm."""

    first_pitch = FIRST_OF_MELODY
    orders = ((3,), (3, 4))
    weights = (0.4, 0.8)

    def __init__(self, encoding: Encoding) -> None:
        places = _places(encoding)
        self._place, self._sounding = places["place"], places["sounding"]
        self._duration: int | None = None
        self._pitches: Past = (None,) * 4  # rests and holds among them

    def ask(self, field: int, context: Context, chosen: Event) -> Asked:
        place, pitches = context[self._place], self._pitches
        if field == 0:
            return (((pitches[-1], self._duration, place), None),)
        sounding = context[self._sounding] - 1
        base = sounding if sounding >= FIRST_OF_MELODY else NO_BASE
        line = tuple(
            _interval(a, b, FIRST_OF_MELODY)
            for a, b in zip(pitches, pitches[1:], strict=False)
        )
        return (line, base), ((*pitches[-2:], place, chosen[0]), None)

    def hear(self, context: Context, event: Event) -> None:
        self._duration, pitch = event
        self._pitches = (*self._pitches[1:], pitch)

    def copy(self) -> MelodyEar:
        return copy(self)


class VoicesEar:
    """Each voice by its own line, by its intervals, and by the voices chosen before."""

    first_pitch = FIRST_OF_VOICES

    def __init__(self, encoding: VoicesEncoding) -> None:
        places = _places(encoding)
        names = [field.name for field in encoding.fields]
        self._sounding = [places[f"{name}_sounding"] for name in names]
        self._held = [places[f"{name}_held"] for name in names]
        self._place = places["place"]
        # A first voice has no others to listen to.
        self.orders = tuple((4, 3, 2 + min(field, 2)) for field in range(len(names)))
        self.weights = (0.5,) * len(names)
        self._before: Past = (None,) * len(names)  # what each voice sounded before

    def ask(self, field: int, context: Context, chosen: Event) -> Asked:
        now, held = context[self._sounding[field]], context[self._held[field]]
        before, place = self._before[field], context[self._place]
        interval = _interval(before, now, FIRST_OF_VOICES)
        base = now if now >= FIRST_OF_VOICES else NO_BASE
        others = tuple(
            context[self._sounding[other]] if value == VOICES_HOLD else value
            for other, value in enumerate(chosen[:2])
        )
        return (
            ((before, now, place, held), None),
            ((interval, place, held), base),
            ((now, held, *others), None),
        )

    def hear(self, context: Context, event: Event) -> None:
        self._before = tuple(
            before if value == VOICES_HOLD else context[self._sounding[field]]
            for field, (before, value) in enumerate(
                zip(self._before, event, strict=True)
            )
        )

    def copy(self) -> VoicesEar:
        return copy(self)


class PolyphonyEar:
    """Each part by its own line and rhythm; who plays next by who does."""

    first_pitch = FIRST_OF_POLYPHONY
    orders = ((4, 3), (4,), (4,), (3,))
    weights = (0.6, 0.4, 0.4, 0.2)

    def __init__(self, encoding: PolyphonyEncoding) -> None:
        places = _places(encoding)
        names = ("part", "own_pitch", "own_pitch_before", "own_duration", "place")
        self._places = tuple(places[name] for name in names)
        self._last_shift = places["last_shift"]

    def ask(self, field: int, context: Context, chosen: Event) -> Asked:
        part, own, before, lasted, place = [context[i] for i in self._places]
        if field == 0:
            # In a chord the next note is counted from the one below it.
            who = part, context[self._last_shift] == 1
            base = own if own >= FIRST_OF_POLYPHONY else NO_BASE
            interval = _interval(before, own, FIRST_OF_POLYPHONY)
            return ((before, own, place, who), None), ((interval, place, who), base)
        if field == 1:
            return (((chosen[0], lasted, place, part), None),)
        if field == 2:
            return (((lasted, chosen[1], place, part), None),)
        return (((place, chosen[2], part), None),)

    def hear(self, context: Context, event: Event) -> None:
        """The context tells all of it."""

    def copy(self) -> PolyphonyEar:
        return self
