"""Pieces of a given number of notes that end as if they had wanted to.

A melody is given a number of bars that its notes should fill, planned again after every
phrase from how many notes a bar it really takes. Every bar is told how few and how many
notes it may hold, ever more strictly towards the end, so that the last bar gets as many
as a last bar likes, and the last note, the tonic, fills it up. Nothing is cut off and
nothing padded: the network sees the end coming, because the walk's length is moved, and
writes towards it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from generation.composing.constraints import ConstrainedDraft, FieldMask
from generation.composing.endings import NOTE, tonic_mask
from generation.composing.part_writing import VoicesDraft
from generation.composing.plans import with_bars
from training.music.encodings.base import Encoding, Event, Form, Mask, allow
from training.music.encodings.melody import (
    DURATION,
    DURATIONS,
    FIRST_PITCH,
    HOLD,
    NUM_PITCH_SYMBOLS,
    PITCH,
    REST,
    TICKS_PER_STEP,
)
from training.music.encodings.voices import VoicesEncoding

PHRASE_BARS = 4
#: A last bar's share of the notes that another bar has.
LAST_BAR = 0.6
#: How far from the plan a bar may stray: so many notes, and this share of the usual.
STRAY_NOTES, STRAY_SHARE = 1.0, 0.2
#: What a note is given at least while there is room, in steps: eighths, then shorter.
_UNITS = (12, 6, 3, 1)

_HOLD = allow(NUM_PITCH_SYMBOLS, [HOLD])
_NO_NOTE = allow(NUM_PITCH_SYMBOLS, [REST, HOLD])


@cache
def _at_most(steps: int) -> Mask:
    return allow(len(DURATIONS), [i for i, d in enumerate(DURATIONS) if d <= steps])


@cache
def _longest(steps: int) -> Mask:
    """The one duration that fills ``steps``, or as much of it as one can."""
    fitting = [i for i, d in enumerate(DURATIONS) if d <= steps]
    return allow(len(DURATIONS), fitting[-1:])


def planned_bars(notes: int, per_bar: float, bars_written: int) -> int:
    """In how many more bars to place ``notes``, at about ``per_bar`` a bar.

    Whole phrases of eight or four bars are worth some crowding or stretching.
    """
    usual = notes / per_bar
    fewest = max(1, math.floor(usual * 0.6))
    most = min(notes, math.ceil(usual * 1.5) + 2)  # a note in each at least

    def cost(bars: int) -> float:
        strain = abs(math.log(notes / (per_bar * (bars - 1 + LAST_BAR))))
        total = bars + bars_written
        for phrase, price in ((8, 0.0), (4, 0.08), (2, 0.25)):
            if total % phrase == 0:
                return strain + price
        return strain + 0.4

    return min(range(min(fewest, most), most + 1), key=cost)


class CountedMelody(ConstrainedDraft):
    """A melody of exactly ``num_notes`` notes; ``per_bar`` is a first guess."""

    __slots__ = (
        "_bar_end",
        "_bars_left",
        "_bars_written",
        "_fewest",
        "_habit",
        "_in_bar",
        "_left",
        "_missing_ticks",
        "_most",
        "_tonic",
        "_written",
    )

    def __init__(
        self,
        encoding: Encoding,
        form: Form,
        masks: tuple[FieldMask | None, ...],
        *,
        num_notes: int,
        per_bar: float,
    ) -> None:
        super().__init__(encoding, form, masks)
        self._tonic = tonic_mask(encoding, form)
        self._left = num_notes
        self._written = 0  # notes; and whole bars:
        self._bars_written = 0
        self._habit = per_bar
        # What the last bar lacks, because the pick-up is taken out of it.
        self._missing_ticks = -(form.length_ticks - form.pickup_ticks) % (
            form.metre.bar_ticks
        )
        self._bars_left = planned_bars(num_notes, per_bar, 0)
        self._bar_end = form.pickup_ticks
        self._in_bar = self._fewest = 0
        self._most = num_notes - 1
        if form.pickup_ticks:
            self._set_length()
        else:
            self._start_bar()

    def allowed(self, field: int, chosen: Event, legal: Mask) -> Mask:
        """Narrowed so that the bar's number of notes comes out right."""
        mask = super().allowed(field, chosen, legal)
        must, may = self._fewest - self._in_bar, self._most - self._in_bar
        if may > 1 >= must and (field == DURATION or must <= 0):
            return mask
        room = (self._bar_end - self.walk.tick) // TICKS_PER_STEP
        if field == DURATION:
            return self.narrowed(mask, self._durations(room, must, may))
        if may <= 0:  # The bar has its notes; a rest, though, cannot be held.
            return self.narrowed(self.narrowed(legal, _NO_NOTE), _HOLD)
        if self._left == 1:  # Though a hold may still have to prolong it.
            return self.narrowed(mask, self._tonic)
        left_over = room - DURATIONS[chosen[DURATION]]
        if must > 0 and (may == 1 or left_over < self._needed(room, must, must)):
            return self.narrowed(mask, NOTE)
        return mask

    def _durations(self, room: int, must: int, may: int) -> Mask:
        if may <= 1:
            return _longest(room)
        return _at_most(max(1, room - self._needed(room, must, must - 1)))

    def advance(self, event: Event) -> None:
        walk = self.walk
        walk.advance(event)
        if event[PITCH] >= FIRST_PITCH:
            self._left -= 1
            self._written += 1
            self._in_bar += 1
        if walk.tick >= self._bar_end and not walk.is_done:
            if self._bar_end > self.form.pickup_ticks:
                self._bars_written += 1
                self._bars_left -= 1
            self._start_bar()

    def _start_bar(self) -> None:
        is_phrase_over = self._bars_written % PHRASE_BARS == 0 and self._bars_written
        if is_phrase_over or self._left < self._bars_left:
            written = self._written + 2 * self._habit
            habit = written / (self._bars_written + 2)
            self._bars_left = planned_bars(self._left, habit, self._bars_written)
        self._set_length()
        bar = self.form.metre.bar_ticks
        self._in_bar = 0
        if self._bars_left == 1:
            self._bar_end = self.form.length_ticks
            self._fewest = self._most = self._left
            return
        self._bar_end = self.walk.tick + bar
        last = self._habit * LAST_BAR * (1 - self._missing_ticks / bar)
        mean = (self._left - last) / (self._bars_left - 1)
        stray = STRAY_NOTES + STRAY_SHARE * self._habit
        # Every bar to come gets a note.
        spare = self._left - self._bars_left
        self._most = 1 + max(0, min(math.ceil(mean + stray) - 1, spare))
        fewest = mean - stray
        if (self._bars_written + 1) % PHRASE_BARS == 0:
            fewest -= mean / 3  # A phrase may come to rest.
        self._fewest = max(0, min(math.floor(fewest), self._most))

    def _set_length(self) -> None:
        """Move the end to where the bars that are left end, seen from a bar line."""
        start = max(self.walk.tick, self.form.pickup_ticks)
        bar = self.form.metre.bar_ticks
        length = start + self._bars_left * bar - self._missing_ticks
        self.form = replace(self.form, length_ticks=length)
        self.walk.set_length(length)

    def _needed(self, room: int, must: int, notes: int) -> int:
        """Steps to keep for the last ``notes`` of ``must`` that go into ``room``."""
        if notes <= 0:
            return 0
        unit = _unit(room, must)
        last = unit
        if self._bars_left == 1:  # A last note wants a beat.
            beat = self.form.metre.beat_ticks // TICKS_PER_STEP
            unit = _unit(max(room - beat, must - 1), must - 1) if must > 1 else unit
            last = max(1, min(beat, room - (must - 1) * unit))
        return (notes - 1) * unit + last


