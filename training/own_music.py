"""Datasets of people's own pieces: what can be made of them, and making it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q, Sum

from training.datasets import BadDataset, create_pieces_dataset
from training.models import Dataset
from training.models.datasets import PieceQuerySet
from training.music.encodings import (
    ENCODINGS,
    Encoding,
    MelodyEncoding,
    VoicesEncoding,
    from_spec,
)

MELODY, PARTS = "melody", "parts"
#: With fewer, chance decides more than the music what is learnt and what is measured.
MIN_PIECES = 10
#: What a task encodes in a minute or two, and holds in its memory.
MAX_NOTES, MAX_NOTES_IN_ALL_KEYS = 1_000_000, 200_000
NUM_VOICES = (2, 3, 4)  # what the voices encoding holds


@dataclass(frozen=True, slots=True)
class Survey:
    """What pieces are like, all together."""

    pieces: int
    different: int  # the same tune in another key counts once
    notes: int
    melodies: int  # of one line each
    with_drums: int
    fewest_voices: int  # 0: some piece has chords
    most_voices: int

    @property
    def copies(self) -> int:
        return self.pieces - self.different

    @property
    def are_melodies(self) -> bool:
        return self.melodies == self.pieces

    @property
    def usual_way(self) -> str:
        return MELODY if self.are_melodies or self.parts_encoding is None else PARTS

    @property
    def parts_encoding(self) -> Encoding | None:
        """What holds all parts of every piece, if anything does."""
        if self.are_melodies:
            return MelodyEncoding()
        if self.fewest_voices == self.most_voices and self.most_voices in NUM_VOICES:
            return VoicesEncoding(self.most_voices)
        return from_spec({"name": "polyphony"}) if "polyphony" in ENCODINGS else None


def survey(pieces: PieceQuerySet) -> Survey:
    found: dict[str, Any] = pieces.order_by().aggregate(
        pieces=Count("pk"),
        different=Count("likeness", distinct=True),
        notes=Sum("num_notes", default=0),
        melodies=Count("pk", filter=Q(num_voices=1)),
        with_drums=Count("pk", filter=Q(has_drums=True)),
    )
    voices = set(pieces.order_by().values_list("num_voices", flat=True).distinct())
    return Survey(
        **found,
        fewest_voices=min(voices, default=0),
        most_voices=max(voices, default=0),
    )


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
    encoding = MelodyEncoding() if way == MELODY else found.parts_encoding
    if transpose is None:
        # A melody is counted from its tonic, and loses nothing by standing in one key.
        transpose = encoding is not None and encoding.name != "melody"
        transpose = transpose and found.notes <= MAX_NOTES_IN_ALL_KEYS
    if refusal := refusal_of(found, encoding, transpose):
        raise BadDataset(refusal)
    assert encoding is not None
    return create_pieces_dataset(
        pieces.for_list().order_by("pk"),
        owner=owner,
        name=name or "My music",
        encoding=encoding,
        transpose=transpose,
        split_seed=split_seed,
    )


def refusal_of(found: Survey, encoding: Encoding | None, transpose: bool) -> str:
    """Why no dataset can be made, or ""."""
    if found.different < MIN_PIECES:
        return too_few(found)
    if encoding is None:
        return (
            "All parts can be learnt where every piece has the same number of them, "
            "two to four, each with one note at a time. Learn the melody line, or "
            "choose such pieces."
        )
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
    what = f"{found.different} different piece{'' if found.different == 1 else 's'}"
    return (
        f"These are {what}, and {MIN_PIECES} is the least: most are learnt from, and "
        "others are held back to see how well. Bring more; a hundred is a good start."
    )
