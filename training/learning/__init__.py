"""The network and how it learns. No Django here, and no Keras outside a training child.

``bundle``, ``baselines`` and ``input_pipeline`` need NumPy only; ``model``, ``train``
and ``evaluate`` import Keras and JAX.
"""

import os

# Keras reads this once, when it is first imported.
os.environ.setdefault("KERAS_BACKEND", "jax")
