from __future__ import annotations

import shutil

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from training import services
from training.learning.bundle import HOUSE_MODELS_ROOT, UnreadableBundle, load_bundle
from training.models import Metric, Model, ModelVersion

pytestmark = pytest.mark.django_db

TUNES = HOUSE_MODELS_ROOT / "tunes"


# Versions


def test_registering_the_house_models_again_changes_nothing():
    before = list(ModelVersion.objects.values_list("pk", "is_default", "bundle_hash"))

    services.register_house_models()

    after = ModelVersion.objects.values_list("pk", "is_default", "bundle_hash")
    assert list(after) == before


def test_a_version_keeps_what_its_bundle_says(tunes):
    bundle = load_bundle(TUNES)

    assert tunes.bundle_hash == bundle.hash
    assert tunes.encoding == bundle.encoding.spec()
    assert tunes.num_parameters == bundle.num_parameters
    assert tunes.curve == bundle.metrics["curve"]
    assert tunes.scores()["r2"] == bundle.metrics["test"]["r2"]
    assert (
        tunes.scores()["accuracy.pitch"] == bundle.metrics["test"]["accuracy"]["pitch"]
    )
    assert set(tunes.baselines()) == {"repeat_last", "ridge", "ngram"}


def test_bundles_are_kept_by_their_hash_and_read_once(tunes):
    assert tunes.bundle_folder.name == tunes.bundle_hash
    assert services.load_version_bundle(tunes).hash == tunes.bundle_hash
    assert services.load_version_bundle(tunes) is services.load_version_bundle(tunes)


def test_another_bundle_becomes_the_next_version(
    tunes, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=False) as told:
        version = services.register_version(
            HOUSE_MODELS_ROOT / "chorales", slug="tunes", title="Tunes"
        )

    tunes.refresh_from_db()
    assert (version.number, version.is_default) == (2, True)
    assert not tunes.is_default
    assert version.model.default_version == version
    assert len(told) == 1


def test_a_damaged_bundle_is_not_registered(tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(TUNES, folder)
    (folder / "weights.safetensors").write_bytes(b"not weights")

    with pytest.raises(UnreadableBundle):
        services.register_version(folder, slug="damaged", title="Damaged")

    assert not Model.objects.filter(slug="damaged").exists()


def test_the_database_holds_one_default_and_one_of_each_number(tunes):
    for values in (
        {"number": 2, "is_default": True, "bundle_hash": "x"},
        {"number": 1, "is_default": False, "bundle_hash": "y"},
        {"number": 3, "is_default": False, "bundle_hash": tunes.bundle_hash},
        {"number": 0, "is_default": False, "bundle_hash": "z"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelVersion.objects.create(model=tunes.model, **values)


def test_a_metric_is_stored_once(tunes):
    with pytest.raises(IntegrityError), transaction.atomic():
        Metric.objects.create(version=tunes, name="r2", value=0.5)


def test_a_private_model_is_its_owners(alice, charlie):
    model = Model.objects.create(slug="hers", title="Hers", owner=alice)

    assert model in Model.objects.visible_to(alice)
    assert model not in Model.objects.visible_to(charlie)


def test_flatten_names_what_is_nested():
    scores = {"r2": 0.5, "accuracy": {"pitch": 1}, "note": "none", "ok": True}

    assert services.flatten(scores) == {"r2": 0.5, "accuracy.pitch": 1.0}
    assert np.isfinite(list(services.flatten(scores).values())).all()


def test_a_person_cannot_take_the_name_of_a_house_model(alice):
    model = services.new_model("Tunes", owner=alice)

    assert model.slug == "tunes-2"
    assert services.new_model("Random", owner=alice).slug == "random-2"


def test_a_house_model_does_not_take_over_a_persons(alice):
    model = services.new_model("Waltzes", owner=alice)

    with pytest.raises(services.NameTaken, match="somebody else"):
        services.register_version(
            HOUSE_MODELS_ROOT / "tunes", slug=model.slug, title="Waltzes"
        )

    assert not model.versions.exists()
