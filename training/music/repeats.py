"""Repeats and endings: which of the written bars stand in a score."""

from __future__ import annotations

from training.music.barlines import WrittenBar

MAX_BARS_PLAYED = 20_000


def last_endings(bars: list[WrittenBar]) -> list[WrittenBar]:
    """The bars without first endings: of each group of endings only the last stays."""
    kept: list[WrittenBar] = []
    ending_at: int | None = None  # where in ``kept`` the latest ending begins
    for bar in bars:
        if bar.endings:
            if ending_at is not None and min(bar.endings) > 1:
                del kept[ending_at:]
            ending_at = len(kept)
        elif kept and (kept[-1].ends_repeat or kept[-1].starts_repeat):
            ending_at = None
        kept.append(bar)
    return kept


def play_order(bars: list[WrittenBar]) -> list[WrittenBar]:
    """The bars as they are played, repeats and endings included."""
    played: list[WrittenBar] = []
    section, turn, turns = 0, 1, 2  # where to go back to; which time through; how many
    index = 0
    ending: tuple[int, ...] = ()
    while index < len(bars) and len(played) < MAX_BARS_PLAYED:
        bar = bars[index]
        ending = bar.endings or ending
        turns = max(turns, *ending, 2)
        if not ending or turn in ending:
            played.append(bar)
            if bar.ends_repeat and turn < turns:
                index, turn, ending = section, turn + 1, ()
                continue
            if bar.ends_repeat or bar.starts_repeat or (ending and bar.is_section_end):
                section, turn, turns, ending = index + 1, 1, 2, ()
        index += 1
    return played
