"""A whole run: train, measure on held-out pieces beside baselines, make a bundle."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from training.learning.baselines import measure_baselines
from training.learning.bundle import Arrays, Weights, save_bundle
from training.learning.config import ModelConfig, TrainConfig
from training.learning.dataset import LearningSet
from training.learning.evaluate import evaluate, evaluate_adaptive
from training.learning.model import build_model
from training.learning.reference import evenly, reference_files, reference_of
from training.learning.train import Epoch, TrainState, train
from training.music.encodings import EncodedPiece, Encoding

GOLDEN_EVENTS = 64


def run_training(
    root: Path,
    *,
    name: str,
    encoding: Encoding,
    pieces: LearningSet,
    model_config: ModelConfig,
    train_config: TrainConfig,
    provenance: Mapping[str, Any],
    on_epoch: Callable[[Epoch, TrainState], None],
    state: TrainState | None = None,
    curve: Sequence[Mapping[str, float]] = (),
    on_window: Callable[[float], None] = lambda fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
    folder_name: str = "",
) -> Path:
    """Train on ``pieces`` and write a bundle under ``root``; returns its folder.

    ``provenance`` says where the pieces come from; what was run, on what kind of
    machine and for how long is added to it. A run that goes on from ``state`` brings
    the ``curve`` of the epochs before it.
    """
    whole_curve = list(curve)

    def note_epoch(epoch: Epoch, state: TrainState) -> None:
        whole_curve.append(curve_point(epoch))
        on_epoch(epoch, state)

    weights = train(
        encoding,
        pieces.train,
        pieces.valid,
        model_config=model_config,
        config=train_config,
        on_epoch=note_epoch,
        state=state,
        on_window=on_window,
        should_stop=should_stop,
    )
    params = {name: jnp.asarray(w) for name, w in weights.items()}
    originals = [versions[0] for versions in pieces.train]
    metrics = {
        "test": evaluate(encoding, params, model_config, pieces.test),
        "baselines": measure_baselines(encoding, originals, pieces.test),
        "curve": whole_curve,
        "counts": {
            "pieces": pieces.pieces,
            "notes": pieces.notes,
            "train": len(pieces.train),
            "valid": len(pieces.valid),
            "test": len(pieces.test),
        },
    }
    adaptive = evaluate_adaptive(encoding, params, model_config, evenly(pieces.test))
    reference = replace(reference_of(encoding, pieces), adaptive=adaptive)
    return save_bundle(
        root,
        name=name,
        encoding=encoding,
        model_config=model_config,
        train_config=train_config,
        weights=weights,
        forms=pieces.forms,
        metrics=metrics,
        provenance={
            **provenance,
            "data_hash": pieces.data_hash,
            "skipped": pieces.skipped,
            "seconds": round(sum(point["seconds"] for point in whole_curve)),
            "machine": f"{os.cpu_count()} cores, {platform.machine()}",
            "software": {p: version(p) for p in ("jax", "keras", "numpy")},
        },
        golden=golden_logits(encoding, model_config, weights, pieces.test[0]),
        folder_name=folder_name,
        beside=reference_files(reference),
    )


def curve_point(epoch: Epoch) -> dict[str, float]:
    return {
        "epoch": epoch.number,
        "train_bits": round(epoch.train_bits, 4),
        "valid_bits": round(epoch.valid_bits, 4),
        "seconds": round(epoch.seconds, 1),
    }


def golden_logits(
    encoding: Encoding, config: ModelConfig, weights: Weights, piece: EncodedPiece
) -> Arrays:
    """The start of ``piece`` and Keras's logits for it, to hold other code to."""
    contexts = piece.contexts[:GOLDEN_EVENTS]
    events = piece.events[:GOLDEN_EVENTS]
    outputs = build_model(encoding, config, weights)([contexts[None], events[None]])
    outputs = outputs if isinstance(outputs, list) else [outputs]
    logits = {
        f"logits.{f}": np.asarray(field[0], np.float32)
        for f, field in enumerate(outputs)
    }
    return {"contexts": contexts, "events": events, **logits}
