"""Where rows of a batch are computed: side by side on every device there is.

Each takes a share of a batch's rows from the first product to the last, and they meet
once a step to add up their gradients. A CPU is one device, whose products XLA spreads
over the cores.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

Tree = TypeVar("Tree")
_CPU_FLAGS = {"avx512_bf16", "amx_bf16"}


class Rows:
    """Places arrays so that ``batch`` rows are shared out evenly."""

    def __init__(self, batch: int) -> None:
        devices = jax.devices()
        devices = devices[: most_even_shares(batch, len(devices))]
        self._mesh = Mesh(np.array(devices), ("rows",))

    def split(self, tree: Tree, *, axis: int) -> Tree:
        """The arrays of ``tree``, their ``axis`` shared out."""
        places = PartitionSpec(*[None] * axis, "rows")
        placed: Tree = jax.device_put(tree, NamedSharding(self._mesh, places))
        return placed

    def copy(self, tree: Tree) -> Tree:
        """The arrays of ``tree``, whole on every device."""
        whole = NamedSharding(self._mesh, PartitionSpec())
        placed: Tree = jax.device_put(tree, whole)
        return placed


def most_even_shares(rows: int, devices: int) -> int:
    """Into how many equal shares ``rows`` can go, on at most so many ``devices``."""
    return max(n for n in range(1, devices + 1) if rows % n == 0)


@cache
def operands() -> Any:
    """In what type training takes its products; their sums are always float32.

    bfloat16 where the hardware multiplies it: on accelerators, and on processors whose
    flags say so. Elsewhere it would be slower than float32.
    """
    if jax.default_backend() != "cpu" or _CPU_FLAGS & _processor_flags():
        return jnp.bfloat16
    return jnp.float32


def _processor_flags() -> set[str]:
    """What the processor can do, by Linux's names; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return next(
        (set(line.split()) for line in lines if line.startswith("flags")), set()
    )
