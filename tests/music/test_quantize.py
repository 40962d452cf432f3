from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.music.abc import read_tunes
from training.music.quantize import is_on_grid, quantize
from training.music.score import Metre, MetreChange, Note, Part, Score, TempoChange


def score_of(*notes: tuple[int, int]) -> Score:
    """A monophonic score from (start, end) in ticks."""
    return Score(
        (Part(tuple(Note(a, 60 + i, b - a) for i, (a, b) in enumerate(notes))),)
    )


def spans(score: Score) -> list[tuple[int, int]]:
    return [(n.start_tick, n.end_tick) for n in score.parts[0].notes]


@st.composite
def played_scores(draw):
    """Notes as fingers play them; chords and overlaps among them."""
    notes = draw(
        st.lists(
            st.builds(
                Note, st.integers(0, 3000), st.integers(50, 70), st.integers(1, 900)
            ),
            max_size=20,
        )
    )
    return Score(
        (Part(tuple(notes)),),
        phrase_end_ticks=tuple(sorted({note.start_tick for note in notes[:2]})),
    )


grids = st.sampled_from((1, 2, 3, 4, 6, 8, 12, 24))


@settings(max_examples=200, deadline=None)
@given(played_scores(), grids, st.booleans())
def test_no_note_vanishes_or_moves_far(score, steps, triplets):
    quantized = quantize(score, steps_per_quarter=steps, triplets=triplets)

    assert quantized.num_notes == score.num_notes
    if not score.parts[0].is_monophonic:
        step = 480 // (steps * 3 // 4 if triplets and steps % 4 == 0 else steps)
        before = sorted((n.pitch, n.start_tick) for n in score.parts[0].notes)
        after = sorted((n.pitch, n.start_tick) for n in quantized.parts[0].notes)
        for (pitch, was), (same_pitch, now) in zip(before, after, strict=True):
            assert pitch == same_pitch
            assert abs(was - now) <= step / 2


@settings(max_examples=200, deadline=None)
@given(played_scores(), grids, st.booleans())
def test_quantising_twice_changes_nothing_more(score, steps, triplets):
    once = quantize(score, steps_per_quarter=steps, triplets=triplets)

    assert quantize(once, steps_per_quarter=steps, triplets=triplets) == once


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 300)), max_size=20), grids)
def test_a_line_stays_a_line(steps, grid):
    notes, tick = [], 0
    for rest, duration in steps:
        notes.append((tick + rest, tick + rest + duration))
        tick += rest + duration

    quantized = quantize(score_of(*notes), steps_per_quarter=grid)

    assert quantized.parts[0].is_monophonic
    assert len(quantized.parts[0].notes) == len(notes)
    assert all(a.pitch < b.pitch for a, b in pairwise(quantized.parts[0].notes))


def test_sixteenths_are_found_again_after_sloppy_playing():
    [tune] = read_tunes("X:1\nM:4/4\nL:1/16\nK:C\nC4E2G2 c3Bc4|dcBA G4 E2F2 C4|]")
    rng = random.Random(7)
    played = replace(
        tune,
        parts=(
            Part(
                tuple(
                    replace(
                        note, start_tick=max(0, note.start_tick + rng.randint(-30, 30))
                    )
                    for note in tune.parts[0].notes
                )
            ),
        ),
    )

    assert quantize(played, triplets=False).parts == tune.parts


def test_triplets_and_sixteenths_stand_side_by_side():
    score = score_of((3, 155), (163, 322), (317, 481), (485, 720), (715, 961))

    assert spans(quantize(score)) == [
        (0, 160),
        (160, 320),
        (320, 480),
        (480, 720),
        (720, 960),
    ]


def test_without_triplets_there_is_one_grid():
    score = score_of((0, 160), (160, 320), (320, 480))

    assert spans(quantize(score, triplets=False)) == [(0, 120), (120, 360), (360, 480)]


def test_short_notes_keep_a_step():
    assert spans(quantize(score_of((10, 12), (500, 505)))) == [(0, 120), (480, 600)]


def test_changes_and_fermatas_move_along():
    score = Score(
        parts=(Part((Note(0, 60, 470), Note(473, 62, 480))),),
        metres=(MetreChange(0, Metre(3, 4)),),
        tempos=(TempoChange(0, 100), TempoChange(470, 90), TempoChange(490, 80)),
        pickup_ticks=470,
        phrase_end_ticks=(473,),
    )

    quantized = quantize(score)

    assert quantized.tempos == (TempoChange(0, 100), TempoChange(480, 80))
    assert quantized.pickup_ticks == 480
    assert quantized.phrase_end_ticks == (480,)
    assert is_on_grid(quantized, 4)
    assert not is_on_grid(score, 4)


@pytest.mark.parametrize("steps", [0, 7, 481])
def test_it_refuses_a_grid_of_broken_ticks(steps):
    with pytest.raises(ValueError, match="sixteenths"):
        quantize(score_of((0, 480)), steps_per_quarter=steps)
