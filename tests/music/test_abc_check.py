"""Who types ABC is told what is wrong with it, and in which line."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given

from tests.music.strategies import scores
from training.music import abc_check
from training.music.abc import write_abc
from training.music.abc_check import MAX_WRONGS, Wrong, check_abc

TUNE = """X:1
T:The well-known "reel" 7/8 in 3
R:reel
M:4/4
L:1/8
Q:1/4=120
K:Ador % the second mode
|:"Am"A2 ~B>c {de}d4-|d2 (3efg [ce]2 z2 "^slow"!trill!a'2|1 .u_B,2 vH^c4 =F//:|2 A8||
w: not mu-sic, 123 ?
[M:6/8] A3 [K:G] [A,CE]3/2 y Z2 \\
(ABc) [1 d6 |] % 123 ? is a comment
%%MIDI program 73
"""


def test_a_good_tune_has_nothing_wrong():
    assert check_abc(TUNE) == []


@given(scores(max_parts=1))
def test_nothing_is_wrong_with_what_we_write(score):
    if len(score.parts) == 1 and score.parts[0].is_monophonic:
        assert check_abc(write_abc(score, recipe='{"bundle": "[{!\\""}')) == []


@pytest.mark.parametrize(
    ("line", "wrong", "words"),
    [
        (4, "M:4/5", "no metre"),
        (4, "M:often", "no metre"),
        (5, "L:eighth", "no length"),
        (6, "Q:fast", "no tempo"),
        (7, "K:H", "no key"),
        (8, "A2 9? d2|", "“9?” is no note, rest"),
        (8, "A2 k2 d2|", "“k2” is no note of ABC"),
        (8, "A2 [ceg d2|", "“[” is opened here"),
        (8, 'A2 "Am d2|', '“"” is opened here'),
        (8, "A2 [,^]2|", "no notes in the chord"),
        (10, "A2 # d2|", "“#” is no note"),
    ],
)
def test_it_names_the_line_and_what_is_wrong(line, wrong, words):
    lines = TUNE.split("\n")
    lines[line - 1] = wrong

    found = check_abc("\r\n".join(lines))

    assert [one.line for one in found] == [line]
    assert words in found[0].sentence


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "no notes yet"),
        ("X:1\nT:Nothing", 2, "no notes yet"),
        ("Hello\nK:D\nABc|", 1, "only fields"),
        ("X:1\nABc|", 2, "the key before the notes"),
        ("X:1\nK:C\n" + "A" * 20_001, 3, "too long"),
    ],
)
def test_it_says_where_a_tune_lacks_something(text, line, words):
    [found, *_] = check_abc(text)

    assert found.line == line
    assert words in found.sentence


def test_letters_that_a_tune_defines_are_its_own():
    assert check_abc("X:1\nU:k = !trill!\nK:C\nkA2|") == []


def test_it_stops_after_the_first_few():
    assert len(check_abc("K:C\n" + "9 A\n" * 100)) == MAX_WRONGS


def test_the_example_holds():
    assert doctest.testmod(abc_check).failed == 0
    assert Wrong(1, "a") == Wrong(1, "a")
