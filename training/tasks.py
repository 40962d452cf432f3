"""Tasks are doorbells: each carries an id, and the row says what there is to do."""

from __future__ import annotations

from training import calibration, datasets, supervision, uploads


def build_dataset(dataset_id: int) -> None:
    datasets.build_dataset(dataset_id)


def train(run_id: int) -> None:
    supervision.train(run_id)


def calibrate(calibration_id: int) -> None:
    calibration.calibrate(calibration_id)


def import_upload(upload_id: int) -> None:
    uploads.import_upload(upload_id)
