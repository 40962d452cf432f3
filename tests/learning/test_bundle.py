from __future__ import annotations

import json

import numpy as np
import pytest

from tests.learning.tiny import MODEL, TRAIN, learning_set
from training.learning.bundle import UnreadableBundle, bundle_hash, load_bundle
from training.learning.reference import load_reference
from training.learning.run import run_training
from training.music.encodings import MelodyEncoding


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return run_training(
        tmp_path_factory.mktemp("bundles"),
        name="tiny",
        encoding=MelodyEncoding(),
        pieces=learning_set(),
        model_config=MODEL,
        train_config=TRAIN,
        provenance={"corpora": ["Random walks"]},
        on_epoch=lambda epoch, state: None,
    )


def test_a_bundle_holds_what_a_version_needs(folder):
    bundle = load_bundle(folder)

    assert bundle.hash == folder.name == bundle_hash(folder)
    assert bundle.encoding.spec() == {"name": "melody"}
    assert bundle.model_config == MODEL
    assert bundle.train_config == TRAIN
    assert len(bundle.metrics["curve"]) == TRAIN.epochs
    assert {"r2", "mse", "rmse", "bits_per_note"} <= set(bundle.metrics["test"])
    assert set(bundle.metrics["baselines"]) == {"repeat_last", "ridge", "ngram"}
    assert sum(count for _, count in bundle.forms) == bundle.metrics["counts"]["train"]
    assert bundle.provenance["data_hash"] == learning_set().data_hash
    assert bundle.golden["logits.1"].shape[0] == len(bundle.golden["events"])


def test_a_run_says_what_its_music_is_held_against(folder):
    reference = load_reference(folder, data_hash=learning_set().data_hash)

    assert reference is not None
    assert reference.held_out.pieces == len(learning_set().test)
    assert all(len(known.hashes) > 10 for known in reference.known)


def test_nothing_is_left_beside_it(folder):
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_bundle_that_was_changed_is_refused(folder, tmp_path):
    copy = tmp_path / folder.name
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    description = json.loads((copy / "bundle.json").read_text())
    description["name"] = "better"
    (copy / "bundle.json").write_text(json.dumps(description))

    with pytest.raises(UnreadableBundle, match="changed"):
        load_bundle(copy)


@pytest.mark.parametrize("name", ["weights.safetensors", "forms.json", "bundle.json"])
def test_a_damaged_or_missing_file_is_refused(folder, tmp_path, name):
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())

    (copy / name).write_bytes((copy / name).read_bytes()[:50])
    with pytest.raises(UnreadableBundle):
        load_bundle(copy)

    (copy / name).unlink()
    with pytest.raises(UnreadableBundle):
        load_bundle(copy)


def test_a_bundle_of_another_format_says_what_to_do(folder, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    description = json.loads((copy / "bundle.json").read_text())
    description["format_version"] = 99
    (copy / "bundle.json").write_text(json.dumps(description))

    with pytest.raises(UnreadableBundle, match="Train the model again"):
        load_bundle(copy)


def test_weights_are_float32(folder):
    bundle = load_bundle(folder)

    assert {array.dtype for array in bundle.weights.values()} == {np.dtype(np.float32)}
