"""What a person may ask for, and how it is written down.

A recipe is a bundle's hash and a request. The same recipe gives the same notes: nothing
else goes into a piece, neither the time nor what the server did before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any

from generation.composing.source import (
    MAX_KEEPS,
    MAX_SOURCE_PARTS,
    NOTES,
    Keep,
    Source,
    UnusableSource,
    keeps_from_json,
    keeps_to_json,
    source_from_json,
    source_to_json,
)
from training.music.pitch import HIGHEST_PITCH, LOWEST_PITCH, MODES
from training.music.score import Metre

#: Goes up when the same request would give other notes than before. 1: the first.
RECIPE_VERSION = 1

MAX_SEED = 2**64 - 1
MAX_TEMPERATURE = 4.0
MAX_TOP_K = 1000
MAX_BARS = 256
MAX_NOTES = 4096
MAX_CANDIDATES = 32
MIN_QPM, MAX_QPM = 20.0, 400.0
MIN_RANGE = 5  # semitones from the lowest to the highest pitch


#: Controls that older recipes lack; a recipe holds them only where they say something.
_LATER_CONTROLS = ("closeness", "source", "keep", "likeness", "as_part")
#: What may be None, as sentences name it.
_LEFT_OPEN = (
    *("tonic", "number of bars", "number of notes"),
    *("lowest pitch", "highest pitch"),
)


class BadRequest(ValueError):
    """A wish that cannot be met. The message says what to ask for instead."""


@dataclass(frozen=True, slots=True)
class ComposeRequest:
    """Every control of composing. None, and 0 where noted, leave it to the model.

    What is left open is drawn with the seed from the forms of the training pieces.
    """

    seed: int = 0
    temperature: float = 0.85  # > 0: below 1 calmer, above 1 wilder
    top_k: int = 0  # 0: off
    top_p: float = 1.0  # (0, 1]
    tonic: int | None = None  # pitch class
    mode: str | None = None
    metre: Metre | None = None
    bars: int | None = None  # of a source's piece: None, as many as that has
    num_notes: int | None = None  # at least as many; of one melody, exactly as many
    lowest_pitch: int | None = None  # MIDI, inclusive
    highest_pitch: int | None = None  # MIDI, inclusive
    scale_only: bool = False  # no notes from outside the key
    qpm: float = 0.0  # quarters per minute; 0: what suits the metre
    candidates: int = 0  # pieces of which the best is kept; 0: as many as are quick
    closeness: float = 0.0  # to what the piece has done so far: 0 not, 1 very close
    source: Source | None = None  # a piece to work from
    keep: tuple[Keep, ...] = ()  # what of the source stays
    likeness: float = 0.0  # of what is new to the source: 0 none, 1 nearly the same
    as_part: int = 0  # which part a source of fewer parts begins with, from 0

    def __post_init__(self) -> None:
        _whole("seed", self.seed, 0, MAX_SEED)
        _number("temperature", self.temperature, 0.0, MAX_TEMPERATURE)
        _whole("top-k", self.top_k, 0, MAX_TOP_K)
        _number("top-p", self.top_p, 0.0, 1.0)
        _whole("tonic", self.tonic, 0, 11)
        if self.mode is not None and self.mode not in MODES:
            raise BadRequest(
                f"There is no such mode; choose one of {', '.join(MODES)}."
            )
        if self.metre is not None and not isinstance(self.metre, Metre):
            raise BadRequest("The metre must be a time signature such as 6/8.")
        _whole("number of bars", self.bars, 1, MAX_BARS)
        _whole("number of notes", self.num_notes, 1, MAX_NOTES)
        if self.bars is not None and self.num_notes is not None:
            raise BadRequest("Ask for a number of bars or of notes, not for both.")
        _whole("lowest pitch", self.lowest_pitch, LOWEST_PITCH, HIGHEST_PITCH)
        _whole("highest pitch", self.highest_pitch, LOWEST_PITCH, HIGHEST_PITCH)
        low, high = self.pitch_range
        if high - low < MIN_RANGE:
            raise BadRequest(
                f"Leave at least {MIN_RANGE} semitones between the lowest and the "
                "highest pitch; an octave is 12."
            )
        if not isinstance(self.scale_only, bool):
            raise BadRequest("Whether to keep to the scale must be true or false.")
        if self.qpm != 0:
            _number("tempo", self.qpm, MIN_QPM, MAX_QPM)
        _whole("number of candidates", self.candidates, 0, MAX_CANDIDATES)
        if self.closeness != 0:
            _number("closeness", self.closeness, 0.0, 1.0)
        self._check_source()

    def _check_source(self) -> None:
        if self.source is not None and not isinstance(self.source, Source):
            raise BadRequest("A piece is made from notes, and these are none.")
        if self.source and self.num_notes is not None:
            raise BadRequest(
                "From a given piece ask for a number of bars, not of notes."
            )
        is_kept = isinstance(self.keep, tuple) and len(self.keep) <= MAX_KEEPS
        if not (is_kept and all(isinstance(keep, Keep) for keep in self.keep)):
            raise BadRequest(f"Keep at most {MAX_KEEPS} stretches of the piece.")
        if self.likeness != 0:
            _number("likeness", self.likeness, 0.0, 1.0)
        _whole("part to begin with", self.as_part, 0, MAX_SOURCE_PARTS - 1)
        if (self.keep or self.likeness) and self.source is None:
            raise BadRequest("Give the piece of which something is to be kept.")
        if self.source:
            parts = len(self.source.score.parts)
            if any(p >= parts for keep in self.keep for p in keep.parts or ()):
                raise BadRequest(f"Keep parts of the given piece: it has {parts}.")

    @property
    def keeps_notes(self) -> bool:
        """Whether anything of the source stays as it sounds."""
        return any(keep.what == NOTES for keep in self.keep)

    @property
    def pitch_range(self) -> tuple[int, int]:
        """Lowest and highest pitch, all of MIDI where nothing is asked."""
        low = LOWEST_PITCH if self.lowest_pitch is None else self.lowest_pitch
        high = HIGHEST_PITCH if self.highest_pitch is None else self.highest_pitch
        return low, high


def recipe_json(bundle_hash: str, request: ComposeRequest) -> str:
    """The recipe as one line of JSON."""
    controls = {
        field.name: value
        for field in fields(request)
        if (value := getattr(request, field.name)) or field.name not in _LATER_CONTROLS
    }
    if request.metre:
        controls["metre"] = [request.metre.numerator, request.metre.denominator]
    if request.source:
        controls["source"] = source_to_json(request.source)
    if request.keep:
        controls["keep"] = keeps_to_json(request.keep)
    recipe = {"recipe_version": RECIPE_VERSION, "bundle": bundle_hash, **controls}
    return json.dumps(recipe, sort_keys=True)


def request_from_recipe(text: str) -> tuple[str, ComposeRequest]:
    """The bundle's hash and the request that ``recipe_json`` wrote.

    The text may come from anywhere. What else stands in it is passed over. Raises
    ``BadRequest``.
    """
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError):
        recipe = None
    bundle = recipe.get("bundle") if isinstance(recipe, dict) else None
    if not isinstance(bundle, str) or "\0" in bundle:
        raise BadRequest("This is not a recipe. Use one that this program wrote.")
    version = recipe.get("recipe_version", RECIPE_VERSION)
    if version != RECIPE_VERSION:
        raise BadRequest(
            f"This recipe is of version {version!s:.9}; this program follows version "
            f"{RECIPE_VERSION}. Update the program, or compose anew."
        )
    names = {field.name for field in fields(ComposeRequest)}
    controls = {name: value for name, value in recipe.items() if name in names}
    if controls.get("metre") is not None:
        controls["metre"] = _metre(controls["metre"])
    controls |= source_controls(recipe)
    return bundle, ComposeRequest(**controls)


def source_controls(recipe: dict[str, Any]) -> dict[str, Any]:
    """What a recipe, as read from JSON, says of a source. Raises ``BadRequest``."""
    controls: dict[str, Any] = {}
    try:
        if recipe.get("source") is not None:
            controls["source"] = source_from_json(recipe["source"])
        if recipe.get("keep") is not None:
            controls["keep"] = keeps_from_json(recipe["keep"])
    except UnusableSource as reason:
        raise BadRequest(str(reason)) from None
    return controls | {
        name: recipe[name] for name in ("likeness", "as_part") if name in recipe
    }


def with_source(request: ComposeRequest, recipe: dict[str, Any]) -> ComposeRequest:
    """``request`` with the given notes of ``recipe``, when that has some.

    Raises ``BadRequest``.
    """
    if not recipe.get("source"):
        return request
    closeness = recipe.get("closeness", 0.0)
    return replace(request, **source_controls(recipe), closeness=closeness)


def _metre(value: Any) -> Metre:
    try:
        numerator, denominator = value
        if type(numerator) is not int or type(denominator) is not int:
            raise TypeError("6.0 beats are no number of beats.")
        return Metre(numerator, denominator)
    except (TypeError, ValueError):
        raise BadRequest("The metre must be a time signature such as 6/8.") from None


def _whole(name: str, value: Any, lowest: int, highest: int) -> None:
    """Refuse what is no whole number from lowest to highest.

    None leaves it to the model, where it has a say.
    """
    if value is None and name in _LEFT_OPEN:
        return
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not (is_whole and lowest <= value <= highest):
        raise BadRequest(
            f"The {name} must be a whole number from {lowest} to {highest}."
        )


def _number(name: str, value: Any, lowest: float, highest: float) -> None:
    """Refuse what is not a number from lowest to highest; 0 itself is too low."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and value > 0.0 and lowest <= value <= highest):
        start = f"from {lowest:g}" if lowest else "above 0 and up"
        raise BadRequest(f"The {name} must be a number {start} to {highest:g}.")
