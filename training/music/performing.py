"""A score as it is played: swung, humanised, transposed. The notes stay as written.

``static/js/performance_of.js`` does the same in the browser, number for number; a test
holds the two together. Hence nothing but plain arithmetic: no sine, no random library.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import floor
from typing import TypedDict

from training.music.clock import Clock
from training.music.desk import USUAL_LEVEL, Desk, written_semitones
from training.music.score import (
    DEFAULT_QPM,
    TICKS_PER_QUARTER,
    Metre,
    Note,
    Score,
    TempoChange,
)
from training.music.transform import transpose

EIGHTHS, SIXTEENTHS = TICKS_PER_QUARTER, TICKS_PER_QUARTER // 2  # a pair of them
PHRASE_BARS = 4

_MOST_LATE_SECONDS = 0.015
_SHORTEST_SECONDS = 0.005
_ARCH, _DOWNBEAT, _BEAT, _OFF_BEAT, _CONTOUR, _CHANCE = 10, 5, 2, -2, 3, 3
_MOST_CONTOUR = 4


@dataclass(frozen=True, slots=True)
class PerformedNote:
    """One note as it sounds, in seconds at the score's own tempo."""

    part: int
    index: int
    start_seconds: float
    end_seconds: float
    pitch: int
    velocity: int


class MetricBar(TypedDict):
    start_tick: int
    origin_tick: int  # beats are counted from here: a pick-up's from its end
    beat_ticks: int
    pair_ticks: int  # of the two notes that swing; 0 where none do


def metric_bars(score: Score) -> list[MetricBar]:
    sixteenths_swing = _moves_in_sixteenths(score)
    return [
        MetricBar(
            start_tick=bar.start_tick,
            origin_tick=bar.end_tick if bar.number == 0 else bar.start_tick,
            beat_ticks=bar.metre.beat_ticks,
            pair_ticks=_pair_ticks(bar.metre, sixteenths_swing),
        )
        for bar in score.bars()
    ]


def _pair_ticks(metre: Metre, sixteenths_swing: bool) -> int:
    """Eighths swing where the beat divides in two; in 3/8 and 6/8 nothing does."""
    if metre.is_compound or metre.denominator > 4:
        return 0
    is_two_four = (metre.numerator, metre.denominator) == (2, 4)
    return SIXTEENTHS if is_two_four and sixteenths_swing else EIGHTHS


def _moves_in_sixteenths(score: Score) -> bool:
    """Whether as many notes start between the eighths as on the second of a pair.

    A reel in 2/4 runs in sixteenths where one in 4/4 runs in eighths: the same music,
    written half as long, and the running notes are the ones that swing.
    """
    eighth, sixteenth = EIGHTHS // 2, SIXTEENTHS // 2
    starts = [
        note.start_tick - score.pickup_ticks for p in score.parts for note in p.notes
    ]
    between = sum(1 for tick in starts if tick % eighth == sixteenth)
    second = sum(1 for tick in starts if tick % EIGHTHS == eighth)
    return between > 0 and between >= second


def phrase_starts(score: Score) -> list[int]:
    """Where phrases start: after fermatas, or else every four bars. The first is 0."""
    if score.phrase_end_ticks:
        lasts: dict[int, int] = {}  # by where notes begin, where the last of them ends
        for note in (note for part in score.parts for note in part.notes):
            end = lasts.get(note.start_tick, 0)
            lasts[note.start_tick] = max(end, note.end_tick)
        ends = {lasts[at] for at in score.phrase_end_ticks if at in lasts}
        end_tick = score.end_tick
        return [0, *sorted(tick for tick in ends if 0 < tick < end_tick)]
    fourths = [
        bar.start_tick
        for bar in score.bars()
        if bar.number > 1 and bar.number % PHRASE_BARS == 1
    ]
    return [0, *fourths]


def tempo_steps(score: Score) -> list[tuple[int, float]]:
    """Tick and quarter notes a minute of each tempo."""
    return [(change.tick, change.qpm) for change in score.tempos] or [(0, DEFAULT_QPM)]


