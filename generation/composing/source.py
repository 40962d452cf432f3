"""Music that is given, and what of it is kept.

A source is a piece, or the beginning of one. A ``Keep`` says what of it stays: notes
as they sound, or their rhythm, or the order of their pitches, over some stretch and of
some parts. Together they express going on, rewriting bars, harmonising a voice, another
ending and the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from training.music.encodings import Instrument, NotEncodable
from training.music.encodings.context import barred_form
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

MAX_SOURCE_NOTES = 2048
MAX_SOURCE_PARTS = 8
MAX_SOURCE_PHRASES = 256
MAX_KEEPS = 64
_MAX_NAME = 120
_MAX_TICKS = 256 * 12 * TICKS_PER_QUARTER

NOTES: Final = "notes"
RHYTHM: Final = "rhythm"
PITCHES: Final = "pitches"
#: Where several stand over one place, the first of these counts.
KEPT_AS = (NOTES, RHYTHM, PITCHES)


class UnusableSource(ValueError):
    """Nothing to work from; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A piece in one metre and one key, or its beginning, up to ``length_ticks``.

    A part's ``compasses`` are its lowest and highest pitch in the whole piece it was
    taken from.
    """

    score: Score
    length_ticks: int
    compasses: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        score = self.score
        if not score.num_notes:
            raise UnusableSource("These bars are silent. Choose some with notes.")
        if score.num_notes > MAX_SOURCE_NOTES:
            raise UnusableSource(
                f"These bars hold more than {MAX_SOURCE_NOTES:,} notes. Work from "
                "fewer bars."
            )
        if len(score.parts) > MAX_SOURCE_PARTS:
            raise UnusableSource(f"There are more than {MAX_SOURCE_PARTS} parts.")
        if len(score.phrase_end_ticks) > MAX_SOURCE_PHRASES:
            raise UnusableSource("There are too many fermatas.")
        if len(score.metres) > 1 or len(score.keys) > 1:
            raise UnusableSource("The metre or the key changes in these bars.")
        if not score.end_tick <= self.length_ticks <= _MAX_TICKS:
            raise UnusableSource("These bars are too long to work from.")
        if any(part.is_drum for part in score.parts):
            raise UnusableSource("Drums have no pitches to work from.")

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
        return max(1, -(-after_pickup // self.metre.bar_ticks))

    @property
    def mean_pitch(self) -> float:
        pitches = [note.pitch for part in self.score.parts for note in part.notes]
        return sum(pitches) / len(pitches)

    def bar_start(self, bar: int) -> int:
        """Where ``bar``, counted from 1, begins; the pick-up belongs to the first."""
        if bar <= 1:
            return 0
        start = self.score.pickup_ticks + (bar - 1) * self.metre.bar_ticks
        return min(start, self.length_ticks)

    def bar_end(self, bar: int) -> int:
        """Where ``bar`` ends; the last one holds the rest of the piece."""
        return self.length_ticks if bar >= self.bars else self.bar_start(bar + 1)


@dataclass(frozen=True, slots=True)
class Keep:
    """What of a source stays from ``start_tick`` up to ``end_tick``.

    ``what`` is "notes" (they sound as they are, cut at the edges), "rhythm" (onsets,
    durations and rests stay, pitches are new) or "pitches" (their order stays, the
    rhythm is new). ``parts`` number the source's parts from 0; None: all.
    """

    what: str
    start_tick: int
    end_tick: int
    parts: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.what not in KEPT_AS:
            raise UnusableSource(
                "What is kept must be notes, rhythm or pitches; choose one."
            )
        ticks = (self.start_tick, self.end_tick)
        if not (all(map(_is_whole, ticks)) and 0 <= ticks[0] < ticks[1] <= _MAX_TICKS):
            raise UnusableSource("What is kept must begin before it ends.")
        parts = self.parts
        if parts is not None and not (
            isinstance(parts, tuple)
            and 0 < len(parts) <= MAX_SOURCE_PARTS
            and all(_is_whole(p) and 0 <= p < MAX_SOURCE_PARTS for p in parts)
            and len(set(parts)) == len(parts)
        ):
            raise UnusableSource("What is kept must name parts of the piece, from 0.")


def source_of(score: Score) -> Source:
    """The whole of ``score``, its last bar filled up. Raises ``UnusableSource``."""
    return _source(score, None)


def beginning_of_score(score: Score, bars: int) -> Source:
    """The first ``bars`` bars of ``score``, its pick-up included.

    Raises ``UnusableSource``.
    """
    return _source(score, bars)


def _source(score: Score, bars: int | None) -> Source:
    try:
        form = barred_form(score)
    except NotEncodable as reason:
        raise UnusableSource(str(reason)) from None
    bars = form.bars if bars is None else bars
    if not 1 <= bars <= form.bars:
        raise UnusableSource(
            f"Choose one of the piece's bars: 1 to {form.bars}, not {bars}."
        )
    end = min(form.pickup_ticks + bars * form.metre.bar_ticks, form.length_ticks)
    return Source(
        score=Score(
            parts=tuple(
                Part(
                    notes=clipped(part.notes, 0, end),
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


def clipped(notes: Sequence[Note], start: int, end: int) -> tuple[Note, ...]:
    """What of ``notes`` sounds from ``start`` to ``end``, cut at both."""
    return tuple(
        Note(begin, n.pitch, min(n.end_tick, end) - begin)
        for n in notes
        if (begin := max(n.start_tick, start)) < min(n.end_tick, end)
    )


def keep_all(source: Source, what: str = NOTES) -> Keep:
    """Everything of the source, of all its parts."""
    return Keep(what, 0, source.length_ticks)


def keep_bars(
    source: Source,
    first: int,
    last: int,
    parts: tuple[int, ...] | None = None,
    what: str = NOTES,
) -> Keep:
    """Bars ``first`` to ``last``, counted from 1. Raises ``UnusableSource``."""
    _check_bars(source, first, last)
    return Keep(what, source.bar_start(first), source.bar_end(last), parts)


def keep_all_but_bars(
    source: Source, first: int, last: int, parts: tuple[int, ...] | None = None
) -> tuple[Keep, ...]:
    """All notes but those of bars ``first`` to ``last`` in ``parts`` (None: all)."""
    _check_bars(source, first, last)
    start, end = source.bar_start(first), source.bar_end(last)
    kept = []
    if start > 0:
        kept.append(Keep(NOTES, 0, start))
    if end < source.length_ticks:
        kept.append(Keep(NOTES, end, source.length_ticks))
    if parts is not None:
        all_parts = range(len(source.score.parts))
        if others := tuple(part for part in all_parts if part not in parts):
            kept.append(Keep(NOTES, start, end, others))
    return tuple(kept)


def _check_bars(source: Source, first: int, last: int) -> None:
    if not 1 <= first <= last <= source.bars:
        raise UnusableSource(
            f"Choose bars from 1 to {source.bars}, the first before the last."
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _compass(notes: Sequence[Note]) -> tuple[int, int]:
    pitches = [note.pitch for note in notes]
    default = Instrument()
    return (
        min(pitches, default=default.lowest_pitch),
        max(pitches, default=default.highest_pitch),
    )


# As JSON, in a recipe ---------------------------------------------------------------


def source_to_json(source: Source) -> dict[str, Any]:
    """``source`` as lists and numbers; a note is start tick, pitch and duration."""
    score, key = source.score, source.key
    return {
        "length_ticks": source.length_ticks,
        "metre": [source.metre.numerator, source.metre.denominator],
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
            for part, compass in zip(score.parts, source.compasses, strict=True)
        ],
    }


def source_from_json(stored: Any) -> Source:
    """The source that ``stored`` was made from. It may come from anywhere.

    Raises ``UnusableSource``.
    """
    try:
        if sum(len(part["notes"]) for part in stored["parts"]) > MAX_SOURCE_NOTES:
            raise UnusableSource(f"A source has at most {MAX_SOURCE_NOTES:,} notes.")
        parts = [_part_from_json(part) for part in stored["parts"]]
        return Source(
            score=Score(
                parts=tuple(part for part, _ in parts),
                metres=(MetreChange(0, Metre(*_whole(stored["metre"], 2))),),
                keys=_keys_from_json(stored["key"]),
                pickup_ticks=_whole([stored["pickup_ticks"]], 1)[0],
                phrase_end_ticks=tuple(_whole(stored["phrase_end_ticks"])),
            ),
            length_ticks=_whole([stored["length_ticks"]], 1)[0],
            compasses=tuple(compass for _, compass in parts),
        )
    except UnusableSource:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        raise UnusableSource(
            "The notes to work from cannot be read. Use a recipe that this program "
            "wrote."
        ) from None


def _keys_from_json(stored: Any) -> tuple[KeyChange, ...]:
    if stored is None:
        return ()
    tonic, mode = stored
    (pitch_class,) = _whole([tonic], 1)
    return (KeyChange(0, Key(pitch_class, mode)),)


def _part_from_json(stored: Any) -> tuple[Part, tuple[int, int]]:
    name = stored["name"]
    if not (isinstance(name, str) and len(name) <= _MAX_NAME and "\0" not in name):
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


def keeps_to_json(keeps: Sequence[Keep]) -> list[dict[str, Any]]:
    return [
        {
            "what": keep.what,
            "start_tick": keep.start_tick,
            "end_tick": keep.end_tick,
            "parts": None if keep.parts is None else list(keep.parts),
        }
        for keep in keeps
    ]


def keeps_from_json(stored: Any) -> tuple[Keep, ...]:
    """What ``keeps_to_json`` wrote. It may come from anywhere.

    Raises ``UnusableSource``.
    """
    try:
        if len(stored) > MAX_KEEPS:
            raise UnusableSource(f"Keep at most {MAX_KEEPS} stretches of a piece.")
        return tuple(
            Keep(
                keep["what"],
                keep["start_tick"],
                keep["end_tick"],
                None if keep["parts"] is None else tuple(keep["parts"]),
            )
            for keep in stored
        )
    except UnusableSource:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        raise UnusableSource(
            "What is kept cannot be read. Use a recipe that this program wrote."
        ) from None
