"""How long to train: three choices instead of fifteen numbers.

A preset is data: how much time it may take, and within which bounds that time is spent.
What it comes to depends on the music and the machine, see ``training.plans``. A run
keeps the numbers it was started with, so that changing one here changes no run that
exists.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import Work
from training.random_control import MODEL_CONFIG as CONTROL_MODEL
from training.random_control import TRAIN_CONFIG as CONTROL_TRAINING

#: Fewer pieces than these are learnt by heart unless part of what names them is hidden,
#: see ARCHITECTURE.md.
FEW_PIECES = 1_000
FEW_PIECES_CONTEXT_DROPOUT = 0.15
#: An epoch should have so many updates: with one or two, an average of weights and a
#: schedule of steps have nothing to work with.
MIN_UPDATES_AN_EPOCH = 20
#: Pieces at a time and windows for less and less music, in order of events an update.
SHAPES = (
    *((32, 128), (16, 128), (16, 64), (8, 128), (8, 64)),
    *((4, 128), (8, 32), (4, 64), (4, 32)),
)
FEWEST_AT_A_TIME, SHORTEST_WINDOW = SHAPES[-1]
#: As many as can be set by hand.
MAX_EPOCHS = 500
#: Patience is at least so many updates: fewer without a gain say nothing.
MIN_PATIENCE_UPDATES = 100
LITTLE_MUSIC_PATIENCE_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Preset:
    """A network and how it learns."""

    slug: str
    title: str
    description: str
    model_config: ModelConfig
    train_config: TrainConfig  # its epochs are the most, of much music
    control_epochs: int  # the most on random notes, which a small network learns soon
    #: Little music is read more often, until there have been so many updates at most.
    max_updates: int = 0
    #: What the whole run should take; 0 for all its epochs, however long they take.
    seconds: int = 0
    min_epochs: int = 1
    min_updates: int = 0
    #: Taken instead where the music is so much that the other has not even the fewest
    #: epochs within the time.
    small_model_config: ModelConfig | None = None
    #: It stops when so large a share of its epochs brought nothing; 0 for never, unless
    #: it reads its music more often than ``train_config`` says.
    patience_share: float = 0.0

    def networks(self, *, on_random_notes: bool) -> list[ModelConfig]:
        """Those it may choose, the one it prefers first."""
        if on_random_notes:
            return [CONTROL_MODEL]
        return [c for c in (self.model_config, self.small_model_config) if c]

    def training(
        self, *, on_random_notes: bool, seed: int, work: Work | None = None
    ) -> TrainConfig:
        """For so much music, with as many epochs as it ever takes."""
        if on_random_notes:
            return replace(CONTROL_TRAINING, epochs=self.control_epochs, seed=seed)
        config = replace(self.train_config, seed=seed)
        if work is None:
            return config
        config = shaped(config, work)
        if work.num_pieces < FEW_PIECES:
            config = replace(config, context_dropout=FEW_PIECES_CONTEXT_DROPOUT)
        return replace(config, epochs=self.most_epochs(config, work))

    def most_epochs(self, config: TrainConfig, work: Work) -> int:
        enough = self.max_updates // work.steps(config)
        return max(self.train_config.epochs, min(enough, MAX_EPOCHS))

    def fewest_epochs(self, config: TrainConfig, work: Work) -> int:
        enough = -(-self.min_updates // work.steps(config))
        return min(max(self.min_epochs, enough), config.epochs)

    def with_epochs(
        self,
        config: TrainConfig,
        epochs: int,
        *,
        on_random_notes: bool,
        work: Work | None = None,
    ) -> TrainConfig:
        """With ``epochs``, and patience to fit them.

        Where they follow from the music, ``work``, patience is counted in updates too.
        """
        share, enough = self.patience_share, 0
        if work:
            enough = -(-MIN_PATIENCE_UPDATES // work.steps(config))
            if epochs > self.train_config.epochs:
                share = share or LITTLE_MUSIC_PATIENCE_SHARE
        patience = 0
        if share and not on_random_notes:
            patience = max(2, round(epochs * share), enough)
        return replace(config, epochs=epochs, patience=patience)


def shaped(config: TrainConfig, work: Work) -> TrainConfig:
    """``config`` with the most events an update of which an epoch still has enough.

    It is never given more. No more pieces are read at a time than half of them, or
    streams would run empty.
    """
    for batch_size, window in SHAPES:
        if batch_size > config.batch_size or window > config.window:
            continue
        smaller = replace(config, batch_size=batch_size, window=window)
        is_filled = batch_size <= max(FEWEST_AT_A_TIME, work.num_pieces // 2)
        if is_filled and work.steps(smaller) >= MIN_UPDATES_AN_EPOCH:
            return smaller
    batch_size = min(config.batch_size, FEWEST_AT_A_TIME)
    window = min(config.window, SHORTEST_WINDOW)
    return replace(config, batch_size=batch_size, window=window)


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
            max_updates=600,
            control_epochs=2,
            seconds=2 * 60,
            min_epochs=2,
            min_updates=150,
        ),
        Preset(
            slug="standard",
            title="Standard",
            description="A network as large as the house's tunes have.",
            model_config=_HOUSE,
            small_model_config=_SMALL,
            train_config=TrainConfig(epochs=60, dropout=0.35),
            max_updates=1_500,
            control_epochs=4,
            seconds=15 * 60,
            min_epochs=6,
            min_updates=300,
            patience_share=0.25,
        ),
        Preset(
            slug="thorough",
            title="Thorough",
            description="The same network, until it has learnt what it can.",
            model_config=_HOUSE,
            train_config=TrainConfig(epochs=120, dropout=0.4),
            max_updates=3_000,
            control_epochs=8,
            seconds=60 * 60,
            min_epochs=10,
            min_updates=300,
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
