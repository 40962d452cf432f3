"""How a piece is to be played: a sound desk's settings, which never touch the notes.

All numbers are whole, so that the same desk is always written the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from training.music.score import Part, Score

TEMPO_PERCENT = (30, 200)
LEVELS = (0, 100)
USUAL_LEVEL = 80
PANS = (-100, 100)
PERCENT = (0, 100)
TAKES = (0, 9_999)
MAX_DESK_PARTS = 128

#: Semitones from what sounds to what the player of such an instrument reads.
WRITTEN_FOR = {
    "concert": 0,
    "bflat": 2,
    "eflat": 9,
    "f": 7,
    "octave-up": 12,
    "octave-down": -12,
}
WRITTEN_FOR_NAMES = {
    "concert": "Concert pitch",
    "bflat": "B♭ instruments",
    "eflat": "E♭ instruments",
    "f": "F instruments",
    "octave-up": "An octave higher",
    "octave-down": "An octave lower",
}
_USUAL_HIGHEST = 88  # E6: above it, E♭ and F parts are written an octave lower
_PAN_SPREAD = 44  # how far to the side the outer parts stand, of 100


class BadDesk(ValueError):
    """Settings we do not have. The message says which."""


@dataclass(frozen=True, slots=True)
class PartSound:
    program: int | None = None  # General MIDI from 0; None: the part's own
    level: int = USUAL_LEVEL
    pan: int | None = None  # left to right; None: where the part usually stands
    is_muted: bool = False
    is_solo: bool = False

    @property
    def gain(self) -> float:
        """Loudness beside the usual level's, as a factor of the amplitude."""
        return (self.level / USUAL_LEVEL) ** 2


@dataclass(frozen=True, slots=True)
class Desk:
    """``take`` seeds what is human about humanised playing."""

    parts: tuple[PartSound, ...] = ()
    tempo: int = 100  # percent
    swing: int = 0  # percent of the way to triplets
    humanise: int = 0  # percent
    take: int = 0
    written_for: str = "concert"
    sounds_written: bool = False
    count_in: bool = False
    metronome: bool = False

    def part(self, index: int) -> PartSound:
        return self.parts[index] if index < len(self.parts) else PartSound()

    def program(self, index: int, part: Part) -> int:
        """The General MIDI program that plays ``part``, which is part ``index``."""
        chosen = self.part(index).program
        return part.program if chosen is None or part.is_drum else chosen

    def pan(self, index: int, count: int, *, is_drum: bool) -> int:
        """Where part ``index`` of ``count`` stands, from -100 (left) to 100."""
        chosen = self.part(index).pan
        return usual_pan(index, count, is_drum=is_drum) if chosen is None else chosen

    def is_audible(self, index: int) -> bool:
        """Whether part ``index`` sounds: not muted, and solo where any part is."""
        part = self.part(index)
        return not part.is_muted and (
            part.is_solo or not any(other.is_solo for other in self.parts)
        )

    def as_recorded(self) -> Desk:
        """Without what a recording does not hold."""
        written = self.written_for if self.sounds_written else "concert"
        return replace(self, written_for=written, count_in=False, metronome=False)

    def unmuted(self) -> Desk:
        """With every part sounding."""
        parts = tuple(replace(p, is_muted=False, is_solo=False) for p in self.parts)
        return replace(self, parts=parts)


def usual_pan(index: int, count: int, *, is_drum: bool = False) -> int:
    """Parts stand side by side, from left to right, one alone in the middle."""
    if count == 1 or is_drum:
        return 0
    return round(_PAN_SPREAD * (2 * index / (count - 1) - 1))


def written_semitones(score: Score, written_for: str) -> int:
    """How far the notes are moved for the reader. Raises ``BadDesk``.

    E♭ and F parts that would be written above E6 are written an octave lower; nothing
    leaves MIDI's range.
    """
    if written_for not in WRITTEN_FOR:
        names = ", ".join(WRITTEN_FOR)
        raise BadDesk(f"There is no {written_for!r} to write for. Choose from {names}.")
    semitones = WRITTEN_FOR[written_for]
    pitches = [n.pitch for p in score.parts if not p.is_drum for n in p.notes]
    if not pitches or not semitones:
        return semitones
    highest = 127 if abs(semitones) % 12 == 0 else _USUAL_HIGHEST
    if semitones > 2 and max(pitches) + semitones > highest:
        semitones -= 12
    if max(pitches) + semitones > 127:
        semitones -= 12
    if min(pitches) + semitones < 0:
        semitones += 12
    return semitones


def desk_json(desk: Desk) -> dict[str, Any]:
    """``desk`` as JSON, without what is as usual: ``{}`` for a desk nobody touched."""
    told = _unusual(desk, Desk())
    parts = [_unusual(part, PartSound()) for part in desk.parts]
    while parts and not parts[-1]:
        parts.pop()
    told.pop("parts", None)
    return told | ({"parts": parts} if parts else {})


def _unusual(value: Any, usual: Any) -> dict[str, Any]:
    plain = asdict(usual)
    return {name: v for name, v in asdict(value).items() if v != plain[name]}


def read_desk(told: Any, *, parts: int = MAX_DESK_PARTS) -> Desk:
    """The desk in ``told``, JSON from anywhere. Raises ``BadDesk``."""
    values = _known(told, Desk, "the desk")
    rows = values.pop("parts", [])
    if not isinstance(rows, list) or len(rows) > parts:
        raise BadDesk(f"'parts' must be a list of at most {parts} parts.")
    for name, bounds in _DESK_BOUNDS.items():
        _check_number(values, name, bounds)
    for name in ("sounds_written", "count_in", "metronome"):
        _check_switch(values, name)
    if values.get("written_for", "concert") not in list(WRITTEN_FOR):
        raise BadDesk(f"'written_for' must be one of {', '.join(WRITTEN_FOR)}.")
    return Desk(parts=tuple(_read_part(row) for row in rows), **values)


_DESK_BOUNDS = {
    "tempo": TEMPO_PERCENT,
    "swing": PERCENT,
    "humanise": PERCENT,
    "take": TAKES,
}


def _read_part(told: Any) -> PartSound:
    values = _known(told, PartSound, "a part")
    for name, bounds in (("program", (0, 127)), ("pan", PANS)):
        if values.get(name) is None:
            values.pop(name, None)
        _check_number(values, name, bounds)
    _check_number(values, "level", LEVELS)
    for name in ("is_muted", "is_solo"):
        _check_switch(values, name)
    return PartSound(**values)


def _known(told: Any, kind: type[Any], what: str) -> dict[str, Any]:
    if not isinstance(told, Mapping):
        raise BadDesk(f"The settings of {what} must be an object.")
    names = {field.name for field in fields(kind)}
    for name in told:
        if name not in names:
            raise BadDesk(f"There is no {str(name)[:40]!r} on {what}.")
    return dict(told)


def _check_number(values: dict[str, Any], name: str, bounds: tuple[int, int]) -> None:
    low, high = bounds
    value = values.get(name, low)
    # To JSON, true is a number of its own; to Python it is one.
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadDesk(f"{name!r} must be a whole number.")
    if not low <= value <= high:
        raise BadDesk(f"{name!r} must be from {low} to {high}, not {value}.")


def _check_switch(values: dict[str, Any], name: str) -> None:
    if not isinstance(values.get(name, False), bool):
        raise BadDesk(f"{name!r} must be true or false.")
