"""Reading and writing scores, whatever the format: the suffix of the name decides.

``read_score`` is for files we trust. What comes from a user goes through
``read_score_safely``, which reads in a child process with limits.

To add a format: a module with a reader and a writer, and its suffixes here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

from training.music.abc import read_abc, write_abc
from training.music.abc_writer import RECIPE_FIELD
from training.music.kern import read_kern
from training.music.midi import read_midi, read_midi_recipe, write_midi
from training.music.musicxml_reader import read_musicxml
from training.music.mxl import unpack
from training.music.reading import MAX_BYTES, UnreadableScore, decode_text
from training.music.sandbox import (
    Limits,
    Reading,
    read_in_child,
    read_many_in_child,
)
from training.music.score import Score

__all__ = [
    "READERS",
    "WRITERS",
    "Reading",
    "UnreadableScore",
    "read_many_safely",
    "read_recipe",
    "read_safely",
    "read_score",
    "read_score_safely",
    "suffix_of",
    "write_score",
]


def _write_abc(score: Score, recipe: str) -> bytes:
    return write_abc(score, recipe=recipe).encode()


def _write_midi(score: Score, recipe: str) -> bytes:
    return write_midi(score, recipe=recipe)


def _write_musicxml(score: Score, recipe: str) -> bytes:
    from training.music.musicxml import write_musicxml

    return write_musicxml(score, recipe=recipe).encode()


READERS: dict[str, Callable[[bytes], Score]] = {
    ".mid": read_midi,
    ".midi": read_midi,
    ".musicxml": read_musicxml,
    ".xml": read_musicxml,
    ".mxl": read_musicxml,
    ".abc": read_abc,
    ".krn": read_kern,
}
WRITERS: dict[str, Callable[[Score, str], bytes]] = {
    ".mid": _write_midi,
    ".midi": _write_midi,
    ".musicxml": _write_musicxml,
    ".xml": _write_musicxml,
    ".abc": _write_abc,
}

#: A recipe that holds its notes is long.
_RECIPE_IN_XML = re.compile(
    r'<miscellaneous-field\s+name="recipe"\s*>([^<]{1,500000})</miscellaneous-field>'
)
_RECIPE_IN_ABC = re.compile(rf"^{RECIPE_FIELD}(.{{1,500000}})$", re.MULTILINE)


def read_score(name: str, data: bytes) -> Score:
    """The score in ``data``, the contents of a trusted file called ``name``.

    Raises ``UnreadableScore`` with a sentence for the sender.
    """
    if not data:
        raise UnreadableScore("This file is empty. Send one with music in it.")
    if len(data) > MAX_BYTES:
        raise UnreadableScore(
            f"This file is too big. Send one of at most {MAX_BYTES // 1024 // 1024} MB."
        )
    return READERS[suffix_of(name, data)](data)


def read_score_safely(name: str, data: bytes, limits: Limits | None = None) -> Score:
    """As ``read_score``, for files from strangers: in a child with limits."""
    return read_safely(name, data, limits).score


def read_safely(name: str, data: bytes, limits: Limits | None = None) -> Reading:
    """The score and the recipe in a stranger's file, read in a child with limits."""
    if not data or len(data) > MAX_BYTES:
        read_score(name, data)  # says what is wrong; no child needed for that
    return read_in_child(f"score{suffix_of(name, data)}", data, limits)


def read_many_safely(
    files: Sequence[tuple[str, bytes]], limits: Limits | None = None
) -> list[Reading | UnreadableScore]:
    """As ``read_safely`` for several files; in place of raising, it returns why.

    When the child dies of a file, the list ends before it: read that one by itself.
    """
    refused: dict[int, UnreadableScore] = {}
    asked: list[tuple[str, bytes]] = []
    for place, (name, data) in enumerate(files):
        try:
            if not data or len(data) > MAX_BYTES:
                read_score(name, data)
            asked.append((f"score{suffix_of(name, data)}", data))
        except UnreadableScore as refusal:
            refused[place] = refusal
    answers = iter(read_many_in_child(asked, limits))
    found: list[Reading | UnreadableScore] = []
    for place in range(len(files)):
        answer = refused.get(place) or next(answers, None)
        if answer is None:
            break
        found.append(answer)
    return found


def read_recipe(name: str, data: bytes) -> str | None:
    """The recipe that our writers put into ``data``, or None."""
    suffix = suffix_of(name, data)
    if READERS[suffix] is read_midi:
        return read_midi_recipe(data)
    if suffix == ".abc":
        match = _RECIPE_IN_ABC.search(decode_text(data))
        return match[1].strip() if match else None
    if READERS[suffix] is read_musicxml:
        text = decode_text(unpack(data) if data.startswith(b"PK") else data)
        match = _RECIPE_IN_XML.search(text)
        return html.unescape(match[1]) if match else None
    return None


def write_score(name: str, score: Score, *, recipe: str = "") -> bytes:
    """``score`` in the format that the suffix of ``name`` asks for.

    Raises ``ValueError`` for formats we do not write and scores they cannot hold.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in WRITERS:
        raise ValueError(
            f"We do not write {suffix or 'files without a suffix'}. Choose one of "
            f"{', '.join(sorted(WRITERS))}."
        )
    return WRITERS[suffix](score, recipe)


def suffix_of(name: str, data: bytes) -> str:
    """The suffix of ``name``, or of what ``data`` looks like when we do not know it."""
    suffix = PurePath(name).suffix.lower()
    if suffix in READERS:
        return suffix
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"MThd", b"RIFF")):
        return ".mid"
    if head.startswith(b"PK"):
        return ".mxl"
    if b"<score-" in head:
        return ".musicxml"
    if b"**kern" in head:
        return ".krn"
    if re.match(rb"(%.*\s*)*X:\s*\d", head):
        return ".abc"
    raise UnreadableScore(
        f"We cannot read {suffix or 'a file without a suffix'}. Send MIDI (.mid), "
        "MusicXML (.musicxml, .mxl), ABC (.abc) or kern (.krn)."
    )
