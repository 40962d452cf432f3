"""What is asked of a piece beyond what its encoding allows, as masks over values.

Constraints speak of pitches; ``Encoding.pitch_of`` says which values of which field
start which pitch, so nothing here depends on the encoding. A wish never leads into a
dead end: where no pitch is both legal and wished for, the legal ones stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from generation.composing.sampler import Draft
from training.music.encodings.base import Encoding, Event, Form, Mask
from training.music.encodings.voices import PART_NAMES, VoicesEncoding


@dataclass(frozen=True, slots=True)
class PitchLimits:
    """Which pitches are wished for."""

    lowest: int = 0  # MIDI, inclusive
    highest: int = 127  # MIDI, inclusive
    classes: frozenset[int] = frozenset(range(12))  # pitch classes

    def __contains__(self, pitch: int) -> bool:
        return self.lowest <= pitch <= self.highest and pitch % 12 in self.classes

    @property
    def is_free(self) -> bool:
        return self == PitchLimits()


#: What the voices of a choir sing, in Bach's chorales as anywhere.
COMPASSES = {
    "Soprano": PitchLimits(57, 81),
    "Alto": PitchLimits(53, 74),
    "Tenor": PitchLimits(48, 69),
    "Bass": PitchLimits(36, 64),
}


@dataclass(frozen=True, slots=True)
class FieldMask:
    """``wished`` is 0 for the values of a field that are wished for, -inf elsewhere.

    ``pitches`` is 0 only for those among them that start a pitch: when none of these is
    legal the wish cannot be met, even if a rest could.
    """

    wished: Mask
    pitches: Mask


def pitch_masks(
    encoding: Encoding,
    form: Form,
    limits: Sequence[PitchLimits],
    *,
    transposition: int = 0,
) -> tuple[FieldMask | None, ...]:
    """A mask for each field under its ``limits``; None for those left alone.

    ``transposition`` semitones will be added to every pitch afterwards, and the limits
    speak of what sounds then.
    """
    return tuple(
        _field_mask(encoding, number, field.size, form, wished, transposition)
        for number, (field, wished) in enumerate(
            zip(encoding.fields, limits, strict=True)
        )
    )


def usual_limits(encoding: Encoding) -> list[PitchLimits]:
    """What each field keeps to when nothing is asked: voices, to what can be sung."""
    if not isinstance(encoding, VoicesEncoding):
        return [PitchLimits() for _ in encoding.fields]
    names = PART_NAMES[encoding.num_parts]
    return [COMPASSES[names[part]] for part in encoding.order]


def _field_mask(
    encoding: Encoding,
    field: int,
    size: int,
    form: Form,
    limits: PitchLimits,
    transposition: int,
) -> FieldMask | None:
    wished = np.zeros(size, np.float32)
    pitches = np.full(size, -np.inf, np.float32)
    for value in range(size):
        pitch = encoding.pitch_of(field, value, form)
        if pitch is None:
            continue
        if pitch + transposition in limits:
            pitches[value] = 0.0
        else:
            wished[value] = -np.inf
    # A field without pitches, or one that could meet no wish at all, is left alone.
    if not np.isinf(wished).any() or np.isinf(pitches).all():
        return None
    return FieldMask(wished=wished, pitches=pitches)


class ConstrainedDraft(Draft):
    """A draft in ``form`` that keeps to masks wherever it can."""

    __slots__ = ("_leaves", "_masks", "_narrowed", "form")

    def __init__(
        self, encoding: Encoding, form: Form, masks: tuple[FieldMask | None, ...]
    ) -> None:
        super().__init__(encoding.walk(form))
        self.form = form
        self._masks = masks
        # Walks share their masks, so that few pairs ever meet. They are known by their
        # identities, and kept with the answer so that nothing else is given these.
        self._narrowed: dict[tuple[int, int], tuple[Mask, Mask, Mask]] = {}
        # For each field, what its own mask leaves of a legal one, which comes second.
        self._leaves: list[dict[int, tuple[Mask, Mask]]] = [{} for _ in masks]

    def allowed(self, field: int, chosen: Event, legal: Mask) -> Mask:
        known = self._leaves[field].get(id(legal))
        if known is None:
            known = self._leaves[field][id(legal)] = self._left_of(field, legal), legal
        return known[0]

    def _left_of(self, field: int, legal: Mask) -> Mask:
        mask = self._masks[field]
        if mask is None or self.narrowed(legal, mask.pitches) is legal:
            return legal
        return self.narrowed(legal, mask.wished)

    def copy(self) -> Self:
        """An independent draft at the same place; what is known of masks is shared."""
        other = object.__new__(type(self))
        for kind in type(self).__mro__[:-1]:
            for name in getattr(kind, "__slots__", ()):
                setattr(other, name, getattr(self, name))
        other.walk = self.walk.copy()
        return other

    def narrowed(self, mask: Mask, wished: Mask) -> Mask:
        """Both masks together, or the first alone when nothing is in both."""
        known = self._narrowed.get((id(mask), id(wished)))
        if known is None:
            both: Mask = mask + wished
            known = (both if both.max() == 0.0 else mask, mask, wished)
            self._narrowed[id(mask), id(wished)] = known
        return known[0]
