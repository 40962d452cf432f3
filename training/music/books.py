"""Books of tunes: one ABC file that holds many.

Each tune becomes a text of its own, so that one that cannot be read spoils no other.
"""

from __future__ import annotations

import re

_HEADS_A_BOOK = ("M:", "L:", "Q:", "C:", "R:", "I:")


def split_book(text: str) -> list[str]:
    """The tunes of an ABC file as texts, with the fields that stand before the first.

    A file of one tune is returned as it is.

    >>> len(split_book("L:1/8\\nX:1\\nK:C\\nCDE\\n\\nX:2\\nK:D\\nDEF\\n"))
    2
    """
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("X:")]
    if len(starts) < 2:
        return [text]
    head = [line for line in lines[: starts[0]] if line[:2] in _HEADS_A_BOOK]
    ends = [*starts[1:], len(lines)]
    return [
        "\n".join([lines[start], *head, *lines[start + 1 : end]])
        for start, end in zip(starts, ends, strict=True)
    ]


def title_of_tune(text: str) -> str:
    """Its first title, or what number it has in its book."""
    title = re.search(r"^T:[ \t]*(\S[^\n]*)", text, re.MULTILINE)
    if title:
        return title[1].strip()
    number = re.search(r"^X:[ \t]*(\d+)", text, re.MULTILINE)
    return f"Tune {number[1]}" if number else "A tune"
