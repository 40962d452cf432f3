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
#: What players call themselves by their number.
ENSEMBLES = {2: "Duo", 3: "Trio", 4: "Quartet", 5: "Quintet", 6: "Sextet"}
VOICES = {"Soprano", "Alto", "Tenor", "Bass"}


def title_of(kind: str, score: Score, seed: int) -> str:
    """``Jig in D major, no. 7`` for a tune, ``Chorale in G minor, no. 7`` for a choir.

    Music for players is a ``Duo``, a ``Trio``, a ``Quartet``; what is none of these is
    called after its model, ``kind``.
    """
    parts = score.parts
    if len(parts) == 1 and score.metres and parts[0].is_monophonic:
        what = DANCES.get(score.metre, "Tune")
    elif all(part.name in VOICES for part in parts):
        what = "Chorale" if len(parts) == 4 else kind
    else:
        what = ENSEMBLES.get(len(parts), kind)
    where = f" in {score.key}" if score.key else ""
    return f"{what}{where}, no. {seed}"


def told_apart(title: str, parent: str, change: str, *, longest: int = 120) -> str:
    """``title`` with what was changed: ``The brook (bars 5 to 8 rewritten)``.

    ``parent`` is the title it must not be: ``The brook (wilder again)``.
    """
    if not change:
        return title
    what = change.partition(":")[0]
    named = _with(title, what, longest)
    return named if named != parent else _with(title, f"{what} again", longest)


def without_change(title: str, change: str) -> str:
    """The title that ``told_apart`` was given."""
    what = change.partition(":")[0]
    if not what:
        return title
    return title.removesuffix(f" ({what})").removesuffix(f" ({what} again)")


def _with(title: str, what: str, longest: int) -> str:
    room = longest - len(what) - 3
    return f"{title[:room].rstrip()} ({what})" if room > 0 else title
