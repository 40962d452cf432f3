"""Where lines of music end: full lines, and phrases kept whole where that is possible.

The cost of a line is the square of how far it is from full (Knuth and Plass, *Breaking
Paragraphs into Lines*, 1981), more when it ends where no musician would turn.
"""

from __future__ import annotations

from collections.abc import Sequence

_FULLEST = 1.04  # a little squeezing is better than a lonely bar
_CROWDED = 1000.0  # the cost of a line too long for the page (one very long bar)
_MID_PHRASE = 0.35  # dearer than three lines two thirds full


def break_lines(
    widths: Sequence[float],
    *,
    line_width: float,
    clef_width: float,
    good_ends: frozenset[int] = frozenset(),
) -> list[int]:
    """The bars that start lines, the first always 0.

    ``widths`` are the natural widths of the bars; the first includes its clef, later
    lines add ``clef_width``. ``good_ends`` are bars after which a line may well end.
    """
    count = len(widths)
    best = [0.0] + [float("inf")] * count  # the cost of the lines up to a bar
    start_of = [0] * (count + 1)
    for end in range(1, count + 1):
        width = 0.0
        for start in range(end - 1, -1, -1):
            width += widths[start]
            fullness = (width + (clef_width if start else 0.0)) / line_width
            if fullness > _FULLEST and end - start > 1:
                break
            cost = _line_cost(fullness, is_last=end == count)
            if end < count and end - 1 not in good_ends:
                cost += _MID_PHRASE
            if best[start] + cost < best[end]:
                best[end], start_of[end] = best[start] + cost, start
    starts = [count]
    while starts[-1] > 0:
        starts.append(start_of[starts[-1]])
    return starts[:0:-1]


def _line_cost(fullness: float, *, is_last: bool) -> float:
    if fullness > _FULLEST:
        return _CROWDED
    slack = 1.0 - fullness
    # A short last line is no disgrace, but a full one looks finished.
    return slack * slack * (0.5 if is_last else 1.0)
