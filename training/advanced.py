"""The numbers behind a preset, for those who want to set them: what each may be.

The form of a run, the API and the checks are all made from ``NUMBERS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import macs_per_event
from training.music.encodings import Encoding

Changes = Mapping[str, float]

#: Weights, their average, best and moments, and the gradient; four bytes each.
_COPIES, _BYTES = 6, 4
#: Kept of every unit of a layer for the way back, and of every logit.
_KEPT_OF_UNIT, _KEPT_OF_LOGIT = 14, 4
MAX_MEMORY_BYTES = 2 * 2**30


class TooLarge(ValueError):
    """Each number is allowed, all together are not. The message says what to lower."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number that may be set, and between which bounds."""

    name: str  # in ``ModelConfig`` or ``TrainConfig``
    label: str
    help_text: str
    lowest: float
    highest: float
    is_whole: bool = True


NUMBERS = (
    Number("lstm_layers", "Layers", "How many LSTMs stand on one another.", 1, 4),
    Number(
        *("lstm_units", "Units in a layer"),
        "What it can hold in mind. Twice as many take four times as long.",
        *(8, 1024),
    ),
    Number(
        *("embedding_dim", "Size of the embedding"),
        "How finely it tells metres, places and notes apart.",
        *(4, 512),
    ),
    Number(
        *("head_units", "Units in a head"),
        "Between what it holds in mind and the choice of a note.",
        *(4, 1024),
    ),
    Number("epochs", "Epochs", "Times through the music, at most.", 1, 500),
    Number(
        *("patience", "Patience"),
        "Stop after so many epochs that were no better on held-out music. 0: never.",
        *(0, 500),
    ),
    Number(
        *("learning_rate", "Learning rate"),
        "The longest step it takes. Too long, and it learns nothing.",
        *(0.00001, 0.1),
        is_whole=False,
    ),
    Number(
        *("dropout", "Dropout"),
        "The share of its units that are asleep in training, so that it does not "
        "learn by heart.",
        *(0.0, 0.9),
        is_whole=False,
    ),
    Number(
        *("context_dropout", "Context dropout"),
        "The share of what it is told beside the notes that it has to do without. "
        "Helps where there are few pieces.",
        *(0.0, 0.9),
        is_whole=False,
    ),
    Number(
        *("weight_decay", "Weight decay"),
        "Pulls weights towards zero.",
        *(0.0, 1.0),
        is_whole=False,
    ),
    Number(*("batch_size", "Pieces at a time"), "Read side by side.", *(1, 256)),
    Number(
        *("window", "Window"),
        "Events between two corrections. Random notes have their own.",
        *(8, 512),
    ),
)
_MODEL_FIELDS = {field.name for field in fields(ModelConfig)}


def is_of_network(name: str) -> bool:
    """Or else of how it is trained."""
    return name in _MODEL_FIELDS


def change_network(config: ModelConfig, changes: Changes) -> ModelConfig:
    return replace(
        config, **{k: int(v) for k, v in changes.items() if k in _MODEL_FIELDS}
    )


def change_training(config: TrainConfig, changes: Changes) -> TrainConfig:
    values: dict[str, Any] = {
        number.name: int(changes[number.name])
        if number.is_whole
        else float(changes[number.name])
        for number in NUMBERS
        if number.name in changes and number.name not in _MODEL_FIELDS
    }
    return replace(config, **values)


def memory_bytes(
    encoding: Encoding, network: ModelConfig, training: TrainConfig
) -> int:
    """About what training needs beside the pieces: weights and what a window keeps.

    Multiply-adds of an event are one for each weight, so they count the weights too.
    """
    weights = macs_per_event(encoding, network)
    contexts = sum(field.size for field in encoding.context_fields)
    kept_of_event = (
        contexts
        + network.lstm_layers * network.lstm_units * _KEPT_OF_UNIT
        + len(encoding.fields) * network.head_units * 2
        + sum(field.size for field in encoding.fields) * _KEPT_OF_LOGIT
    )
    events = training.batch_size * training.window
    return _BYTES * (weights * _COPIES + events * kept_of_event)


def check_memory(
    encoding: Encoding, network: ModelConfig, training: TrainConfig
) -> None:
    """Raises ``TooLarge``."""
    needed = memory_bytes(encoding, network, training)
    if needed > MAX_MEMORY_BYTES:
        raise TooLarge(
            f"This network would need about {needed / 2**30:.0f} GB of memory to "
            f"train; at most {MAX_MEMORY_BYTES / 2**30:.0f} are allowed. Choose fewer "
            "units or layers, fewer pieces at a time, or a shorter window."
        )
