from __future__ import annotations

import io

import numpy as np
import pytest

from training.random_notes import (
    BadOptions,
    RandomOptions,
    UnreadableWindows,
    best_possible,
    csv_bytes,
    draw_windows,
    random_score,
    read_windows,
    write_windows,
)

SMALL = RandomOptions(samples=40, window=8)


def test_windows_are_what_the_seed_project_made():
    windows = draw_windows(RandomOptions())

    assert windows.x.shape == (50_000, 32)
    assert windows.y.shape == (50_000, 1)
    assert windows.x.min() == windows.y.min() == 60
    assert windows.x.max() == windows.y.max() == 71


def test_every_pitch_is_as_frequent_as_any_other():
    windows = draw_windows(RandomOptions())

    counts = np.bincount(windows.x.ravel() - 60, minlength=12)

    assert counts.min() > 0.98 * windows.x.size / 12


def test_the_same_seed_gives_the_same_windows():
    again = draw_windows(SMALL)

    assert np.array_equal(draw_windows(SMALL).x, again.x)
    assert not np.array_equal(draw_windows(RandomOptions(40, 8, seed=1)).x, again.x)


def test_what_is_written_reads_back_the_same(tmp_path):
    windows = draw_windows(SMALL)

    write_windows(tmp_path, windows)

    read = read_windows(tmp_path)
    assert np.array_equal(read.x, windows.x)
    assert np.array_equal(read.y, windows.y)
    files = ["X_notes.csv", "X_notes.npy", "y_notes.csv", "y_notes.npy"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files


def test_csv_holds_the_same_numbers_as_npy(tmp_path):
    windows = draw_windows(SMALL)

    write_windows(tmp_path, windows)

    csv = np.loadtxt(tmp_path / "X_notes.csv", delimiter=",", dtype=int)
    assert np.array_equal(csv, windows.x)


def test_csv_spells_numbers_of_any_length_as_numpy_does():
    pitches = np.random.default_rng(0).integers(0, 128, (200, 5))
    expected = io.BytesIO()
    np.savetxt(expected, pitches, fmt="%d", delimiter=",")

    assert csv_bytes(pitches) == expected.getvalue()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((3, 4), int), np.zeros((2, 1), int)),
        (np.zeros(3, int), np.zeros((3, 1), int)),
        (np.zeros((0, 4), int), np.zeros((0, 1), int)),
        (np.full((3, 4), 128), np.zeros((3, 1), int)),
        (np.zeros((3, 4)), np.zeros((3, 1))),
    ],
)
def test_it_refuses_arrays_that_are_no_windows(tmp_path, x, y):
    np.save(tmp_path / "X_notes.npy", x)
    np.save(tmp_path / "y_notes.npy", y)

    with pytest.raises(UnreadableWindows, match="must"):
        read_windows(tmp_path)


def test_it_refuses_a_pickle(tmp_path):
    array = np.array([{"a": 1}], dtype=object)
    np.save(tmp_path / "X_notes.npy", array, allow_pickle=True)
    np.save(tmp_path / "y_notes.npy", np.zeros((1, 1), int))

    with pytest.raises(UnreadableWindows):
        read_windows(tmp_path)


def test_nothing_there_is_said_as_such(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_windows(tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        {"samples": 0},
        {"samples": 10**9},
        {"window": 0},
        {"samples": 1_000_000, "window": 1_000},
        {"lowest": 70, "highest": 60},
        {"highest": 128},
        {"seed": -1},
    ],
)
def test_it_refuses_options_no_dataset_can_be_made_of(options):
    with pytest.raises(BadOptions):
        RandomOptions(**options)


def test_a_random_score_has_as_many_quarter_notes_as_asked():
    score = random_score(64, seed=7)

    assert score.num_notes == 64
    assert {note.duration_ticks for note in score.parts[0].notes} == {480}
    assert score == random_score(64, seed=7)
    assert score != random_score(64, seed=8)


def test_the_mean_is_as_good_as_it_says():
    drawn = draw_windows(RandomOptions()).x.ravel()

    assert np.var(drawn) == pytest.approx(best_possible()["mse"], rel=0.01)
