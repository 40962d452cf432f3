"""Tasks are doorbells: each carries an id, and the row says what there is to do."""

from __future__ import annotations

from training import datasets, supervision


def build_dataset(dataset_id: int) -> None:
    datasets.build_dataset(dataset_id)


def train(run_id: int) -> None:
    supervision.train(run_id)
