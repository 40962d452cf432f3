from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.music.strategies import METRES
from training.music.beaming import beams
from training.music.rhythm import VALUES, Piece, nearest_place, pulse_of, write_bar
from training.music.score import Metre

TICKS_OF = {value: ticks for ticks, value in VALUES.items()}


def bar(metre: str, *lengths: int) -> list[Piece]:
    """A bar of notes of these lengths; a negative one is a rest."""
    spans, place = [], 0
    for length in lengths:
        if length > 0:
            spans.append((place, place + length))
        place += abs(length)
    numerator, denominator = map(int, metre.split("/"))
    chosen = Metre(numerator, denominator)
    return write_bar(spans, chosen, first=0, last=chosen.bar_ticks)


def words(pieces: list[Piece]) -> str:
    """``"4. 8~8 r2 8t"``: note values by number, dots, ties, rests, triplets."""
    numbers = {"whole": "1", "half": "2", "quarter": "4", "eighth": "8"}
    found = []
    for index, piece in enumerate(pieces):
        value = numbers.get(piece.value, piece.value.removesuffix("th"))
        rest = "r" if piece.source is None else ""
        is_tied = index and rest == "" and piece.source == pieces[index - 1].source
        triplet = "t" if piece.triplet else ""
        joint = "~" if is_tied else " "
        found.append(f"{joint}{rest}{value}{'.' * piece.dots}{triplet}")
    return "".join(found).strip()


@pytest.mark.parametrize(
    ("metre", "lengths", "written"),
    [
        # Syncopations musicians read at a glance stay whole ...
        ("4/4", (240, 480, 240, 960), "8 4 8 2"),
        ("4/4", (480, 960, 480), "4 2 4"),
        ("2/4", (120, 240, 120, 480), "16 8 16 4"),
        ("4/4", (-480, 1440), "r4 2."),
        ("4/4", (240, 720, 960), "8 4. 2"),
        ("2/4", (120, 360, 480), "16 8. 4"),
        # ... others show the middle of the bar.
        ("4/4", (720, 480, 720), "4. 8~8 4."),
        ("4/4", (480, 720, 720), "4 4~8 4."),
        ("4/4", (240, 1680), "8 4.~2"),
        ("4/4", (1680, 240), "2.~8 8"),
        # Compound beats are never blurred.
        ("6/8", (960, 480), "4.~8 4"),
        ("6/8", (480, 480, 480), "4 8~8 4"),
        ("6/8", (360, 120, 240, 720), "8. 16 8 4."),
        ("9/8", (2160,), "2.~4."),
        ("12/8", (720, 1440, 720), "4. 2. 4."),
        ("5/8", (480, 480, 240), "4 8~8 8"),
        ("5/4", (2400,), "2.~2"),
        # Rests show every beat.
        ("3/4", (480,), "4 r4 r4"),
        ("4/4", (480,), "4 r4 r2"),
        ("4/4", (1440,), "2. r4"),
        ("6/8", (240, -480, 720), "8 r8 r8 4."),
        ("6/8", (720,), "4. r4."),
        ("6/8", (-480, 240, 720), "r4 8 4."),
        # Triplets, as short as they can be and as long as they must.
        ("2/4", (160, 160, 160, 480), "8t 8t 8t 4"),
        ("2/4", (80, 80, 80, 240, 480), "16t 16t 16t 8 4"),
        ("2/4", (320, 320, 320), "4t 4t 4t"),
        ("2/4", (320, 160, 480), "4t 8t 4"),
        ("4/4", (640, 640, 640), "2t 2t 2t"),
        ("6/8", (80, 80, 80, 480, 720), "16t 16t 16t 4 4."),
        ("2/4", (240, 320, 400), "8 8~16t 16t~4t"),
    ],
)
def test_lengths_are_written_as_musicians_do(metre, lengths, written):
    assert words(bar(metre, *lengths)) == written


