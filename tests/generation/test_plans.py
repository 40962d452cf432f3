from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from generation.composing.plans import choose_plan, default_qpm, with_bars
from generation.composing.recipe import BadRequest, ComposeRequest
from tests.generation.toys import (
    CHORALE_FORMS,
    JIG,
    REEL,
    toy_chorales,
    toy_pitches,
    toy_tunes,
)
from training.music.encodings import Form, MelodyEncoding
from training.music.pitch import Key
from training.music.score import Metre


def plan(seed=0, bundle=None, **wishes):
    return choose_plan(bundle or toy_tunes(), ComposeRequest(seed=seed, **wishes))


def test_forms_are_drawn_as_often_as_they_occurred():
    metres = Counter(plan(seed).form.metre for seed in range(600))

    # 30 jigs and 35 reels, of which the longest and shortest still are usual.
    assert metres[JIG] / 600 == pytest.approx(30 / 65, abs=0.06)


def test_what_is_asked_for_is_kept():
    form = plan(metre=REEL, mode="dorian", tonic=4, bars=12).form

    assert (form.metre, form.key, form.bars) == (REEL, Key(4, "dorian"), 12)


def test_a_narrowed_request_draws_the_same_form():
    for seed in range(20):
        form = plan(seed).form
        assert form.key is not None

        again = plan(
            seed,
            metre=form.metre,
            tonic=form.key.tonic,
            mode=form.key.mode,
            bars=form.bars,
        ).form

        assert again == form


def test_a_metre_no_one_taught_it_is_refused_with_those_it_knows():
    with pytest.raises(BadRequest, match="no music in 5/4; choose 4/4 or 6/8"):
        plan(metre=Metre(5, 4))


def test_a_mode_no_one_taught_it_is_refused_with_those_it_knows():
    with pytest.raises(
        BadRequest, match="no locrian music; choose dorian, major or minor"
    ):
        plan(mode="locrian")


def test_a_model_without_keys_says_so():
    with pytest.raises(BadRequest, match="knows no keys"):
        plan(bundle=toy_pitches(), tonic=2)


def test_metre_and_mode_that_never_met_may_meet():
    form = plan(metre=JIG, mode="minor").form

    assert (form.metre, str(form.key)) == (JIG, "D minor")


def test_an_unknown_tonic_is_written_in_the_nearest_known_one():
    chosen = plan(tonic=6, mode="major")

    assert chosen.form.key is not None
    assert chosen.form.key.tonic + chosen.transposition == 6
    assert abs(chosen.transposition) == 1


@pytest.mark.parametrize("bars", [1, 2, 7, 8, 33, 256])
@pytest.mark.parametrize("form", [form for form, _ in toy_tunes().forms])
def test_a_form_can_be_of_any_number_of_bars(form, bars):
    changed = with_bars(form, bars)

    assert changed.bars == bars
    # The last bar is as full as it was.
    difference = changed.length_ticks - form.length_ticks
    assert difference % form.metre.bar_ticks == 0


@pytest.mark.parametrize("bars", [1, 3, 4, 8, 11, 16, 64])
def test_phrases_fill_a_longer_form_and_the_last_ends_it(bars):
    form = CHORALE_FORMS[0][0]

    changed = with_bars(form, bars)

    ends = changed.phrase_end_ticks
    assert (
        changed.length_ticks - ends[-1] == form.length_ticks - form.phrase_end_ticks[-1]
    )
    gaps = [b - a for a, b in zip(ends, ends[1:], strict=False)]
    assert all(1.5 * 1920 <= gap <= 3.5 * 1920 for gap in gaps)
    assert ends[0] <= 3.5 * 1920


def test_a_chorale_of_its_own_length_keeps_its_phrases():
    form = CHORALE_FORMS[0][0]

    assert with_bars(form, form.bars) is form or with_bars(form, form.bars) == form


def test_a_few_notes_begin_without_a_pick_up():
    assert all(plan(seed, num_notes=3).form.pickup_ticks == 0 for seed in range(10))


def test_a_bundle_without_forms_still_composes():
    bundle = replace(toy_chorales(), forms=())

    assert plan(bundle=bundle, bars=4).form.bars == 4


def test_bare_pitches_are_as_many_quarters_as_notes():
    assert plan(bundle=toy_pitches(), num_notes=50).form.length_ticks == 50 * 480


def test_jigs_are_faster_than_hymns():
    jig = Form(1440, JIG)
    hymn = Form(1920, REEL)

    assert default_qpm(jig, MelodyEncoding()) > default_qpm(
        hymn, toy_chorales().encoding
    )
