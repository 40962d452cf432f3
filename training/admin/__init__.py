"""The admin of training, one file a subject.

Rows that the program makes are looked at, not edited: what can be done with them is an
action, every action calls the service that pages and programs call, and the log says
who did it.
"""

from __future__ import annotations

from training.admin.datasets import DatasetAdmin, PieceAdmin, UploadAdmin
from training.admin.runs import TrainingRunAdmin, WorkerBeatAdmin
from training.admin.versions import ModelAdmin, ModelVersionAdmin

__all__ = [
    "DatasetAdmin",
    "ModelAdmin",
    "ModelVersionAdmin",
    "PieceAdmin",
    "TrainingRunAdmin",
    "UploadAdmin",
    "WorkerBeatAdmin",
]
