"""A house model's music is measured without training it again."""

from __future__ import annotations

import dataclasses
import json
import shutil
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.learning.tiny import MODEL, TRAIN, tune, untrained_bundle
from training.house import HOUSE_MODELS, HouseModel, OtherMusic, measure_house_model
from training.learning.adaptive import adaptive_to_json
from training.learning.bundle import HOUSE_MODELS_ROOT, bundle_hash, load_bundle
from training.learning.dataset import prepare
from training.learning.reference import REFERENCE_FILES, load_reference
from training.music.encodings import MelodyEncoding


class Walks(HouseModel):
    """A house model of random walks, as many as ``description`` says."""

    def scores(self):
        return (tune(seed) for seed in range(int(self.description)))


WALKS = Walks(
    slug="walks",
    title="Walks",
    description="40",
    corpora=(),
    encoding=MelodyEncoding,
    model_config=MODEL,
    train_config=TRAIN,
    transpose=False,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    encoding = MelodyEncoding()
    pieces = prepare(encoding, WALKS.scores(), transpose=False)
    return untrained_bundle(tmp_path_factory.mktemp("house"), "walks", encoding, pieces)


@pytest.fixture
def folder(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "walks")


def reference_beside(folder):
    data_hash = load_bundle(folder).provenance["data_hash"]
    return load_reference(folder, data_hash=data_hash)


def test_measuring_anew_finds_what_training_found(folder):
    before = {name: (folder / name).read_bytes() for name in REFERENCE_FILES}
    digest = bundle_hash(folder)
    for name in REFERENCE_FILES:
        (folder / name).unlink()

    measure_house_model(WALKS, folder, report=lambda line: None)

    found = {name: (folder / name).read_bytes() for name in REFERENCE_FILES}
    told = json.loads(found.pop("reference.json"))
    del told["adaptive"]  # What the network gains: this one came without it.
    assert told == json.loads(before.pop("reference.json"))
    assert found == before
    assert bundle_hash(folder) == digest


def test_it_is_measured_what_learning_from_the_piece_at_hand_is_worth(folder):
    bits = measure_house_model(WALKS, folder, report=lambda line: None).adaptive

    assert bits is not None
    kept = reference_beside(folder).adaptive
    assert adaptive_to_json(kept) == adaptive_to_json(bits)
    assert bits.adaptive < bits.alone  # of a network that has learnt nothing
    assert bits.pieces == reference_beside(folder).held_out.pieces


def test_corpora_may_have_grown(folder):
    said = []
    before = reference_beside(folder)

    grown = dataclasses.replace(WALKS, description="60")
    measure_house_model(grown, folder, report=said.append)

    assert reference_beside(folder).held_out.pieces > before.held_out.pieces
    assert "more pieces" in said[0]


def test_other_music_is_refused(folder):
    fewer = dataclasses.replace(WALKS, description="25")

    with pytest.raises(OtherMusic, match="Train it again"):
        measure_house_model(fewer, folder, report=lambda line: None)


def test_the_command_measures_and_does_not_train(folder, monkeypatch):
    monkeypatch.setitem(HOUSE_MODELS, "chorales", WALKS)
    (folder / "reference.json").unlink()
    out = StringIO()

    call_command(
        *("train_house_models", "--only", "chorales", "--measure-only"),
        *("--out", str(folder.parent)),
        stdout=out,
    )

    assert reference_beside(folder) is not None
    assert "held-out pieces measured" in out.getvalue()


def test_the_command_says_where_there_is_no_model(tmp_path, monkeypatch):
    monkeypatch.setitem(HOUSE_MODELS, "chorales", WALKS)

    with pytest.raises(CommandError, match="not a model bundle"):
        call_command(
            *("train_house_models", "--only", "chorales", "--measure-only"),
            *("--out", str(tmp_path)),
            stdout=StringIO(),
        )


def test_a_model_that_is_not_there_is_passed_over(folder, monkeypatch):
    for slug in HOUSE_MODELS:
        monkeypatch.setitem(HOUSE_MODELS, slug, WALKS)
    out = StringIO()

    call_command(
        *("train_house_models", "--measure-only", "--out", str(folder.parent)),
        stdout=out,
    )

    assert out.getvalue() == ""  # none lies under its name


@pytest.mark.parametrize("slug", ["tunes", "chorales"])
def test_the_house_models_come_with_a_reference(slug):
    reference = reference_beside(HOUSE_MODELS_ROOT / slug)

    assert reference is not None
    assert reference.held_out.pieces >= 30
    assert reference.held_out.measures["scale_consistency"].mean > 0.9
    # Some held-out music stands in the training pieces too, most does not.
    assert 0.01 < reference.held_out.measures["copied_20"].mean < 0.3
