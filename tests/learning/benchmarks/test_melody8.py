from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.learning.benchmarks.made_up import made_up_set, with_other_future
from training.learning.benchmarks.melody8 import run as melody8
from training.learning.benchmarks.melody8.data import fold_of_tunes
from training.learning.benchmarks.melody8.network import NetworkConfig, Networks
from training.learning.benchmarks.melody8.run import prepare, run_melody8, table
from training.learning.benchmarks.melody8.training import pack_rows, train_folds
from training.learning.benchmarks.melody8.views import lay_out

# One shape of everything, so that JAX compiles once for each task.
TINY = NetworkConfig(embedding=8, units=8, gate_units=4, epochs=2, look_every=1)
TUNE, KEPT = 5, 4


def material_of(melodies, task="A"):
    notes = lay_out(melodies, fold_of_tunes(len(melodies.tunes), seed=0))
    return prepare(notes, task)


def learnt(material, **changes):
    return train_folds(
        material, replace(TINY, **changes), seed=0, say=lambda line: None
    )


def with_pitches(melodies, pitches_of):
    """``melodies`` with other pitches: ``pitches_of(number, length)``."""
    return replace(
        melodies,
        tunes=tuple(
            replace(tune, pitches=np.array(pitches_of(number, len(tune))))
            for number, tune in enumerate(melodies.tunes)
        ),
    )


def test_the_network_gives_probabilities():
    trained = learnt(material_of(made_up_set()))

    for log_probs in (trained.static, trained.adaptive):
        assert np.exp(log_probs).sum(axis=-1) == pytest.approx(1.0, abs=1e-4)


def test_the_same_seed_gives_the_same_numbers():
    material = material_of(made_up_set())

    one, two = learnt(material), learnt(material)

    assert np.array_equal(one.static, two.static)
    assert np.array_equal(one.adaptive, two.adaptive)


@pytest.mark.parametrize("task", ["A", "B"])
def test_nothing_is_learnt_from_the_fold_it_is_tried_on_or_from_what_comes(task):
    melodies = made_up_set()
    before = material_of(melodies, task)
    after = material_of(with_other_future(melodies, TUNE, KEPT), task)
    notes = before.notes
    first = notes.bounds[TUNE][0]
    fold = notes.fold[first]
    assert not np.array_equal(notes.pitch, after.notes.pitch)

    said = [learnt(material) for material in (before, after)]

    # Of the tune itself, what was said before it changed; task B is told the rhythm
    # of the note at the turn. Of all other tunes, everything.
    same = (notes.tune != TUNE) | (notes.place < KEPT + (task == "A"))
    for one, other in [
        (said[0].static, said[1].static),
        (said[0].adaptive, said[1].adaptive),
    ]:
        assert np.allclose(one[fold, same], other[fold, same], atol=1e-5)
        assert not np.allclose(one[fold], other[fold], atol=1e-5)


def test_a_network_stops_by_a_fold_that_it_is_not_tried_on():
    networks = Networks(members=3)

    assert networks.count == 60
    assert (networks.test != networks.inner).all()
    # Three members of fold 9, static and adaptive, stop by folds 0, 1 and 2.
    assert networks.inner[networks.test == 9].tolist() == [0, 1, 2, 0, 1, 2]
    assert networks.adaptive.tolist() == [False] * 30 + [True] * 30


def test_every_note_has_one_place_and_tunes_stay_whole():
    notes = material_of(made_up_set()).notes

    rows = pack_rows(notes)

    assert sorted(rows[rows >= 0].tolist()) == list(range(len(notes)))
    for row in rows:
        kept = row[row >= 0]
        turns = np.flatnonzero(np.diff(kept) != 1) + 1
        assert (notes.place[kept[turns]] == 0).all()
        assert notes.place[kept[0]] == 0


def test_without_experts_the_network_learns_a_rule_by_itself():
    # From every second pitch one up, from the others nine up, within an octave.
    def rule(number, length):
        pitches = [60 + number % 12]
        while len(pitches) < length:
            step = 1 if pitches[-1] % 2 == 0 else 9
            pitches.append(60 + (pitches[-1] - 60 + step) % 12)
        return pitches

    material = material_of(with_pitches(made_up_set(), rule))
    mute = replace(
        material,
        log_probs=np.full_like(material.log_probs, -np.log(12)),
        confidence=np.zeros_like(material.confidence),
    )

    trained = learnt(
        mute,
        epochs=100,
        look_every=50,
        embedding_dropout=0.0,
        state_dropout=0.0,
    )

    notes = material.notes
    true = trained.static[notes.fold, np.arange(len(notes)), notes.pitch]
    bits = -true[notes.place > 0].mean() / np.log(2)
    assert bits < 0.6 * np.log2(12)


def test_static_and_adaptive_are_two_columns(monkeypatch):
    # Each tune repeats a motif of its own, which only the tune itself can teach.
    rng = np.random.default_rng(1)

    def motif(number, length):
        return np.resize(60 + rng.integers(0, 12, size=4), length)

    repetitive = replace(with_pitches(made_up_set(), motif), name="1_repetitive")
    monkeypatch.setattr(melody8, "read_sets", lambda data, names: [repetitive])
    monkeypatch.setattr(melody8, "check_counts", lambda melodies: None)
    monkeypatch.setattr(melody8, "QUICK", replace(TINY, epochs=4))
    said = []

    result = run_melody8(None, task="A", quick=True, report=said.append)

    told = result.as_json()
    assert told["bits_per_note"] == pytest.approx(result.adaptive, abs=1e-4)
    assert told["static_bits_per_note"] == pytest.approx(result.static, abs=1e-4)
    assert result.adaptive < result.static - 0.3
    assert said[-1:] == table(result)[-1:]
    assert {"static, Pearce", "adaptive, Pearce"} <= {
        line[:32].strip() for line in said
    }
