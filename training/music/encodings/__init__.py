"""Encodings by name. A bundle stores ``encoding.spec()``; ``from_spec`` undoes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.music.encodings.base import (
    EncodedPiece,
    Encoding,
    Field,
    Form,
    Instrument,
    NotEncodable,
    Walk,
)
from training.music.encodings.melody import MelodyEncoding
from training.music.encodings.pitches import PitchesEncoding
from training.music.encodings.polyphony import PolyphonyEncoding
from training.music.encodings.voices import VoicesEncoding

ENCODINGS: dict[str, Callable[..., Encoding]] = {
    "melody": MelodyEncoding,
    "pitches": PitchesEncoding,
    "polyphony": PolyphonyEncoding,
    "voices": VoicesEncoding,
}

__all__ = [
    "ENCODINGS",
    "EncodedPiece",
    "Encoding",
    "Field",
    "Form",
    "Instrument",
    "MelodyEncoding",
    "NotEncodable",
    "PitchesEncoding",
    "PolyphonyEncoding",
    "VoicesEncoding",
    "Walk",
    "from_spec",
]


def from_spec(spec: dict[str, Any]) -> Encoding:
    """The encoding that ``spec`` names; raises ``ValueError`` for an unknown one."""
    options = dict(spec)
    name = options.pop("name", None)
    if name not in ENCODINGS:
        known = ", ".join(sorted(ENCODINGS))
        raise ValueError(f"There is no encoding {name!r}. Choose one of {known}.")
    return ENCODINGS[name](**options)
