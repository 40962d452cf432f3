"""Pieces that go on from given notes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from generation.composing.composer import compose
from generation.composing.recipe import (
    BadRequest,
    ComposeRequest,
    recipe_json,
    request_from_recipe,
)
from generation.composing.source import (
    MAX_SOURCE_NOTES,
    Source,
    UnusableSource,
    beginning_of_score,
    keep_all,
    keep_bars,
    source_from_json,
    source_to_json,
)
from tests.generation.toys import (
    QUARTER,
    toy_chorales,
    toy_pitches,
    toy_trios,
    toy_tunes,
)
from training.music.pitch import Key
from training.music.score import KeyChange, Metre, MetreChange, Note, Part, Score

TUNES, CHORALES, PITCHES = toy_tunes(), toy_chorales(), toy_pitches()
TRIOS = toy_trios()
BUNDLES = pytest.mark.parametrize(
    "bundle",
    [TUNES, CHORALES, PITCHES, TRIOS],
    ids=["tunes", "chorales", "pitches", "trios"],
)


def a_piece(bundle, bars=8, **wishes):
    return compose(bundle, ComposeRequest(seed=2, bars=bars, candidates=1, **wishes))


def notes_before(score, tick):
    return [
        [(n.start_tick, n.pitch, n.duration_ticks) for n in part.notes]
        for part in parts_like(score, tick)
    ]


def parts_like(score, tick):
    """The parts of ``score`` with what begins before ``tick`` only."""
    return [
        replace(part, notes=tuple(n for n in part.notes if n.start_tick < tick))
        for part in score.parts
    ]


@BUNDLES
@pytest.mark.parametrize("closeness", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_given_notes_are_kept_exactly_and_the_end_is_where_it_was_asked(
    bundle, closeness, seed
):
    source = beginning_of_score(a_piece(bundle).score, 3)
    request = ComposeRequest(
        seed=seed,
        bars=7,
        source=source,
        keep=(keep_all(source),),
        closeness=closeness,
        candidates=2,
    )

    piece = compose(bundle, request)

    cut = source.length_ticks
    assert notes_before(piece.score, cut) == notes_before(source.score, cut)
    assert piece.score.metre == source.metre
    assert piece.score.key == source.key
    assert piece.score.pickup_ticks == source.score.pickup_ticks
    assert piece.form.bars == 7
    assert cut < piece.score.end_tick <= piece.form.length_ticks
    assert [p.name for p in piece.score.parts] == [p.name for p in source.score.parts]
    assert len(piece.bits) == piece.score.num_notes


@BUNDLES
def test_the_last_bar_of_a_piece_goes_on_too(bundle):
    whole = a_piece(bundle, bars=4).score
    source = beginning_of_score(whole, 4)

    piece = compose(
        bundle,
        ComposeRequest(bars=6, source=source, keep=(keep_all(source),), candidates=1),
    )

    assert notes_before(piece.score, source.length_ticks) == notes_before(
        whole, source.length_ticks
    )
    assert piece.form.bars == 6


@BUNDLES
def test_the_recipe_of_a_continuation_gives_the_same_notes(bundle):
    source = beginning_of_score(a_piece(bundle).score, 2)
    request = ComposeRequest(
        seed=9, bars=5, source=source, keep=(keep_all(source),), closeness=0.5
    )

    piece = compose(bundle, request)
    _, again = request_from_recipe(recipe_json(bundle.hash, request))

    assert again == request
    assert compose(bundle, again).score == piece.score
    assert compose(bundle, piece.request).score == piece.score
    other = compose(bundle, replace(request, seed=10))
    assert other.score != piece.score


def test_an_older_recipe_stays_as_it_was():
    recipe = json.loads(recipe_json("abc", ComposeRequest(seed=1)))

    assert "source" not in recipe
    assert "closeness" not in recipe


def test_a_piece_that_stays_close_repeats_what_is_given():
    """A network without any training goes on like the source only by its memory."""
    pattern = (0, 2, 4, 5, 7, 5, 4, 2)
    notes = tuple(
        Note(i * 240, 67 + pattern[i % len(pattern)], 240) for i in range(8 * 8)
    )
    tune = Score(
        parts=(Part(notes=notes, name="Melody"),),
        metres=(MetreChange(0, Metre(4, 4)),),
        keys=(KeyChange(0, Key(7, "major")),),
    )
    source = beginning_of_score(tune, 8)

    def steps(closeness):
        request = ComposeRequest(
            seed=3,
            bars=16,
            source=source,
            keep=(keep_all(source),),
            closeness=closeness,
            candidates=1,
        )
        new = [
            note.pitch
            for note in compose(TUNES, request).score.parts[0].notes
            if note.start_tick >= source.length_ticks
        ]
        known = {(a - b) for a, b in zip(pattern, pattern[1:], strict=False)}
        pairs = [(a - b) in known for a, b in zip(new, new[1:], strict=False)]
        return sum(pairs) / len(pairs)

    assert steps(1.0) > 2 * steps(0.0)


def test_a_tune_in_a_key_the_model_does_not_know_goes_on_in_it():
    tune = a_piece(TUNES, metre=Metre(4, 4), tonic=1, mode="major").score
    source = beginning_of_score(tune, 4)

    piece = compose(
        TUNES,
        ComposeRequest(bars=6, source=source, keep=(keep_all(source),), candidates=1),
    )

    assert piece.score.key == Key(1, "major")
    assert notes_before(piece.score, source.length_ticks) == notes_before(
        source.score, source.length_ticks
    )


def test_notes_that_sound_at_the_cut_end_there():
    tune = Score(parts=(Part(notes=(Note(0, 60, 3 * 1920),)),))

    source = beginning_of_score(tune, 1)

    assert source.score.parts[0].notes == (Note(0, 60, 1920),)
    assert source.bars == 1


@pytest.mark.parametrize(
    ("score", "bars", "sentence"),
    [
        (Score(parts=(Part(notes=(Note(1920, 60, 480),)),)), 1, "with notes"),
        (Score(parts=(Part(notes=(Note(0, 60, 480),)),)), 2, "1 to 1"),
        (Score(parts=(Part(notes=(Note(0, 60, 480),)),)), 0, "1 to 1"),
        (Score(), 1, "silent"),
        (
            Score(
                parts=(
                    Part(
                        notes=tuple(Note(i, 60, 1) for i in range(MAX_SOURCE_NOTES + 1))
                    ),
                )
            ),
            2,
            "2,048 notes",
        ),
        (
            Score(
                parts=(Part(notes=(Note(0, 60, 480),)),),
                metres=(MetreChange(0, Metre()), MetreChange(1920, Metre(3, 4))),
            ),
            1,
            "metre changes",
        ),
        (
            Score(parts=(Part(notes=(Note(0, 36, 480),), is_drum=True),)),
            1,
            "Drums",
        ),
    ],
)
def test_it_says_why_there_is_nothing_to_go_on_from(score, bars, sentence):
    with pytest.raises(UnusableSource, match=sentence):
        beginning_of_score(score, bars)


@pytest.mark.parametrize(
    ("bundle", "other", "sentence"),
    [
        (TUNES, CHORALES, "one part"),
        (CHORALES, TRIOS, "cannot work from these bars"),
        (PITCHES, TUNES, "quarter"),
    ],
    ids=["tunes", "chorales", "pitches"],
)
def test_a_model_says_why_it_cannot_go_on(bundle, other, sentence):
    wishes = {} if bundle is PITCHES else {"metre": Metre(4, 4)}
    piece = a_piece(other, metre=Metre(4, 4))
    source = beginning_of_score(piece.score, 2)
    if bundle is CHORALES:
        source = replace(source, score=replace(source.score, keys=()))

    with pytest.raises(BadRequest, match=sentence):
        compose(
            bundle,
            ComposeRequest(source=source, keep=(keep_all(source),), bars=4, **wishes),
        )


def test_there_must_be_bars_left_to_write():
    source = beginning_of_score(a_piece(TUNES).score, 4)

    with pytest.raises(BadRequest, match="more than 4 bars"):
        compose(TUNES, ComposeRequest(source=source, keep=(keep_all(source),), bars=4))
    with pytest.raises(BadRequest, match="not of notes"):
        ComposeRequest(source=source, keep=(keep_all(source),), num_notes=64)


def test_unless_asked_a_piece_is_as_long_as_its_source():
    source = beginning_of_score(a_piece(TUNES).score, 3)
    kept = keep_bars(source, 1, 2)

    piece = compose(TUNES, ComposeRequest(source=source, keep=(kept,), candidates=1))

    assert piece.form.bars == 3
    with pytest.raises(BadRequest, match="nothing left to write"):
        compose(TUNES, ComposeRequest(source=source, keep=(keep_all(source),)))


@pytest.mark.parametrize("closeness", [-0.1, 1.1, "near", float("nan"), True])
def test_closeness_is_a_number_from_0_to_1(closeness):
    with pytest.raises(BadRequest, match="closeness"):
        ComposeRequest(closeness=closeness)


@BUNDLES
def test_a_source_survives_as_json(bundle):
    source = beginning_of_score(a_piece(bundle).score, 3)

    stored = json.loads(json.dumps(source_to_json(source)))

    assert source_from_json(stored) == source


GOOD = source_to_json(beginning_of_score(a_piece(TUNES).score, 2))


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        "notes",
        {**GOOD, "parts": None},
        {**GOOD, "parts": []},
        {**GOOD, "parts": [{"notes": 3}]},
        {**GOOD, "parts": [{**GOOD["parts"][0], "notes": [[0, 200, 480]]}]},
        {**GOOD, "parts": [{**GOOD["parts"][0], "notes": [[0, 60]]}]},
        {**GOOD, "parts": [{**GOOD["parts"][0], "notes": [[0, 60, 1e300]]}]},
        {**GOOD, "parts": [{**GOOD["parts"][0], "notes": [[0, 60, 1]] * 3000}]},
        {**GOOD, "parts": [{**GOOD["parts"][0], "name": ["x"]}]},
        {**GOOD, "parts": [{**GOOD["parts"][0], "compass": [0]}]},
        {**GOOD, "metre": [0, 0]},
        {**GOOD, "key": [13, "major"]},
        {**GOOD, "key": "D"},
        {**GOOD, "key": [2.5, "major"]},
        {**GOOD, "key": [True, "major"]},
        {**GOOD, "parts": [{**GOOD["parts"][0], "name": "\u0000"}]},
        {**GOOD, "length_ticks": 10**12},
        {**GOOD, "length_ticks": 1},
        {**GOOD, "pickup_ticks": 10**6},
        {**GOOD, "phrase_end_ticks": [0.5]},
        {**GOOD, "phrase_end_ticks": [0] * 1000},
        {k: v for k, v in GOOD.items() if k != "metre"},
    ],
    ids=lambda broken: repr(broken)[-60:],
)
def test_a_source_of_any_origin_is_read_or_refused_in_one_sentence(broken):
    recipe = json.dumps({"bundle": "abc", "source": broken})

    if broken is None:
        assert request_from_recipe(recipe)[1].source is None
        return
    with pytest.raises(BadRequest, match=r"^[A-Z].*\.$"):
        request_from_recipe(recipe)


def test_a_source_ends_on_the_bar_line_even_in_silence():
    tune = Score(parts=(Part(notes=(Note(0, 67, 480), Note(3840, 69, 480))),))
    source = beginning_of_score(tune, 1)

    assert isinstance(source, Source)
    piece = compose(
        TUNES,
        ComposeRequest(source=source, keep=(keep_all(source),), bars=4, candidates=1),
    )

    first = piece.score.parts[0].notes
    assert first[0] == Note(0, 67, QUARTER)
    assert first[1].start_tick >= 1920
