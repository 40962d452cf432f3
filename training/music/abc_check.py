"""What is wrong with ABC that a person typed, line by line.

The reader passes over what it does not know, as it should with old files. Who has just
typed a tune wants to hear of it.

>>> check_abc("X:1\\nK:D\\nDEFG|A2 9? d2|")
[Wrong(line=3, sentence='“9?” is no note, rest or sign of ABC.')]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from training.music import abc_fields
from training.music.abc import FIELD, MAX_LINE_LENGTH, TOKEN, without_comment

MAX_WRONGS = 10

#: What needs no token of its own: spaces, slurs, bowings and ornaments by their letter,
#: ends of lines, and the back-quotes that some write between notes.
_PASSED_OVER = re.compile(r"[\s()~.`\\$*&]|[HLMOPSTuv]")
_SYMBOL = re.compile(r"[H-Wh-w~]\s*=")
_OPEN = {"[": "]", "{": "}", '"': '"', "!": "!"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line, counted from 1, and what is wrong with it."""

    line: int
    sentence: str


def check_abc(text: str) -> list[Wrong]:
    """What is wrong with one tune in ABC, the first ``MAX_WRONGS`` of it."""
    found = []
    for wrong in _wrongs(text):
        found.append(wrong)
        if len(found) == MAX_WRONGS:
            break
    return found


def _wrongs(text: str) -> Iterator[Wrong]:
    symbols: set[str] = set()  # letters that the tune gives a meaning of its own
    has_key = is_text = False
    last = 1
    for number, line in enumerate(re.sub(r"\r\n?", "\n", text).split("\n"), 1):
        if line.startswith("%%begin"):
            is_text = True
        elif line.startswith("%%end"):
            is_text = False
        if is_text or line.startswith("%") or not line.strip():
            continue
        last = number
        if len(line) > MAX_LINE_LENGTH:
            yield Wrong(number, "This line is too long. Break it into several.")
        elif FIELD.match(line):
            letter, value = line[0], without_comment(line[2:])
            has_key = has_key or letter == "K"
            if letter == "U" and _SYMBOL.match(value):
                symbols.add(value[0])
            elif problem := _wrong_field(letter, value):
                yield Wrong(number, problem)
        elif not has_key and "|" not in line:
            yield Wrong(
                number,
                "Before the key (a line such as K:D) only fields may stand: a letter, "
                "a colon and what it says.",
            )
        else:
            if not has_key:
                yield Wrong(
                    number, "Put the key before the notes, in a line such as K:D."
                )
                has_key = True
            # What follows the first mistake of a line is often no other.
            if problem := next(_wrong_music(without_comment(line), symbols), ""):
                yield Wrong(number, problem)
    if not has_key:
        yield Wrong(
            last, "There are no notes yet. They come after the key, such as K:D."
        )


def _wrong_field(letter: str, value: str) -> str:
    """What is wrong with a field that the reader needs; "" if nothing."""
    match letter:
        case "M" if value.lower() != "none" and not abc_fields.read_metre(value):
            return f"“{_shown(value)}” is no metre. Write it like M:4/4 or M:6/8."
        case "L" if not abc_fields.read_length(value):
            return f"“{_shown(value)}” is no length of a note. Write L:1/8."
        case "Q" if abc_fields.read_tempo(value, Fraction(1, 8)) is None and not (
            re.fullmatch(r'"[^"]*"', value)
        ):
            return f"“{_shown(value)}” is no tempo. Write it like Q:1/4=120."
        case "K" if _names_no_key(value):
            return (
                f"“{_shown(value)}” is no key. Write it like K:D, K:Bb, K:Am or K:Edor."
            )
    return ""


def _names_no_key(value: str) -> bool:
    if not value or re.match(r"none\b|clef\b|treble|bass|H[Pp]\b|\w+=", value):
        return False  # Without a key, or one that stays as it was.
    return abc_fields.read_key(value).key is None


def _wrong_music(line: str, symbols: set[str]) -> Iterator[str]:
    """What stands between the tokens of a line, unless it may be passed over."""
    at = 0
    for token in [*TOKEN.finditer(line), None]:
        begin = token.start() if token else len(line)
        between = line[at:begin]
        left = "".join(
            char
            for char in between
            if not _PASSED_OVER.match(char) and char not in symbols
        )
        if left:
            yield _said_of(left)
        if token and (problem := _wrong_chord(token)):
            yield problem
        at = token.end() if token else begin


def _wrong_chord(token: re.Match[str]) -> str:
    inside = token["inside"]
    if inside is None or re.search(r"[A-Ga-gzx]", inside):
        return ""
    return f"There are no notes in the chord “[{_shown(inside)}]”."


def _said_of(left: str) -> str:
    if (opened := left[0]) in _OPEN:
        return f"“{opened}” is opened here and has no “{_OPEN[opened]}” in this line."
    if left[0].isalpha():
        return (
            f"“{_shown(left)}” is no note of ABC: these are A to G and a to g, rests "
            "are z."
        )
    return f"“{_shown(left)}” is no note, rest or sign of ABC."


def _shown(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"
