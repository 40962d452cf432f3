"""What a person may do with a piece, and how it is written down and told again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from generation.composing.recipe import MAX_BARS
from training.music.pitch import Key
from training.music.score import Metre

# With some of its bars.
REWRITE: Final = "rewrite"
CONTINUE: Final = "continue"
NEW_ENDING: Final = "new_ending"
HARMONISE: Final = "harmonise"
# Again, but…
WILDER: Final = "wilder"
CALMER: Final = "calmer"
IN_MODE: Final = "mode"
IN_KEY: Final = "key"
IN_METRE: Final = "metre"
LONGER: Final = "longer"
SAME_RHYTHM: Final = "same_rhythm"
SAME_START: Final = "same_start"
VARY_A_LITTLE: Final = "vary_a_little"
VARY_A_LOT: Final = "vary_a_lot"

ON_BARS = (REWRITE, CONTINUE, NEW_ENDING, HARMONISE)
AGAIN_BUT = (
    *(WILDER, CALMER, IN_MODE, IN_KEY, IN_METRE),
    *(LONGER, SAME_RHYTHM, SAME_START, VARY_A_LITTLE, VARY_A_LOT),
)
ACTIONS = (*ON_BARS, *AGAIN_BUT)

MAX_MORE_BARS = 128
USUAL_MORE_BARS = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """One action and what it needs to know; None leaves it to the program.

    Bars are counted from 1, and ``part`` from 0.
    """

    action: str
    first_bar: int | None = None
    last_bar: int | None = None
    more_bars: int | None = None  # continue, longer: so many are added
    closeness: float | None = None  # continue: to what the piece has done so far
    part: int | None = None  # harmonise: the part that is kept
    tonic: int | None = None  # key
    mode: str | None = None  # mode; None: minor for major, and the other way round
    metre: Metre | None = None  # metre

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"There is no action {self.action!r}.")


def bars_in_words(first: int, last: int) -> str:
    return f"bar {first}" if first == last else f"bars {first} to {last}"


def other_mode(mode: str) -> str:
    """Major for what sounds like minor, and the other way round."""
    key = Key(0, mode)
    return "minor" if 4 in key.scale else "major"


def bars_in_the_end(bars: int) -> int:
    """How many bars another ending rewrites, unless it is told."""
    return max(1, min(4, bars // 3))


def bars_at_the_start(bars: int) -> int:
    """How many bars stay when only the start does."""
    return max(1, min(4, bars // 4))


def more_when_longer(bars: int) -> int:
    """How many bars are added to so many: half as many, whole phrases of four."""
    return max(0, min(max(4, bars // 8 * 4), MAX_MORE_BARS, MAX_BARS - bars))
