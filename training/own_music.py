"""Datasets of people's own pieces: what can be made of them, and making it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Max, Q, Sum

from training.datasets import BadDataset, create_pieces_dataset
from training.models import Dataset
from training.models.datasets import PieceQuerySet
from training.music.encodings import (
    Encoding,
    MelodyEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
)
from training.music.encodings.polyphony import MAX_PARTS

MELODY, PARTS = "melody", "parts"
#: With fewer, chance decides more than the music what is learnt and what is measured.
MIN_PIECES = 10
#: What a task encodes in a minute or two, and holds in its memory.
MAX_NOTES, MAX_NOTES_IN_ALL_KEYS = 1_000_000, 200_000
NUM_VOICES = frozenset({2, 3, 4})  # what the voices encoding holds


@dataclass(frozen=True, slots=True)
class Survey:
    """What pieces are like, all together."""

    pieces: int
    different: int  # the same tune in another key counts once
    notes: int
    melodies: int  # of one line each
    with_drums: int
    most_parts: int
    voices: frozenset[int]  # that pieces have; 0: of some, not one note at a time

    @property
    def copies(self) -> int:
        return self.pieces - self.different

    @property
    def are_melodies(self) -> bool:
        return self.melodies == self.pieces

    @property
    def usual_way(self) -> str:
        return MELODY if self.are_melodies else PARTS

    @property
    def encoding_of_parts(self) -> Encoding:
        """What holds all parts of every piece."""
        if self.are_melodies:
            return MelodyEncoding()
        if len(self.voices) == 1 and self.voices < NUM_VOICES:
            return VoicesEncoding(num_parts=max(self.voices))
        return PolyphonyEncoding(min(max(1, self.most_parts), MAX_PARTS))


def survey(pieces: PieceQuerySet) -> Survey:
    found: dict[str, Any] = pieces.order_by().aggregate(
        pieces=Count("pk"),
        different=Count("likeness", distinct=True),
        notes=Sum("num_notes", default=0),
        melodies=Count("pk", filter=Q(num_voices=1)),
        with_drums=Count("pk", filter=Q(has_drums=True)),
        most_parts=Max("num_parts", default=0),
    )
    voices = pieces.order_by().values_list("num_voices", flat=True).distinct()
    return Survey(**found, voices=frozenset(voices))


def create_own_dataset(
    pieces: PieceQuerySet,
    *,
    owner: User,
    name: str = "",
    way: str = "",
    transpose: bool | None = None,
    split_seed: int = 0,
) -> Dataset:
    """A dataset of ``pieces``, to be made by a task. Raises ``BadDataset``.

    ``way``: ``MELODY`` learns the highest line of each, ``PARTS`` all of its parts; ""
    what suits them. ``transpose``: whether in all keys that fit; None what suits them.
    """
    found = survey(pieces)
    way = way or found.usual_way
    encoding = MelodyEncoding() if way == MELODY else found.encoding_of_parts
    if transpose is None:
        # A melody is counted from its tonic, and loses nothing by standing in one key.
        fits = found.notes <= MAX_NOTES_IN_ALL_KEYS
        transpose = fits and encoding.name != "melody"
    if refusal := refusal_of(found, transpose):
        raise BadDataset(refusal)
    return create_pieces_dataset(
        pieces.for_list().order_by("pk"),
        owner=owner,
        name=name or "My music",
        encoding=encoding,
        transpose=transpose,
        split_seed=split_seed,
    )


def refusal_of(found: Survey, transpose: bool) -> str:
    """Why no dataset can be made, or ""."""
    if found.different < MIN_PIECES:
        return too_few(found)
    if transpose and found.notes > MAX_NOTES_IN_ALL_KEYS:
        return (
            f"In all keys, at most {MAX_NOTES_IN_ALL_KEYS:,} notes can be learnt; "
            f"these are {found.notes:,}. Choose fewer pieces, or each in its own key."
        )
    if found.notes > MAX_NOTES:
        return (
            f"At most {MAX_NOTES:,} notes can be learnt; these are {found.notes:,}. "
            "Choose fewer pieces."
        )
    return ""


def too_few(found: Survey) -> str:
    if not found.pieces:
        return f"There are no pieces here. {MIN_PIECES} is the least to learn from."
    what = f"These are {found.different} different pieces"
    if found.different == 1:
        what = "This is 1 different piece"
    return (
        f"{what}, and {MIN_PIECES} is the least: most are learnt from, and "
        "others are held back to see how well. Bring more; a hundred is a good start."
    )
