"""A trained network as one immutable folder, named by the hash of what is in it.

    <hash>/bundle.json           what it is: encoding, configs, metrics, provenance
           forms.json            the forms of its training pieces and how many had each
           weights.safetensors   float32 arrays, see ``model.py`` for names and shapes
           golden.safetensors    a held-out piece and the logits Keras gave for it

What its music is held against may stand beside them, see ``reference.py``.

Only NumPy and safetensors are needed to read one: the web process composes from bundles
and never imports Keras. There is no pickle in it, so a bundle from elsewhere can hold
wrong numbers but cannot run code.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from training.learning.config import ModelConfig, TrainConfig, as_json
from training.music.encodings import Encoding, Form, Instrument, from_spec
from training.music.pitch import Key
from training.music.score import Metre

#: 1: the first.
FORMAT_VERSION = 1

#: Bundles that come with the program, one folder each, named for their model.
HOUSE_MODELS_ROOT = Path(__file__).resolve().parents[1] / "house_models"

_FILES = ("bundle.json", "forms.json", "weights.safetensors", "golden.safetensors")
_MAX_FILE_BYTES = 256 * 2**20

Weights = dict[str, npt.NDArray[np.float32]]
Arrays = dict[str, npt.NDArray[Any]]
CountedForms = tuple[tuple[Form, int], ...]


class UnreadableBundle(ValueError):
    """A folder that is not a bundle, or not the one its name says."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A trained network and everything needed to compose with it and to trust it.

    ``golden`` holds ``contexts`` (T, C) and ``events`` (T, F) of the start of a
    held-out piece and, for every field f, ``logits.{f}`` (T, size of f) by Keras.
    """

    hash: str
    name: str
    encoding: Encoding
    model_config: ModelConfig
    train_config: TrainConfig
    weights: Weights
    forms: CountedForms
    metrics: dict[str, Any]
    provenance: dict[str, Any]
    golden: Arrays

    @property
    def num_parameters(self) -> int:
        return sum(array.size for array in self.weights.values())


def save_bundle(
    root: Path,
    *,
    name: str,
    encoding: Encoding,
    model_config: ModelConfig,
    train_config: TrainConfig,
    weights: Weights,
    forms: CountedForms,
    metrics: Mapping[str, Any],
    provenance: Mapping[str, Any],
    golden: Arrays,
    folder_name: str = "",
    beside: Mapping[str, bytes] = MappingProxyType({}),
) -> Path:
    """Write a bundle under ``root`` and return its folder.

    The folder is named by its hash, or ``folder_name``. It is written aside and then
    renamed, so that a reader never meets half of one. Files ``beside`` the bundle are
    no part of its hash.
    """
    description = {
        "format_version": FORMAT_VERSION,
        "name": name,
        "encoding": encoding.spec(),
        "model_config": as_json(model_config),
        "train_config": as_json(train_config),
        "metrics": metrics,
        "provenance": provenance,
    }
    contents = {
        "bundle.json": _json(description),
        "forms.json": _json([[form_to_json(form), n] for form, n in forms]),
        "weights.safetensors": save_arrays(_contiguous(weights)),
        "golden.safetensors": save_arrays(_contiguous(golden)),
    }
    root.mkdir(parents=True, exist_ok=True)
    folder = root / (folder_name or _hash(contents))
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    for file_name, data in {**beside, **contents}.items():
        (aside / file_name).write_bytes(data)
    aside.chmod(0o755)
    if folder.exists():
        shutil.rmtree(folder)
    os.replace(aside, folder)
    return folder


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle; raises ``UnreadableBundle`` when it is damaged or not one.

    A folder whose name is a hash must hold exactly what was hashed.
    """
    try:
        contents = {name: _read(folder / name) for name in _FILES}
        description = json.loads(contents["bundle.json"])
        forms = json.loads(contents["forms.json"])
        weights = load_arrays(contents["weights.safetensors"])
        golden = load_arrays(contents["golden.safetensors"])
    except (OSError, ValueError, SafetensorError) as error:
        raise UnreadableBundle(
            f"{folder.name} is not a model bundle: {error}"
        ) from None
    digest = _hash(contents)
    if len(folder.name) == len(digest) and folder.name != digest:
        raise UnreadableBundle(
            f"Bundle {folder.name} has been changed since it was made."
        )
    version = description.get("format_version")
    if version != FORMAT_VERSION:
        raise UnreadableBundle(
            f"Bundle {folder.name} has format {version}; this program reads format "
            f"{FORMAT_VERSION}. Train the model again, or update the program."
        )
    return Bundle(
        hash=digest,
        name=description["name"],
        encoding=from_spec(description["encoding"]),
        model_config=ModelConfig(**description["model_config"]),
        train_config=TrainConfig(**description["train_config"]),
        weights=weights,
        forms=tuple((form_from_json(form), count) for form, count in forms),
        metrics=description["metrics"],
        provenance=description["provenance"],
        golden=golden,
    )


def read_forms(folder: Path) -> tuple[Encoding, CountedForms]:
    """A bundle's encoding and the forms of its training pieces, without its weights.

    Raises ``UnreadableBundle``.
    """
    try:
        description = json.loads(_read(folder / "bundle.json"))
        stored = json.loads(_read(folder / "forms.json"))
        forms = tuple((form_from_json(form), count) for form, count in stored)
        return from_spec(description["encoding"]), forms
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UnreadableBundle(
            f"{folder.name} is not a model bundle: {error}"
        ) from None


def bundle_hash(folder: Path) -> str:
    """The hash of what is in ``folder``, without decoding it."""
    return _hash({name: _read(folder / name) for name in _FILES})


def _read(path: Path) -> bytes:
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise OSError(f"{path.name} is larger than {_MAX_FILE_BYTES >> 20} MiB")
    return path.read_bytes()


def _hash(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(f"{name} {len(contents[name])}\n".encode())
        digest.update(contents[name])
    return digest.hexdigest()


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()


def _contiguous(arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    # safetensors writes the buffer as it lies in memory, whatever the strides say.
    return {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}


def form_to_json(form: Form) -> list[Any]:
    """``form`` as lists and numbers; ``form_from_json`` undoes it."""
    key = [form.key.tonic, form.key.mode] if form.key else None
    metre = [form.metre.numerator, form.metre.denominator]
    values = [form.length_ticks, metre, key, form.pickup_ticks, form.phrase_end_ticks]
    if form.instruments:  # Not there in bundles that were written without them.
        values.append([astuple(instrument) for instrument in form.instruments])
    return values


def form_from_json(values: list[Any]) -> Form:
    length_ticks, metre, key, pickup_ticks, phrase_end_ticks, *rest = values
    instruments = rest[0] if rest else []
    return Form(
        length_ticks=length_ticks,
        metre=Metre(*metre),
        key=Key(*key) if key else None,
        pickup_ticks=pickup_ticks,
        phrase_end_ticks=tuple(phrase_end_ticks),
        instruments=tuple(Instrument(*values) for values in instruments),
    )
