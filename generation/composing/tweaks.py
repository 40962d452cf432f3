"""One thing of a recipe changed, the rest as it was, the seed with it.

Chances are drawn for each event, so the same seed makes most of the same decisions: a
slightly wilder tune is the tune one knows with some notes astray.
"""

from __future__ import annotations

from dataclasses import replace

from generation.composing.abilities import CALMEST, TEMPERATURE_STEP, WILDEST
from generation.composing.recipe import MAX_BARS, BadRequest, ComposeRequest
from generation.composing.wishes import (
    CALMER,
    IN_KEY,
    IN_METRE,
    IN_MODE,
    WILDER,
    Wish,
    other_mode,
)
from training.music.pitch import Key
from training.music.score import Score

TWEAKS = (WILDER, CALMER, IN_MODE, IN_KEY, IN_METRE)


def tweaked(
    request: ComposeRequest, score: Score, wish: Wish
) -> tuple[ComposeRequest, str]:
    """The request with the one thing of ``wish`` changed, and the change in words.

    ``score`` is the piece that ``request`` asked for. Raises ``BadRequest``.
    """
    if wish.action in (WILDER, CALMER):
        before, after = request.temperature, next_temperature(request, wish.action)
        return (
            replace(request, temperature=after),
            f"{wish.action}: temperature {before:g} to {after:g}",
        )
    request = _settled(request, score)
    if wish.action == IN_METRE:
        if wish.metre is None or wish.metre == request.metre:
            raise BadRequest("Choose another metre than the piece has.")
        # Each metre has a pace of its own.
        return replace(request, metre=wish.metre, qpm=0.0), f"in {wish.metre}"
    key = asked_key(score.key, wish)
    return replace(request, tonic=key.tonic, mode=key.mode), f"in {key}"


def _settled(request: ComposeRequest, score: Score) -> ComposeRequest:
    """What the request left open, as it came out: it asks for the same piece.

    Else another mode, say, would come with another length.
    """
    key = score.key
    bars = sum(1 for bar in score.bars() if bar.number > 0)
    return replace(
        request,
        tonic=key.tonic if key else None,
        mode=key.mode if key else None,
        metre=score.metre,
        bars=min(bars, MAX_BARS) if request.num_notes is None else None,
        qpm=request.qpm or score.qpm,
    )


def next_temperature(request: ComposeRequest, action: str) -> float:
    """Raises ``BadRequest`` when it goes no further that way."""
    step = TEMPERATURE_STEP if action == WILDER else -TEMPERATURE_STEP
    after = round(request.temperature + step, 2)
    if action == WILDER and after > WILDEST:
        raise BadRequest("It is as wild as it gets.")
    if action == CALMER and after < CALMEST:
        raise BadRequest("It is as calm as it gets.")
    return after


def asked_key(key: Key | None, wish: Wish) -> Key:
    """The key that ``wish`` puts a piece in ``key`` into. Raises ``BadRequest``."""
    if key is None:
        raise BadRequest("This piece names no key.")
    if wish.action == IN_MODE:
        asked = Key(key.tonic, wish.mode or other_mode(key.mode))
    elif wish.tonic is None:
        raise BadRequest("Choose a key note.")
    else:
        asked = Key(wish.tonic, key.mode)
    if asked == key:
        raise BadRequest(f"The piece is in {key} already. Choose another key.")
    return asked


def what_differs(before: ComposeRequest, after: ComposeRequest) -> str:
    """What of ``before`` was asked otherwise in ``after``, in words; the seed aside.

    >>> what_differs(ComposeRequest(bars=8), ComposeRequest(bars=16, temperature=1.0))
    '16 bars, temperature 0.85 to 1'
    """
    words = []
    if after.bars != before.bars and after.bars:
        words.append(f"{after.bars} bar{'' if after.bars == 1 else 's'}")
    if after.num_notes != before.num_notes and after.num_notes:
        words.append(f"{after.num_notes} notes")
    if after.metre != before.metre and after.metre:
        words.append(f"in {after.metre}")
    if (after.tonic, after.mode) != (before.tonic, before.mode):
        words += _key_in_words(after)
    if after.temperature != before.temperature:
        words.append(f"temperature {before.temperature:g} to {after.temperature:g}")
    if after.qpm != before.qpm and after.qpm:
        words.append(f"{after.qpm:g} quarters a minute")
    if after.pitch_range != before.pitch_range:
        words.append("another range")
    finer = ("top_k", "top_p", "scale_only", "candidates")
    if any(getattr(after, name) != getattr(before, name) for name in finer):
        words.append("finer controls")
    return ", ".join(words)


def _key_in_words(request: ComposeRequest) -> list[str]:
    if request.tonic is not None and request.mode:
        return [f"in {Key(request.tonic, request.mode)}"]
    if request.tonic is not None:
        return [f"in {Key(request.tonic).tonic_name}"]
    return [f"in {request.mode}"] if request.mode else []
