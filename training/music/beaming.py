"""Beams: which short notes hang together, by the beats of the metre."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from training.music.rhythm import Piece, Triplet, pulse_of
from training.music.score import TICKS_PER_QUARTER, Metre


def beams(pieces: Sequence[Piece], metre: Metre) -> list[tuple[str, ...]]:
    """For each piece its beams from the outermost: begin, continue, end or a hook."""
    windows = _beam_windows(pieces, metre)
    # Inner beams are broken at each quarter of 2/2: eight sixteenths stay legible.
    inner_beat = TICKS_PER_QUARTER if metre.denominator < 4 else metre.bar_ticks
    states: list[tuple[str, ...]] = [()] * len(pieces)
    run: list[int] = []
    for index in range(len(pieces) + 1):
        joins = (
            index < len(pieces)
            and pieces[index].flags > 0
            and (not run or windows[index] == windows[run[-1]])
        )
        if joins:
            run.append(index)
            continue
        if len(run) > 1:
            members = [pieces[member] for member in run]
            for member, state in zip(run, _beam_run(members, inner_beat), strict=True):
                states[member] = state
        is_next = index < len(pieces) and pieces[index].flags > 0
        run = [index] if is_next else []
    return states


def _beam_windows(pieces: Sequence[Piece], metre: Metre) -> list[tuple[int, int]]:
    """A label for each piece; neighbours with the same label may share a beam."""
    # A beam and a triplet may lie one inside the other but never overlap: a triplet
    # with a rest or a long note in it keeps its beams to itself.
    broken = {piece.triplet for piece in pieces if not piece.flags}
    windows = [
        (2, piece.triplet.start)
        if piece.triplet and piece.triplet in broken and _is_short(piece.triplet)
        else _beam_window(piece, metre)
        for piece in pieces
    ]
    span = _merging_ticks(metre)
    if not span:
        return windows
    members: dict[tuple[int, int], list[Piece]] = {}
    for piece, window in zip(pieces, windows, strict=True):
        members.setdefault(window, []).append(piece)
    plain = {place for place, group in members.items() if _is_two_eighths(group)}
    # Beats of two eighths each are joined within half a bar of 4/4, or a bar of 2/4.
    return [
        (-1, piece.start // span)
        if window in plain and _has_neighbour(plain, window[1], span)
        else window
        for piece, window in zip(pieces, windows, strict=True)
    ]


def _has_neighbour(plain: set[tuple[int, int]], place: int, span: int) -> bool:
    """Whether a beat of plain eighths stands next to ``place`` in the same stretch."""
    return any(
        (0, neighbour) in plain and neighbour // span == place // span
        for neighbour in (place - TICKS_PER_QUARTER, place + TICKS_PER_QUARTER)
    )


def _is_short(triplet: Triplet) -> bool:
    return triplet.length <= TICKS_PER_QUARTER


def _beam_window(piece: Piece, metre: Metre) -> tuple[int, int]:
    pulse = pulse_of(metre)
    if piece.triplet and not _is_short(piece.triplet):
        third = piece.triplet.length // 3
        return 1, piece.start // third
    if pulse.is_strict:
        return 0, max(s for s in pulse.group_starts if s <= piece.start)
    if metre.numerator == 3 and metre.denominator >= 8:
        return 0, 0
    beat = max(pulse.unit, TICKS_PER_QUARTER)
    return 0, piece.start // beat * beat


def _merging_ticks(metre: Metre) -> int:
    """How far beats of plain eighths may be joined; 0 for not at all."""
    if metre.is_compound or metre.denominator not in (4, 8):
        return 0
    if metre.numerator in (2, 3) and metre.denominator == 4:
        return metre.bar_ticks
    if metre.numerator == 4:
        return 2 * TICKS_PER_QUARTER
    return 0


def _is_two_eighths(pieces: Sequence[Piece]) -> bool:
    return [(p.value, p.dots, p.source is None, p.triplet) for p in pieces] == [
        ("eighth", 0, False, None)
    ] * 2


def _beam_run(run: list[Piece], inner_beat: int) -> Iterator[tuple[str, ...]]:
    for position, piece in enumerate(run):
        levels = range(1, piece.flags + 1)
        yield tuple(_beam_state(run, position, level, inner_beat) for level in levels)


def _beam_state(run: list[Piece], position: int, level: int, inner_beat: int) -> str:
    def reaches(neighbour: int) -> bool:
        if not 0 <= neighbour < len(run) or run[neighbour].flags < level:
            return False
        later = run[max(neighbour, position)]
        return level == 1 or later.start % inner_beat != 0

    before, after = reaches(position - 1), reaches(position + 1)
    if before and after:
        return "continue"
    if before or after:
        return "end" if before else "begin"
    piece = run[position]
    is_first_of_two = piece.start % (2 * (piece.end - piece.start)) == 0
    if position == 0 or (is_first_of_two and position + 1 < len(run)):
        return "forward hook"
    return "backward hook"