def written_score(score: Score, written_for: str) -> Score:
    """``score`` as the player of such an instrument reads it. Raises ``BadDesk``."""
    semitones = written_semitones(score, written_for)
    return transpose(score, semitones) if semitones else score


def performed(score: Score, desk: Desk) -> list[PerformedNote]:
    """Every note in order of part and place in it, as ``desk`` has it played.

    Swing moves the second of two notes from a half to at most two thirds of the pair,
    and what lies between in proportion; triplets stay. Humanising moves a note by at
    most 15 ms and shapes its velocity: phrases arch, beats weigh, high notes carry.
    Tempo, level and pan are for whoever sounds the notes.
    """
    swing = _Swing(score, desk.swing)
    clock = _FineClock(score)
    touch = _Touch(score, desk)
    up = written_semitones(score, desk.written_for) if desk.sounds_written else 0
    found: list[PerformedNote] = []
    for number, part in enumerate(score.parts):
        notes = []
        for index, note in enumerate(part.notes):
            start = clock(swing(note.start_tick))
            end = clock(swing(note.end_tick))
            late = touch.late_seconds(number, index, end - start)
            start = max(0.0, start + late)
            notes.append(
                PerformedNote(
                    part=number,
                    index=index,
                    start_seconds=start,
                    end_seconds=max(end, start + _SHORTEST_SECONDS),
                    pitch=note.pitch + (0 if part.is_drum else up),
                    velocity=touch.velocity(number, index, note),
                )
            )
        found += _let_go_in_time(notes)
    return found


def performed_score(score: Score, desk: Desk) -> Score:
    """The performance as a score, to the nearest tick: a file of it plays like it."""
    clock = _FineClock(score)
    parts: list[list[Note]] = [[] for _ in score.parts]
    for note in performed(score, desk):
        start = clock.tick_at(note.start_seconds)
        length = max(1, clock.tick_at(note.end_seconds) - start)
        parts[note.part].append(Note(start, note.pitch, length, note.velocity))
    return replace(
        score,
        parts=tuple(
            replace(part, notes=tuple(sorted(notes)), program=desk.program(index, part))
            for index, (part, notes) in enumerate(zip(score.parts, parts, strict=True))
        ),
        tempos=tuple(
            TempoChange(tick, min(max(qpm * desk.tempo / 100, 4.0), 1000.0))
            for tick, qpm in tempo_steps(score)
        ),
        phrase_end_ticks=(),
    )


def midi_mixer(score: Score, desk: Desk) -> list[tuple[int, int]]:
    """Volume and pan of each part as MIDI controllers 7 and 10 have them."""
    count = len(score.parts)
    return [
        (
            round(100 * desk.part(i).level / USUAL_LEVEL) if desk.is_audible(i) else 0,
            min(127, 64 + round(desk.pan(i, count, is_drum=part.is_drum) * 0.64)),
        )
        for i, part in enumerate(score.parts)
    ]


def _let_go_in_time(notes: list[PerformedNote]) -> Iterator[PerformedNote]:
    """A key is up before it is struck again."""
    struck: dict[int, float] = {}
    ends = []
    for note in reversed(notes):
        end = note.end_seconds
        again = struck.get(note.pitch)
        if again is not None and note.start_seconds < again < end:
            end = again
        struck[note.pitch] = note.start_seconds
        ends.append(end)
    for note, end in zip(notes, reversed(ends), strict=True):
        yield PerformedNote(
            note.part, note.index, note.start_seconds, end, note.pitch, note.velocity
        )


class _FineClock:
    """Seconds of a place between ticks."""

    def __init__(self, score: Score) -> None:
        whole = Clock(score)
        self._steps = tempo_steps(score)
        self._ticks = [tick for tick, _ in self._steps]
        self._starts = [whole(tick) for tick in self._ticks]

    def __call__(self, tick: float) -> float:
        step = max(0, bisect_right(self._ticks, tick) - 1)
        start, qpm = self._steps[step]
        seconds_a_tick = 60.0 / (qpm * TICKS_PER_QUARTER)
        return self._starts[step] + (tick - start) * seconds_a_tick

    def tick_at(self, seconds: float) -> int:
        """The nearest tick."""
        step = max(0, bisect_right(self._starts, seconds) - 1)
        start, qpm = self._steps[step]
        into = seconds - self._starts[step]
        return round(start + into * qpm * TICKS_PER_QUARTER / 60.0)


