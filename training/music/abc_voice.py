"""One voice of an ABC tune while it is read."""

from __future__ import annotations

import re
from fractions import Fraction

from training.music.barlines import Change, Event, Time, WrittenBar, exact
from training.music.score import Metre


class Voice:
    """One voice while it is read: its finished bars and what still hangs in the air."""

    def __init__(self) -> None:
        self.name = ""
        self.program = 0
        self.shift = 0  # semitones
        self.bars: list[WrittenBar] = []
        self.bar = WrittenBar()
        self.accidentals: dict[str, int] = {}  # in force until the bar line
        self.tied: dict[str, int] = {}  # spelling -> pitch of the note just tied
        self.factor: Fraction | None = None  # for the note after > or <
        self.tuplet_factor = Fraction(1)
        self.tuplet_left = 0
        self.has_fermata = False
        self.num_events = 0

    def add(self, duration: Time, pitches: tuple[int, ...], is_tied: bool) -> None:
        """Append a note, a chord or (without pitches) a rest."""
        if self.factor is not None:
            duration = exact(duration * self.factor)
            self.factor = None
        if self.tuplet_left:
            duration = exact(duration * self.tuplet_factor)
            self.tuplet_left -= 1
        bar = self.bar
        offset = bar.duration
        bar.events.append(Event(offset, duration, pitches, is_tied, self.has_fermata))
        bar.duration = offset + duration
        self.has_fermata = False
        self.num_events += 1

    def break_rhythm(self, signs: str) -> None:
        """Lengthen the note before and shorten the one after, or the reverse."""
        if not self.bar.events:
            return
        small = Fraction(1, 2 ** min(len(signs), 4))
        before, after = (2 - small, small) if signs[0] == ">" else (small, 2 - small)
        last = self.bar.events[-1]
        duration = exact(last.duration * before)
        self.bar.events[-1] = last._replace(duration=duration)
        self.bar.duration = last.offset + duration
        self.factor = after

    def tie_last(self, tied: dict[str, int]) -> None:
        if self.bar.events:
            self.bar.events[-1] = self.bar.events[-1]._replace(is_tied=True)
            self.tied = tied

    def end_bar(self, line: str) -> None:
        """A bar line, or with ``line`` empty an ending that begins inside a bar."""
        bar = self.bar
        if line:
            self.accidentals = {}
        if bar.duration or bar.changes and not self.bars:
            bar.add_line(line)
            self.bars.append(bar)
            self.bar = WrittenBar()
        elif self.bars:  # two lines in a row are one
            self.bars[-1].add_line(line)

    def start_ending(self, numbers: str) -> None:
        self.end_bar("")
        self.bar.endings = tuple(int(n) for n in re.findall(r"\d{1,3}", numbers))

    def change(self, change: Change) -> None:
        if isinstance(change, Metre) and self.bar.duration:
            self.end_bar("|")
        self.bar.changes.append((self.bar.duration, change))
