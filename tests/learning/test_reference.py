"""What stands beside a bundle for its music to be held against."""

from __future__ import annotations

import shutil

import pytest

from tests.learning.tiny import learning_set, untrained_bundle
from training.learning.bundle import bundle_hash, load_bundle
from training.learning.reference import (
    REFERENCE_FILES,
    copy_reference,
    load_reference,
    reference_of,
    write_reference,
)
from training.music.encodings import MelodyEncoding
from training.music.similarity import copying_rate

DATA = learning_set()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("bundles")
    folder = untrained_bundle(root, "tiny", MelodyEncoding(), DATA)
    return folder.rename(root / bundle_hash(folder))


@pytest.fixture
def reference(folder):
    return load_reference(folder, data_hash=DATA.data_hash)


def test_it_is_of_the_held_out_pieces(reference):
    assert reference.held_out.pieces == len(DATA.test)
    assert reference.held_out.measures["scale_consistency"].mean == 1.0
    assert {"copied_10", "copied_20"} <= set(reference.held_out.measures)


def test_training_pieces_are_known_and_others_are_not(reference):
    encoding = MelodyEncoding()
    (ten, twenty) = reference.known
    read, unread = (
        encoding.decode(p.events, p.form) for p in (DATA.train[0][0], DATA.test[0])
    )

    assert copying_rate(read, ten) == copying_rate(read, twenty) == 1.0
    assert copying_rate(unread, ten) < 1.0


def test_of_many_held_out_pieces_a_hundred_are_measured(monkeypatch):
    monkeypatch.setattr("training.learning.reference.MAX_HELD_OUT", 2)

    assert reference_of(MelodyEncoding(), DATA).held_out.pieces == 2


def test_it_is_no_part_of_the_bundle(folder, tmp_path):
    bare = tmp_path / folder.name
    shutil.copytree(folder, bare, ignore=shutil.ignore_patterns(*REFERENCE_FILES))

    assert bundle_hash(bare) == folder.name
    assert load_bundle(bare).hash == folder.name
    assert load_reference(bare, data_hash=DATA.data_hash) is None


def test_of_other_data_it_says_nothing(folder):
    assert load_reference(folder, data_hash="another") is None


@pytest.mark.parametrize("name", REFERENCE_FILES)
def test_a_damaged_one_is_as_none(folder, tmp_path, name, caplog):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / name).write_bytes((copy / name).read_bytes()[:20])

    assert load_reference(copy, data_hash=DATA.data_hash) is None
    assert "cannot be read" in caplog.text


def test_it_can_be_brought_to_a_bundle_kept_without_it(folder, tmp_path, reference):
    copy_reference(tmp_path, tmp_path)  # there is none yet
    copy_reference(folder, tmp_path)

    brought = load_reference(tmp_path, data_hash=DATA.data_hash)

    assert brought.held_out == reference.held_out
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(REFERENCE_FILES)


def test_it_can_be_made_again(folder, tmp_path, reference):
    write_reference(tmp_path, reference)

    for name in REFERENCE_FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
