from __future__ import annotations

import numpy as np
import pytest

from generation.composing.composer import BadRequest, ComposeRequest, compose
from tests.generation.toys import TRIO, TRIO_FORMS, toy_bundle, toy_trios
from training.music.encodings import Form, PolyphonyEncoding
from training.music.pitch import Key
from training.music.score import Metre

TRIOS = toy_trios()


def composed(**wishes):
    return compose(TRIOS, ComposeRequest(**wishes))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bars", [1, 2, 9])
def test_a_piece_for_parts_ends_where_it_was_asked_to(bars, seed):
    piece = composed(bars=bars, seed=seed)

    assert piece.form.bars == bars
    assert piece.score.end_tick <= piece.form.length_ticks
    assert TRIOS.encoding.walk(piece.form).tick == 0
    walk = TRIOS.encoding.walk(piece.form)
    for event in piece.events.tolist():
        walk.advance(tuple(event))
    assert walk.is_done
    assert walk.tick == piece.form.length_ticks


@pytest.mark.parametrize("seed", range(4))
def test_nothing_begins_in_the_last_quarter(seed):
    piece = composed(bars=3, seed=seed)

    last = max(note.start_tick for part in piece.score.parts for note in part.notes)
    assert last <= piece.form.length_ticks - 480


@pytest.mark.parametrize("seed", range(6))
def test_the_lowest_part_ends_on_the_tonic_and_the_others_in_its_triad(seed):
    piece = composed(bars=3, seed=seed)

    key, end = piece.score.key, piece.form.length_ticks
    assert key is not None
    triad = {key.scale[0], key.scale[2], key.scale[4]}
    for number, part in enumerate(piece.score.parts):
        for note in part.notes:
            if note.start_tick >= end - piece.form.metre.beat_ticks:
                assert note.pitch % 12 in triad
            if number == 2 and note.start_tick >= end - piece.form.metre.bar_ticks // 2:
                assert note.pitch % 12 == key.tonic


@pytest.mark.parametrize("wishes", [{}, {"tonic": 1}, {"scale_only": True}], ids=str)
def test_instruments_keep_to_their_names_and_compass(wishes):
    piece = composed(seed=2, bars=6, **wishes)

    for part, instrument in zip(piece.score.parts, TRIO, strict=True):
        assert (part.name, part.program) == (instrument.name, instrument.program)
        pitches = [note.pitch for note in part.notes]
        assert instrument.lowest_pitch <= min(pitches)
        assert max(pitches) <= instrument.highest_pitch
    if "scale_only" in wishes:
        key = piece.score.key
        notes = [n for part in piece.score.parts for n in part.notes]
        assert key is not None
        assert all(note.pitch % 12 in key.scale for note in notes)


def test_a_range_that_is_asked_for_stands_for_all_parts():
    piece = composed(seed=1, bars=4, lowest_pitch=60, highest_pitch=72)

    notes = [note for part in piece.score.parts for note in part.notes]
    assert all(60 <= note.pitch <= 72 for note in notes)


@pytest.mark.parametrize("num_notes", [1, 5, 40, 200])
def test_so_many_notes_and_a_bar_to_end_in(num_notes):
    piece = composed(seed=3, num_notes=num_notes)

    assert piece.score.num_notes >= num_notes
    bar = piece.form.metre.bar_ticks
    early = piece.form.length_ticks - 2 * bar
    begun = sum(n.start_tick < early for p in piece.score.parts for n in p.notes)
    assert begun < num_notes
    walk = TRIOS.encoding.walk(piece.form)
    for event in piece.events.tolist():
        walk.advance(tuple(event))
    assert walk.is_done


def test_movements_are_shortened_unless_a_length_is_asked_for():
    assert composed(candidates=1).form.bars == 24


def test_every_note_has_its_bits_in_the_order_of_parts():
    piece = composed(seed=4, bars=3)

    assert len(piece.bits) == piece.score.num_notes
    assert (piece.bits > 0).all()
    assert piece.bits.sum() <= -piece.log2_likelihood + 1e-6


def test_a_model_without_keys_says_so():
    forms = ((Form(16 * 1920, instruments=TRIO), 1),)
    bundle = toy_bundle(PolyphonyEncoding(3), forms)

    with pytest.raises(BadRequest, match="knows no keys"):
        compose(bundle, ComposeRequest(tonic=3))
    piece = compose(bundle, ComposeRequest(bars=2))
    assert piece.score.key is None


def test_another_metre_is_refused_with_a_choice():
    with pytest.raises(BadRequest, match="choose 3/4 or 4/4"):
        composed(metre=Metre(6, 8))


def test_what_is_composed_can_be_learnt_again():
    piece = composed(seed=6, bars=5, tonic=7)

    again = TRIOS.encoding.encode(piece.score)

    assert again.form.key == Key(7, piece.score.key.mode)
    assert len(again.events) > piece.score.num_notes


def test_forms_of_bundles_give_parts_to_an_encoding_with_more():
    bundle = toy_bundle(PolyphonyEncoding(8), TRIO_FORMS)

    piece = compose(bundle, ComposeRequest(bars=3, candidates=2))

    assert len(piece.score.parts) == 3
    assert np.isin(piece.events[:, 3], [0, 1, 2, 8]).all()
