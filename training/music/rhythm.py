"""How lengths are written: note values, ties and triplets.

All of it is arithmetic on *places*, ticks from the bar line. In a pick-up bar places
are counted as if the bar were whole, so that its notes fall on the beats they belong
to.

The conventions are those of engravers' handbooks (Gould, *Behind Bars*, part I): beats
stay visible, syncopations are written plainly where they are usual, rests never hide a
beat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from training.music.score import TICKS_PER_QUARTER, Metre

SHORTEST_TICKS = 15  # a 128th, the smallest value we write
FINEST_TICKS = 10  # a triplet 128th: places on this grid can be written exactly
_BINARY_TICKS = 30  # others are moved to a 64th ...
_TRIPLET_TICKS = 40  # ... or to a triplet 32nd

# Each twice as long as the one before.
_SHORT_NAMES = ("128th", "64th", "32nd", "16th", "eighth")
_LONG_NAMES = ("quarter", "half", "whole", "breve", "long")

#: Ticks to (name, dots).
VALUES: dict[int, tuple[str, int]] = {
    SHORTEST_TICKS * 2**power * (2 + dots) // 2: (name, dots)
    for power, name in enumerate(_SHORT_NAMES + _LONG_NAMES)
    for dots in (0, 1)
    if power or not dots
}
FLAGS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4, "128th": 5}


@dataclass(frozen=True, slots=True)
class Pulse:
    """Where a stretch of written time divides, strongest places first.

    ``groups[k]`` holds the places of strength k + 1 (the ends have strength 0); then
    come multiples of ``unit``, of its half, and so on. Over a boundary of ``is_strict``
    groups only notes that fill whole groups are written as one sign.
    """

    length: int
    unit: int
    groups: tuple[tuple[int, ...], ...] = ()
    is_strict: bool = False
    splits_rests: bool = False  # 3/4, 3/8: a rest of two beats is two rests

    @property
    def group_starts(self) -> list[int]:
        return sorted({0, *(place for places in self.groups for place in places)})

    def strength(self, place: int) -> int:
        """0 for the bar line, more for weaker places."""
        if place in (0, self.length):
            return 0
        for level, places in enumerate(self.groups, start=1):
            if place in places:
                return level
        level, unit = len(self.groups) + 1, self.unit
        while unit > SHORTEST_TICKS and place % unit:
            level, unit = level + 1, unit // 2
        return level

    def strongest_inside(self, start: int, end: int) -> tuple[int, int] | None:
        """The strength and the first of the strongest places between two others."""
        for level, places in enumerate(self.groups, start=1):
            inside = [place for place in places if start < place < end]
            if inside:
                return level, inside[0]
        level, unit = len(self.groups) + 1, self.unit
        while unit >= SHORTEST_TICKS:
            place = (start // unit + 1) * unit
            if place < end:
                return level, place
            level, unit = level + 1, unit // 2
        return None

    def takes_note(self, start: int, end: int) -> bool:
        """Whether one sign may show a note from ``start`` to ``end``."""
        value = VALUES.get(end - start)
        inside = self.strongest_inside(start, end)
        if value is None or inside is None:
            return value is not None
        level, place = inside
        before, after = self.strength(start), self.strength(end)
        if self.is_strict and level <= len(self.groups):
            return max(before, after) <= len(self.groups)
        # A plain syncopation: half its length before a beat, half after.
        is_centred = place - start == end - place and before == after == level + 1
        return before <= level or after <= level or (is_centred and value[1] == 0)

    def takes_rest(self, start: int, end: int) -> bool:
        """Whether one sign may show a rest: it must start on a stronger place than any
        it covers, and is dotted only when it fills a dotted beat."""
        value = VALUES.get(end - start)
        inside = self.strongest_inside(start, end)
        if value is None or inside is None:
            return value is not None
        fills_beats = max(self.strength(start), self.strength(end)) <= len(self.groups)
        if value[1] and not (self.is_strict and fills_beats):
            return False
        if self.splits_rests and end - start > self.unit:
            return False
        return self.strength(start) < inside[0]

    def split(self, start: int, end: int, *, is_rest: bool) -> list[tuple[int, int]]:
        """Cut a length into lengths that one sign each can show."""
        takes = self.takes_rest if is_rest else self.takes_note
        inside = self.strongest_inside(start, end)
        if inside is None or takes(start, end):
            return [(start, end)]
        level, cut = inside
        if self.strength(start) < level + (not is_rest):
            cut = self._longest_prefix(start, end, is_rest=is_rest) or cut
        return [
            *self.split(start, cut, is_rest=is_rest),
            *self.split(cut, end, is_rest=is_rest),
        ]

    def _longest_prefix(self, start: int, end: int, *, is_rest: bool) -> int | None:
        takes = self.takes_rest if is_rest else self.takes_note
        cuts = [
            start + ticks
            for ticks in sorted(VALUES, reverse=True)
            if start + ticks < end and takes(start, start + ticks)
        ]
        on_beats = [cut for cut in cuts if cut % self.unit == 0]
        return next(iter(on_beats or cuts), None)


@lru_cache(maxsize=256)
def pulse_of(metre: Metre) -> Pulse:
    """The pulse of a whole bar."""
    unit = TICKS_PER_QUARTER * 4 // metre.denominator
    sizes = _group_sizes(metre.numerator)
    starts = [unit * beats for beats in accumulate(sizes)][:-1]
    groups: tuple[tuple[int, ...], ...] = (tuple(starts),) if starts else ()
    if len(starts) == 3:  # four groups: the middle of the bar is stronger
        groups = ((starts[1],), (starts[0], starts[2]))
    return Pulse(
        length=metre.bar_ticks,
        unit=unit,
        groups=groups,
        is_strict=metre.numerator > 4,
        splits_rests=metre.numerator == 3,
    )


def _group_sizes(beats: int) -> list[int]:
    """How counted beats fall into groups: 4 = 2+2, 6 = 3+3, 5 = 3+2, 7 = 2+2+3."""
    if beats <= 3:
        return [beats]
    if beats % 3 == 0:
        return [3] * (beats // 3)
    if beats == 5:
        return [3, 2]
    twos = [2] * (beats // 2)
    return [*twos[:-1], 3] if beats % 2 else twos


def nearest_place(ticks: int) -> int:
    """The nearest place that is easily read, straight or in triplets."""
    straight = round(ticks / _BINARY_TICKS) * _BINARY_TICKS
    triplet = round(ticks / _TRIPLET_TICKS) * _TRIPLET_TICKS
    return min(straight, triplet, key=lambda place: abs(place - ticks))


@dataclass(frozen=True, slots=True)
class Triplet:
    """A stretch of a bar in which three units take the time of two."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length

    @property
    def pulse(self) -> Pulse:
        """Its pulse in written ticks, half as long again as sounding ones."""
        return Pulse(length=self.length * 3 // 2, unit=self.length // 2)

    def written(self, place: int) -> int:
        return (place - self.start) * 3 // 2

    def sounding(self, written: int) -> int:
        return written * 2 // 3 + self.start


def find_triplets(
    edges: Iterable[int], metre: Metre, *, first: int, last: int
) -> list[Triplet]:
    """The triplets that notes with these edges need.

    ``edges`` are the places where notes and rests start and end; ``first`` and ``last``
    bound the bar as far as it goes. The shortest stretch is taken whose ends are edges
    too, so that no note is tied into a triplet unless it must be.
    """
    edges = sorted({*edges, first, last})
    found: list[Triplet] = []
    for edge in edges:
        if edge % _BINARY_TICKS == 0 or (found and edge < found[-1].end):
            continue
        after = found[-1].end if found else 0
        found.append(_triplet_round(edge, set(edges), metre, after, (first, last)))
    return found


def _triplet_round(
    edge: int, edges: set[int], metre: Metre, after: int, bar: tuple[int, int]
) -> Triplet:
    candidates = list(_triplets_round(edge, metre, after))
    for triplet in candidates:
        start, end = max(triplet.start, bar[0]), min(triplet.end, bar[1])
        if start in edges and end in edges and _is_legible(triplet, edges):
            return triplet
    unit = min(TICKS_PER_QUARTER, pulse_of(metre).unit)
    usual = [triplet for triplet in candidates if triplet.length >= unit]
    return (usual or candidates)[0]


def _is_legible(triplet: Triplet, edges: set[int]) -> bool:
    """Triplets of quarters and longer hold nothing finer than their thirds."""
    if triplet.length <= TICKS_PER_QUARTER:
        return True
    inside = (edge for edge in edges if triplet.start < edge < triplet.end)
    return all((edge - triplet.start) % (triplet.length // 3) == 0 for edge in inside)


def _triplets_round(edge: int, metre: Metre, after: int) -> Iterator[Triplet]:
    """Triplets over ``edge``, shortest first, aligned with the groups of the bar."""
    pulse = pulse_of(metre)
    origin, limit = 0, pulse.length
    if pulse.is_strict:
        cells = pairwise([*pulse.group_starts, pulse.length])
        origin, limit = next((a, b) for a, b in cells if a <= edge <= b)
    for power in range(-3, 4):
        length = int(TICKS_PER_QUARTER * 2**power)
        start = origin + (edge - origin) // length * length
        if start >= after and start + length <= limit:
            yield Triplet(start, length)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one sign shows: part of a note or rest, with its written value."""

    start: int
    end: int
    value: str
    dots: int
    source: int | None  # which of the given spans it belongs to; None for a rest
    triplet: Triplet | None = None

    @property
    def flags(self) -> int:
        return FLAGS.get(self.value, 0) if self.source is not None else 0


def write_bar(
    spans: Sequence[tuple[int, int]],
    metre: Metre,
    *,
    first: int,
    last: int,
    cuts: Iterable[int] = (),
) -> list[Piece]:
    """Notes of one voice as signs, rests between them.

    ``spans`` are (start, end) places in order, apart, between ``first`` and ``last``;
    no sign lasts beyond one of ``cuts``. Pieces of one span that follow each other are
    tied.
    """
    filled: list[tuple[int, int, int | None]] = []
    place = first
    for number, (start, end) in enumerate(spans):
        if start > place:
            filled.append((place, start, None))
        filled.append((start, end, number))
        place = end
    if place < last:
        filled.append((place, last, None))
    edges = {edge for start, end, _ in filled for edge in (start, end)} | {*cuts}
    triplets = find_triplets(edges, metre, first=first, last=last)
    borders = {edge for t in triplets for edge in (t.start, t.end)} | {*cuts}
    return [
        piece
        for start, end, source in filled
        for low, high in pairwise(
            sorted({start, end} | {edge for edge in borders if start < edge < end})
        )
        for piece in _pieces(low, high, source, metre, triplets)
    ]


def _pieces(
    start: int, end: int, source: int | None, metre: Metre, triplets: list[Triplet]
) -> Iterator[Piece]:
    inside = (t for t in triplets if t.start <= start and end <= t.end)
    triplet = next(inside, None)
    pulse = triplet.pulse if triplet else pulse_of(metre)
    written = (start, end)
    if triplet:
        written = triplet.written(start), triplet.written(end)
    for low, high in pulse.split(*written, is_rest=source is None):
        value, dots = VALUES[high - low]
        if triplet:
            low, high = triplet.sounding(low), triplet.sounding(high)
        yield Piece(low, high, value, dots, source, triplet)
