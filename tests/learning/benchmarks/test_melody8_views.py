from __future__ import annotations

import numpy as np
import pytest

from tests.learning.benchmarks.made_up import made_up_set, with_other_future
from training.learning.benchmarks.melody8.data import fold_of_tunes
from training.learning.benchmarks.melody8.experts import (
    ask_experts,
    pitch_views,
    rhythmic_views,
)
from training.learning.benchmarks.melody8.inputs import describe, sounding
from training.learning.benchmarks.melody8.views import (
    ABSENT,
    classes,
    earlier,
    lay_out,
    long_term,
    short_term,
)
from training.learning.short_term import FROM_FIRST, INTERVAL, PITCH, CountedModel

VIEWS = {"pitch": PITCH, "interval": INTERVAL, "from first": FROM_FIRST}
TUNE, KEPT = 5, 4  # the tune whose future is turned, and the notes that stay


def notes_of(melodies):
    return lay_out(melodies, fold_of_tunes(len(melodies.tunes), seed=0))


def symbols(view, tune):
    pitches = tune.pitches.tolist()
    return [view.symbol(pitches[:t], pitch) for t, pitch in enumerate(pitches)]


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("learns", [False, True])
def test_tables_say_what_counting_note_by_note_says(name, learns):
    melodies = made_up_set()
    notes, view = notes_of(melodies), VIEWS[name]
    table = pitch_views(notes, 3)[name]
    fold = 2

    predicted = list(long_term(notes, table, "C", learns=learns))[fold]

    for tune, (first, end) in enumerate(notes.bounds):
        # Without its own fold, and without itself.
        model = CountedModel(order=3)
        for other, one in enumerate(melodies.tunes):
            if notes.fold[notes.bounds[other][0]] != fold and other != tune:
                model.learn_piece(symbols(view, one))
        past = symbols(view, melodies.tunes[tune])
        pitches = melodies.tunes[tune].pitches.tolist()
        for time in range(end - first):
            candidates = [view.symbol(pitches[:time], p) for p in melodies.alphabet]
            probs = model.predict(past[:time], candidates)
            found = np.exp(predicted.log_probs[first + time])
            assert found == pytest.approx(probs, rel=1e-4)
            if learns:
                model.learn(past[:time], past[time])


@pytest.mark.parametrize("name", VIEWS)
def test_short_term_tables_do_too(name):
    melodies = made_up_set()
    notes, view = notes_of(melodies), VIEWS[name]

    predicted = short_term(notes, pitch_views(notes, 4)[name], "X")

    for tune, (first, end) in enumerate(notes.bounds):
        model = CountedModel(order=4, escape="X")
        past = symbols(view, melodies.tunes[tune])
        pitches = melodies.tunes[tune].pitches.tolist()
        for time in range(end - first):
            candidates = [view.symbol(pitches[:time], p) for p in melodies.alphabet]
            probs = model.predict(past[:time], candidates)
            found = np.exp(predicted.log_probs[first + time])
            assert found == pytest.approx(probs, rel=1e-4)
            model.learn(past[:time], past[time])


@pytest.mark.parametrize("task", ["A", "B"])
def test_the_future_changes_nothing_that_a_network_is_told(task):
    melodies = made_up_set()
    turned = with_other_future(melodies, TUNE, KEPT)
    before, after = notes_of(melodies), notes_of(turned)
    first = before.bounds[TUNE][0]
    # Task B is told the note's own rhythm, which is other at the turn itself.
    seen = slice(first, first + KEPT + (task == "A"))
    assert not np.array_equal(before.pitch, after.pitch)

    told = [describe(notes, task)[seen] for notes in (before, after)]
    experts = [ask_experts(notes, task) for notes in (before, after)]

    assert np.array_equal(*told)
    for fold in range(10):
        said = [one.log_probs[fold, :, seen] for one in experts]
        assert np.allclose(*said, atol=1e-5)
        sure = [one.confidence[fold, seen] for one in experts]
        assert np.allclose(*sure, atol=1e-5)


@pytest.mark.parametrize("task", ["A", "B"])
def test_only_experts_that_may_learn_know_the_tune_itself(task):
    # One tune says a thing of its own over and over; no other tune ever says it.
    melodies = made_up_set()
    own = melodies.tunes[TUNE]
    own.pitches[:] = [60, 71] * (len(own) // 2) + [60] * (len(own) % 2)
    notes = notes_of(melodies)
    experts = ask_experts(notes, task)
    first, end = notes.bounds[TUNE]
    fold = notes.fold[first]

    late = np.arange(end - 3, end)
    true = experts.log_probs[fold, :, late, notes.pitch[late]].mean(axis=0)

    assert true[experts.learning].min() > true[~experts.learning].max()
    assert [name.startswith("long-term") for name in experts.names] == (
        ~experts.learning
    ).tolist()


@pytest.mark.parametrize("task", ["A", "B"])
def test_every_expert_gives_probabilities(task):
    experts = ask_experts(notes_of(made_up_set()), task)

    assert np.exp(experts.log_probs).sum(axis=-1) == pytest.approx(1.0, abs=1e-4)
    assert np.isfinite(experts.confidence).all()


def test_task_a_is_told_nothing_of_rhythm_and_key():
    melodies = made_up_set()
    plain = made_up_set()
    for tune in plain.tunes:
        tune.durations[:] = 480
        tune.onsets[:] = np.arange(len(tune)) * 480
        object.__setattr__(tune, "fifths", 0)

    told = [notes_of(one) for one in (melodies, plain)]

    assert np.array_equal(*(describe(notes, "A") for notes in told))
    assert np.array_equal(*(ask_experts(notes, "A").log_probs for notes in told))


def test_a_view_that_is_given_the_rhythm_starts_with_it():
    notes = notes_of(made_up_set())

    view = rhythmic_views(notes)["interval x length | length"]

    assert view.contexts[0].max() == 0
    assert np.array_equal(classes(view.contexts[1]), classes(notes.length))


def test_what_sounded_a_bar_ago_is_never_what_sounds_now():
    notes = notes_of(made_up_set())

    echo = sounding(notes, 1)

    for n in np.flatnonzero(echo != ABSENT):
        first = notes.bounds[notes.tune[n]][0]
        past = notes.onset[first:n]
        begun = np.flatnonzero(past <= notes.onset[n] - notes.bar_ticks[n])
        assert echo[n] == notes.pitch[first + begun[-1]]


def test_before_a_tune_there_is_nothing():
    notes = notes_of(made_up_set())

    assert (earlier(notes, notes.pitch, 2)[notes.place < 2] == ABSENT).all()