class _Swing:
    def __init__(self, score: Score, percent: int) -> None:
        self._percent = percent
        self._bars = metric_bars(score) if percent else []
        self._starts = [bar["start_tick"] for bar in self._bars]

    def __call__(self, tick: int) -> float:
        place = bisect_right(self._starts, tick) - 1
        if place < 0:
            return tick
        bar = self._bars[place]
        pair = bar["pair_ticks"]
        if not pair:
            return tick
        into = (tick - bar["origin_tick"]) % pair
        sixth, quarter = pair // 6, pair // 4
        if into % sixth == 0 and into % quarter != 0:
            return tick  # one of a triplet
        half = pair / 2
        long = half * (1 + self._percent / 300)
        if into <= half:
            return tick - into + into * long / half
        return tick - into + long + (into - half) * (pair - long) / half


class _Touch:
    """What a player does to each note, a function of its place and of ``desk.take``."""

    def __init__(self, score: Score, desk: Desk) -> None:
        self._amount = desk.humanise / 100
        self._take = desk.take
        if not desk.humanise:
            return
        self._phrases = phrase_starts(score)
        self._end_tick = score.end_tick
        self._bars = metric_bars(score)
        self._bar_starts = [bar["start_tick"] for bar in self._bars]
        self._middles = [
            sum(n.pitch for n in part.notes) / max(1, len(part.notes))
            for part in score.parts
        ]

    def late_seconds(self, part: int, index: int, seconds: float) -> float:
        if not self._amount:
            return 0.0
        most = min(_MOST_LATE_SECONDS, seconds / 4)
        return self._amount * most * chance(self._take, part, index, 1)

    def velocity(self, part: int, index: int, note: Note) -> int:
        if not self._amount:
            return note.velocity
        contour = (note.pitch - self._middles[part]) / 12 * _CONTOUR
        louder = (
            self._arch(note.start_tick)
            + self._weight(note.start_tick)
            + min(max(contour, -_MOST_CONTOUR), _MOST_CONTOUR)
            + _CHANCE * chance(self._take, part, index, 2)
        )
        return min(max(floor(note.velocity + self._amount * louder + 0.5), 1), 127)

    def _arch(self, tick: int) -> float:
        """Softer at a phrase's ends, louder in its middle."""
        place = bisect_right(self._phrases, tick) - 1
        start = self._phrases[place]
        is_last = place + 1 == len(self._phrases)
        end = self._end_tick if is_last else self._phrases[place + 1]
        if end <= start:
            return 0.0
        at = (tick - start) / (end - start)
        return _ARCH * (4 * at * (1 - at) - 0.5)

    def _weight(self, tick: int) -> int:
        place = bisect_right(self._bar_starts, tick) - 1
        if place < 0:
            return 0
        bar = self._bars[place]
        if tick == bar["origin_tick"]:
            return _DOWNBEAT
        is_beat = (tick - bar["origin_tick"]) % bar["beat_ticks"] == 0
        return _BEAT if is_beat else _OFF_BEAT


def chance(take: int, part: int, index: int, salt: int) -> float:
    """Between -1 and 1, evenly, and always the same for the same four numbers."""
    value = _mixed(take + 0x9E3779B9)
    for number in (part, index, salt):
        value = _mixed(value + number)
    return value / 2**31 - 1


def _mixed(value: int) -> int:
    """32 bits, well stirred: C. Wellons's lowbias32."""
    value &= 0xFFFFFFFF
    value ^= value >> 16
    value = value * 0x7FEB352D & 0xFFFFFFFF
    value ^= value >> 15
    value = value * 0x846CA68B & 0xFFFFFFFF
    return value ^ value >> 16
