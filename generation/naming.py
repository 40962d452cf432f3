"""What a new piece is called."""

from __future__ import annotations

from training.music.score import Metre, Score

#: What dancers call a tune in this metre.
DANCES = {
    Metre(2, 4): "Polka",
    Metre(2, 2): "Reel",
    Metre(4, 4): "Reel",
    Metre(3, 2): "Hornpipe",
    Metre(3, 4): "Waltz",
    Metre(3, 8): "Waltz",
    Metre(6, 8): "Jig",
    Metre(9, 8): "Slip jig",
    Metre(12, 8): "Slide",
}


def title_of(kind: str, score: Score, seed: int) -> str:
    """``Jig in D major, no. 7`` for a tune, ``Chorale in G minor, no. 7``."""
    if len(score.parts) == 1 and score.metres:
        what = DANCES.get(score.metre, "Tune")
    else:
        what = "Chorale" if len(score.parts) == 4 else kind
    where = f" in {score.key}" if score.key else ""
    return f"{what}{where}, no. {seed}"
