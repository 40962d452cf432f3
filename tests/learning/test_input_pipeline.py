from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.learning.tiny import learning_set, tune
from training.learning.dataset import TooLittleMusic, prepare
from training.learning.input_pipeline import split_pieces, windows
from training.music.encodings import MelodyEncoding
from training.music.score import Note, Part, Score


def test_every_piece_is_on_one_side_and_most_are_for_training():
    sides = split_pieces([tune(seed) for seed in range(300)])

    assert sides.count("train") > 200
    assert sides.count("valid") > 10
    assert sides.count("test") > 10


def test_the_same_tune_in_another_key_stays_on_the_same_side():
    tunes = [tune(seed) for seed in range(100)]
    transposed = [tune(seed, tonic=7) for seed in range(100)]

    sides = split_pieces(tunes + transposed)

    assert sides[:100] == sides[100:]


def test_a_tune_with_another_ending_stays_on_the_same_side():
    tunes = [tune(seed, bars=8) for seed in range(100)]
    shorter = [
        replace(score, parts=(Part(notes=score.parts[0].notes[:-3]),))
        for score in tunes
    ]

    sides = split_pieces(tunes + shorter)

    assert sides[:100] == sides[100:]


def test_new_pieces_do_not_move_the_old_ones():
    few = [tune(seed) for seed in range(50)]
    more = [tune(seed) for seed in range(50, 120)]

    assert split_pieces(few + more)[:50] == split_pieces(few)


def test_windows_hold_every_event_once_and_mark_where_pieces_begin():
    pieces = [versions[0] for versions in learning_set().train]

    cut = list(windows(pieces, batch_size=3, window=10))

    assert {w.events.shape for w in cut} == {(10, 3, 2)}
    assert sum(w.weights.sum() for w in cut) == sum(len(p.events) for p in pieces)
    assert sum(w.resets.sum() for w in cut) == len(pieces)
    events = np.concatenate([w.events for w in cut])
    kept = np.concatenate([w.weights for w in cut]) == 1.0
    assert sorted(events[kept].tolist()) == sorted(
        event for piece in pieces for event in piece.events.tolist()
    )


def test_pieces_that_do_not_fit_are_counted_by_reason():
    chord = Score(parts=(Part(notes=(Note(0, 60, 480), Note(0, 64, 480))),))
    tunes = [tune(seed) for seed in range(40)]

    made = prepare(MelodyEncoding(), [*tunes, chord], transpose=False)

    assert made.pieces == 40
    assert list(made.skipped.values()) == [1]


def test_transpositions_stay_in_the_range_of_the_training_pieces():
    encoding = MelodyEncoding()
    made = prepare(encoding, [tune(seed) for seed in range(40)], transpose=True)

    def pitches(piece):
        score = encoding.decode(piece.events, piece.form)
        return {note.pitch for part in score.parts for note in part.notes}

    original = set().union(*(pitches(versions[0]) for versions in made.train))
    for versions in made.train:
        for version in versions:
            found = pitches(version)
            assert min(found) >= min(original)
            assert max(found) <= max(original)
    assert any(len(versions) > 1 for versions in made.train)


def test_too_little_music_is_refused():
    with pytest.raises(TooLittleMusic, match="Add more pieces"):
        prepare(MelodyEncoding(), [tune(0), tune(1)], transpose=False)
