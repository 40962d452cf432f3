"""What every encoding is: a score as a sequence of events, and back.

An *event* is a small tuple of integers, one for each of the encoding's *fields*,
predicted in order, each given those before it. Beside every event stands its *context*:
a tuple of integers known before the event is chosen (place in the bar, metre, bars
left, the note before, ...). A network sees contexts and predicts events.

What is known from the start, how long, in which key and metre, is the piece's *form*.
A *walk* goes through a piece event by event and is the one source of context and of
what may legally come next, so that training and composing cannot disagree.

Three laws, each a property test:

* ``decode(encode(score)) == score`` for music on the encoding's grid;
* every event of an encoded piece was legal when it came;
* a walk over an encoded piece's events ends exactly at its last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from training.music.pitch import HIGHEST_PITCH, LOWEST_PITCH, Key
from training.music.score import Metre, Score

Event = tuple[int, ...]
Context = tuple[int, ...]
IntArray = npt.NDArray[np.int16]
Mask = npt.NDArray[np.float32]  # (size of the field,): 0 where legal, -inf elsewhere


class NotEncodable(ValueError):
    """The encoding has no events for this score; the message says why."""


@dataclass(frozen=True, slots=True)
class Field:
    """A categorical variable with values 0 to ``size`` - 1."""

    name: str
    size: int
    hold: int | None = None  # the value that says "what was goes on", if there is one


@dataclass(frozen=True, slots=True)
class Instrument:
    """Who plays a part: its name, General MIDI program and compass (inclusive)."""

    name: str = ""
    program: int = 0
    lowest_pitch: int = LOWEST_PITCH
    highest_pitch: int = HIGHEST_PITCH


@dataclass(frozen=True, slots=True)
class Form:
    """What is settled before the first note.

    ``length_ticks`` is where the last event ends. ``phrase_end_ticks`` are the starts
    of notes under a fermata (``voices`` only). ``key`` None means no key is known.
    ``instruments`` are those of the parts, in order (``polyphony`` only).
    """

    length_ticks: int
    metre: Metre = Metre()
    key: Key | None = None
    pickup_ticks: int = 0
    phrase_end_ticks: tuple[int, ...] = ()
    instruments: tuple[Instrument, ...] = ()

    @property
    def bars(self) -> int:
        """Bars as a musician counts them: a pick-up and its short last bar make one."""
        return -(-(self.length_ticks - self.pickup_ticks) // self.metre.bar_ticks)


@dataclass(frozen=True, slots=True)
class EncodedPiece:
    """One piece as integers: (time, fields), (time, context fields), and its form."""

    events: IntArray
    contexts: IntArray
    form: Form


class Walk(Protocol):
    """A place in a piece that is being read or written. Plain Python, cheap to copy."""

    @property
    def is_done(self) -> bool:
        """Whether the form is filled and no event may follow."""

    @property
    def tick(self) -> int:
        """Where the next event starts."""

    def context(self) -> Context:
        """The context of the next event, one integer for each context field."""

    def legal(self, field: int, chosen: Event) -> Mask:
        """What field number ``field`` of the next event may be.

        ``chosen`` holds the event's fields before it. The array is shared: read only.
        """

    def advance(self, event: Event) -> None:
        """Take ``event`` and move past it."""

    def set_length(self, length_ticks: int) -> None:
        """Move the end of the piece; it must not lie before ``tick``."""

    def copy(self) -> Walk:
        """An independent walk at the same place."""


class Encoding(Protocol):
    """Scores as events. Frozen; ``spec()`` is what a bundle stores to make it again."""

    @property
    def name(self) -> str:
        """As in ``ENCODINGS``."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """What an event is made of, in the order of prediction."""

    @property
    def context_fields(self) -> tuple[Field, ...]:
        """What is known before an event."""

    def encode(self, score: Score) -> EncodedPiece:
        """The events of ``score``; raises ``NotEncodable`` and says why."""

    def decode(self, events: IntArray, form: Form) -> Score:
        """The score that ``events`` spell, in ``form``'s key and metre."""

    def form_of(self, score: Score) -> Form:
        """The form of ``score`` as ``encode`` sees it."""

    def walk(self, form: Form) -> Walk:
        """A walk at the start of a piece of this form."""

    def pitch_of(self, field: int, value: int, form: Form) -> int | None:
        """The MIDI pitch that ``value`` of ``field`` starts, or None (rest, hold, ...).

        This is how constraints speak of pitches without knowing the encoding.
        """

    def voices(self, events: IntArray) -> IntArray:
        """Whose each field of ``events`` is, (T, F): in its past to look for more.

        The voice of a pitch is the number of its part in the decoded score.
        """

    def spec(self) -> dict[str, Any]:
        """Name and options as plain JSON."""


def allow(size: int, values: range | list[int] | tuple[int, ...]) -> Mask:
    """A mask of ``size`` in which only ``values`` are legal."""
    mask = np.full(size, -np.inf, np.float32)
    mask[list(values)] = 0.0
    mask.setflags(write=False)
    return mask


def trace(encoding: Encoding, events: list[Event], form: Form) -> EncodedPiece:
    """Walk through ``events`` and put each beside its context.

    Raises ``NotEncodable`` when an event is not legal where it stands or the events do
    not fill the form.
    """
    walk = encoding.walk(form)
    contexts: list[Context] = []
    for event in events:
        if walk.is_done:
            raise NotEncodable("The music goes on after the end of its form.")
        contexts.append(walk.context())
        for field, value in enumerate(event):
            if walk.legal(field, event[:field])[value] != 0.0:
                name = encoding.fields[field].name
                raise NotEncodable(f"No {name} {value} can stand at tick {walk.tick}.")
        walk.advance(event)
    if not walk.is_done:
        raise NotEncodable("The music stops before the end of its form.")
    shape = (len(events), len(encoding.fields))
    return EncodedPiece(
        events=np.array(events, np.int16).reshape(shape),
        contexts=np.array(contexts, np.int16).reshape(len(events), -1),
        form=form,
    )
