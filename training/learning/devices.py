"""Where rows of a batch are computed: side by side on every device there is.

On a CPU the "devices" are its cores (see ``process.prepare_to_train``): each takes a
share of the rows from the first product to the last, and they meet once a step to add
up their gradients. That keeps all cores busy in the small operations too, which a
product spread over cores does not.
"""

from __future__ import annotations

from math import gcd
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

Tree = TypeVar("Tree")


class Rows:
    """Places arrays so that ``batch`` rows are shared out evenly."""

    def __init__(self, batch: int) -> None:
        devices = jax.devices()
        devices = devices[: gcd(batch, len(devices))]
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


def operands() -> Any:
    """In what type products are taken; sums are always float32.

    bfloat16 where the hardware is made for it. On a CPU it only seems so: single
    products are quicker, whole steps slower than in float32 (measured).
    """
    return jnp.float32 if jax.default_backend() == "cpu" else jnp.bfloat16
