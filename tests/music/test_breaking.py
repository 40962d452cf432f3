from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from training.music.breaking import break_lines

widths = st.lists(st.floats(1, 200), min_size=1, max_size=30)


@given(widths)
def test_lines_start_in_order_and_none_is_overfull(bars):
    starts = break_lines(bars, line_width=150, clef_width=20)

    assert starts[0] == 0
    assert starts == sorted(set(starts))
    for start, end in zip(starts, [*starts[1:], len(bars)], strict=True):
        width = sum(bars[start:end]) + (20 if start else 0)
        assert width <= 150 * 1.05 or end - start == 1


def test_lines_end_with_phrases():
    starts = break_lines(
        [10.0] * 16,
        line_width=62,
        clef_width=2,
        good_ends=frozenset({3, 7, 11, 15}),
    )

    assert starts == [0, 4, 8, 12]


def test_lines_are_even_where_phrases_are_unknown():
    starts = break_lines([10.0] * 8, line_width=50, clef_width=0)

    assert starts == [0, 4]


def test_a_piece_that_fits_stays_on_one_line():
    assert break_lines([10.0] * 4, line_width=50, clef_width=5) == [0]
