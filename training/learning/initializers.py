"""Fresh weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def glorot(rng: np.random.Generator, fan_in: int, fan_out: int) -> Matrix:
    """Uniform, of a variance that keeps signals' size both ways (Glorot 2010)."""
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def orthogonal_gates(rng: np.random.Generator, units: int) -> Matrix:
    """(units, 4 units): an orthogonal recurrence for each of an LSTM's four gates."""
    blocks = []
    for _ in range(4):
        q, r = np.linalg.qr(rng.normal(size=(units, units)))
        blocks.append(q * np.sign(np.diag(r)))
    return np.concatenate(blocks, axis=1)
