"""A learning set on disk: what a run reads, frozen when the dataset was made.

    <folder>/pieces.safetensors   all events and contexts laid end to end, and where
                                  each piece, version and side begins
             learning.json        forms, counts and hashes
             events.npy, .csv     the same music for other programs: a row an event,
                                  its piece, its side (0 train, 1 valid, 2 test), fields

Nothing here imports JAX; a dataset is made by a worker that must not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from training.learning.bundle import form_from_json, form_to_json
from training.learning.dataset import LearningSet
from training.music.encodings import EncodedPiece, Encoding

#: 1: the first.
FORMAT_VERSION = 1

_ARRAYS, _DESCRIPTION = "pieces.safetensors", "learning.json"


class UnreadableLearningSet(ValueError):
    """Files that are not there or have changed since the dataset was made."""


def save_learning_set(folder: Path, encoding: Encoding, pieces: LearningSet) -> str:
    """Write ``pieces`` to ``folder``; returns a SHA-256 of all that a run reads."""
    folder.mkdir(parents=True, exist_ok=True)
    sides: list[list[tuple[EncodedPiece, ...]]] = [
        pieces.train,
        [(piece,) for piece in pieces.valid],
        [(piece,) for piece in pieces.test],
    ]
    arrays = save(_arrays([versions for side in sides for versions in side]))
    description = _json(
        {
            "format_version": FORMAT_VERSION,
            "encoding": encoding.spec(),
            "sides": [len(side) for side in sides],
            "piece_forms": [
                form_to_json(piece.form)
                for side in sides
                for versions in side
                for piece in versions
            ],
            "forms": [[form_to_json(form), n] for form, n in pieces.forms],
            "skipped": pieces.skipped,
            "data_hash": pieces.data_hash,
            "notes": pieces.notes,
        }
    )
    _write(folder / _ARRAYS, arrays)
    _write(folder / _DESCRIPTION, description)
    _write_table(folder, encoding, [[v[0] for v in side] for side in sides])
    return _hash(arrays, description)


def load_learning_set(folder: Path, *, sha256: str) -> LearningSet:
    """Law: what was saved, if its files still have the hash ``sha256``.

    Raises ``UnreadableLearningSet`` otherwise.
    """
    try:
        raw, text = (
            (folder / _ARRAYS).read_bytes(),
            (folder / _DESCRIPTION).read_bytes(),
        )
        if _hash(raw, text) != sha256:
            raise UnreadableLearningSet(
                "The dataset's files have changed since it was made. Make it again."
            )
        arrays, description = load(raw), json.loads(text)
    except (OSError, SafetensorError) as error:
        raise UnreadableLearningSet(
            f"The dataset's files cannot be read ({error}). Make it again."
        ) from None
    every = iter(_pieces(arrays, description["piece_forms"]))
    grouped = [tuple(next(every) for _ in range(n)) for n in arrays["versions"]]
    train, valid, _ = description["sides"]
    return LearningSet(
        train=grouped[:train],
        valid=[versions[0] for versions in grouped[train : train + valid]],
        test=[versions[0] for versions in grouped[train + valid :]],
        forms=tuple((form_from_json(form), n) for form, n in description["forms"]),
        skipped=description["skipped"],
        data_hash=description["data_hash"],
        notes=description["notes"],
    )


def read_lengths(folder: Path) -> list[int]:
    """The lengths in events of all pieces, one version of each: those learnt from, then
    the held-out ones, then those for the test. Reads little, so that a page may ask.

    Raises ``UnreadableLearningSet``. Whether the files have changed is not looked at.
    """
    try:
        with safe_open(folder / _ARRAYS, framework="numpy") as arrays:
            lengths, versions = (
                arrays.get_tensor("lengths"),
                arrays.get_tensor("versions"),
            )
    except (OSError, SafetensorError) as error:
        raise UnreadableLearningSet(
            f"The dataset's files cannot be read ({error}). Make it again."
        ) from None
    firsts = np.cumsum(versions) - versions
    return [int(length) for length in lengths[firsts]]


def _arrays(groups: Sequence[tuple[EncodedPiece, ...]]) -> dict[str, npt.NDArray[Any]]:
    pieces = [piece for versions in groups for piece in versions]
    return {
        "events": np.concatenate([piece.events for piece in pieces]),
        "contexts": np.concatenate([piece.contexts for piece in pieces]),
        "lengths": np.array([len(piece.events) for piece in pieces], np.int64),
        "versions": np.array([len(versions) for versions in groups], np.int64),
    }


def _pieces(
    arrays: dict[str, npt.NDArray[Any]], forms: Iterable[list[Any]]
) -> Iterable[EncodedPiece]:
    ends = np.cumsum(arrays["lengths"])
    for start, end, form in zip(ends - arrays["lengths"], ends, forms, strict=True):
        yield EncodedPiece(
            events=arrays["events"][start:end],
            contexts=arrays["contexts"][start:end],
            form=form_from_json(form),
        )


def _write_table(
    folder: Path, encoding: Encoding, sides: Sequence[Sequence[EncodedPiece]]
) -> None:
    blocks, number = [], 0
    for side, pieces in enumerate(sides):
        for piece in pieces:
            place = np.tile((number, side), (len(piece.events), 1))
            blocks.append(np.hstack([place, piece.events]).astype(np.int32))
            number += 1
    table = np.concatenate(blocks)
    aside = folder / ".events.npy"
    with aside.open("wb") as file:
        np.save(file, table, allow_pickle=False)
    os.replace(aside, folder / "events.npy")
    names = ["piece", "side", *(field.name for field in encoding.fields)]
    lines = [",".join(names), *(",".join(map(str, row)) for row in table.tolist())]
    _write(folder / "events.csv", ("\n".join(lines) + "\n").encode())


def _write(path: Path, data: bytes) -> None:
    aside = path.with_name(f".{path.name}")
    aside.write_bytes(data)
    os.replace(aside, path)


def _json(value: object) -> bytes:
    return (json.dumps(value, sort_keys=True) + "\n").encode()


def _hash(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for data in contents:
        digest.update(f"{len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()
