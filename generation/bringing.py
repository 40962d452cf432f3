"""The verbs of bringing: read what a person brings, choose from it, keep it as a piece.

Files are read in a child process with limits, while who sent them waits: so with small
limits, and only a few at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from generation.composing.recipe import RECIPE_VERSION
from generation.models import Composition
from generation.services import TooBusy, measures_of, owned_by
from generation.shelf import clean_title
from training.music.abc_check import Wrong, check_abc
from training.music.archive import is_archive, shown_name
from training.music.books import count_tunes
from training.music.formats import Reading, UnreadableScore, read_safely, suffix_of
from training.music.keys import find_key
from training.music.quantize import is_on_grid, quantize
from training.music.reading import decode_text
from training.music.sandbox import Limits
from training.music.score import KeyChange, MetreChange, Part, Score
from training.music.score_json import score_to_json
from training.music.transform import skyline, take_bars, trim

MAX_BYTES = 1024 * 1024  # of a file
MAX_ABC_LETTERS = 100_000  # of text that is pasted
MAX_NOTES = 2_048  # of a piece, all parts together: models can go on from so many
MAX_BARS = 256
MAX_PARTS = 8
MAX_READ_NOTES = 16_000  # of a file of which one chooses some
MAX_TITLE = 120

#: Somebody waits for the answer.
LIMITS = Limits(memory_bytes=768 * 2**20, cpu_seconds=6, wall_seconds=8.0)
READING_SLOTS = 2
_slots = threading.BoundedSemaphore(READING_SLOTS)

#: Sixteenths in triplets and thirty-seconds lie on it: written music does.
WRITTEN_GRID = 24


class NotBrought(ValueError):
    """Nothing is kept. The message says what to do instead."""


class WrongAbc(NotBrought):
    """The text has mistakes; ``wrongs`` says in which lines."""

    def __init__(self, wrongs: Sequence[Wrong]) -> None:
        super().__init__("; ".join(f"Line {w.line}: {w.sentence}" for w in wrongs))
        self.wrongs = tuple(wrongs)


# Reading ---------------------------------------------------------------------------


@contextmanager
def reading_slot() -> Iterator[None]:
    """One of the few places to read in; ``TooBusy`` when none comes free in time."""
    if not _slots.acquire(timeout=settings.COMPOSE_WAIT_SECONDS):
        raise TooBusy("Other files are being read just now. Send it in a few seconds.")
    try:
        yield
    finally:
        _slots.release()


def read_file(name: str, data: bytes) -> Reading:
    """The music in a stranger's file, and the recipe that may travel in it.

    Raises ``NotBrought`` and ``TooBusy``.
    """
    name = shown_name(name)
    if not data:
        raise NotBrought("This file is empty. Send one with music in it.")
    if len(data) > MAX_BYTES:
        raise NotBrought(f"It is too big. Send at most {MAX_BYTES >> 20} MB.")
    if is_archive(name):
        raise NotBrought("A .zip is not opened here. Send the file that is inside.")
    try:
        if suffix_of(name, data) == ".abc" and count_tunes(decode_text(data)) > 1:
            raise NotBrought("This is a book of tunes. Send one tune of it.")
        with reading_slot():
            return read_safely(name, data, LIMITS)
    except UnreadableScore as error:
        raise NotBrought(str(error)) from None


def read_text(text: str) -> Reading:
    """The tune that a person typed or pasted.

    Raises ``WrongAbc`` with the lines that are wrong, ``NotBrought`` and ``TooBusy``.
    """
    if not text.strip():
        raise NotBrought("There is nothing in it yet. Paste a tune in ABC.")
    if len(text) > MAX_ABC_LETTERS:
        raise NotBrought(
            f"This is too long. Paste at most {MAX_ABC_LETTERS:,} letters."
        )
    if count_tunes(text) > 1:
        raise NotBrought("These are several tunes. Paste one at a time.")
    if wrongs := check_abc(text):
        raise WrongAbc(wrongs)
    return read_file("tune.abc", text.encode("utf-8", "replace"))


# Choosing --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What of the music is kept. Left as it is: all."""

    parts: tuple[int, ...] | None = None  # numbers of parts, from 0
    first_bar: int | None = None  # as the score numbers its bars; 0 is a pick-up
    last_bar: int | None = None
    is_melody: bool = False  # of what sounds together only the highest


@dataclass(frozen=True, slots=True)
class Prepared:
    """Music that can be kept, and what was done to it, in sentences."""

    score: Score
    remarks: tuple[str, ...] = ()
    key_is_guessed: bool = False


def pitched_parts(score: Score) -> tuple[tuple[int, Part], ...]:
    """The parts that one may choose: those with notes that are no drums."""
    return tuple(
        (number, part)
        for number, part in enumerate(score.parts)
        if part.notes and not part.is_drum
    )


def bars_of(score: Score) -> int:
    return max((bar.number for bar in score.bars()), default=0)


def asks_for_a_choice(score: Score) -> bool:
    """Whether there is more than one melody in it, or more than can be kept."""
    parts = pitched_parts(score)
    return (
        len(parts) > 1
        or any(not part.is_monophonic for _, part in parts)
        or score.num_notes > MAX_NOTES
        or bars_of(score) > MAX_BARS
    )


