"""Books of tunes: one ABC file that holds many.

Each tune becomes a text of its own, so that one that cannot be read spoils no other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

_HEADS_A_BOOK = ("M:", "L:", "Q:", "C:", "R:", "I:")
#: It goes before every tune, so a long one would be written a thousand times.
_MAX_HEAD_LINES, _MAX_HEAD_LINE = 20, 200


def count_tunes(text: str) -> int:
    """How many tunes an ABC file holds, without taking them apart."""
    return len(_starts(_lines(text)))


def split_book(text: str, most: int) -> list[str]:
    """The first ``most`` tunes of an ABC file, with the fields before the first of all.

    A file of one tune is returned as it is. Of a very long head only the beginning is
    kept.

    >>> len(split_book("L:1/8\\nX:1\\nK:C\\nCDE\\n\\nX:2\\nK:D\\nDEF\\n", 10))
    2
    """
    lines = _lines(text)
    starts = _starts(lines)
    if len(starts) < 2:
        return [text][:most]
    fields = (
        line
        for line in lines[: starts[0]]
        if line[:2] in _HEADS_A_BOOK and len(line) <= _MAX_HEAD_LINE
    )
    head = list(islice(fields, _MAX_HEAD_LINES))
    ends = [*starts[1:], len(lines)]
    return [
        "\n".join([lines[start], *head, *lines[start + 1 : end]])
        for start, end in islice(zip(starts, ends, strict=True), most)
    ]


def _lines(text: str) -> list[str]:
    return re.sub(r"\r\n?", "\n", text).split("\n")


def _starts(lines: Sequence[str]) -> list[int]:
    return [i for i, line in enumerate(lines) if line.startswith("X:")]


def title_of_tune(text: str) -> str:
    """Its first title, or what number it has in its book."""
    title = re.search(r"^T:[ \t]*(\S[^\n]*)", text, re.MULTILINE)
    if title:
        return title[1].strip()
    number = re.search(r"^X:[ \t]*(\d+)", text, re.MULTILINE)
    return f"Tune {number[1]}" if number else "A tune"
