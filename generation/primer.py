"""Music that is given, from which a piece goes on.

A primer is the beginning of a piece up to a cut: its notes are kept exactly, those that
sound at the cut end there, and a model writes what comes after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from training.music.encodings import (
    Encoding,
    Form,
    Instrument,
    NotEncodable,
    PolyphonyEncoding,
)
from training.music.encodings.base import Event, Mask, allow
from training.music.encodings.context import barred_form
from training.music.encodings.polyphony_walk import PART
from training.music.pitch import Key
from training.music.score import (
    TICKS_PER_QUARTER,
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
)
from training.music.transform import transpose

MAX_PRIMER_NOTES = 2048
MAX_PRIMER_PARTS = 8
MAX_PRIMER_PHRASES = 256
_MAX_NAME = 120
_MAX_TICKS = 256 * 12 * TICKS_PER_QUARTER


class UnusablePrimer(ValueError):
    """Nothing to go on from; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Primer:
    """The beginning of a piece in one metre and one key.

    Music goes on at ``length_ticks``. A part's ``compasses`` are its lowest and highest
    pitch in the whole piece it was taken from.
    """

    score: Score
    length_ticks: int
    compasses: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        score = self.score
        if not score.num_notes:
            raise UnusablePrimer("These bars are silent. Go on from a later bar.")
        if score.num_notes > MAX_PRIMER_NOTES:
            raise UnusablePrimer(
                f"These bars hold more than {MAX_PRIMER_NOTES:,} notes. Go on from an "
                "earlier bar."
            )
        if len(score.parts) > MAX_PRIMER_PARTS:
            raise UnusablePrimer(f"There are more than {MAX_PRIMER_PARTS} parts.")
        if len(score.phrase_end_ticks) > MAX_PRIMER_PHRASES:
            raise UnusablePrimer("There are too many fermatas.")
        if len(score.metres) > 1 or len(score.keys) > 1:
            raise UnusablePrimer("The metre or the key changes in these bars.")
        if not score.end_tick <= self.length_ticks <= _MAX_TICKS:
            raise UnusablePrimer("These bars are too long to go on from.")
        if any(part.is_drum for part in score.parts):
            raise UnusablePrimer("Drums have no pitches to go on from.")

    @property
    def metre(self) -> Metre:
        return self.score.metre

    @property
    def key(self) -> Key | None:
        return self.score.key

    @property
    def bars(self) -> int:
        """Whole bars after the pick-up, the last perhaps short of one."""
        after_pickup = self.length_ticks - self.score.pickup_ticks
        return -(-after_pickup // self.metre.bar_ticks)

    @property
    def mean_pitch(self) -> float:
        pitches = [note.pitch for part in self.score.parts for note in part.notes]
        return sum(pitches) / len(pitches)


def primer_of(score: Score, bars: int) -> Primer:
    """The first ``bars`` bars of ``score``, its pick-up included.

    Raises ``UnusablePrimer``.
    """
    try:
        form = barred_form(score)
    except NotEncodable as reason:
        raise UnusablePrimer(str(reason)) from None
    if not 1 <= bars <= form.bars:
        raise UnusablePrimer(
            f"Go on from one of the piece's bars: 1 to {form.bars}, not {bars}."
        )
    end = min(form.pickup_ticks + bars * form.metre.bar_ticks, form.length_ticks)
    return Primer(
        score=Score(
            parts=tuple(
                Part(
                    notes=_up_to(part.notes, end),
                    name=part.name[:_MAX_NAME],
                    program=part.program,
                    is_drum=part.is_drum,
                )
                for part in score.parts
            ),
            metres=(MetreChange(0, form.metre),),
            keys=(KeyChange(0, form.key),) if form.key else (),
            pickup_ticks=form.pickup_ticks,
            phrase_end_ticks=tuple(t for t in form.phrase_end_ticks if t < end),
        ),
        length_ticks=end,
        compasses=tuple(_compass(part.notes) for part in score.parts),
    )


def _up_to(notes: Sequence[Note], end: int) -> tuple[Note, ...]:
    return tuple(
        Note(n.start_tick, n.pitch, min(n.end_tick, end) - n.start_tick)
        for n in notes
        if n.start_tick < end
    )


def _compass(notes: Sequence[Note]) -> tuple[int, int]:
    pitches = [note.pitch for note in notes]
    default = Instrument()
    return (
        min(pitches, default=default.lowest_pitch),
        max(pitches, default=default.highest_pitch),
    )


# As JSON, in a recipe ---------------------------------------------------------------


def primer_to_json(primer: Primer) -> dict[str, Any]:
    """``primer`` as lists and numbers; a note is start tick, pitch and duration."""
    score, key = primer.score, primer.key
    return {
        "length_ticks": primer.length_ticks,
        "metre": [primer.metre.numerator, primer.metre.denominator],
        "key": [key.tonic, key.mode] if key else None,
        "pickup_ticks": score.pickup_ticks,
        "phrase_end_ticks": list(score.phrase_end_ticks),
        "parts": [
            {
                "name": part.name,
                "program": part.program,
                "compass": list(compass),
                "notes": [
                    [n.start_tick, n.pitch, n.duration_ticks] for n in part.notes
                ],
            }
            for part, compass in zip(score.parts, primer.compasses, strict=True)
        ],
    }


def primer_from_json(stored: Any) -> Primer:
    """The primer that ``stored`` was made from. It may come from anywhere.

    Raises ``UnusablePrimer``.
    """
    try:
        if sum(len(part["notes"]) for part in stored["parts"]) > MAX_PRIMER_NOTES:
            raise UnusablePrimer(f"A primer has at most {MAX_PRIMER_NOTES:,} notes.")
        parts = [_part_from_json(part) for part in stored["parts"]]
        key = stored["key"]
        return Primer(
            score=Score(
                parts=tuple(part for part, _ in parts),
                metres=(MetreChange(0, Metre(*_whole(stored["metre"], 2))),),
                keys=() if key is None else (KeyChange(0, Key(key[0], key[1])),),
                pickup_ticks=_whole([stored["pickup_ticks"]], 1)[0],
                phrase_end_ticks=tuple(_whole(stored["phrase_end_ticks"])),
            ),
            length_ticks=_whole([stored["length_ticks"]], 1)[0],
            compasses=tuple(compass for _, compass in parts),
        )
    except UnusablePrimer:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        raise UnusablePrimer(
            "The notes to go on from cannot be read. Use a recipe that this program "
            "wrote."
        ) from None


def _part_from_json(stored: Any) -> tuple[Part, tuple[int, int]]:
    name = stored["name"]
    if not isinstance(name, str) or len(name) > _MAX_NAME:
        raise ValueError("That is no name of a part.")
    notes = tuple(Note(*_whole(note, 3)) for note in stored["notes"])
    (program,) = _whole([stored["program"]], 1)
    low, high = _whole(stored["compass"], 2)
    return Part(notes=notes, name=name, program=program), (low, high)


def _whole(values: Any, count: int | None = None) -> list[int]:
    """``values`` where they are a list of ``count`` whole numbers, not too large."""
    if not isinstance(values, list) or count not in (None, len(values)):
        raise ValueError("That is no list of so many numbers.")
    if not all(type(v) is int and 0 <= v <= _MAX_TICKS for v in values):
        raise ValueError("These are no whole numbers.")
    return values


# As events --------------------------------------------------------------------------


def given_events(
    encoding: Encoding, primer: Primer, form: Form, *, transposition: int = 0
) -> list[Event]:
    """The events that spell ``primer`` where a piece in ``form`` begins.

    The last one may lack its last fields, where they say what comes next. The model
    writes ``transposition`` semitones below what will sound. Raises ``NotEncodable``.
    """
    score = transpose(primer.score, -transposition) if transposition else primer.score
    end = primer.length_ticks
    walk = encoding.walk(form)
    events: list[Event] = []
    for values in encoding.encode(_with_note_at(score, end)).events.tolist():
        if walk.tick >= end:
            break
        event = tuple(values)
        for field, value in enumerate(event):
            if walk.legal(field, event[:field])[value] != 0.0:
                name = encoding.fields[field].name
                raise NotEncodable(f"No {name} {value} can stand at tick {walk.tick}.")
        walk.advance(event)
        events.append(event)
    if walk.tick != end:
        raise NotEncodable("These bars do not end where a note may begin.")
    if isinstance(encoding, PolyphonyEncoding):
        events[-1] = events[-1][:PART]  # Who plays next is not given.
    return events


def _with_note_at(score: Score, tick: int) -> Score:
    """``score`` with a note after its end, so that encoding goes on up to there."""
    number = next(i for i, part in enumerate(score.parts) if part.notes)
    part = score.parts[number]
    note = Note(tick, part.notes[-1].pitch, TICKS_PER_QUARTER)
    parts = list(score.parts)
    parts[number] = replace(part, notes=(*part.notes, note))
    return replace(score, parts=tuple(parts))


def without_holds(encoding: Encoding) -> list[Mask | None]:
    """Masks of the fields that let no given note go on after the cut."""
    return [
        allow(field.size, [v for v in range(field.size) if v != field.hold])
        if field.hold is not None
        else None
        for field in encoding.fields
    ]
