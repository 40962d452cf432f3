from __future__ import annotations

import math

import numpy as np
import pytest

from tests.music.lines import line
from training.music.score import Score
from training.music.similarity import copying_rate, interval_ngrams, known_ngrams

ORIGINAL = (60, 62, 64, 65, 67, 64, 60)  # six intervals, three runs of four


def test_a_transposed_copy_is_a_copy():
    known = known_ngrams([Score((line(*ORIGINAL),))], 4)

    transposed = Score((line(*[pitch + 5 for pitch in ORIGINAL]),))

    assert len(known.hashes) == 3
    assert copying_rate(transposed, known) == 1.0


def test_one_other_note_leaves_the_runs_without_it():
    known = known_ngrams([Score((line(*ORIGINAL),))], 4)

    half = Score((line(*ORIGINAL[:5], 69, 60),))  # its last two intervals are new
    other = Score((line(60, 59, 57, 60, 62, 60, 55),))

    assert copying_rate(half, known) == pytest.approx(1 / 3)
    assert copying_rate(other, known) == 0.0


def test_only_the_first_part_counts():
    known = known_ngrams([Score((line(*ORIGINAL),))], 4)

    assert copying_rate(Score((line(*range(60, 67)), line(*ORIGINAL))), known) == 0.0


def test_a_piece_too_short_for_a_run_has_no_rate():
    known = known_ngrams([], 4)

    assert math.isnan(copying_rate(Score((line(60, 62, 64, 65),)), known))
    assert math.isnan(copying_rate(Score(), known))
    assert copying_rate(Score((line(*ORIGINAL),)), known) == 0.0


def test_runs_that_differ_have_hashes_that_differ():
    """Of 50,000 random runs, 32 bits hardly take one for another; 24 would take 74."""
    rng = np.random.default_rng(0)
    pitches = 60 + np.cumsum(rng.integers(-4, 5, 50_000)) % 24
    part = line(*pitches.tolist(), ticks=10)

    hashes = interval_ngrams(part, 10)
    runs = np.lib.stride_tricks.sliding_window_view(np.diff(pitches), 10)

    lost = len(np.unique(runs, axis=0)) - len(np.unique(hashes))
    assert 0 <= lost < 5


def test_a_hash_depends_on_the_order_and_on_every_interval():
    rising = interval_ngrams(line(60, 61, 63, 66), 3)

    assert rising != interval_ngrams(line(60, 63, 65, 66), 3)
    assert rising != interval_ngrams(line(60, 61, 63, 65), 3)
    assert rising == interval_ngrams(line(50, 51, 53, 56), 3)