def prepare(score: Score, excerpt: Excerpt | None = None) -> Prepared:
    """``score`` as it will be kept. Raises ``NotBrought``."""
    excerpt = excerpt or Excerpt()
    has_drums = any(part.is_drum and part.notes for part in score.parts)
    chosen = _chosen_parts(score, excerpt)
    score = _some_bars(score, excerpt)
    score = replace(
        score,
        parts=tuple(
            part for n, part in enumerate(score.parts) if n in chosen and part.notes
        ),
    )
    if excerpt.is_melody:
        score = skyline(score)
    remarks = []
    if has_drums:
        remarks.append("Drums were left out: they have no pitches.")
    if not is_on_grid(score, WRITTEN_GRID):
        score = quantize(score)
        remarks.append("Notes were moved to the nearest place on the grid.")
    score = _from_the_first_note(score)
    _refuse_too_much(score)
    guessed = find_key(score) if not score.keys else None
    if guessed:
        score = replace(score, keys=(KeyChange(0, guessed),))
        remarks.append(f"It names no key; by its notes it is in {guessed}.")
    if not score.metres:
        score = replace(score, metres=(MetreChange(0, score.metre),))
    return Prepared(score, tuple(remarks), guessed is not None)


def _chosen_parts(score: Score, excerpt: Excerpt) -> tuple[int, ...]:
    """The numbers of the parts that are kept."""
    there = [number for number, _ in pitched_parts(score)]
    if not there:
        raise NotBrought(
            "It holds drums only. Send a file with a melody."
            if score.num_notes
            else "There are no notes in it. Send or play some."
        )
    if excerpt.parts is None:
        return tuple(there)
    if not excerpt.parts or set(excerpt.parts) - set(there):
        raise NotBrought("Choose one or more of its parts.")
    return excerpt.parts


def _some_bars(score: Score, excerpt: Excerpt) -> Score:
    first, last = excerpt.first_bar, excerpt.last_bar
    if first is None and last is None:
        return score
    bars = bars_of(score)
    first, last = max(first or 0, 0), bars if last is None else last
    if not first <= last or first > bars:
        raise NotBrought(f"Choose bars from 1 to {bars}, the first before the last.")
    # From the first bar on means with its pick-up.
    return take_bars(score, 0 if first == 1 else first, last)


def _from_the_first_note(score: Score) -> Score:
    """Without whole bars of silence before anything sounds."""
    start = min((n.start_tick for p in score.parts for n in p.notes), default=0)
    begin = max(
        (b.start_tick for b in score.bars() if b.start_tick <= start), default=0
    )
    return trim(score, begin, score.end_tick) if begin else score


def _refuse_too_much(score: Score) -> None:
    if not score.num_notes:
        raise NotBrought("There are no notes in what you chose. Choose more of it.")
    if len(score.parts) > MAX_PARTS:
        raise NotBrought(f"Choose at most {MAX_PARTS} parts.")
    if score.num_notes > MAX_NOTES:
        raise NotBrought(
            f"These are {score.num_notes:,} notes. Choose bars or parts with at most "
            f"{MAX_NOTES:,}."
        )
    if bars_of(score) > MAX_BARS:
        raise NotBrought(f"These are {bars_of(score)} bars. Choose at most {MAX_BARS}.")


# Keeping ---------------------------------------------------------------------------


def keep(
    prepared: Prepared,
    *,
    title: str = "",
    file_name: str = "",
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """Keep the music as a piece of the person who brought it."""
    title = clean_title(title)[:MAX_TITLE]
    score = replace(
        prepared.score, title=title or title_of_brought(prepared.score, file_name)
    )
    measures = {"key_is_guessed": True} if prepared.key_is_guessed else {}
    return keep_as_it_is(
        score,
        Composition.Origin.BROUGHT,
        measures=measures,
        owner=owner,
        session_key=session_key,
    )


def keep_as_it_is(
    score: Score,
    origin: str,
    *,
    measures: dict[str, Any] | None = None,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """A piece of these notes, by no network; its recipe holds them."""
    score = _in_plain_words(score)
    return Composition.objects.create(
        title=score.title,
        origin=origin,
        recipe=recipe_of_notes(score, origin),
        seed=0,
        score=score_to_json(score),
        measures=measures_of(score) | (measures or {}),
        **owned_by(owner, session_key),
    )


def recipe_of_notes(score: Score, origin: str) -> dict[str, Any]:
    """A recipe of music that no network wrote: it holds the notes themselves.

    All of the score, since a source, of which a network can make something, knows
    neither loudness nor tempo, nor a change of metre.
    """
    return {
        "recipe_version": RECIPE_VERSION,
        "origin": str(origin),
        "score": score_to_json(score),
    }


def title_of_brought(score: Score, file_name: str = "") -> str:
    """What the file calls it, or ``Melody in D major``."""
    stem = clean_title(PurePosixPath(shown_name(file_name)).stem) if file_name else ""
    if named := clean_title(score.title) or stem:
        return named[:MAX_TITLE]
    is_melody = len(score.parts) == 1 and score.parts[0].is_monophonic
    what = "Melody" if is_melody else "Piece"
    return f"{what} in {score.key}" if score.key else what


def _in_plain_words(score: Score) -> Score:
    """Names as every format can hold them."""
    return replace(
        score,
        title=clean_title(score.title)[:MAX_TITLE] or title_of_brought(score),
        composer=clean_title(score.composer)[:MAX_TITLE],
        parts=tuple(
            replace(part, name=clean_title(part.name)[:MAX_TITLE])
            for part in score.parts
        ),
    )
