"""AdamW, an average of the weights it passes, and the one-cycle schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

Params = dict[str, jax.Array]

_WARMUP = 0.25  # of all steps, from a tenth of the peak rate to the peak
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.99, 1e-8


class Weights(NamedTuple):
    """What a step changes: weights, their gradients' moments, and their average."""

    params: Params
    first_moment: Params
    second_moment: Params
    average: Params


@dataclass(frozen=True, slots=True)
class AdamW:
    """Loshchilov & Hutter (2019), with the gradient's norm clipped."""

    clip_norm: float
    weight_decay: float  # of matrices alone
    average_decay: float

    def step(
        self, weights: Weights, grads: Params, rate: jax.Array, number: jax.Array
    ) -> Weights:
        """``weights`` after step ``number``, from 1, at the learning rate ``rate``."""
        norm = jnp.sqrt(sum(jnp.sum(g * g) for g in grads.values()))
        scale = jnp.minimum(1.0, self.clip_norm / (norm + 1e-9))
        # Early in training the average follows closely; later it forgets slowly.
        decay = jnp.minimum(self.average_decay, number / (number + 9.0))
        after = Weights({}, {}, {}, {})
        for name, grad in grads.items():
            grad = grad * scale
            m = _BETA_1 * weights.first_moment[name] + (1 - _BETA_1) * grad
            v = _BETA_2 * weights.second_moment[name] + (1 - _BETA_2) * grad * grad
            move = (m / (1 - _BETA_1**number)) / (
                jnp.sqrt(v / (1 - _BETA_2**number)) + _EPSILON
            )
            old = weights.params[name]
            if old.ndim > 1:
                move = move + self.weight_decay * old
            new = old - rate * move
            after.params[name] = new
            after.first_moment[name], after.second_moment[name] = m, v
            after.average[name] = decay * weights.average[name] + (1 - decay) * new
        return after


def one_cycle(step: int, total: int, peak: float, *, warmup: float = _WARMUP) -> float:
    """The learning rate of a step (Smith & Topin 2018).

    A linear rise over ``warmup`` of all steps, then half a cosine down.
    """
    rise = max(1.0, warmup * total)
    if step < rise:
        return peak * (0.1 + 0.9 * step / rise)
    fraction = min(1.0, (step - rise) / max(1.0, total - rise))
    return peak * (1e-3 + 0.5 * (1.0 + math.cos(math.pi * fraction)))
