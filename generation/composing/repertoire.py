"""What a model knows: the metres, modes and keys of its training pieces, and its parts.

Forms offer only what stands here, and abilities follow from it; both are read without
the network's weights, so that a page may say it of every model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from generation.composing.constraints import COMPASSES
from generation.composing.plans import MIN_TONIC_SHARE
from training.learning.bundle import CountedForms
from training.music.encodings import Encoding, VoicesEncoding
from training.music.encodings.polyphony import MAX_PARTS
from training.music.encodings.voices import PART_NAMES
from training.music.pitch import Key
from training.music.score import Metre

_Value = TypeVar("_Value", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Repertoire:
    """What one version of a model can be asked for.

    ``metres`` and ``modes`` stand in the order of how usual they are. ``tonics`` are
    all twelve, or none for music without keys: first those it knows, the most usual in
    front, then those that it reaches by transposing.
    """

    title: str
    encoding: str
    metres: tuple[Metre, ...]
    modes: tuple[str, ...]
    tonics: tuple[int, ...]
    known_tonics: tuple[int, ...]
    parts: tuple[str, ...] = ()  # their names; empty: one melody
    compass: tuple[int, int] | None = None  # lowest and highest pitch, where known

    @property
    def knows_keys(self) -> bool:
        return bool(self.modes)

    @property
    def num_parts(self) -> int:
        """How many parts its own pieces have."""
        return max(1, len(self.parts))

    @property
    def max_parts(self) -> int:
        """How many parts it can be given at most."""
        return MAX_PARTS if self.encoding == "polyphony" else self.num_parts

    @property
    def has_rhythm(self) -> bool:
        return self.encoding != "pitches"

    @property
    def in_words(self) -> str:
        """What comes out: ``Writes four parts: Soprano, Alto, Tenor and Bass.``"""
        if not self.parts:
            return "Writes one melody."
        *most, last = self.parts
        names = f"{', '.join(most)} and {last}" if most else last
        return f"Writes {len(self.parts)} parts: {names}."

    def as_json(self) -> dict[str, Any]:
        """What the page's form offers when this model is chosen."""
        return {
            "metres": [str(metre) for metre in self.metres],
            "modes": list(self.modes),
            "tonics": [Key(tonic).tonic_name for tonic in self.tonics],
            "compass": list(self.compass) if self.compass else None,
            "says": self.in_words,
        }


def written_in(known: Iterable[Metre], own: Metre) -> Metre:
    """``own``, or a metre among the ``known`` whose bars hold so many of its own.

    Its beat must be felt alike: 2/4 is written in 4/4, 6/8 in 12/8. ``own`` too where
    nothing stands for it.
    """
    metres = set(known)
    near = [
        metre
        for metre in metres
        if metre.bar_ticks % own.bar_ticks == 0
        and metre.is_compound == own.is_compound
        and own.beat_ticks % metre.beat_ticks == 0
    ]
    if own in metres or not near:
        return own
    return min(near, key=lambda metre: (metre.bar_ticks, metre))


def repertoire_of_forms(
    title: str, encoding: Encoding, forms: CountedForms
) -> Repertoire:
    """What a model in ``encoding`` knows that has learnt from pieces in ``forms``."""
    keys = [(form.key, n) for form, n in forms if form.key]
    known = _known_tonics(keys)
    others = tuple(tonic for tonic in range(12) if tonic not in known)
    parts, compass = _parts(encoding, forms)
    return Repertoire(
        title=title,
        encoding=encoding.name,
        metres=_most_usual((form.metre, n) for form, n in forms) or (Metre(4, 4),),
        modes=_most_usual((key.mode, n) for key, n in keys),
        tonics=(*known, *others) if keys else (),
        known_tonics=known,
        parts=parts,
        compass=compass,
    )


def _known_tonics(keys: Iterable[tuple[Key, int]]) -> tuple[int, ...]:
    counts: Counter[int] = Counter()
    for key, n in keys:
        counts[key.tonic] += n
    least = MIN_TONIC_SHARE * counts.total()
    return tuple(tonic for tonic, n in counts.most_common() if n >= least)


def _most_usual(counted: Iterable[tuple[_Value, int]]) -> tuple[_Value, ...]:
    counts: Counter[_Value] = Counter()
    for value, n in counted:
        counts[value] += n
    return tuple(value for value, _ in counts.most_common())


def _parts(
    encoding: Encoding, forms: CountedForms
) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """The names of the parts it writes, and from where to where they reach."""
    if isinstance(encoding, VoicesEncoding):
        names = PART_NAMES[encoding.num_parts]
        limits = [COMPASSES[name] for name in names if name in COMPASSES]
        return tuple(names), (
            min(limit.lowest for limit in limits),
            max(limit.highest for limit in limits),
        ) if limits else None
    players = _most_usual((form.instruments, n) for form, n in forms)
    if encoding.name != "polyphony" or not players or not players[0]:
        return (), None
    usual = players[0]
    return tuple(
        player.name or f"Part {number}" for number, player in enumerate(usual, 1)
    ), (
        min(player.lowest_pitch for player in usual),
        max(player.highest_pitch for player in usual),
    )
