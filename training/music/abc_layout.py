"""From bars as an ABC tune writes them to notes on the grid of its metre.

Tunes are written loosely. A section often ends in a short bar because its repeat goes
back to the pick-up; the next section may bring a pick-up of its own, or none. So that
every bar line falls where the metre puts it:

* a short bar and the pick-up after it make one bar when they add up;
* where they do not, the note before the section line is made longer or shorter;
* any other bar that does not add up keeps its notes, gets a metre of its own, and is
  counted as misplaced.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

from training.music.pitch import Key
from training.music.score import (
    TICKS_PER_QUARTER,
    KeyChange,
    Metre,
    MetreChange,
    Note,
    TempoChange,
)

Time = int | Fraction  # in ticks; fractions where a tuplet asks for them
Change = Metre | Key | float  # a float is a tempo in quarters per minute
MAX_BARS_PLAYED = 20_000  # when repeats are played out


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
class Layout:
    """A tune on the grid: all that a score needs."""

    parts: tuple[tuple[Note, ...], ...]
    metres: tuple[MetreChange, ...]
    keys: tuple[KeyChange, ...]
    tempos: tuple[TempoChange, ...]
    pickup_ticks: int
    phrase_end_ticks: tuple[int, ...]
    misplaced_bars: int


def lay_out(
    voices: list[list[WrittenBar]], start: list[Change], *, expand_repeats: bool
) -> Layout:
    """Place the bars of all ``voices``; ``start`` holds the changes of the header."""
    choose = _play_order if expand_repeats else _last_endings
    voices = [_joined(choose(bars)) for bars in voices]
    metre = next((change for change in start if isinstance(change, Metre)), None)
    plans = [_plan(bars, metre) for bars in voices]
    lead = plans[0]
    fermatas: set[int] = set()
    parts = []
    for bars, plan in zip(voices, plans, strict=True):
        is_in_step = [b.duration for b in bars] == [b.duration for b in voices[0]]
        starts = lead.starts if is_in_step else plan.starts
        parts.append(_placed(bars, starts, fermatas))
    changes: list[tuple[int, Change]] = [(0, change) for change in start]
    for bar, tick in zip(voices[0], lead.starts, strict=False):
        changes += [(round(tick + offset), change) for offset, change in bar.changes]
    keys = {tick: c for tick, c in changes if isinstance(c, Key)}
    tempos = {tick: c for tick, c in changes if isinstance(c, float)}
    return Layout(
        parts=tuple(parts),
        metres=lead.metres,
        keys=tuple(KeyChange(t, keys[t]) for t in sorted(keys)) if 0 in keys else (),
        tempos=_tempo_changes(tempos),
        pickup_ticks=lead.pickup_ticks,
        phrase_end_ticks=tuple(sorted(fermatas)),
        misplaced_bars=lead.misplaced_bars,
    )


def _tempo_changes(tempos: dict[int, float]) -> tuple[TempoChange, ...]:
    if tempos and 0 not in tempos:
        tempos[0] = tempos[min(tempos)]
    return tuple(TempoChange(tick, tempos[tick]) for tick in sorted(tempos))


def _last_endings(bars: list[WrittenBar]) -> list[WrittenBar]:
    """The bars without first endings: of each group of endings only the last stays."""
    kept: list[WrittenBar] = []
    ending_at: int | None = None  # where in ``kept`` the latest ending begins
    for bar in bars:
        if bar.endings:
            if ending_at is not None and min(bar.endings) > 1:
                del kept[ending_at:]
            ending_at = len(kept)
        elif kept and (kept[-1].ends_repeat or kept[-1].starts_repeat):
            ending_at = None
        kept.append(bar)
    return kept


def _play_order(bars: list[WrittenBar]) -> list[WrittenBar]:
    """The bars as they are played, repeats and endings included."""
    played: list[WrittenBar] = []
    section, turn, turns = 0, 1, 2  # where to go back to; which time through; how many
    index = 0
    ending: tuple[int, ...] = ()
    while index < len(bars) and len(played) < MAX_BARS_PLAYED:
        bar = bars[index]
        ending = bar.endings or ending
        turns = max(turns, *ending, 2)
        if not ending or turn in ending:
            played.append(bar)
            if bar.ends_repeat and turn < turns:
                index, turn, ending = section, turn + 1, ()
                continue
            if bar.ends_repeat or bar.starts_repeat or (ending and bar.is_section_end):
                section, turn, turns, ending = index + 1, 1, 2, ()
        index += 1
    return played


def _joined(bars: list[WrittenBar]) -> list[WrittenBar]:
    """The bars with music before a mid-bar ending put together with what follows."""
    joined: list[WrittenBar] = []
    for bar in bars:
        if not joined or joined[-1].has_line:
            joined.append(bar)
            continue
        before = joined[-1]
        shift = before.duration
        joined[-1] = replace(
            bar,
            events=before.events
            + [e._replace(offset=e.offset + shift) for e in bar.events],
            changes=before.changes + [(at + shift, what) for at, what in bar.changes],
            duration=shift + bar.duration,
        )
    return joined


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where every written bar starts, and the metres that make it so."""

    starts: list[Time]
    metres: tuple[MetreChange, ...]
    pickup_ticks: int
    misplaced_bars: int


