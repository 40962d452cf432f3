"""One LSTM layer over a window of time, with a gradient of its own.

    i, f, g, o = split(x_t W + b + k_t h_t-1 R)     k_t = 0 where a piece begins, or 1
    c_t = sigmoid(f) k_t c_t-1 + sigmoid(i) tanh(g)
    h_t = sigmoid(o) tanh(c_t)

Differentiating a scan makes XLA multiply twice at every step of the way back and add up
the weights' gradient step by step. Here the way back only carries the state's gradient;
what the weights get is one product over all of time afterwards (Appleyard, Kocisky &
Blunsom 2016, "Optimizing Performance of Recurrent Neural Networks on GPUs").

Symbols: T steps, B rows side by side, D inputs, H units.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental.layout import Layout, with_layout_constraint

Carry = tuple[jax.Array, jax.Array]  # (h, c), each (B, H)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def product(a: jax.Array, b: jax.Array, operands: Any = jnp.float32) -> jax.Array:
    """``a`` (..., n) times ``b`` (n, m), operands rounded to ``operands``.

    Sums are float32, and so is the gradient's, whose operands are rounded likewise. All
    leading dimensions of ``a`` become one: of three-dimensional products autodiff makes
    ones that XLA takes at half the speed.
    """
    rows = a.reshape(-1, a.shape[-1]).astype(operands)
    out = jnp.matmul(rows, b.astype(operands), preferred_element_type=jnp.float32)
    return out.reshape(*a.shape[:-1], b.shape[-1])


def _product_forward(
    a: jax.Array, b: jax.Array, operands: Any
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return product(a, b, operands), (a, b)


def _product_backward(
    operands: Any, saved: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    a, b = saved
    rows = gradient.reshape(-1, gradient.shape[-1])
    columns = _turned(a.reshape(-1, a.shape[-1]).astype(operands))
    d_b = product(columns, rows, operands)
    return product(gradient, _turned(b.astype(operands)), operands), d_b


def _turned(matrix: jax.Array) -> jax.Array:
    """The transpose, its rows really one after the other in memory.

    Left alone, XLA hands the product the matrix as it lay, and rounded operands are
    multiplied at half the speed.
    """
    return with_layout_constraint(matrix.T, Layout(major_to_minor=(0, 1)))


product.defvjp(_product_forward, _product_backward)


def lstm(
    kernel: jax.Array,
    recurrent: jax.Array,
    bias: jax.Array,
    inputs: jax.Array,
    keep: jax.Array,
    state: Carry,
    *,
    operands: Any = jnp.float32,
) -> tuple[jax.Array, Carry]:
    """Outputs (T, B, H), and the state after the last step.

    Args:
        kernel: (D, 4H), ``recurrent`` (H, 4H), ``bias`` (4H,): gates in Keras's order,
            input, forget, candidate, output.
        inputs: (T, B, D).
        keep: (T, B, 1), 0.0 where the state is forgotten before the step; no gradient.
        state: before the first step.
        operands: the type in which products are taken, see ``product``.
    """
    # Products with the inputs need not wait for one another: one for all of time.
    projected = product(inputs, kernel, operands) + bias
    outputs, last = _recur(projected, recurrent, keep, state, operands)
    return outputs, last


@partial(jax.custom_vjp, nondiff_argnums=(4,))
def _recur(
    projected: jax.Array, recurrent: jax.Array, keep: jax.Array, state: Carry, kind: Any
) -> tuple[jax.Array, Carry]:
    outputs, last, _ = _forward(projected, recurrent, keep, state, kind)
    return outputs, last


def _forward(
    projected: jax.Array, recurrent: jax.Array, keep: jax.Array, state: Carry, kind: Any
) -> tuple[jax.Array, Carry, tuple[jax.Array, jax.Array]]:
    matrix = recurrent.astype(kind)

    def step(
        carry: Carry, xs: tuple[jax.Array, jax.Array]
    ) -> tuple[Carry, tuple[jax.Array, jax.Array, jax.Array]]:
        x, kept = xs
        h, c = carry[0] * kept, carry[1] * kept
        i, f, g, o = jnp.split(x + product(h, matrix, kind), 4, axis=-1)
        i, f, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jax.nn.sigmoid(o)
        g = jnp.tanh(g)
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), (h, c, jnp.concatenate([i, f, g, o], axis=-1))

    last, (outputs, cells, gates) = jax.lax.scan(step, state, (projected, keep))
    return outputs, last, (cells, gates)


def _recur_forward(
    projected: jax.Array, recurrent: jax.Array, keep: jax.Array, state: Carry, kind: Any
) -> tuple[tuple[jax.Array, Carry], tuple[Any, ...]]:
    outputs, last, (cells, gates) = _forward(projected, recurrent, keep, state, kind)
    return (outputs, last), (recurrent, keep, state, outputs, cells, gates)


def _recur_backward(
    kind: Any, saved: tuple[Any, ...], gradients: tuple[jax.Array, Carry]
) -> tuple[Any, ...]:
    recurrent, keep, state, outputs, cells, gates = saved
    d_outputs, d_last = gradients
    back = _turned(recurrent.astype(kind))
    cells_before = jnp.concatenate([state[1][None], cells[:-1]]) * keep
    outputs_before = jnp.concatenate([state[0][None], outputs[:-1]]) * keep

    def step(carry: Carry, xs: tuple[jax.Array, ...]) -> tuple[Carry, jax.Array]:
        (dh, dc), (d_out, kept, c_before, c, gate) = carry, xs
        i, f, g, o = jnp.split(gate, 4, axis=-1)
        dh = dh + d_out
        bent = jnp.tanh(c)
        dc = dc + dh * o * (1 - bent * bent)
        d_gates = jnp.concatenate(
            [
                dc * g * i * (1 - i),
                dc * c_before * f * (1 - f),
                dc * i * (1 - g * g),
                dh * bent * o * (1 - o),
            ],
            axis=-1,
        )
        return (product(d_gates, back, kind) * kept, dc * f * kept), d_gates

    d_state, d_projected = jax.lax.scan(
        step, d_last, (d_outputs, keep, cells_before, cells, gates), reverse=True
    )
    rows = outputs.shape[0] * outputs.shape[1]
    columns = _turned(outputs_before.reshape(rows, -1).astype(kind))
    d_recurrent = product(columns, d_projected.reshape(rows, -1), kind)
    return d_projected, d_recurrent, jnp.zeros_like(keep), d_state


_recur.defvjp(_recur_forward, _recur_backward)
