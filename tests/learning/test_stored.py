from __future__ import annotations

import numpy as np
import pytest

from tests.learning.tiny import tune
from training.learning.dataset import LearningSet, prepare
from training.learning.stored import (
    UnreadableLearningSet,
    load_learning_set,
    save_learning_set,
)
from training.music.encodings import MelodyEncoding


@pytest.fixture(scope="module")
def pieces() -> LearningSet:
    scores = [tune(seed, tonic=seed % 5) for seed in range(30)]
    return prepare(MelodyEncoding(), scores, transpose=True)


def assert_same_piece(one, other):
    assert one.form == other.form
    assert one.events.dtype == other.events.dtype
    assert (one.events == other.events).all()
    assert (one.contexts == other.contexts).all()


def test_what_is_read_is_what_was_written(tmp_path, pieces):
    sha256 = save_learning_set(tmp_path, MelodyEncoding(), pieces)

    loaded = load_learning_set(tmp_path, sha256=sha256)

    assert max(len(versions) for versions in pieces.train) > 1
    for one, other in zip(pieces.train, loaded.train, strict=True):
        for version, again in zip(one, other, strict=True):
            assert_same_piece(version, again)
    held_out = [*loaded.valid, *loaded.test]
    for one, other in zip([*pieces.valid, *pieces.test], held_out, strict=True):
        assert_same_piece(one, other)
    for name in ("forms", "skipped", "data_hash", "notes", "pieces"):
        assert getattr(loaded, name) == getattr(pieces, name)


def test_the_same_pieces_have_the_same_hash(tmp_path, pieces):
    hashes = {
        save_learning_set(tmp_path / name, MelodyEncoding(), pieces)
        for name in ("one", "two")
    }

    assert len(hashes) == 1


@pytest.mark.parametrize("name", ["pieces.safetensors", "learning.json"])
def test_it_refuses_files_that_have_changed(tmp_path, pieces, name):
    sha256 = save_learning_set(tmp_path, MelodyEncoding(), pieces)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")

    with pytest.raises(UnreadableLearningSet, match="Make it again"):
        load_learning_set(tmp_path, sha256=sha256)


def test_it_refuses_a_folder_without_files(tmp_path):
    with pytest.raises(UnreadableLearningSet, match="Make it again"):
        load_learning_set(tmp_path, sha256="0" * 64)


def test_the_table_for_other_programs_holds_every_event_once(tmp_path, pieces):
    save_learning_set(tmp_path, MelodyEncoding(), pieces)

    table = np.load(tmp_path / "events.npy", allow_pickle=False)
    header, *lines = (tmp_path / "events.csv").read_text().splitlines()

    whole = [*(v[0] for v in pieces.train), *pieces.valid, *pieces.test]
    assert header == "piece,side,duration,pitch"
    assert (table[:, 2:] == np.concatenate([p.events for p in whole])).all()
    assert [list(map(int, line.split(","))) for line in lines] == table.tolist()
    assert set(table[:, 1]) == {0, 1, 2}