def _unit(room: int, notes: int) -> int:
    """The longest of the usual short values of which ``notes`` fit into ``room``."""
    return next((unit for unit in _UNITS if unit * notes <= room), _UNITS[-1])


class CountedVoices(VoicesDraft):
    """Parts that end at the first bar line at which ``num_notes`` have begun.

    The end, with its phrase, is planned again at every bar line from the notes still
    missing; ``per_bar`` is a first guess.
    """

    __slots__ = (
        "_bar_end",
        "_bars_written",
        "_encoding",
        "_events",
        "_habit",
        "_num_notes",
        "_pattern",
        "_starts_note",
        "_written",
    )

    def __init__(
        self,
        encoding: VoicesEncoding,
        form: Form,
        masks: tuple[FieldMask | None, ...],
        *,
        num_notes: int,
        per_bar: float,
    ) -> None:
        bars = _bars_to_reach(num_notes, per_bar)
        super().__init__(encoding, with_bars(form, bars), masks)
        self._encoding, self._pattern = encoding, form
        self._events: list[Event] = []
        self._starts_note = [
            [encoding.pitch_of(f, v, form) is not None for v in range(field.size)]
            for f, field in enumerate(encoding.fields)
        ]
        self._num_notes = num_notes
        self._habit = per_bar
        self._written = self._bars_written = 0
        self._bar_end = form.pickup_ticks or form.metre.bar_ticks

    def advance(self, event: Event) -> None:
        super().advance(event)
        self._events.append(event)
        self._written += sum(
            starts[value]
            for starts, value in zip(self._starts_note, event, strict=True)
        )
        if self.walk.tick >= self._bar_end or self.walk.is_done:
            self._plan()

    def _plan(self) -> None:
        left = self._num_notes - self._written
        if self.walk.tick >= self._bar_end:
            self._bars_written += self._bar_end > self.form.pickup_ticks
            self._bar_end += self.form.metre.bar_ticks
        if left <= 0:
            end = self.walk.tick
            ends = tuple(tick for tick in self.form.phrase_end_ticks if tick < end)
            self.form = replace(self.form, length_ticks=end, phrase_end_ticks=ends)
            self.walk.set_length(end)
            return
        habit = (self._written + 2 * self._habit) / (self._bars_written + 2)
        bars = self._bars_written + _bars_to_reach(left, habit)
        if self.walk.is_done:
            bars = max(bars, self.form.bars + 1)
        if bars != self.form.bars:
            self._rebuild(bars)

    def _rebuild(self, bars: int) -> None:
        """The same notes in a form of other length, whose fermatas are elsewhere."""
        self.form = with_bars(self._pattern, bars)
        self.walk = self._encoding.walk(self.form)
        for event in self._events:
            self.walk.advance(event)


def _bars_to_reach(notes: float, per_bar: float) -> int:
    """In how many bars ``notes`` will have begun, rather too few than too many.

    A piece that has its notes before the planned end breaks off; one that has not
    cadences once more.
    """
    return max(1, math.ceil(notes / per_bar - 0.25))
