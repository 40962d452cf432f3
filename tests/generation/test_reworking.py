"""What a wish keeps of given notes, without a model that writes."""

from __future__ import annotations

import pytest

from generation.composing.recipe import BadRequest
from generation.composing.reworking import reworked
from generation.composing.source import Keep
from generation.composing.wishes import ACTIONS, IN_KEY, IN_MODE, Wish, more_when_longer
from tests.generation.test_abilities import CHORALES, TUNES
from training.music.pitch import Key
from training.music.score import KeyChange, Metre, MetreChange, Note, Part, Score

BAR = 4 * 480
LINE = tuple(Note(480 * i, 62 + i % 5, 480) for i in range(32))  # eight bars
CHORDS = tuple(Note(BAR * bar, pitch, BAR) for bar in range(8) for pitch in (50, 54))
TUNE = Score(
    parts=(Part(notes=LINE, name="Flute"),),
    metres=(MetreChange(0, Metre(4, 4)),),
    keys=(KeyChange(0, Key(2, "major")),),
)


def rework(action: str, score: Score = TUNE, model=TUNES, recipe=None, **wishes):
    wish = Wish(action, **wishes)
    return reworked(score, wish, recipe=recipe or {}, model=model)


def test_rewriting_keeps_what_stands_before_and_after():
    request, change = rework("rewrite", first_bar=3, last_bar=4)

    assert request.keep == (
        Keep("notes", 0, 2 * BAR),
        Keep("notes", 4 * BAR, 8 * BAR),
    )
    assert change == "bars 3 to 4 rewritten"


def test_bars_may_come_in_either_order_and_one_is_enough():
    there = rework("rewrite", first_bar=3, last_bar=4)

    assert rework("rewrite", first_bar=4, last_bar=3) == there
    assert rework("rewrite", last_bar=4)[1] == "bar 4 rewritten"


def test_longer_lets_go_of_the_last_bar_which_says_that_it_is_over():
    request, change = rework("longer")

    assert request.bars == 12
    assert request.keep == (Keep("notes", 0, 7 * BAR),)
    assert change == "longer: 8 bars to 12"


def test_a_memory_of_the_piece_is_for_one_melody_unless_it_is_asked_for():
    assert rework("longer")[0].closeness == rework("continue")[0].closeness == 0.5
    assert rework("same_start", model=CHORALES)[0].closeness == 0.0
    assert rework("continue", model=CHORALES, closeness=1.0)[0].closeness == 1.0


@pytest.mark.parametrize(("bars", "more"), [(1, 4), (8, 4), (32, 16), (250, 6)])
def test_it_grows_by_half_in_fours_and_never_too_long(bars, more):
    assert more_when_longer(bars) == more


def test_the_same_rhythm_keeps_no_pitch():
    request, _ = rework("same_rhythm")

    assert [keep.what for keep in request.keep] == ["rhythm"]


def test_a_lot_is_less_alike_than_a_little():
    assert rework("vary_a_lot")[0].likeness < rework("vary_a_little")[0].likeness


def test_temperature_and_limits_go_on():
    recipe = {"temperature": 1.2, "lowest_pitch": 60, "seed": 5, "bars": 3}

    request, change = rework("wilder", recipe=recipe)

    assert change == "wilder: temperature 1.2 to 1.4"
    assert request.temperature == 1.4
    assert request.lowest_pitch == 60
    assert request.bars is None


def test_the_first_melody_is_harmonised_unless_one_is_named():
    two = Score(
        parts=(Part(notes=CHORDS, name="Lute"), *TUNE.parts),
        metres=TUNE.metres,
        keys=TUNE.keys,
    )

    request, change = rework("harmonise", two, CHORALES)

    assert request.source.score.parts[0].notes == LINE
    assert request.as_part == 0
    assert change == "harmonised: Chorales wrote 3 parts"
    with pytest.raises(BadRequest, match="one note at a time"):
        rework("harmonise", two, CHORALES, part=0)


def test_a_voice_of_as_many_stays_the_voice_it_is():
    parts = tuple(Part(notes=LINE, name=name) for name in CHORALES.parts)
    hymn = Score(parts=parts, metres=TUNE.metres, keys=TUNE.keys)

    request, change = rework("harmonise", hymn, CHORALES, part=2)

    assert request.as_part == 2
    assert change == "other parts to the Tenor"


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - {IN_KEY, IN_MODE}))
def test_of_drums_nothing_is_made(action):
    drums = Score(parts=(Part(notes=LINE, is_drum=True),), metres=TUNE.metres)
    wishes = {"first_bar": 2, "last_bar": 3, "metre": Metre(3, 4)}

    with pytest.raises(BadRequest, match=r"drums|Drums|one note at a time"):
        rework(action, drums, **wishes)
