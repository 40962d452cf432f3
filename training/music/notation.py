"""Written music as values: bars, staves, voices, and the signs on them.

``copyist.notate`` makes them from a score; ``musicxml`` spells them in a file. Ticks
here are those of the page: see ``Timeline``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from training.music.pitch import Key
from training.music.rhythm import FINEST_TICKS, nearest_place
from training.music.score import Bar, Metre, Score

SHORTEST_NOTE_TICKS = 30
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Clef:
    sign: str  # "G", "F" or "C"
    line: int
    octave_change: int = 0
    lowest: int = 0  # pitches that stand on the staff without ledger lines
    highest: int = 0


TREBLE = Clef("G", 2, 0, 64, 77)
BASS = Clef("F", 4, 0, 43, 57)
TENOR = Clef("G", 2, -1, 52, 65)
ALTO = Clef("C", 3, 0, 53, 67)
HIGH = Clef("G", 2, 1, 76, 89)
LOW = Clef("F", 4, -1, 31, 45)


@dataclass(frozen=True, slots=True)
class Head:
    """One notehead: a note of the score, or a piece of one that is tied."""

    part: int
    index: int  # of the note in its part
    segment: int  # 0 for a note's first head, then 1, 2, ...
    velocity: int
    letter: str
    alteration: int
    octave: int
    starts_tie: bool = False
    ends_tie: bool = False
    accidental: str = ""  # what must be printed before it, in MusicXML's words

    @property
    def id(self) -> str:
        return head_id(self.part, self.index, self.segment)


def head_id(part: int, index: int, segment: int = 0) -> str:
    """The name of a notehead in files and drawings: ``n0-12``, tied on ``n0-12-1``."""
    return f"n{part}-{index}" + (f"-{segment}" if segment else "")


@dataclass(frozen=True, slots=True)
class Sign:
    """A note, chord or rest on the page."""

    start_tick: int
    duration_ticks: int
    value: str  # "quarter", ...
    dots: int
    heads: tuple[Head, ...] = ()  # none: a rest
    beams: tuple[str, ...] = ()
    is_triplet: bool = False
    starts_triplet: bool = False
    stops_triplet: bool = False
    has_bracket: bool = False  # of its triplet
    has_fermata: bool = False
    fills_bar: bool = False  # a rest for the whole bar
    is_hidden: bool = False  # a rest that another voice shows already

    @property
    def end_tick(self) -> int:
        return self.start_tick + self.duration_ticks


Voice = tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """A bar as it is written. Ticks are those of the page: see ``Timeline``."""

    number: int
    start_tick: int
    duration_ticks: int
    metre: Metre
    is_pickup: bool = False
    new_metre: bool = False
    keys: tuple[tuple[int, Key], ...] = ()  # (ticks from the bar line, new key)
    tempos: tuple[tuple[int, float], ...] = ()  # (ticks from the bar line, qpm)

    @property
    def end_tick(self) -> int:
        return self.start_tick + self.duration_ticks

    @property
    def lead_ticks(self) -> int:
        """What a pick-up bar leaves out before its first note."""
        return self.metre.bar_ticks - self.duration_ticks if self.is_pickup else 0


@dataclass(frozen=True, slots=True)
class Staff:
    """Five lines: one part, or two that share them as in a hymn book."""

    parts: tuple[int, ...]
    clef: Clef
    bars: tuple[tuple[tuple[int, Voice], ...], ...]  # per bar: (voice number, signs)


@dataclass(frozen=True, slots=True)
class Notation:
    bars: tuple[WrittenBar, ...]
    staves: tuple[Staff, ...]


class Timeline:
    """From ticks of a score to ticks of the page, bar by bar.

    The two are the same for music on a grid of a 48th of a quarter. In other music,
    played rather than written, all moves to the nearest place that is easily read.
    """

    def __init__(self, score: Score) -> None:
        self.bars = _bars(score)
        self._is_exact = _is_exact(score)
        self._starts = [bar.start_tick for bar in self.bars]
        self._page_starts = [0]
        for bar in self.bars:
            length = self._place(bar.duration_ticks) or SHORTEST_NOTE_TICKS
            self._page_starts.append(self._page_starts[-1] + length)

    def _place(self, ticks: int) -> int:
        return ticks if self._is_exact else nearest_place(ticks)

    @property
    def end_tick(self) -> int:
        return self._page_starts[-1]

    def page_tick(self, tick: int) -> int:
        index = max(0, bisect_right(self._starts, tick) - 1)
        bar = self.bars[index]
        start, end = self._page_starts[index : index + 2]
        if bar.number == 0:  # A pick-up is counted back from its bar line.
            return max(start, end - self._place(max(0, bar.end_tick - tick)))
        return min(end, start + self._place(tick - bar.start_tick))

    def written_bars(self, score: Score) -> tuple[WrittenBar, ...]:
        metre_ticks = {change.tick for change in score.metres}
        keys = {self.page_tick(change.tick): change.key for change in score.keys}
        tempos = {self.page_tick(change.tick): change.qpm for change in score.tempos}
        spans = pairwise(self._page_starts)
        return tuple(
            WrittenBar(
                number=bar.number,
                start_tick=start,
                duration_ticks=end - start,
                metre=bar.metre,
                is_pickup=bar.number == 0,
                new_metre=bar.start_tick in metre_ticks,
                keys=_within(keys, start, end),
                tempos=_within(tempos, start, end),
            )
            for bar, (start, end) in zip(self.bars, spans, strict=True)
        )


def _within(changes: dict[int, _T], start: int, end: int) -> tuple[tuple[int, _T], ...]:
    """The changes from ``start`` to before ``end``, counted from ``start``."""
    ticks = list(changes)
    low, high = bisect_left(ticks, start), bisect_left(ticks, end)
    return tuple((tick - start, changes[tick]) for tick in ticks[low:high])


def _is_exact(score: Score) -> bool:
    ticks = {score.pickup_ticks, *(change.tick for change in score.metres)}
    for part in score.parts:
        ticks.update(note.start_tick for note in part.notes)
        ticks.update(note.end_tick for note in part.notes)
    return all(tick % FINEST_TICKS == 0 for tick in ticks)


def _bars(score: Score) -> list[Bar]:
    """The bars; the last one short when it completes a pick-up, as is usual."""
    bars = list(score.bars()) or [Bar(1, 0, score.metre.bar_ticks, score.metre)]
    last = bars[-1]
    short = last.metre.bar_ticks - score.pickup_ticks
    is_complement = score.pickup_ticks and last.number and last.metre == score.metre
    if is_complement and score.end_tick <= last.start_tick + short:
        bars[-1] = replace(last, duration_ticks=short)
    return bars
