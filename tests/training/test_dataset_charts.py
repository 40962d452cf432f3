"""Bars: nothing is lost on the way from counts to charts."""

from __future__ import annotations

from training.dataset_charts import MOST_COLUMNS, MOST_ROWS, Chart, charts_of


def chart_of(name: str, counted: list) -> Chart:
    (chart,) = charts_of({name: counted})
    return chart


def test_numbers_keep_their_order_and_their_gaps():
    chart = chart_of("bars", [[8, 2], [10, 4]])

    labels = [bar.label for bar in chart.bars]
    assert labels == ["8 bars", "9 bars", "10 bars"]
    assert [bar.share for bar in chart.bars] == [50, 0, 100]
    assert chart.summary == "From 8 bars to 10 bars, most at 10 bars."


def test_many_numbers_share_columns():
    counted = [[number, 1] for number in range(1, 300)]

    chart = chart_of("bars", counted)

    assert len(chart.bars) <= MOST_COLUMNS
    assert sum(bar.count for bar in chart.bars) == len(counted)
    assert chart.bars[0].label == "1 to 10 bars"
    assert chart.bars[-1].label.endswith("299 bars")


def test_pitches_are_called_by_their_names():
    chart = chart_of("pitches", [[60, 1], [61, 2], [62, 1]])

    assert [bar.label for bar in chart.bars] == ["C4", "C♯4", "D4"]


def test_rare_kinds_are_put_together():
    counted = [[f"{number}/4", 1] for number in range(1, 30)]

    chart = chart_of("metres", counted)

    assert len(chart.bars) == MOST_ROWS
    assert chart.bars[-1].label == "others"
    assert sum(bar.count for bar in chart.bars) == 29


def test_where_nothing_was_counted_there_is_no_chart():
    assert charts_of({}) == []
    assert charts_of({"bars": [], "keys": []}) == []
