"""Small rows for tests of training."""

from __future__ import annotations

from django.utils import timezone

from training.learning.config import ModelConfig, TrainConfig
from training.models import Dataset, Model, TrainingRun
from training.presets import Preset
from training.runs import EpochReport

TINY = Preset(
    slug="tiny",
    title="Tiny",
    description="For tests.",
    model_config=ModelConfig(
        embedding_dim=8, lstm_units=8, lstm_layers=1, head_units=8
    ),
    train_config=TrainConfig(epochs=3, batch_size=4, window=16),
    control_epochs=1,
)


def make_dataset(**values) -> Dataset:
    values = {
        "name": "Tunes",
        "kind": Dataset.Kind.CORPUS,
        "state": Dataset.State.READY,
        "content_hash": "0" * 64,
        "encoding": {"name": "melody"},
        "options": {"corpora": ["aird"], "transpose": False},
        **values,
    }
    return Dataset.objects.create(**values)


def make_run(**values) -> TrainingRun:
    number = TrainingRun.objects.count()
    values = {
        "model_config": {},
        "train_config": {"seed": 0},
        "preset": "tiny",
        "num_epochs": 3,
        "rung_at": timezone.now(),
        **values,
    }
    if "dataset" not in values:
        values["dataset"] = make_dataset()
    if "model" not in values:
        values["model"] = Model.objects.create(slug=f"m-{number}", title="Mine")
    return TrainingRun.objects.create(**values)


def report(number: int, **values) -> EpochReport:
    values = {
        "train_bits": 4.0,
        "valid_bits": 3.0,
        "seconds": 1.5,
        "is_best": True,
        "checkpoint": f"checkpoint-001-{number:04d}.safetensors",
        "checkpoint_sha256": str(number) * 64,
        **values,
    }
    return EpochReport(number=number, **values)
