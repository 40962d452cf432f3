from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generation.composing.composer import compose
from generation.composing.recipe import BadRequest, ComposeRequest
from generation.composing.source import source_of
from generation.composing.thinking import (
    alternatives,
    choose_note,
    duration_name,
    pitch_name,
    surprise_of,
)
from tests.generation.toys import (
    toy_chorales,
    toy_pitches,
    toy_trios,
    toy_tunes,
)
from training.learning.bundle import HOUSE_MODELS_ROOT, load_bundle
from training.music.pitch import Key
from training.music.score import KeyChange, Note, Part, Score
from training.music.transform import transpose

TUNES, CHORALES, PITCHES = toy_tunes(), toy_chorales(), toy_pitches()
TRIOS = toy_trios()
BUNDLES = pytest.mark.parametrize(
    "bundle",
    [TUNES, CHORALES, PITCHES, TRIOS],
    ids=["tunes", "chorales", "pitches", "trios"],
)


def a_piece(bundle, **wishes):
    wishes = {"seed": 3, "bars": 6, "candidates": 1, **wishes}
    return compose(bundle, ComposeRequest(**wishes))


HOUSE = {
    name: load_bundle(HOUSE_MODELS_ROOT / name)
    for name in ("tunes", "chorales", "quartets")
}


@pytest.mark.parametrize("seed", [4, 7])  # Quartets lie high, and are spelt oddly.
@pytest.mark.parametrize("wishes", [{}, {"closeness": 0.5}], ids=str)
@pytest.mark.parametrize("name", [*HOUSE, "pitches"])
def test_the_surprise_of_a_piece_is_what_it_was_when_it_was_written(name, wishes, seed):
    bundle = HOUSE.get(name, PITCHES)
    piece = compose(bundle, ComposeRequest(seed=seed, bars=8, candidates=1, **wishes))

    bits = surprise_of(bundle, piece.score)

    np.testing.assert_allclose(bits, piece.bits, atol=1e-3)


@pytest.mark.parametrize("name", [*HOUSE, "pitches"])
def test_up_to_an_edit_the_notes_are_as_surprising_as_before(name):
    bundle = HOUSE.get(name, PITCHES)
    piece = compose(bundle, ComposeRequest(seed=4, bars=8, candidates=1))
    last = piece.score.parts[0].notes[-1]
    edited = replace(last, pitch=last.pitch + (1 if name == "pitches" else 2))
    parts = [
        replace(part, notes=(*part.notes[:-1], edited)) if not number else part
        for number, part in enumerate(piece.score.parts)
    ]

    bits = surprise_of(bundle, replace(piece.score, parts=tuple(parts)))

    before = np.array(
        [n.start_tick < last.start_tick for part in parts for n in part.notes]
    )
    assert before.sum() > 10
    np.testing.assert_allclose(bits[before], piece.bits[before], atol=1e-3)


@BUNDLES
def test_any_piece_has_bits_for_every_note(bundle):
    score = a_piece(bundle).score
    if bundle is not PITCHES:
        score = transpose(score, 1)

    bits = surprise_of(bundle, score)

    assert len(bits) == score.num_notes
    assert (bits >= 0).all()
    assert bits.max() > 0


@BUNDLES
def test_alternatives_are_a_distribution_and_the_note_is_among_them(bundle):
    score = a_piece(bundle).score
    bits = surprise_of(bundle, score)
    number = 0
    for part_number, part in enumerate(score.parts):
        for note_number in range(0, len(part.notes), 5):
            thought = alternatives(bundle, score, part_number, note_number, top=500)

            note = part.notes[note_number]
            total = sum(a.probability for a in thought.pitches)
            assert total == pytest.approx(1.0, abs=1e-4)
            (chosen,) = [a for a in thought.pitches if a.is_chosen]
            assert chosen.pitch == note.pitch
            assert thought.bits == pytest.approx(bits[number + note_number], abs=1e-4)
            if bundle is CHORALES:
                own = -np.log2(chosen.probability)
                assert own == pytest.approx(thought.bits, abs=1e-3)
        number += len(part.notes)


