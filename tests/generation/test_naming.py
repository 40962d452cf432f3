from __future__ import annotations

import pytest

from generation.composing.naming import title_of, told_apart, without_change
from training.music.pitch import Key
from training.music.score import KeyChange, Metre, MetreChange, Part, Score

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
PLAYERS = ("Violin I", "Violin II", "Viola", "Cello")


def score(
    parts: int, metre: Metre, key: Key | None = None, names: tuple[str, ...] = VOICES
) -> Score:
    return Score(
        parts=tuple(Part(name=name) for name in names[:parts]),
        metres=(MetreChange(0, metre),),
        keys=(KeyChange(0, key),) if key else (),
    )


@pytest.mark.parametrize(
    ("metre", "dance"),
    [
        (Metre(6, 8), "Jig"),
        (Metre(9, 8), "Slip jig"),
        (Metre(4, 4), "Reel"),
        (Metre(3, 4), "Waltz"),
        (Metre(7, 8), "Tune"),
    ],
)
def test_a_tune_is_called_after_its_dance(metre, dance):
    assert title_of("Tunes", score(1, metre, Key(2)), 7) == f"{dance} in D major, no. 7"


def test_four_voices_are_a_chorale():
    title = title_of("Chorales", score(4, Metre(), Key(7, "minor")), 12)

    assert title == "Chorale in G minor, no. 12"


def test_players_are_called_by_their_number():
    of_four, of_two = (score(n, Metre(), Key(7), PLAYERS) for n in (4, 2))

    assert title_of("Quartets", of_four, 12) == "Quartet in G major, no. 12"
    assert title_of("Quartets", of_two, 12) == "Duo in G major, no. 12"


def test_without_a_key_none_is_named():
    assert title_of("Other", score(2, Metre()), 3) == "Other, no. 3"


def test_a_child_is_told_apart_from_its_parent():
    title = told_apart("The brook", "The brook", "wilder: temperature 0.85 to 1")

    assert title == "The brook (wilder)"
    assert without_change(title, "wilder: more") == "The brook"
    assert without_change("Air (in D)", "") == "Air (in D)"


def test_a_long_title_makes_room_for_what_changed():
    title = told_apart("x" * 120, "x" * 120, "one note changed")

    assert len(title) == 120
    assert title.endswith(" (one note changed)")


def test_the_same_change_again_is_told_apart_too():
    again = told_apart("The brook", "The brook (wilder)", "wilder: temperature 1 to 2")

    assert again == "The brook (wilder again)"
    assert without_change(again, "wilder: temperature 1 to 2") == "The brook"
