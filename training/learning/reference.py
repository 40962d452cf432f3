"""What the music of a model is held against: two files beside its bundle.

    reference.json       the profile of held-out pieces, and of which data; and what
                         the network gains there by learning from the piece at hand
    ngrams.safetensors   which runs of intervals the training pieces hold, as hashes

But for that gain they say something of the data, not of the network. They are no part
of the bundle's hash, can be added to a bundle or made again, and a bundle without them
is whole.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from training.learning.adaptive import (
    AdaptiveBits,
    adaptive_from_json,
    adaptive_to_json,
)
from training.learning.dataset import LearningSet
from training.music.encodings import EncodedPiece, Encoding
from training.music.profile import (
    Profile,
    profile,
    profile_from_json,
    profile_to_json,
)
from training.music.similarity import NGRAM_LENGTHS, KnownNgrams, known_ngrams

#: 1: the first.
FORMAT_VERSION = 1
MAX_HELD_OUT = 100  # pieces; more would not move a percentile
REFERENCE_FILES = ("reference.json", "ngrams.safetensors")
_MAX_FILE_BYTES = 64 * 2**20

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reference:
    """Real pieces that the network never saw, and what the pieces it read hold."""

    data_hash: str  # as in the bundle's provenance
    held_out: Profile
    known: tuple[KnownNgrams, ...]  # of the training pieces, by NGRAM_LENGTHS
    adaptive: AdaptiveBits | None = None  # older references lack it


def reference_of(encoding: Encoding, pieces: LearningSet) -> Reference:
    """Measure the test pieces, at most MAX_HELD_OUT spread evenly over them."""
    read = [encoding.decode(p[0].events, p[0].form) for p in pieces.train]
    known = tuple(known_ngrams(read, n) for n in NGRAM_LENGTHS)
    held_out = [
        encoding.decode(piece.events, piece.form) for piece in evenly(pieces.test)
    ]
    return Reference(pieces.data_hash, profile(held_out, known), known)


def evenly(
    pieces: Sequence[EncodedPiece], most: int | None = None
) -> list[EncodedPiece]:
    """``most`` of them (None: MAX_HELD_OUT), spread over all."""
    count = min(len(pieces), MAX_HELD_OUT if most is None else most)
    return [pieces[i * len(pieces) // count] for i in range(count)]


def reference_files(reference: Reference) -> dict[str, bytes]:
    """The contents of REFERENCE_FILES."""
    told: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "data_hash": reference.data_hash,
        "held_out": profile_to_json(reference.held_out),
    }
    if reference.adaptive:
        told["adaptive"] = adaptive_to_json(reference.adaptive)
    arrays = {str(ngrams.n): ngrams.hashes for ngrams in reference.known}
    return {
        "reference.json": (json.dumps(told, indent=1, sort_keys=True) + "\n").encode(),
        "ngrams.safetensors": save_arrays(arrays),
    }


def write_reference(folder: Path, reference: Reference) -> None:
    """Put the files beside the bundle in ``folder``, each whole or not at all."""
    write_files(folder, reference_files(reference))


def copy_reference(source: Path, folder: Path) -> None:
    """Bring ``folder`` the files of ``source``, where it has some and they differ."""
    if not all((source / name).is_file() for name in REFERENCE_FILES):
        return
    files = {name: (source / name).read_bytes() for name in REFERENCE_FILES}
    kept = {
        name: (folder / name).read_bytes()
        for name in REFERENCE_FILES
        if (folder / name).is_file()
    }
    if files != kept:
        write_files(folder, files)


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        aside = folder / f".{name}.{os.getpid()}"
        aside.write_bytes(data)
        os.replace(aside, folder / name)


def load_reference(folder: Path, *, data_hash: str) -> Reference | None:
    """What stands beside the bundle in ``folder``, whose data has ``data_hash``.

    None when there is nothing, or nothing of use: the bundle composes without it.
    """
    try:
        told = json.loads(_read(folder / "reference.json"))
        arrays = load_arrays(_read(folder / "ngrams.safetensors"))
        if told["format_version"] != FORMAT_VERSION or told["data_hash"] != data_hash:
            return None
        return Reference(
            data_hash=data_hash,
            held_out=profile_from_json(told["held_out"]),
            known=tuple(KnownNgrams(n, arrays[str(n)]) for n in NGRAM_LENGTHS),
            adaptive=adaptive_from_json(told.get("adaptive")),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        logger.warning("The reference in %s cannot be read: %r", folder.name, error)
        return None


def load_adaptive(folder: Path, *, data_hash: str) -> AdaptiveBits | None:
    """Only what stands there of learning from the piece at hand, if anything."""
    try:
        told = json.loads(_read(folder / "reference.json"))
        if told["format_version"] != FORMAT_VERSION or told["data_hash"] != data_hash:
            return None
        return adaptive_from_json(told.get("adaptive"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("The reference in %s cannot be read: %r", folder.name, error)
        return None


def _read(path: Path) -> bytes:
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise OSError(f"{path.name} is larger than {_MAX_FILE_BYTES >> 20} MiB")
    return path.read_bytes()