def test_only_the_likeliest_are_told_and_the_chosen_one_wherever_it_stands():
    score = a_piece(TUNES).score

    thoughts = [
        alternatives(TUNES, score, 0, number, top=3)
        for number in range(len(score.parts[0].notes))
    ]

    for thought in thoughts:
        assert 3 <= len(thought.pitches) <= 4
        assert sum(a.is_chosen for a in thought.pitches) == 1
        first = [a.probability for a in thought.pitches[:3]]
        assert first == sorted(first, reverse=True)
        assert all(a.duration_ticks for a in thought.durations)
    assert any(len(thought.pitches) == 4 for thought in thoughts)


def test_the_past_alone_decides_what_was_thought():
    score = a_piece(TUNES).score
    notes = score.parts[0].notes
    half = len(notes) // 2
    other = tuple(replace(note, pitch=67) for note in notes[half + 1 :])
    changed = replace(score, parts=(Part(notes=(*notes[: half + 1], *other)),))

    assert alternatives(TUNES, score, 0, half) == alternatives(TUNES, changed, 0, half)


def test_pitches_and_durations_have_names():
    assert pitch_name(60, Key()) == "C4"
    assert pitch_name(66, Key(7, "major")) == "F♯4"
    assert pitch_name(70, Key(5, "major")) == "B♭4"
    assert duration_name(720) == "dotted quarter"
    assert duration_name(600) == "5/4 quarters"


@BUNDLES
@pytest.mark.parametrize("part", [0, -1])
def test_another_note_is_chosen_and_the_music_goes_on_from_it(bundle, part):
    score = a_piece(bundle).score
    source = source_of(score)
    part %= len(score.parts)
    number = len(score.parts[part].notes) // 2
    old = score.parts[part].notes[number]
    pitch = old.pitch - 1 if old.pitch > 60 else old.pitch + 1

    request = choose_note(source, part, number, pitch)
    piece = compose(bundle, replace(request, seed=8, candidates=2))

    for one, other in zip(score.parts, piece.score.parts, strict=True):
        before = [n for n in one.notes if n.start_tick < old.start_tick]
        if one is score.parts[part]:  # A chord's other notes end with the new one.
            new = [n for n in other.notes if n.start_tick == old.start_tick]
            assert new == [Note(old.start_tick, pitch, old.duration_ticks)]
            continue
        assert [n for n in other.notes if n.start_tick < old.start_tick] == before
    assert piece.form.length_ticks == source.length_ticks


def test_a_chosen_note_may_last_otherwise():
    source = source_of(a_piece(TUNES).score)

    request = choose_note(source, 0, 4, 69, 480)
    piece = compose(TUNES, replace(request, candidates=2))

    start = source.score.parts[0].notes[4].start_tick
    assert Note(start, 69, 480) in piece.score.parts[0].notes


@pytest.mark.parametrize(
    ("part", "note", "pitch", "lasts", "sentence"),
    [
        (1, 0, 60, None, "parts"),
        (0, 999, 60, None, "notes"),
        (0, 0, 200, None, "pitch"),
        (0, 0, 60, 0, "last"),
    ],
)
def test_a_note_that_cannot_be_is_refused(part, note, pitch, lasts, sentence):
    source = source_of(a_piece(TUNES).score)

    with pytest.raises(BadRequest, match=sentence):
        choose_note(source, part, note, pitch, lasts)


def test_music_that_the_model_cannot_read_is_refused_in_a_sentence():
    chord = Score(
        parts=(Part(notes=(Note(0, 60, 480), Note(0, 64, 480))),),
        keys=(KeyChange(0, Key()),),
    )

    for bundle in (TUNES, CHORALES, PITCHES):
        with pytest.raises(BadRequest, match=r"^[A-Z].*\.$"):
            surprise_of(bundle, chord)
    with pytest.raises(BadRequest, match="silent"):
        surprise_of(TUNES, Score())
