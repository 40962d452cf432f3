"""How long to train: three choices instead of fifteen numbers.

A preset is data: how much time it may take, and within which bounds that time is spent.
What it comes to depends on the music and the machine, see ``training.plans``. A run
keeps the numbers it was started with, so that changing one here changes no run that
exists.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.learning.config import ModelConfig, TrainConfig
from training.random_control import MODEL_CONFIG as CONTROL_MODEL
from training.random_control import TRAIN_CONFIG as CONTROL_TRAINING

#: Fewer pieces than these are learnt by heart unless part of what names them is hidden,
#: see ARCHITECTURE.md.
FEW_PIECES = 1_000
FEW_PIECES_CONTEXT_DROPOUT = 0.15


@dataclass(frozen=True, slots=True)
class Preset:
    """A network and how it learns."""

    slug: str
    title: str
    description: str
    model_config: ModelConfig
    train_config: TrainConfig  # its epochs are the most
    control_epochs: int  # the most on random notes, which a small network learns soon
    #: What the whole run should take; 0 for all its epochs, however long they take.
    seconds: int = 0
    min_epochs: int = 1
    #: Taken instead where the music is so much that the other has not even the fewest
    #: epochs within the time.
    small_model_config: ModelConfig | None = None
    #: It stops when so large a share of its epochs brought nothing; 0 for never.
    patience_share: float = 0.0

    def networks(self, *, on_random_notes: bool) -> list[ModelConfig]:
        """Those it may choose, the one it prefers first."""
        if on_random_notes:
            return [CONTROL_MODEL]
        return [c for c in (self.model_config, self.small_model_config) if c]

    def training(
        self, *, on_random_notes: bool, seed: int, num_pieces: int = FEW_PIECES
    ) -> TrainConfig:
        """With as many epochs as it ever takes."""
        if on_random_notes:
            return replace(CONTROL_TRAINING, epochs=self.control_epochs, seed=seed)
        config = replace(self.train_config, seed=seed)
        if num_pieces < FEW_PIECES:
            config = replace(config, context_dropout=FEW_PIECES_CONTEXT_DROPOUT)
        return config

    def with_epochs(
        self, config: TrainConfig, epochs: int, *, on_random_notes: bool
    ) -> TrainConfig:
        patience = 0
        if self.patience_share and not on_random_notes:
            patience = max(2, round(epochs * self.patience_share))
        return replace(config, epochs=epochs, patience=patience)


_SMALL = ModelConfig(embedding_dim=64, lstm_units=128, lstm_layers=1, head_units=64)
_SMALLEST = ModelConfig(embedding_dim=32, lstm_units=64, lstm_layers=1, head_units=32)
_HOUSE = ModelConfig(lstm_units=256, lstm_layers=2)

PRESETS = {
    preset.slug: preset
    for preset in (
        Preset(
            slug="quick",
            title="Quick",
            description="A small network, to hear where it is going.",
            model_config=_SMALL,
            small_model_config=_SMALLEST,
            train_config=TrainConfig(epochs=8, learning_rate=5e-3, dropout=0.2),
            control_epochs=2,
            seconds=2 * 60,
            min_epochs=2,
        ),
        Preset(
            slug="standard",
            title="Standard",
            description="A network as large as the house's tunes have.",
            model_config=_HOUSE,
            small_model_config=_SMALL,
            train_config=TrainConfig(epochs=60, dropout=0.35),
            control_epochs=4,
            seconds=15 * 60,
            min_epochs=6,
            patience_share=0.25,
        ),
        Preset(
            slug="thorough",
            title="Thorough",
            description="The same network, until it has learnt what it can.",
            model_config=_HOUSE,
            train_config=TrainConfig(epochs=120, dropout=0.4),
            control_epochs=8,
            seconds=60 * 60,
            min_epochs=10,
            patience_share=0.25,
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
