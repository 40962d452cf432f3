"""Small random scores that notation can hold exactly, for the laws of files."""

from __future__ import annotations

from hypothesis import strategies as st

from training.music.pitch import MODES, Key
from training.music.score import (
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

METRES = tuple(
    Metre(*numbers)
    for numbers in (
        *((2, 4), (3, 4), (4, 4), (5, 4), (6, 4), (2, 2), (3, 2)),
        *((3, 8), (6, 8), (7, 8), (9, 8), (12, 8), (5, 16), (1, 32)),
    )
)
STRAIGHT_TICKS = (30, 60, 120, 180, 240, 360, 480, 720, 840, 960, 1200, 1920)
TRIPLET_TICKS = (80, 160, 320, 640, 40, 200)
MOST_TICKS = 5_760  # three bars of 4/4


@st.composite
def lines(draw, *, ticks=STRAIGHT_TICKS + TRIPLET_TICKS, lowest=36, highest=96):
    """Notes one after another, with rests."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from((0, 0, 0, 120, 160, 480)),
                st.sampled_from(ticks),
                st.integers(lowest, highest),
                st.sampled_from((80, 80, 1, 64, 127)),
            ),
            min_size=1,
            max_size=12,
        )
    )
    notes, tick = [], 0
    for rest, duration, pitch, velocity in steps:
        start = _on_grid(tick + rest)
        tick = _on_grid(start + duration)
        if tick > MOST_TICKS:
            break
        notes.append(Note(start, pitch, tick - start, velocity))
    return tuple(notes)


def _on_grid(tick: int) -> int:
    """The next place that is straight or in triplets."""
    return min(-(-tick // 30) * 30, -(-tick // 40) * 40)


@st.composite
def parts(draw):
    """A line, or two that sound together but never on one pitch."""
    notes = draw(lines())
    if draw(st.booleans()):
        notes += draw(lines(lowest=20, highest=35))
    return Part(
        notes=notes,
        name=draw(st.sampled_from(("", "Flute", "Tenor", "Größe & <b>", "Voice 2"))),
        program=draw(st.integers(0, 127)),
        is_drum=draw(st.sampled_from((False, False, False, True))),
    )


keys = st.builds(Key, st.integers(0, 11), st.sampled_from(MODES))
tempos = st.sampled_from((60.0, 96.0, 100.0, 120.5, 333.25, 66.66666666666667))
titles = st.sampled_from(("", "The Rights of Man", "Ünder <the> & “moon”"))


@st.composite
def scores(draw, *, max_parts=3):
    all_parts = draw(st.lists(parts(), min_size=1, max_size=max_parts))
    end = max((part.end_tick for part in all_parts), default=0)
    metre = draw(st.sampled_from(METRES))
    pickup = draw(st.sampled_from((0, 0, 120, 240, 480, 160)))
    if pickup >= min(metre.bar_ticks, end):
        pickup = 0
    starts = [note.start_tick for part in all_parts for note in part.notes]
    fermatas = draw(st.sets(st.sampled_from(starts), max_size=2)) if starts else set()
    return Score(
        parts=tuple(all_parts),
        metres=draw(metre_changes(metre, pickup, end)),
        keys=draw(changes(KeyChange, keys, end)),
        tempos=draw(tempo_changes(all_parts[0])),
        pickup_ticks=pickup,
        phrase_end_ticks=tuple(sorted(fermatas)),
        title=draw(titles),
        composer=draw(titles),
    )


@st.composite
def metre_changes(draw, metre: Metre, pickup: int, end: int):
    changes = [MetreChange(0, metre)]
    second = pickup + metre.bar_ticks * draw(st.integers(1, 2))
    if second < end and draw(st.booleans()):
        others = [other for other in METRES if other != metre]
        changes.append(MetreChange(second, draw(st.sampled_from(others))))
    return tuple(changes)


@st.composite
def tempo_changes(draw, part: Part):
    """None, one, or two with the second at the start of a note."""
    if draw(st.booleans()):
        return ()
    found = [TempoChange(0, draw(tempos))]
    starts = [note.start_tick for note in part.notes if note.start_tick]
    if starts and part.is_monophonic and draw(st.booleans()):
        found.append(TempoChange(draw(st.sampled_from(starts)), draw(tempos)))
    return tuple(found)


@st.composite
def changes(draw, kind, values, end: int):
    """None, one, or two with the second anywhere on an eighth."""
    if draw(st.booleans()):
        return ()
    found = [kind(0, draw(values))]
    eighths = max(0, (end - 1) // 240)
    if eighths and draw(st.booleans()):
        tick = 240 * draw(st.integers(1, eighths))
        found.append(kind(tick, draw(values.filter(lambda v: kind(0, v) != found[0]))))
    return tuple(found)
