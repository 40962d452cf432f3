"""What a wish makes of given notes: which of them are kept, and what is written anew.

Pure: a score, a wish and the controls that the piece was made with in, a request and
the change in words out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from generation.composing.abilities import CALMEST, WILDEST
from generation.composing.recipe import (
    MAX_BARS,
    MAX_QPM,
    MIN_QPM,
    BadRequest,
    ComposeRequest,
)
from generation.composing.repertoire import Repertoire
from generation.composing.source import (
    RHYTHM,
    Source,
    UnusableSource,
    beginning_of_score,
    keep_all,
    keep_all_but_bars,
    source_of,
)
from generation.composing.tweaks import next_temperature
from generation.composing.wishes import (
    CALMER,
    CONTINUE,
    HARMONISE,
    IN_METRE,
    LONGER,
    MAX_MORE_BARS,
    NEW_ENDING,
    REWRITE,
    SAME_RHYTHM,
    SAME_START,
    USUAL_MORE_BARS,
    VARY_A_LITTLE,
    VARY_A_LOT,
    WILDER,
    Wish,
    bars_at_the_start,
    bars_in_the_end,
    bars_in_words,
    more_when_longer,
)
from training.learning.adaptive import SOME
from training.music.score import Score

#: How like the piece its variations are, see ``ComposeRequest.likeness``.
A_LITTLE, A_LOT, STEADY = 0.75, 0.4, 0.6

#: What is taken over from the recipe of the piece.
_INHERITED = (
    *("temperature", "top_k", "top_p"),
    *("lowest_pitch", "highest_pitch", "scale_only"),
)
Reworked = tuple[ComposeRequest, str]


def reworked(
    score: Score, wish: Wish, *, recipe: Mapping[str, Any], model: Repertoire
) -> Reworked:
    """The request for what ``wish`` makes of ``score``, and the change in words.

    ``recipe`` is that of the piece; its temperature and limits go on. ``model`` is the
    one that will write. Raises ``BadRequest``.
    """
    base = base_request(score, recipe)
    try:
        if wish.action == HARMONISE:
            return _harmonised(score, wish, base, model)
        request, change = _VERBS[wish.action](score, wish, base)
    except UnusableSource as reason:
        raise BadRequest(str(reason)) from None
    is_asked = wish.action == CONTINUE and wish.closeness is not None
    if model.num_parts > 1 and not is_asked:
        # A memory of the piece is worth 2 % to several parts, and half of the time.
        request = replace(request, closeness=0.0)
    return request, change


def base_request(score: Score, recipe: Mapping[str, Any]) -> ComposeRequest:
    """As freely and in the range as ``recipe`` has it, and as fast as ``score``."""
    inherited = {n: v for n in _INHERITED if (v := recipe.get(n)) is not None}
    return ComposeRequest(**inherited, qpm=min(max(score.qpm, MIN_QPM), MAX_QPM))


def _rewritten(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    source = source_of(score)
    first = wish.last_bar if wish.first_bar is None else wish.first_bar
    last = wish.first_bar if wish.last_bar is None else wish.last_bar
    if first is None or last is None:
        raise BadRequest(
            "Say which bars to rewrite: select them on the roll or the score, or write "
            "their numbers."
        )
    first, last = sorted((first, last))
    if (first, last) == (1, source.bars):
        raise BadRequest("Leave at least one bar as it is, or compose again.")
    keep = keep_all_but_bars(source, first, last)
    return (
        replace(base, source=source, keep=keep),
        f"{bars_in_words(first, last)} rewritten",
    )


def _new_ending(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    source = source_of(score)
    usual = source.bars - bars_in_the_end(source.bars) + 1
    first = usual if wish.first_bar is None else wish.first_bar
    if first < 2:
        raise BadRequest("Leave the first bar as it is, or compose again.")
    keep = keep_all_but_bars(source, first, source.bars)
    return (
        replace(base, source=source, keep=keep),
        f"a new ending from bar {first}",
    )


def continued(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    """Everything up to a bar is kept, and more bars follow."""
    whole = source_of(score).bars
    last = wish.first_bar if wish.last_bar is None else wish.last_bar
    last = whole if last is None else last
    source = beginning_of_score(score, last)
    more = USUAL_MORE_BARS if wish.more_bars is None else wish.more_bars
    bars = source.bars + more
    if not 1 <= more <= MAX_MORE_BARS or bars > MAX_BARS:
        most = min(MAX_MORE_BARS, MAX_BARS - source.bars)
        raise BadRequest(
            f"Ask for 1 to {most} more bars."
            if most > 0
            else f"A piece has at most {MAX_BARS} bars. Go on from an earlier one."
        )
    closeness = SOME if wish.closeness is None else wish.closeness
    return (
        _goes_on(base, source, bars=bars, closeness=closeness),
        f"goes on after bar {last}, {more} more",
    )


def _longer(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    whole = source_of(score).bars
    more = more_when_longer(whole) if wish.more_bars is None else wish.more_bars
    if not 1 <= more <= MAX_MORE_BARS or whole + more > MAX_BARS:
        raise BadRequest(f"A piece has at most {MAX_BARS} bars.")
    # The last bar says that it is over.
    source = beginning_of_score(score, max(1, whole - 1))
    return (
        _goes_on(base, source, bars=whole + more, closeness=SOME),
        f"longer: {whole} bars to {whole + more}",
    )


def _same_start(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    whole = source_of(score).bars
    kept = bars_at_the_start(whole) if wish.last_bar is None else wish.last_bar
    if kept >= whole:
        raise BadRequest(f"Keep fewer than its {whole} bars.")
    source = beginning_of_score(score, kept)
    return (
        _goes_on(base, source, bars=whole, closeness=SOME),
        f"the same start: {bars_in_words(1, kept)} kept",
    )


def _goes_on(
    base: ComposeRequest, source: Source, *, bars: int, closeness: float
) -> ComposeRequest:
    return replace(
        base, source=source, keep=(keep_all(source),), bars=bars, closeness=closeness
    )


def _harmonised(
    score: Score, wish: Wish, base: ComposeRequest, model: Repertoire
) -> Reworked:
    """One part is kept, the model's other parts are written to it."""
    number = _first_melody(score) if wish.part is None else wish.part
    if number >= len(score.parts) or not score.parts[number].notes:
        raise BadRequest(f"Choose one of the {len(score.parts)} parts.")
    part = score.parts[number]
    if not part.is_monophonic or part.is_drum:
        raise BadRequest("Choose a part that sounds one note at a time.")
    source = source_of(replace(score, parts=(part,)))
    has_its_parts = len(score.parts) == model.num_parts
    others = model.num_parts - 1
    change = (
        f"other parts to the {part.name or f'part {number + 1}'}"
        if has_its_parts
        else f"harmonised: {model.title} wrote {others} parts"
    )
    return (
        # Limits of a melody are none for a choir; a likely harmony is a good one.
        replace(
            base,
            lowest_pitch=None,
            highest_pitch=None,
            source=source,
            keep=(keep_all(source),),
            as_part=number if has_its_parts else 0,
        ),
        change,
    )