def _plan(bars: list[WrittenBar], metre: Metre | None) -> _Plan:
    has_metre = metre is not None or (bars and bars[0].metre is not None)
    planner = _Planner(bars, metre or Metre())
    plan = planner.plan()
    if has_metre:
        return plan
    if not plan.misplaced_bars and len(plan.metres) == 1:
        return replace(plan, metres=())
    starts: list[Time] = [0]  # free metre: end to end
    for bar in bars:
        starts.append(starts[-1] + bar.duration)
    return _Plan(starts[:-1], (), 0, 0)


class _Planner:
    """Goes from bar line to bar line and keeps them on the grid."""

    def __init__(self, bars: list[WrittenBar], metre: Metre) -> None:
        self.bars = bars
        self.metre = metre
        self.metres: dict[Time, Metre] = {0: metre}
        self.bar_start: Time = 0  # the last bar line of the grid
        self.pickup: Time = 0
        self.misplaced = 0

    def plan(self) -> _Plan:
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
        return _Plan(starts, tuple(metres), round(self.pickup), self.misplaced)

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


def _placed(
    bars: list[WrittenBar], starts: list[Time], fermatas: set[int]
) -> tuple[Note, ...]:
    """The notes with ties joined, fitted to where the next bar starts."""
    placed: list[list[Time]] = []  # start, end, pitch
    tied: dict[int, list[Time]] = {}
    for index, (bar, start) in enumerate(zip(bars, starts, strict=True)):
        end = start + bar.duration
        limit = starts[index + 1] if index + 1 < len(starts) else end
        is_filled = end < limit <= end + TICKS_PER_QUARTER  # by its last note
        stretch = limit if is_filled else min(end, limit)
        for event in bar.events:
            at = start + event.offset
            until = at + event.duration
            if until >= end:
                until = stretch
            was_tied, tied = tied, {}
            for pitch in event.pitches:
                note = was_tied.get(pitch)
                if note is not None and note[1] == at:
                    note[1] = until
                else:
                    note = [at, until, pitch]
                    placed.append(note)
                if event.is_tied:
                    tied[pitch] = note
                if event.has_fermata:
                    fermatas.add(round(note[0]))
    return tuple(_note(*note) for note in placed if note[1] > note[0])


def _note(start: Time, end: Time, pitch: int) -> Note:
    if type(start) is int and type(end) is int:
        return Note(start, pitch, end - start)
    first = round(start)
    return Note(first, pitch, max(1, round(end) - first))
