"""The rows of training, one file a subject."""

from __future__ import annotations

from training.models.datasets import Dataset, DatasetPiece, Piece
from training.models.portraits import Portrait
from training.models.runs import EpochMetric, TrainingRun, WorkerBeat
from training.models.speeds import Calibration, Speed
from training.models.uploads import Upload, UploadedFile
from training.models.versions import Metric, Model, ModelQuerySet, ModelVersion

__all__ = [
    "Calibration",
    "Dataset",
    "DatasetPiece",
    "EpochMetric",
    "Metric",
    "Model",
    "ModelQuerySet",
    "ModelVersion",
    "Piece",
    "Portrait",
    "Speed",
    "TrainingRun",
    "Upload",
    "UploadedFile",
    "WorkerBeat",
]