@st.composite
def bars(draw):
    metre = draw(st.sampled_from(METRES))
    cuts = draw(st.sets(st.integers(0, metre.bar_ticks // 10), max_size=8))
    places = sorted({10 * cut for cut in cuts})
    spans = [
        (a, b) for a, b in zip(places, places[1:], strict=False) if draw(st.booleans())
    ]
    return metre, spans


@given(bars())
def test_signs_fill_the_bar_and_last_as_long_as_they_say(given_bar):
    metre, spans = given_bar

    pieces = write_bar(spans, metre, first=0, last=metre.bar_ticks)

    assert [piece.start for piece in pieces[1:]] == [p.end for p in pieces[:-1]]
    assert (pieces[0].start, pieces[-1].end) == (0, metre.bar_ticks)
    for piece in pieces:
        ticks = TICKS_OF[piece.value, piece.dots]
        assert piece.end - piece.start == (ticks * 2 / 3 if piece.triplet else ticks)
    for number, (start, end) in enumerate(spans):
        own = [piece for piece in pieces if piece.source == number]
        assert (own[0].start, own[-1].end) == (start, end)


@given(bars())
def test_every_beam_that_begins_ends(given_bar):
    metre, spans = given_bar
    pieces = write_bar(spans, metre, first=0, last=metre.bar_ticks)

    states = beams(pieces, metre)

    for level in range(5):
        is_open = False
        for state in (beam[level] if len(beam) > level else "" for beam in states):
            assert is_open == (state in ("continue", "end"))
            is_open = state in ("begin", "continue")
        assert not is_open


def beam_groups(metre: str, *lengths: int) -> list[int]:
    """How many notes hang on each outer beam, 1 for a note with a flag."""
    pieces = bar(metre, *lengths)
    numerator, denominator = map(int, metre.split("/"))
    sizes: list[int] = []
    states = beams(pieces, Metre(numerator, denominator))
    for piece, state in zip(pieces, states, strict=True):
        if piece.flags and (not state or state[0] == "begin"):
            sizes.append(1)
        elif state:
            sizes[-1] += 1
    return sizes


@pytest.mark.parametrize(
    ("metre", "lengths", "groups"),
    [
        ("4/4", (240,) * 8, [4, 4]),
        ("3/4", (240,) * 6, [6]),
        ("2/4", (240,) * 4, [4]),
        ("4/4", (240,) * 6 + (120, 120, 240), [4, 2, 3]),
        ("3/4", (720, 240, 240, 240), [1, 2]),
        ("6/8", (240,) * 6, [3, 3]),
        ("3/8", (360, 120, 240), [3]),
        ("2/2", (120,) * 16, [8, 8]),
        ("5/8", (240,) * 5, [3, 2]),
        ("7/8", (240,) * 7, [2, 2, 3]),
        ("6/8", (240, -240, 240, 480, 240), [1, 1, 1]),
    ],
)
def test_beams_follow_the_beat(metre, lengths, groups):
    assert beam_groups(metre, *lengths) == groups


@given(bars())
def test_beams_and_triplets_never_overlap(given_bar):
    metre, spans = given_bar
    pieces = write_bar(spans, metre, first=0, last=metre.bar_ticks)
    states = [state[0] if state else "" for state in beams(pieces, metre)]

    for left, right, state in zip(pieces, pieces[1:], states[1:], strict=False):
        if state not in ("continue", "end") or left.triplet == right.triplet:
            continue
        # The beam goes over the edge of a triplet: it must hold the whole of it.
        for triplet in {left.triplet, right.triplet} - {None}:
            inside = [p for p in pieces if p.triplet == triplet]
            assert all(piece.flags for piece in inside)


def test_a_dotted_pair_has_a_hook_to_the_left():
    pieces = bar("2/4", 360, 120, 480)

    assert beams(pieces, Metre(2, 4))[:2] == [("begin",), ("end", "backward hook")]


def test_a_snap_has_a_hook_to_the_right():
    pieces = bar("2/4", 120, 360, 480)

    assert beams(pieces, Metre(2, 4))[0] == ("begin", "forward hook")


@given(st.integers(0, 10_000))
def test_played_music_moves_by_less_than_a_64th(ticks):
    place = nearest_place(ticks)

    assert abs(place - ticks) <= 15
    assert place % 30 == 0 or place % 40 == 0


def test_the_middle_of_four_beats_is_stronger_than_the_others():
    pulse = pulse_of(Metre(4, 4))

    assert [pulse.strength(480 * beat) for beat in range(4)] == [0, 2, 1, 2]
