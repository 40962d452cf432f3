"""How long to train: three choices instead of fifteen numbers.

A preset is data. A run keeps the numbers it was started with, so that changing one here
changes no run that exists.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.learning.config import ModelConfig, TrainConfig
from training.random_control import MODEL_CONFIG as CONTROL_MODEL
from training.random_control import TRAIN_CONFIG as CONTROL_TRAINING


@dataclass(frozen=True, slots=True)
class Preset:
    """A network and how it learns."""

    slug: str
    title: str
    description: str
    model_config: ModelConfig
    train_config: TrainConfig
    control_epochs: int  # on random notes, which a small network learns in a few

    def configs(
        self, *, on_random_notes: bool, seed: int
    ) -> tuple[ModelConfig, TrainConfig]:
        if on_random_notes:
            training = replace(CONTROL_TRAINING, epochs=self.control_epochs)
            return CONTROL_MODEL, replace(training, seed=seed)
        return self.model_config, replace(self.train_config, seed=seed)


PRESETS = {
    preset.slug: preset
    for preset in (
        Preset(
            slug="quick",
            title="Quick",
            description="A small network, ready in minutes: to hear where it is going.",
            model_config=ModelConfig(
                embedding_dim=64, lstm_units=128, lstm_layers=1, head_units=64
            ),
            train_config=TrainConfig(epochs=4, learning_rate=5e-3, dropout=0.2),
            control_epochs=2,
        ),
        Preset(
            slug="standard",
            title="Standard",
            description="A network as large as that of the house's tunes. Four thousand "
            "tunes take a quarter of an hour on two cores.",
            model_config=ModelConfig(lstm_units=256, lstm_layers=2),
            train_config=TrainConfig(epochs=24, dropout=0.35),
            control_epochs=4,
        ),
        Preset(
            slug="thorough",
            title="Thorough",
            description="The same network, until it has learnt what it can: best for "
            "few pieces, and an hour for many.",
            model_config=ModelConfig(lstm_units=256, lstm_layers=2),
            train_config=TrainConfig(epochs=80, dropout=0.4),
            control_epochs=8,
        ),
    )
}


class NoSuchPreset(ValueError):
    """Not one of ``PRESETS``."""


def find_preset(slug: str) -> Preset:
    if slug not in PRESETS:
        raise NoSuchPreset(
            f"There is no preset {slug!r}. Choose one of {', '.join(PRESETS)}."
        )
    return PRESETS[slug]
