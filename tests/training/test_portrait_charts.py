from __future__ import annotations

import re

import pytest

from tests.music.lines import chords, line
from training.models import Portrait
from training.music.pitch import Key
from training.music.profile import MEASURES, profile, profile_to_json
from training.music.score import KeyChange, Score
from training.music.similarity import known_ngrams
from training.portrait_charts import WORDS, measure_rows, pair_charts

C_MAJOR = (KeyChange(0, Key(0)),)
TUNE = Score((line(60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 64, 60, 60),), keys=C_MAJOR)
HYMN = chords((72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48), keys=C_MAJOR)


def portrait(own, real=()) -> Portrait:
    known = [known_ngrams([TUNE], 10), known_ngrams([TUNE], 20)]
    return Portrait(
        generated=profile_to_json(profile(own, known)) if own else {},
        held_out=profile_to_json(profile(real, known)) if real else {},
    )


def test_every_measure_has_words():
    assert set(WORDS) == {*MEASURES, "copied_10", "copied_20"}


def test_rows_say_what_differs():
    wild = Score((line(60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72),))

    rows = {row.name: row for row in measure_rows(portrait([wild], [TUNE] * 10))}

    assert rows["scale_consistency"].verdict == "lower than most"
    assert rows["pitch_class_entropy"].verdict == "higher than most"
    assert rows["groove_consistency"].verdict == ""
    assert rows["scale_consistency"].real == "100.0 %"
    assert rows["scale_consistency"].band == "100.0 to 100.0 %"
    assert rows["pitch_class_entropy"].own == "3.55"  # 13 notes, one class twice
    assert rows["copied_10"].own == "0.0 %"
    assert rows["copied_10"].real == "100.0 %"


def test_few_real_pieces_have_a_mean_and_no_band():
    rows = measure_rows(portrait([HYMN], [TUNE] * 9))

    assert {(row.band, row.verdict) for row in rows} == {("", "")}
    assert {row.name: row.real for row in rows}["scale_consistency"] == "100.0 %"


def test_without_real_pieces_there_is_nothing_beside():
    rows = measure_rows(portrait([HYMN]))

    assert {row.real for row in rows} == {""}
    assert {"crossings", "authentic_cadences"} <= {row.name for row in rows}
    assert pair_charts(portrait([HYMN])) == []


def test_while_nothing_is_measured_there_is_nothing_to_show():
    assert measure_rows(portrait([], [TUNE])) == []
    assert pair_charts(portrait([], [TUNE])) == []


def test_a_chart_lays_one_histogram_over_the_other():
    halves = Score((line(60, 62, 60, ticks=960),))
    quarters = Score((line(60, 62, 64),))

    charts = {c.slug: c for c in pair_charts(portrait([halves], [quarters]))}

    steps = {pair.label: pair for pair in charts["intervals"].pairs}
    assert (steps["up 2"].own, steps["up 2"].real) == (50.0, 100.0)
    assert (steps["up 2"].own_height, steps["up 2"].real_top) == (50.0, 0.0)
    assert (steps["down 2"].own, steps["down 2"].real) == (50.0, 0.0)
    assert charts["intervals"].overlap == 50.0
    assert "quarter, 100 %" in charts["durations"].summary
    assert "half, 100 %" in charts["durations"].summary


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["tunes", "chorales"])
def test_the_page_shows_a_table_and_charts_without_styles_of_their_own(client, slug):
    response = client.get(f"/models/{slug}/")

    page = response.content.decode()
    section = page[page.index('id="music"') : page.index("How it learnt")]
    assert section.count("<svg") == section.count('role="img"') == 2
    assert len(response.context["music_rows"]) > 8
    assert "style=" not in section
    heights = [float(h) for h in re.findall(r'height="([\d.]+)"', section)]
    assert heights
    assert max(heights) == 100.0


@pytest.mark.django_db
def test_the_page_says_that_it_is_being_measured(client, tunes):
    Portrait.objects.filter(version=tunes).update(state="running", generated={})

    page = client.get("/models/tunes/").content.decode()

    assert "Look again in a minute" in page
