"""Bars as they are written, brought in step with their metre.

Music is written loosely. A section often ends in a short bar because its repeat goes
back to the pick-up; the next section may bring a pick-up of its own, or none. ``plan``
says where every written bar starts so that bar lines fall where the metre puts them:

* a short bar and the pick-up after it make one bar when they add up;
* where they do not, the bar before the section line is filled up or cut shorter;
* any other bar that does not add up keeps its music, gets a metre of its own, and is
  counted as misplaced.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

from training.music.pitch import Key
from training.music.score import TICKS_PER_QUARTER, Metre, MetreChange

Time = int | Fraction  # in ticks; fractions where a tuplet asks for them
Change = Metre | Key | float  # a float is a tempo in quarters per minute


def exact(ticks: Time) -> Time:
    """``ticks`` as an integer where they are one: integers are much faster."""
    return ticks.numerator if ticks.denominator == 1 else ticks


class Event(NamedTuple):
    """A note, a chord, or (without pitches) a rest, in its place in the bar."""

    offset: Time
    duration: Time
    pitches: tuple[int, ...]
    is_tied: bool  # to the event after it
    has_fermata: bool


@dataclass(slots=True)
class WrittenBar:
    """What stands between two bar lines, and what the line at its end says.

    A bar ``has_line`` unless an ending begins inside it (the music before ``[1``) or
    the tune stops without one. ``endings`` are the numbers of the ending that begins
    here.
    """

    events: list[Event] = field(default_factory=list)
    changes: list[tuple[Time, Change]] = field(default_factory=list)
    duration: Time = 0
    endings: tuple[int, ...] = ()
    has_line: bool = False
    is_section_end: bool = False
    ends_repeat: bool = False
    starts_repeat: bool = False  # after this bar

    def add_line(self, line: str) -> None:
        if not line:
            return
        self.has_line = True
        self.ends_repeat |= ":|" in line or "::" in line
        self.starts_repeat |= "|:" in line or "::" in line
        self.is_section_end |= line.strip(".") != "|"

    @property
    def metre(self) -> Metre | None:
        """The metre that begins with this bar, if it changes here."""
        for offset, change in self.changes:
            if offset == 0 and isinstance(change, Metre):
                return change
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """Where every written bar starts, and the metres that make it so."""

    starts: list[Time]
    metres: tuple[MetreChange, ...]
    pickup_ticks: int
    misplaced_bars: int


def plan(bars: list[WrittenBar], metre: Metre | None) -> Plan:
    """Where ``bars`` start. With no metre at all they follow each other end to end."""
    has_metre = metre is not None or (bars and bars[0].metre is not None)
    measured = _Planner(bars, metre or Metre()).plan()
    if has_metre:
        return measured
    if not measured.misplaced_bars and len(measured.metres) == 1:
        return replace(measured, metres=())
    starts: list[Time] = [0]  # free metre: end to end
    for bar in bars:
        starts.append(starts[-1] + bar.duration)
    return Plan(starts[:-1], (), 0, 0)


class _Planner:
    """Goes from bar line to bar line and keeps them on the grid."""

    def __init__(self, bars: list[WrittenBar], metre: Metre) -> None:
        self.bars = bars
        self.metre = metre
        self.metres: dict[Time, Metre] = {0: metre}
        self.bar_start: Time = 0  # the last bar line of the grid
        self.pickup: Time = 0
        self.misplaced = 0

    def plan(self) -> Plan:
        starts: list[Time] = []
        tick: Time = 0
        for index, bar in enumerate(self.bars):
            if bar.metre is not None and tick == self.bar_start:
                self.set_metre(tick, bar.metre)
            starts.append(tick)
            tick = self.end_bar(index, tick + bar.duration)
            if bar.metre is not None and bar.metre != self.metre:
                # It came with a pick-up, which fills up a bar of the metre before.
                self.set_metre(self.bar_start, bar.metre)
        metres: list[MetreChange] = []
        for at in sorted(self.metres):
            if not metres or at < tick and metres[-1].metre != self.metres[at]:
                metres.append(MetreChange(round(at), self.metres[at]))
        return Plan(starts, tuple(metres), round(self.pickup), self.misplaced)

    def set_metre(self, tick: Time, metre: Metre) -> None:
        self.metre = metre
        self.metres[tick] = metre

    def end_bar(self, index: int, end: Time) -> Time:
        """Where the bar after ``index`` starts; ``end`` is where this one's music ends.

        Moves ``bar_start`` on, except in the middle of a bar that a section line cuts.
        """
        bar = self.bars[index]
        following = self.bars[index + 1] if index + 1 < len(self.bars) else None
        bar_ticks = self.metre.bar_ticks
        excess = (end - self.bar_start) % bar_ticks
        gap = (bar_ticks - excess) % bar_ticks
        if following is None:
            if excess and end - self.bar_start > bar_ticks and index:
                self.give_own_metre(end)
            return end
        if index == 0 and excess and not self.is_halved(index):
            self.pickup = excess
            self.bar_start = end
            return end
        new_metre = following.metre
        if gap and new_metre is None and self.goes_on(bar, following, gap):
            return end
        if bar.is_section_end and self.is_pickup(index + 1):
            shift = gap - following.duration  # of the pick-up, to be in step
            if gap == 0 or shift < 0:
                shift = shift if gap else -following.duration
                if not _can_give(bar, -shift):
                    return self.give_own_metre(end)
                self.bar_start = self.last_line(end)
            return end + shift
        if gap and bar.is_section_end:
            self.bar_start = end + gap
        elif gap and new_metre is None:
            return self.give_own_metre(end)
        else:
            self.bar_start = end
        return self.bar_start

    def goes_on(self, bar: WrittenBar, following: WrittenBar, gap: Time) -> bool:
        """Whether a short bar and the one after it add up."""
        if bar.is_section_end:
            return (following.duration - gap) % self.metre.bar_ticks == 0
        return following.duration == gap

    def is_halved(self, index: int) -> bool:
        """Whether a section line cuts a bar in two that add up."""
        bar, following = self.bars[index : index + 2]
        whole = self.metre.bar_ticks
        return bar.is_section_end and bar.duration + following.duration == whole

    def is_pickup(self, index: int) -> bool:
        if index + 1 >= len(self.bars):
            return False
        metre = self.bars[index].metre or self.metre
        return 0 < self.bars[index].duration < metre.bar_ticks and not (
            self.is_halved(index)
        )

    def last_line(self, end: Time) -> Time:
        """The grid's bar line before ``end``."""
        bar_ticks = self.metre.bar_ticks
        return end - ((end - self.bar_start - 1) % bar_ticks + 1)

    def give_own_metre(self, end: Time) -> Time:
        """Let the bar from ``bar_start`` to ``end`` have the length it has."""
        self.misplaced += 1
        length = end - self.bar_start
        own = _metre_of_length(length, self.metre.denominator)
        if own is None:
            bar_ticks = self.metre.bar_ticks
            self.bar_start += -(-length // bar_ticks) * bar_ticks
        else:
            self.metres[self.bar_start] = own
            self.bar_start = end
            self.metres[end] = self.metre
        return self.bar_start


def _metre_of_length(length: Time, denominator: int) -> Metre | None:
    for unit in (denominator, 4, 8, 16, 32):
        numerator = length * unit / Fraction(4 * TICKS_PER_QUARTER)
        if numerator.denominator == 1 and 1 <= numerator <= 32:
            return Metre(int(numerator), unit)
    return None


def _can_give(bar: WrittenBar, ticks: Time) -> bool:
    """Whether ``ticks`` can be cut off the bar's end and every note still sounds."""
    return bool(bar.events) and (
        bar.events[-1].duration > ticks
        or (not bar.events[-1].pitches and bar.events[-1].duration == ticks)
    )
