"""The whole benchmark: train a network or take one, rate a split, print the table."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from training.learning.benchmarks.chorales16.bundle import FrameModel
from training.learning.benchmarks.chorales16.frames import Frames
from training.learning.benchmarks.chorales16.network import FrameModelConfig
from training.learning.benchmarks.chorales16.protocol import (
    FILE_NAME,
    PUBLISHED,
    Figures,
    HoldOrMove,
    Predicted,
    UnreadableBenchmark,
    figures,
    known_sopranos,
    read_split,
    repeat_accuracy,
)
from training.learning.benchmarks.chorales16.rating import (
    mean,
    predict,
    predict_and_learn,
    predict_in_all_keys,
)
from training.learning.benchmarks.chorales16.training import (
    FrameEpoch,
    FrameTrainConfig,
    train_frames,
)

Say = Callable[[str], None]

#: About ten minutes on a laptop's two cores; the one that is shipped was made by it.
QUICK = (FrameModelConfig(), FrameTrainConfig())
#: Over twice as long: a larger network, held back more. Alone it is no better (0.3380
#: and 0.3378 on valid), but the two together are.
FULL = (
    FrameModelConfig(embedding_dim=224, lstm_units=480),
    FrameTrainConfig(
        epochs=100,
        feature_dropout=0.1,
        dropout=0.5,
        recurrent_dropout=0.5,
        head_dropout=0.5,
    ),
)
#: Of dynamic evaluation, chosen on the valid split.
LEARNING_RATE, FORGETTING = 0.1, 0.02


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Chorales16Result:
    split: str
    seed: int | None
    rows: tuple[Row, ...]  # the first is the headline: one network, read once
    parameters: int
    seconds: float  # of training; 0 where a trained network was given

    def as_json(self) -> dict[str, Any]:
        headline = self.rows[0].figures
        return {
            "benchmark": "chorales-16",
            "split": self.split,
            "seed": self.seed,
            "nats_per_token": round(headline.nats_per_token, 4),
            "nats_per_token_of_pieces": round(headline.nats_per_token_of_pieces, 4),
            "accuracy": round(headline.accuracy, 4),
            "parameters": self.parameters,
            "training_seconds": round(self.seconds),
            "rows": {
                row.name: round(row.figures.nats_per_token, 4) for row in self.rows
            },
        }


def train_chorales16(data: Path, *, seed: int, quick: bool, report: Say) -> FrameModel:
    """Train on the train split, choosing the epoch on valid; every trial is told."""
    model_config, train_config = QUICK if quick else FULL
    train_config = replace(train_config, seed=seed)
    train, valid = read_split(data, "train"), read_split(data, "valid")
    started = time.monotonic()

    def tell(epoch: FrameEpoch) -> None:
        tried = f"  valid {epoch.valid}" if epoch.valid else ""
        report(
            f"epoch {epoch.number:3d}  train {epoch.train_nats:.4f}{tried}  "
            f"{epoch.seconds:.0f} s"
        )

    params = train_frames(
        train, valid, model_config=model_config, config=train_config, on_epoch=tell
    )
    story = {
        "train_config": asdict(train_config),
        "seconds": round(time.monotonic() - started),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "data_sha256": hashlib.sha256((data / FILE_NAME).read_bytes()).hexdigest(),
        "trained_at": datetime.now(UTC).date().isoformat(),
    }
    return FrameModel(model_config, params, story)


def run_chorales16(
    data: Path,
    *,
    split: str,
    models: Sequence[FrameModel],
    everything: bool,
    report: Say,
) -> Chorales16Result:
    """Rate a split with ``models``, the first alone and, with more, all together.

    ``everything`` adds rows that read a piece more than once: in all keys, and learning
    from it bar by bar. Raises ``UnreadableBenchmark`` where the data is missing.
    """
    pieces = read_split(data, split)
    first = models[0]
    plain = [_predict(model, pieces) for model in models]
    rows = [Row("one LSTM", figures(plain[0], pieces))]
    rows += _without_known(data, plain[0], pieces)
    if len(models) > 1:
        together = [mean(of_piece) for of_piece in zip(*plain, strict=True)]
        rows.append(Row(f"{len(models)} LSTMs together", figures(together, pieces)))
    if everything:
        rows += _read_again(models, pieces, report)
    story = first.story
    result = Chorales16Result(
        split=split,
        seed=story.get("train_config", {}).get("seed"),
        rows=tuple(rows),
        parameters=first.num_parameters,
        seconds=story.get("seconds", 0),
    )
    for line in _table(result, _floors(data, pieces)):
        report(line)
    return result


def _predict(model: FrameModel, pieces: Sequence[Frames]) -> list[Predicted]:
    params = {name: jnp.asarray(array) for name, array in model.params.items()}
    return predict(params, pieces, model.config)


def _without_known(
    data: Path, predicted: Sequence[Predicted], pieces: Sequence[Frames]
) -> list[Row]:
    """The headline without pieces whose soprano training holds too."""
    try:
        known = known_sopranos(pieces, read_split(data, "train"))
    except UnreadableBenchmark:
        return []  # a file with the test split alone
    kept = [i for i, is_known in enumerate(known) if not is_known]
    if len(kept) == len(pieces) or not kept:
        return []
    found = figures([predicted[i] for i in kept], [pieces[i] for i in kept])
    return [Row(f"  without {sum(known)} sopranos known from training", found)]


def _read_again(
    models: Sequence[FrameModel], pieces: Sequence[Frames], report: Say
) -> Iterator[Row]:
    names = ("in all keys", "learning from the piece bar by bar")
    gathered: dict[str, list[list[Predicted]]] = {name: [] for name in names}
    for number, model in enumerate(models, 1):
        params = {name: jnp.asarray(array) for name, array in model.params.items()}
        report(f"Network {number} of {len(models)} reads again: in all keys")
        gathered[names[0]].append(predict_in_all_keys(params, pieces, model.config))
        report(f"Network {number} of {len(models)} reads again: learning")
        gathered[names[1]].append(
            predict_and_learn(
                params, pieces, model.config, rate=LEARNING_RATE, decay=FORGETTING
            )
        )
    many = f"{len(models)} LSTMs" if len(models) > 1 else "one LSTM"
    for name in names:
        yield Row(f"one LSTM, {name}", figures(gathered[name][0], pieces))
        if len(models) > 1:
            yield Row(f"{many}, {name}", figures(_together(gathered[name]), pieces))
    both = _together([*gathered[names[0]], *gathered[names[1]]])
    yield Row(f"{many}, both together", figures(both, pieces))


def _together(predictions: Sequence[Sequence[Predicted]]) -> list[Predicted]:
    return [mean(of_piece) for of_piece in zip(*predictions, strict=True)]


def _floors(data: Path, pieces: Sequence[Frames]) -> list[str]:
    lines = [f"{'repeat the last note':48}{'':>12}{repeat_accuracy(pieces):>10.4f}"]
    try:
        counted = HoldOrMove(read_split(data, "train"))
    except UnreadableBenchmark:
        return lines
    found = figures([counted.predict(piece) for piece in pieces], pieces)
    return [*lines, _line("counted hold or move", found)]


def _line(name: str, found: Figures) -> str:
    return f"{name:48}{found.nats_per_token:>12.4f}{found.accuracy:>10.4f}"


def _table(result: Chorales16Result, floors: Sequence[str]) -> Iterator[str]:
    yield f"Chorales-16, {result.split}"
    yield f"{'':48}{'nats/token':>12}{'accuracy':>10}"
    yield from floors
    for name, nats, accuracy, what in PUBLISHED:
        shown = f"{accuracy:>10.4f}" if accuracy is not None else f"{'':>10}"
        yield f"{name:48}{nats:>12.4f}{shown}  {what}"
    for row in result.rows:
        yield _line(row.name, row.figures)
    megabytes = result.parameters * np.float32().itemsize / 1e6
    minutes = result.seconds / 60
    yield f"{result.parameters} weights, {megabytes:.1f} MB; trained {minutes:.0f} min"
