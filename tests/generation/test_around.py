"""Pieces around what is kept of another: every encoding and every kind of keeping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generation.composing.composer import compose
from generation.composing.recipe import (
    BadRequest,
    ComposeRequest,
    recipe_json,
    request_from_recipe,
)
from generation.composing.source import (
    Keep,
    clipped,
    keep_all,
    keep_all_but_bars,
    keep_bars,
    source_of,
)
from tests.generation.toys import (
    JIG,
    REEL,
    toy_chorales,
    toy_pitches,
    toy_trios,
    toy_tunes,
)
from training.music.encodings.voices import FIRST_PITCH, LOWEST
from training.music.pitch import Key
from training.music.score import KeyChange, Metre, MetreChange, Note, Part, Score

TUNES, CHORALES, PITCHES = toy_tunes(), toy_chorales(), toy_pitches()
TRIOS = toy_trios()
NAMES = ["tunes", "chorales", "pitches", "trios"]
BUNDLES = pytest.mark.parametrize(
    "bundle", [TUNES, CHORALES, PITCHES, TRIOS], ids=NAMES
)
WITH_RHYTHM = pytest.mark.parametrize(
    "bundle", [TUNES, CHORALES, TRIOS], ids=["tunes", "chorales", "trios"]
)


def a_source(bundle, bars=6, seed=2, **wishes):
    request = ComposeRequest(seed=seed, bars=bars, candidates=1, **wishes)
    return source_of(compose(bundle, request).score)


def around(bundle, source, keep, **wishes):
    wishes = {"candidates": 3, "seed": 5, **wishes}
    keep = keep if isinstance(keep, tuple) else (keep,)
    return compose(bundle, ComposeRequest(source=source, keep=keep, **wishes))


def test_a_pick_up_off_the_models_grid_is_told():
    tune = Score(
        parts=(Part(notes=(Note(0, 67, 480), Note(480, 72, 480))),),
        metres=(MetreChange(0, Metre()),),
        keys=(KeyChange(0, Key(0)),),
        pickup_ticks=170,
    )
    source = source_of(tune)

    for bundle in (CHORALES, TRIOS):
        with pytest.raises(BadRequest, match="cannot work from these bars"):
            around(bundle, source, Keep("notes", 0, 480))


def test_particles_of_a_recipe_that_is_nearly_frozen_have_weights():
    source = a_source(TUNES)
    keep = keep_all_but_bars(source, 2, 3)

    with np.errstate(all="raise", under="ignore"):
        piece = around(TUNES, source, keep, temperature=1e-300, likeness=0.5)

    assert np.isfinite(piece.log2_likelihood)


def sound(score, part, start, end):
    """(start, pitch, duration) of what begins there; nothing else may sound."""
    notes = score.parts[part].notes
    inside = [n for n in notes if start <= n.start_tick < end]
    for note in notes:
        if note.start_tick < start:
            assert note.end_tick <= start, "something is held over the edge"
    assert all(n.end_tick <= end for n in inside)
    return [(n.start_tick, n.pitch, n.duration_ticks) for n in inside]


def expected(source, part, start, end):
    return [
        (n.start_tick, n.pitch, n.duration_ticks)
        for n in clipped(source.score.parts[part].notes, start, end)
    ]


def assert_kept(piece, source, keeps):
    for keep in keeps:
        for part in keep.parts or range(len(source.score.parts)):
            span = keep.start_tick, min(keep.end_tick, piece.form.length_ticks)
            assert sound(piece.score, part, *span) == expected(source, part, *span)


@BUNDLES
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("first", "last"), [(1, 1), (3, 4), (6, 6), (2, 6)])
def test_all_but_some_bars_sound_as_before(bundle, seed, first, last):
    source = a_source(bundle)
    keeps = keep_all_but_bars(source, first, last)

    piece = around(bundle, source, keeps, seed=seed)

    assert_kept(piece, source, keeps)
    assert piece.form.length_ticks == source.length_ticks
    assert piece.score.end_tick <= source.length_ticks
    if bundle is not PITCHES:
        assert piece.score.metre == source.metre
        assert piece.score.key == source.key
    assert len(piece.kept) == len(piece.bits) == piece.score.num_notes
    assert piece.score != source.score


@BUNDLES
def test_which_notes_are_the_sources_is_told(bundle):
    source = a_source(bundle)
    keep = keep_bars(source, 2, 3)

    piece = around(bundle, source, keep)

    notes = [note for part in piece.score.parts for note in part.notes]
    told = [
        n.start_tick for n, is_kept in zip(notes, piece.kept, strict=True) if is_kept
    ]
    assert told == [
        n.start_tick for n in notes if keep.start_tick <= n.start_tick < keep.end_tick
    ]


@WITH_RHYTHM
def test_stretches_that_no_bar_line_bounds_are_kept_too(bundle):
    source = a_source(bundle)
    pickup, quarter = source.score.pickup_ticks, 480
    keeps = (
        Keep("notes", pickup + quarter, pickup + 5 * quarter),
        Keep("notes", pickup + 9 * quarter, pickup + 10 * quarter),
    )

    piece = around(bundle, source, keeps)

    assert_kept(piece, source, keeps)


@pytest.mark.parametrize("bundle", [CHORALES, TRIOS], ids=["chorales", "trios"])
@pytest.mark.parametrize("parts", [(0,), (1,), (0, 2), (2,)])
@pytest.mark.parametrize("seed", range(2))
def test_a_voice_is_kept_and_the_others_are_new(bundle, parts, seed):
    source = a_source(bundle)
    keep = replace(keep_all(source), parts=parts)

    piece = around(bundle, source, keep, seed=seed)

    assert_kept(piece, source, (keep,))
    for part in range(len(source.score.parts)):
        same = piece.score.parts[part].notes == source.score.parts[part].notes
        assert same == (part in parts)


@pytest.mark.parametrize("bundle", [CHORALES, TRIOS], ids=["chorales", "trios"])
def test_bars_of_one_voice_are_new(bundle):
    source = a_source(bundle)
    keeps = keep_all_but_bars(source, 2, 3, parts=(1,))

    piece = around(bundle, source, keeps)

    assert_kept(piece, source, [replace(keep, parts=(1,)) for keep in keeps[:2]])
    for part, (old, new) in enumerate(
        zip(source.score.parts, piece.score.parts, strict=True)
    ):
        assert (new.notes == old.notes) == (part != 1)


@pytest.mark.parametrize("as_part", [0, 1, 3])
def test_a_melody_becomes_the_voice_that_it_is_asked_to_be(as_part):
    tune = a_source(CHORALES)
    own = tune.score.parts[as_part]
    alone = source_of(replace(tune.score, parts=(own,)))

    piece = around(CHORALES, alone, keep_all(alone), as_part=as_part)

    assert len(piece.score.parts) == 4
    assert piece.score.parts[as_part].notes == own.notes
    assert all(part.notes for part in piece.score.parts)


def test_a_line_finds_its_place_among_instruments():
    tune = a_source(TRIOS)
    alone = source_of(replace(tune.score, parts=tune.score.parts[1:2]))

    piece = around(TRIOS, alone, keep_all(alone), as_part=1)

    assert [part.name for part in piece.score.parts] == ["Flute", "Viola", "Cello"]
    assert piece.score.parts[1].notes == alone.score.parts[0].notes


@WITH_RHYTHM
@pytest.mark.parametrize("seed", range(2))
def test_a_rhythm_stays_and_the_pitches_are_new(bundle, seed):
    source = a_source(bundle)

    piece = around(bundle, source, keep_all(source, "rhythm"), seed=seed)

    for old, new in zip(source.score.parts, piece.score.parts, strict=True):
        assert [(n.start_tick, n.duration_ticks) for n in new.notes] == [
            (n.start_tick, n.duration_ticks) for n in old.notes
        ]
    assert not piece.kept.any()
    pitches = [n.pitch for part in piece.score.parts for n in part.notes]
    assert pitches != [n.pitch for part in source.score.parts for n in part.notes]


@pytest.mark.parametrize("bundle", [TUNES, CHORALES], ids=["tunes", "chorales"])
@pytest.mark.parametrize("seed", range(3))
def test_pitches_stay_in_order_and_the_rhythm_is_new(bundle, seed):
    source = a_source(bundle)
    keep = keep_bars(source, 2, 5, what="pitches")

    piece = around(bundle, source, keep, seed=seed)

    for number, old in enumerate(source.score.parts):
        new = piece.score.parts[number].notes
        span = keep.start_tick, keep.end_tick
        assert [n.pitch for n in new if span[0] <= n.start_tick < span[1]] == [
            n.pitch for n in clipped(old.notes, *span)
        ]
        assert all(n.end_tick <= span[0] or n.start_tick >= span[0] for n in new)
    assert piece.score != source.score


@pytest.mark.parametrize("bundle", [PITCHES, TRIOS], ids=["pitches", "trios"])
def test_where_pitches_cannot_be_kept_it_is_said(bundle):
    source = a_source(bundle)

    with pytest.raises(BadRequest, match="cannot work from these bars"):
        around(bundle, source, keep_all(source, "pitches"))


def test_notes_count_before_rhythm_where_both_are_kept():
    source = a_source(TUNES)
    keeps = (keep_all(source, "rhythm"), keep_bars(source, 1, 3))

    piece = around(TUNES, source, keeps)

    assert_kept(piece, source, keeps[1:])
    starts = [n.start_tick for n in piece.score.parts[0].notes]
    assert starts == [n.start_tick for n in source.score.parts[0].notes] or (
        # A note over the edge is cut there.
        source.bar_end(3) in starts
    )
    assert piece.kept.sum() == len(expected(source, 0, 0, source.bar_end(3)))


def agreement(piece, source):
    def places(score):
        return {
            (number, n.start_tick, n.pitch)
            for number, part in enumerate(score.parts)
            for n in part.notes
        }

    old, new = places(source.score), places(piece.score)
    return len(old & new) / len(old | new)


@BUNDLES
def test_a_piece_varies_the_less_the_more_alike_it_is_to_be(bundle):
    source = a_source(bundle)

    shares = [
        agreement(around(bundle, source, (), likeness=likeness), source)
        for likeness in (0.0, 0.5, 1.0)
    ]

    assert shares[0] < 0.3
    assert shares[2] > max(0.8, shares[1])


def test_likeness_in_another_mode_is_of_the_degrees():
    scale = (0, 2, 4, 5, 7, 9, 11, 12)
    notes = tuple(Note(i * 480, 67 + scale[i % 8], 480) for i in range(32))
    tune = Score(
        parts=(Part(notes=notes),),
        metres=(MetreChange(0, REEL),),
        keys=(KeyChange(0, Key(7, "major")),),
    )

    piece = around(TUNES, source_of(tune), (), mode="minor", likeness=1.0)

    assert piece.score.key == Key(7, "minor")
    minor = (0, 2, 3, 5, 7, 8, 10, 12)
    wanted = {(i * 480, 67 + minor[i % 8]) for i in range(32)}
    found = {(n.start_tick, n.pitch) for n in piece.score.parts[0].notes}
    assert len(wanted & found) > 24


def test_likeness_in_another_metre_is_of_the_pitches():
    source = a_source(TUNES, metre=REEL)

    piece = around(TUNES, source, (), metre=JIG, likeness=1.0)

    assert piece.score.metre == JIG
    old = {n.pitch % 12 for n in source.score.parts[0].notes}
    new = [n.pitch % 12 in old for n in piece.score.parts[0].notes]
    assert sum(new) > 0.8 * len(new)


@pytest.mark.parametrize(
    ("keep", "wishes", "sentence"),
    [
        ("notes", {"tonic": 1}, "own key"),
        ("notes", {"metre": JIG}, "own key and metre"),
        ("rhythm", {"metre": JIG}, "belongs to its metre"),
        ("pitches", {"metre": JIG}, "within their bars"),
    ],
)
def test_what_cannot_be_kept_in_other_music_is_said(keep, wishes, sentence):
    source = a_source(TUNES, metre=REEL, tonic=7)

    with pytest.raises(BadRequest, match=sentence):
        around(TUNES, source, keep_all(source, keep), **wishes)


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"keep": (Keep("notes", 0, 480),)}, "Give the piece"),
        ({"likeness": 0.5}, "Give the piece"),
        ({"likeness": 2.0}, "likeness"),
        ({"as_part": 9}, "part"),
        ({"as_part": None}, "part"),
        ({"keep": ["notes"]}, "Keep at most"),
        ({"source": "notes"}, "these are none"),
    ],
)
def test_a_request_about_nothing_is_refused(wishes, sentence):
    with pytest.raises(BadRequest, match=sentence):
        ComposeRequest(**wishes)


def test_parts_that_the_source_lacks_cannot_be_kept():
    source = a_source(TUNES)

    with pytest.raises(BadRequest, match="it has 1"):
        around(TUNES, source, Keep("notes", 0, 480, (1,)))


@BUNDLES
@pytest.mark.parametrize("closeness", [0.0, 0.5])
def test_the_recipe_gives_the_same_piece(bundle, closeness):
    source = a_source(bundle)
    request = ComposeRequest(
        seed=4,
        source=source,
        keep=keep_all_but_bars(source, 3, 4),
        likeness=0.25,
        closeness=closeness,
        candidates=4,
    )

    piece = compose(bundle, request)
    _, again = request_from_recipe(recipe_json(bundle.hash, piece.request))

    assert again == piece.request
    assert compose(bundle, again).score == piece.score
    assert compose(bundle, request).events.tobytes() == piece.events.tobytes()
    assert compose(bundle, request).bits.tobytes() == piece.bits.tobytes()
    assert compose(bundle, replace(request, seed=5)).score != piece.score


def test_no_bar_line_is_crossed_in_a_rewritten_melody():
    source = a_source(TUNES, bars=8)

    piece = around(TUNES, source, keep_all_but_bars(source, 3, 6))

    bar = source.metre.bar_ticks
    walk = TUNES.encoding.walk(piece.form)
    for event in map(tuple, piece.events.tolist()):
        before = walk.tick
        walk.advance(event)
        pickup = source.score.pickup_ticks
        assert (before - pickup) // bar == (walk.tick - 1 - pickup) // bar
    assert walk.is_done


@BUNDLES
def test_whatever_is_kept_the_events_are_legal_and_fill_the_form(bundle):
    source = a_source(bundle)
    encoding = bundle.encoding
    keep = keep_bars(source, 2, 4)

    piece = around(bundle, source, keep)

    walk = encoding.walk(piece.form)
    for event in map(tuple, piece.events.tolist()):
        for field, value in enumerate(event):
            assert walk.legal(field, event[:field])[value] == 0.0
        walk.advance(event)
    assert walk.is_done


def test_the_other_voices_follow_one_that_lies_an_octave_away():
    tune = a_source(CHORALES)
    own = tune.score.parts[0]
    high = tuple(
        Note(n.start_tick, min(n.pitch + 24, 96), n.duration_ticks) for n in own.notes
    )
    alone = source_of(replace(tune.score, parts=(replace(own, notes=high),)))
    bundle = replace(
        CHORALES,
        # Their music lies round middle C.
        golden={"events": np.full((4, 4), FIRST_PITCH - LOWEST, np.int16)},
    )

    piece = around(bundle, alone, keep_all(alone))

    assert piece.transposition >= 12
    assert piece.score.parts[0].notes == high
    altos = [note.pitch for note in piece.score.parts[1].notes]
    assert min(altos) >= 53 + 12


@pytest.mark.parametrize(("metre", "written"), [((2, 4), REEL), ((2, 2), REEL)])
def test_a_metre_that_a_model_does_not_know_is_written_in_one_that_it_does(
    metre, written
):
    metre = Metre(*metre)
    notes = tuple(Note(480 + i * 480, 72 + i % 5, 480) for i in range(27))
    tune = Score(
        parts=(Part(notes=notes),),
        metres=(MetreChange(0, metre),),
        keys=(KeyChange(0, Key(0, "major")),),
        pickup_ticks=480,
    )
    source = source_of(tune)

    piece = around(CHORALES, source, keep_all(source))

    assert piece.score.parts[0].notes == notes
    assert piece.score.metre == metre
    assert piece.form.metre == written
    assert piece.request.metre == metre
    assert piece.request.bars == source.bars
    again = compose(CHORALES, piece.request)
    assert again.score == piece.score
    assert again.request == piece.request


def test_where_no_metre_can_stand_for_it_it_is_refused():
    source = a_source(TUNES, metre=JIG)

    with pytest.raises(BadRequest, match="no music in 6/8"):
        around(CHORALES, source, keep_all(source))
