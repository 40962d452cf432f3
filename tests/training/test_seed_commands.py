"""The seed's two programs, run as a person runs them."""

from __future__ import annotations

import json
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from training.models import ModelVersion


def run(*args: object) -> str:
    out = StringIO()
    call_command(*map(str, args), stdout=out)
    return out.getvalue()


def test_generate_dataset_writes_what_the_seed_wrote(tmp_path):
    said = run("generate_dataset", "--out", tmp_path)

    assert np.load(tmp_path / "X_notes.npy").shape == (50_000, 32)
    assert np.load(tmp_path / "y_notes.npy").shape == (50_000, 1)
    assert (tmp_path / "X_notes.csv").read_text().count("\n") == 50_000
    assert (tmp_path / "y_notes.csv").read_text().count("\n") == 50_000
    assert "(50000, 32)" in said


def test_generate_dataset_refuses_options_that_cannot_be(tmp_path):
    with pytest.raises(CommandError, match="Ask for 1 to"):
        run("generate_dataset", "--samples", 10**9, "--out", tmp_path)

    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which the LSTM was trained, small but for real, and what was said."""
    folder = tmp_path_factory.mktemp("seed")
    said = run("train_model", "--data", folder, "--samples", 3000, "--epochs", 2)
    return folder, said


def test_train_model_makes_the_files_it_does_not_find(trained):
    folder, said = trained

    assert np.load(folder / "X_notes.npy").shape == (3000, 32)
    assert "making them" in said


def test_train_model_saves_metrics_beside_the_baselines(trained):
    folder, said = trained

    metrics = json.loads((folder / "metrics.json").read_text())

    assert metrics["counts"]["test"] == 600
    assert set(metrics["test"]) == {"accuracy", "bits_per_note", "mse", "r2", "rmse"}
    assert set(metrics["baselines"]) == {
        "repeat_last",
        "mean",
        "uniform",
        "best_possible",
    }
    assert "R2" in said and "RMSE" in said


def test_the_lstm_reaches_what_can_be_reached_on_random_notes(trained):
    folder, _ = trained

    test = json.loads((folder / "metrics.json").read_text())["test"]

    assert test["bits_per_note"] == pytest.approx(np.log2(12), abs=0.03)
    assert test["r2"] == pytest.approx(0.0, abs=0.03)
    assert test["rmse"] == pytest.approx(np.sqrt(143 / 12), abs=0.15)


def test_keras_reads_the_model_it_saved(trained):
    folder, _ = trained
    import keras

    model = keras.models.load_model(folder / "model.keras")
    pitches = np.load(folder / "X_notes.npy")[:1] - 60
    contexts = np.concatenate([[[0]], pitches + 1], axis=1)[..., None]
    logits = model([contexts, np.zeros_like(contexts)])

    assert np.asarray(logits).shape == (1, 33, 12)


def test_train_model_refuses_files_that_are_no_windows(tmp_path):
    np.save(tmp_path / "X_notes.npy", np.zeros(5))
    np.save(tmp_path / "y_notes.npy", np.zeros(5))

    with pytest.raises(CommandError, match="must be"):
        run("train_model", "--data", tmp_path)


def test_train_model_refuses_too_few_windows(tmp_path):
    with pytest.raises(CommandError, match="too few"):
        run("train_model", "--data", tmp_path, "--samples", 5)


def test_a_registered_control_is_a_version_like_any_other(db, trained):
    folder, _ = trained

    run("train_model", "--data", folder, "--samples", 100, "--epochs", 1, "--register")

    version = ModelVersion.objects.get(model__slug="random-lstm")
    assert version.is_default
    assert version.scores()["r2"] < 0.2
    assert version.baselines()["best_possible"]["r2"] == 0.0