def _first_melody(score: Score) -> int:
    """The first part that sounds one note at a time; 0 when there is none."""
    melodies = (
        n for n, part in enumerate(score.parts) if part.notes and part.is_monophonic
    )
    return next(melodies, 0)


def _with_its_rhythm(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    source = source_of(score)
    keep = (keep_all(source, RHYTHM),)
    return replace(base, source=source, keep=keep), "the same rhythm, new notes"


def _varied(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    is_little = wish.action == VARY_A_LITTLE
    likeness = A_LITTLE if is_little else A_LOT
    return (
        replace(base, source=source_of(score), likeness=likeness),
        "varied a little" if is_little else "varied a lot",
    )


def _warmer(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    before, after = base.temperature, next_temperature(base, wish.action)
    assert CALMEST <= after <= WILDEST
    return (
        replace(base, source=source_of(score), likeness=STEADY, temperature=after),
        f"{wish.action}: temperature {before:g} to {after:g}",
    )


def _in_metre(score: Score, wish: Wish, base: ComposeRequest) -> Reworked:
    if wish.metre is None or wish.metre == score.metre:
        raise BadRequest("Choose another metre than the piece has.")
    source = source_of(score)
    return (
        replace(base, source=source, likeness=STEADY, metre=wish.metre, qpm=0.0),
        f"in {wish.metre}",
    )


_VERBS: Mapping[str, Callable[[Score, Wish, ComposeRequest], Reworked]] = {
    REWRITE: _rewritten,
    CONTINUE: continued,
    NEW_ENDING: _new_ending,
    WILDER: _warmer,
    CALMER: _warmer,
    IN_METRE: _in_metre,
    LONGER: _longer,
    SAME_RHYTHM: _with_its_rhythm,
    SAME_START: _same_start,
    VARY_A_LITTLE: _varied,
    VARY_A_LOT: _varied,
}
