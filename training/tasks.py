"""Tasks are doorbells: each carries an id, and the row says what there is to do."""

from __future__ import annotations

from training import services


def make_dataset(dataset_id: int) -> None:
    services.make_dataset(dataset_id)


def train_control(dataset_id: int) -> None:
    services.train_control(dataset_id)
