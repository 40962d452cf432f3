"""The house models: what they learn from and how, to be made again by anyone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from training.corpora import CORPORA
from training.learning.bundle import load_bundle
from training.learning.config import ModelConfig, TrainConfig
from training.learning.dataset import prepare
from training.learning.reference import (
    Reference,
    evenly,
    reference_of,
    write_reference,
)
from training.music.encodings import (
    Encoding,
    MelodyEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
)
from training.music.score import Score


@dataclass(frozen=True, slots=True)
class HouseModel:
    """A model that every visitor may compose with."""

    slug: str
    title: str
    description: str
    corpora: tuple[str, ...]
    encoding: Callable[[], Encoding]
    model_config: ModelConfig
    train_config: TrainConfig
    transpose: bool  # whether to learn every piece in all keys that fit its voices
    split_seed: int = 0  # decides which pieces are held out

    def scores(self) -> Iterator[Score]:
        for slug in self.corpora:
            yield from CORPORA[slug].read()

    def quick(self) -> HouseModel:
        """A smaller one of the same kind that is ready in minutes."""
        return replace(
            self,
            model_config=replace(self.model_config, lstm_units=128, lstm_layers=1),
            train_config=replace(self.train_config, epochs=4, learning_rate=5e-3),
        )


HOUSE_MODELS = {
    model.slug: model
    for model in (
        HouseModel(
            slug="tunes",
            title="Tunes",
            description="Jigs, reels, hornpipes, marches and airs of Ireland, Scotland "
            "and North America: one melody with its rhythm, metre and key.",
            corpora=("oneill", "ryan", "aird"),
            encoding=MelodyEncoding,
            model_config=ModelConfig(lstm_units=256, lstm_layers=2),
            train_config=TrainConfig(epochs=24, dropout=0.35, weight_decay=0.01),
            transpose=False,
        ),
        HouseModel(
            slug="chorales",
            title="Chorales",
            description="Hymns in four voices, as Johann Sebastian Bach set them.",
            corpora=("bach-chorales",),
            encoding=VoicesEncoding,
            model_config=ModelConfig(lstm_units=320, lstm_layers=2, head_units=256),
            train_config=TrainConfig(
                epochs=90, dropout=0.4, context_dropout=0.15, weight_decay=0.02
            ),
            transpose=True,
        ),
        HouseModel(
            slug="quartets",
            title="Quartets",
            description="Movements for two violins, viola and cello, after Mozart and "
            "Haydn.",
            corpora=("mozart-quartets", "haydn-quartets"),
            encoding=partial(PolyphonyEncoding, 4),
            model_config=ModelConfig(lstm_units=224, lstm_layers=2, head_units=128),
            # Few movements, and long ones: more streams than these would run empty.
            train_config=TrainConfig(
                epochs=40,
                batch_size=8,
                window=64,
                dropout=0.5,
                context_dropout=0.2,
                weight_decay=0.02,
            ),
            transpose=True,
            # The first seed to hold out three of 21 movements twice and leave 80% of
            # the notes to learn from.
            split_seed=35,
        ),
    )
}


class OtherMusic(ValueError):
    """The corpora are no longer those that a bundle has learnt from."""


def measure_house_model(
    model: HouseModel, folder: Path, *, report: Callable[[str], None] = print
) -> Reference:
    """Put a reference beside the bundle of ``model`` in ``folder``, without training.

    The corpora may have grown since, but what the bundle has read must still be among
    the training pieces. That is told by their forms; raises ``OtherMusic`` otherwise.
    """
    bundle = load_bundle(folder)
    pieces = prepare(
        bundle.encoding, model.scores(), transpose=False, seed=model.split_seed
    )
    data_hash = bundle.provenance["data_hash"]
    if pieces.data_hash != data_hash:
        if Counter(dict(bundle.forms)) - Counter(dict(pieces.forms)):
            raise OtherMusic(
                f"{model.title} was trained on other music than its corpora hold now. "
                f"Train it again: manage.py train_house_models --only {model.slug}"
            )
        report("Its corpora hold more pieces than when it was trained.")
    # Only a process that measures or trains may load JAX, see below.
    from training.learning.evaluate import evaluate_adaptive

    adaptive = evaluate_adaptive(
        bundle.encoding, bundle.weights, bundle.model_config, evenly(pieces.test)
    )
    reference = reference_of(bundle.encoding, pieces)
    reference = replace(reference, adaptive=adaptive)
    # It is of this bundle, whose training pieces are all in it.
    reference = replace(reference, data_hash=data_hash)
    write_reference(folder, reference)
    return reference


def train_house_model(
    model: HouseModel,
    root: Path,
    *,
    seed: int = 0,
    epochs: int | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train ``model``; write its bundle to ``root / model.slug``, which is returned.

    Every finished epoch is told to ``report`` in a line.
    """
    # Only a process that trains may load Keras and JAX: a server forks, and a process
    # forked from one that has used JAX hangs.
    from training.learning.run import run_training
    from training.learning.train import Epoch, TrainState

    def tell(epoch: Epoch, state: TrainState) -> None:
        report(
            f"epoch {epoch.number:3d}  train {epoch.train_bits:.3f}  "
            f"held out {epoch.valid_bits:.3f} bits per event  {epoch.seconds:.0f} s"
            + ("  best so far" if epoch.is_best else "")
        )

    encoding = model.encoding()
    config = replace(model.train_config, seed=seed)
    if epochs:
        config = replace(config, epochs=epochs)
    pieces = prepare(
        encoding, model.scores(), transpose=model.transpose, seed=model.split_seed
    )
    report(f"{pieces.pieces} pieces, {pieces.notes} notes; skipped: {pieces.skipped}")
    return run_training(
        root,
        name=model.slug,
        encoding=encoding,
        pieces=pieces,
        model_config=model.model_config,
        train_config=config,
        provenance={
            "corpora": [CORPORA[slug].title for slug in model.corpora],
            "sources": [CORPORA[slug].source for slug in model.corpora],
            "command": f"manage.py train_house_models --only {model.slug}",
            "trained_at": datetime.now(UTC).date().isoformat(),
        },
        on_epoch=tell,
        folder_name=model.slug,
    )
