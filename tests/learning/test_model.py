from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from tests.learning.tiny import MODEL
from training.learning.model import build_model, forward, init_weights, initial_state
from training.music.encodings import MelodyEncoding, PitchesEncoding, VoicesEncoding


def random_sequences(encoding, rng, *, batch, time):
    def draw(fields):
        return np.stack(
            [rng.integers(0, field.size, (batch, time)) for field in fields], axis=-1
        )

    return draw(encoding.context_fields), draw(encoding.fields)


@pytest.mark.parametrize(
    "encoding", [MelodyEncoding(), PitchesEncoding(), VoicesEncoding()]
)
def test_the_fast_network_is_the_keras_network(encoding):
    weights = init_weights(encoding, MODEL, seed=1)
    contexts, events = random_sequences(
        encoding, np.random.default_rng(0), batch=3, time=9
    )

    keras_logits = build_model(encoding, MODEL, weights)([contexts, events])
    fast_logits, _ = forward(
        {name: jnp.asarray(w) for name, w in weights.items()},
        jnp.asarray(contexts.swapaxes(0, 1)),
        jnp.asarray(events.swapaxes(0, 1)),
        jnp.zeros((9, 3)),
        initial_state(MODEL, 3),
        {},
        MODEL,
    )

    if not isinstance(keras_logits, list):
        keras_logits = [keras_logits]
    for ours, theirs in zip(fast_logits, keras_logits, strict=True):
        np.testing.assert_allclose(
            np.asarray(ours).swapaxes(0, 1), np.asarray(theirs), atol=1e-5
        )


def test_a_reset_forgets_everything_before_it():
    encoding = MelodyEncoding()
    params = {n: jnp.asarray(w) for n, w in init_weights(encoding, MODEL, 1).items()}
    contexts, events = random_sequences(
        encoding, np.random.default_rng(0), batch=1, time=10
    )
    contexts, events = contexts.swapaxes(0, 1), events.swapaxes(0, 1)
    resets = np.zeros((10, 1), np.float32)
    resets[6] = 1.0

    def logits(start, resets):
        out, _ = forward(
            params,
            jnp.asarray(contexts[start:]),
            jnp.asarray(events[start:]),
            jnp.asarray(resets[start:]),
            initial_state(MODEL, 1),
            {},
            MODEL,
        )
        return np.asarray(out[1])

    np.testing.assert_allclose(logits(0, resets)[6:], logits(6, resets), atol=1e-6)
    assert np.abs(logits(0, 0 * resets)[6:] - logits(6, resets)).max() > 1e-3
