"""How particles are weighed: what of a model's choice fits, and who goes on.

Symbols: V values of a field.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.composing.network import Float64s
from training.music.encodings.base import Mask

#: What it costs, in nats, where something given breaks a wish.
BROKEN_WISH = 3.0


class Stuck(ValueError):
    """No particle could go on."""


@dataclass(frozen=True, slots=True)
class Met:
    """What legal, wished and given values have in common."""

    base: Mask  # what the model would choose from
    fitting: Mask  # and what of it fits what is given
    price: float
    is_dead: bool
    is_free: bool  # nothing is left out
    parts: tuple[Mask, Mask, Mask | None]  # kept, so that no other gets their ids


def systematic(shares: Float64s, uniform: float) -> list[int]:
    """As many numbers of particles as there are, each as often as its share says.

    ``uniform`` from 0 to 1 is the one chance in it (Kitagawa 1996).
    """
    count = len(shares)
    places = (np.arange(count) + uniform) / count
    chosen = np.searchsorted(np.cumsum(shares), places).clip(0, count - 1)
    return list(map(int, chosen))


def meeting(legal: Mask, wished: Mask, given: Mask | None) -> Met:
    parts = (legal, wished, given)
    if given is None:
        return Met(wished, wished, 0.0, False, True, parts)
    both: Mask = wished + given
    if both.max() == 0.0:
        is_all = np.array_equal(both, wished)
        fitting = wished if is_all else both
        return Met(wished, fitting, 0.0, False, is_all, parts)
    both = legal + given
    if both.max() == 0.0:
        return Met(legal, both, BROKEN_WISH, False, False, parts)
    return Met(legal, legal, 0.0, True, False, parts)


def rows_of(masks: list[Mask]) -> Mask:
    """(B, V), or (V,) where all are one."""
    first = masks[0]
    return first if all(m is first for m in masks) else np.array(masks)


def log_mean(weights: Float64s) -> float:
    most = weights.max()
    if most == -np.inf:
        raise Stuck("What is kept leaves no way to go on.")
    return float(np.log(np.exp(weights - most).mean()) + most)


def shares_of(weights: Float64s) -> Float64s:
    """(particles,) weights that sum to one. Raises ``Stuck`` where all are dead."""
    most = weights.max()
    if most == -np.inf:
        raise Stuck("What is kept leaves no way to go on.")
    shares = np.exp(weights - most)
    return np.asarray(shares / shares.sum())
