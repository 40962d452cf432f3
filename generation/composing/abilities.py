"""What can be done with a piece by a model, or a sentence that says why not.

Pure rules over what is known before anything is computed: the piece in numbers, and
the model's repertoire. What is offered here may still fail on the notes themselves;
then the composer says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generation.composing.recipe import MAX_BARS
from generation.composing.repertoire import Repertoire, written_in
from generation.composing.source import MAX_SOURCE_NOTES
from generation.composing.wishes import (
    ACTIONS,
    CALMER,
    CONTINUE,
    HARMONISE,
    IN_KEY,
    IN_METRE,
    IN_MODE,
    LONGER,
    NEW_ENDING,
    REWRITE,
    SAME_RHYTHM,
    SAME_START,
    WILDER,
    other_mode,
)
from training.music.pitch import Key
from training.music.score import Metre, Score

#: A step of wilder or calmer, and how far the steps go.
TEMPERATURE_STEP = 0.2
CALMEST, WILDEST = 0.25, 2.05

NO_MODEL = "Choose a model that works on this piece."


@dataclass(frozen=True, slots=True)
class Piece:
    """What abilities depend on of a piece."""

    bars: int
    notes: int
    num_parts: int
    melodies: tuple[int, ...]  # the parts in which no two notes sound together
    metre: Metre
    key: Key | None
    names: tuple[str, ...] = ()  # of all parts
    is_steady: bool = True  # one metre and one key throughout
    has_drums: bool = False
    #: Set where the recipe gives no notes, and can be followed with one thing changed.
    plain_temperature: float | None = None

    @property
    def is_plain(self) -> bool:
        return self.plain_temperature is not None


def piece_of(score: Score, *, bars: int, plain_temperature: float | None) -> Piece:
    return Piece(
        bars=bars,
        notes=score.num_notes,
        num_parts=len(score.parts),
        melodies=tuple(
            number
            for number, part in enumerate(score.parts)
            if part.notes and part.is_monophonic and not part.is_drum
        ),
        names=tuple(part.name for part in score.parts),
        metre=score.metre,
        key=score.key,
        is_steady=len(score.metres) <= 1 and len(score.keys) <= 1,
        has_drums=any(part.is_drum for part in score.parts),
        plain_temperature=plain_temperature,
    )


def why_not(
    action: str,
    piece: Piece,
    model: Repertoire | None,
    *,
    is_own: bool,
    others: Sequence[Repertoire] = (),
) -> str:
    """Why ``model`` cannot do ``action`` with ``piece``; empty when it can.

    ``is_own`` says that it is the model that wrote the piece, which then can follow the
    piece's recipe again with one thing changed. ``others`` are named where one of them
    can do what this model cannot.
    """
    reason = _why_not(action, piece, model, is_own=is_own)
    able = [
        other.title
        for other in others
        if reason and not _why_not(action, piece, other, is_own=False)
    ]
    if not able:
        return reason
    return f"{reason} Choose {_either(able)} for this."


def _why_not(
    action: str, piece: Piece, model: Repertoire | None, *, is_own: bool
) -> str:
    follows_recipe = is_own and piece.is_plain
    if action == IN_KEY and not follows_recipe:
        return _no_key(piece)
    if action == IN_MODE and not follows_recipe:
        return _no_key(piece)
    if model is None:
        return NO_MODEL
    if action in (IN_KEY, IN_MODE, IN_METRE):
        return _cannot_change_form(action, piece, model, follows_recipe)
    if action in (WILDER, CALMER):
        if reason := _at_the_limit(action, piece):
            return reason
        if follows_recipe:
            return ""
    return _cannot_take(piece, model, action) or _too_short_or_long(action, piece)


def _no_key(piece: Piece) -> str:
    if piece.key is None:
        return "This piece names no key."
    return "" if piece.is_steady else "The metre or the key changes in this piece."


def _cannot_change_form(
    action: str, piece: Piece, model: Repertoire, follows_recipe: bool
) -> str:
    if action == IN_METRE:
        if set(model.metres) <= {piece.metre}:
            return f"{model.title} knows no other metre than {piece.metre}."
        return "" if follows_recipe else _cannot_take(piece, model, action)
    if piece.key is None or not model.knows_keys:
        return f"{model.title} knows no keys."
    if action == IN_MODE and other_mode(piece.key.mode) not in model.modes:
        return f"{model.title} knows no {other_mode(piece.key.mode)} music."
    return ""


def _at_the_limit(action: str, piece: Piece) -> str:
    temperature = piece.plain_temperature
    if temperature is None:
        return ""
    if action == WILDER and temperature + TEMPERATURE_STEP > WILDEST:
        return "It is as wild as it gets."
    if action == CALMER and temperature - TEMPERATURE_STEP < CALMEST:
        return "It is as calm as it gets."
    return ""


def _cannot_take(piece: Piece, model: Repertoire, action: str) -> str:
    """Why the model cannot work from the piece's own notes."""
    if piece.has_drums:
        return "This piece has drums, and drums have no pitches to work from."
    if not piece.is_steady:
        return "The metre or the key changes in this piece."
    if piece.notes > MAX_SOURCE_NOTES:
        return f"This piece has more than {MAX_SOURCE_NOTES:,} notes."
    if action == HARMONISE:
        if reason := _cannot_harmonise(piece, model):
            return reason
    elif reason := _wrong_parts(piece, model):
        return reason
    keeps_metre = action != IN_METRE and model.has_rhythm
    if keeps_metre and written_in(model.metres, piece.metre) not in model.metres:
        return f"{model.title} knows no music in {piece.metre}."
    if piece.key and model.knows_keys and piece.key.mode not in model.modes:
        return f"{model.title} knows no {piece.key.mode} music."
    if action == SAME_RHYTHM and not model.has_rhythm:
        return f"{model.title} writes even notes."
    return ""


def cannot_read(piece: Piece, model: Repertoire) -> str:
    """Why the model cannot say what it thinks of the piece's notes; empty if it can."""
    return _cannot_take(piece, model, CONTINUE)


def _cannot_harmonise(piece: Piece, model: Repertoire) -> str:
    if model.num_parts < 2:
        return f"{model.title} writes one melody."
    if not piece.melodies:
        return "There is no single melody in this piece to harmonise."
    return ""


def _wrong_parts(piece: Piece, model: Repertoire) -> str:
    is_one_melody = piece.num_parts == 1 and len(piece.melodies) == 1
    if model.max_parts == 1 and not is_one_melody:
        return f"{model.title} writes one melody, and this piece has more in it."
    if model.encoding == "voices" and (
        piece.num_parts != model.num_parts or len(piece.melodies) != piece.num_parts
    ):
        return (
            f"{model.title} writes {model.num_parts} parts, and this piece has "
            f"{'one' if piece.num_parts == 1 else piece.num_parts}."
        )
    if piece.num_parts > model.max_parts:
        return f"{model.title} writes at most {model.max_parts} parts."
    return ""


def _too_short_or_long(action: str, piece: Piece) -> str:
    if action in (REWRITE, NEW_ENDING, SAME_START) and piece.bars < 2:
        return "This piece has only one bar."
    if action in (CONTINUE, LONGER) and piece.bars >= MAX_BARS:
        return f"A piece has at most {MAX_BARS} bars."
    return ""


def abilities(
    piece: Piece,
    model: Repertoire | None,
    *,
    is_own: bool,
    others: Sequence[Repertoire] = (),
) -> Mapping[str, str]:
    """Each action, and why it cannot be done; empty where it can."""
    return {
        action: why_not(action, piece, model, is_own=is_own, others=others)
        for action in ACTIONS
    }


def _either(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
