"""What a network looks like and how it is trained: frozen, saved with the weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The size of a network. Its inputs and outputs follow from the encoding."""

    embedding_dim: int = 128  # every context field is embedded and the sum fed in
    lstm_units: int = 256  # units in each LSTM layer
    lstm_layers: int = 2  # from the second on, each adds its input to its output
    head_units: int = 128  # hidden units of each field's head


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How a network is trained."""

    epochs: int = 20  # passes over the training pieces
    batch_size: int = 32  # pieces read side by side
    window: int = 128  # events between updates; states are carried from one to the next
    learning_rate: float = 3e-3  # peak of the one-cycle schedule
    weight_decay: float = 1e-2  # decoupled, as in AdamW
    dropout: float = 0.3  # of each layer's output, one mask for a whole window
    context_dropout: float = 0.0  # of whole context fields, likewise
    clip_norm: float = 1.0  # of the global gradient
    average_decay: float = 0.998  # of the exponential average of weights; 0 for none
    patience: int = 0  # epochs without a better one after which to stop; 0 for never
    seed: int = 0


def as_json(config: ModelConfig | TrainConfig) -> dict[str, Any]:
    return asdict(config)
