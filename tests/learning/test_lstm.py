from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from training.learning.lstm import lstm


def plain(kernel, recurrent, bias, inputs, keep, state):
    """The definition, step by step, for JAX to differentiate."""

    def step(carry, xs):
        x, kept = xs
        h, c = carry[0] * kept, carry[1] * kept
        i, f, g, o = jnp.split(x @ kernel + bias + h @ recurrent, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    last, outputs = jax.lax.scan(step, state, (inputs, keep))
    return outputs, last


def layer(*, time=11, batch=3, inputs=5, units=7):
    rng = np.random.default_rng(0)

    def draw(*shape):
        return jnp.asarray(rng.normal(size=shape), jnp.float32)

    keep = np.ones((time, batch, 1), np.float32)
    keep[4, 1] = keep[0, 2] = 0.0
    return (
        draw(inputs, 4 * units),
        draw(units, 4 * units),
        draw(4 * units),
        draw(time, batch, inputs),
        jnp.asarray(keep),
        (draw(batch, units), draw(batch, units)),
    )


def loss_of(function):
    """A sum that weighs every output, and the state at the end, differently."""

    def loss(kernel, recurrent, bias, inputs, keep, state):
        outputs, (h, c) = function(kernel, recurrent, bias, inputs, keep, state)
        weights = jnp.cos(jnp.arange(outputs.size)).reshape(outputs.shape)
        return jnp.sum(weights * outputs) + jnp.sum(h * h) + jnp.sum(jnp.sin(c))

    return loss


def test_its_outputs_are_those_of_the_definition():
    arguments = layer()

    outputs, last = lstm(*arguments)

    expected, expected_last = plain(*arguments)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    for ours, theirs in zip(last, expected_last, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("argument", [0, 1, 2, 3, 5])
def test_its_gradient_is_that_of_autodiff(argument):
    arguments = layer()

    ours = jax.grad(loss_of(lstm), argnums=argument)(*arguments)

    theirs = jax.grad(loss_of(plain), argnums=argument)(*arguments)
    for a, b in zip(
        jax.tree_util.tree_leaves(ours), jax.tree_util.tree_leaves(theirs), strict=True
    ):
        scale = max(1.0, float(jnp.abs(b).max()))
        np.testing.assert_allclose(a / scale, b / scale, atol=1e-5)


def test_rounded_operands_stay_near():
    arguments = layer()

    rounded, _ = lstm(*arguments, operands=jnp.bfloat16)

    exact, _ = lstm(*arguments)
    assert 0 < float(jnp.abs(rounded - exact).max()) < 0.1
