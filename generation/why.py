"""Why this note? What a model thought where a note begins, in words, and what follows.

Another note may be chosen: the past is kept, and the model writes on from it; or that
note alone is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import AnonymousUser, User

from generation.actions import as_piece
from generation.composing.abilities import cannot_read
from generation.composing.recipe import BadRequest
from generation.composing.reworking import base_request
from generation.composing.source import UnusableSource, source_of
from generation.composing.thinking import (
    Alternative,
    alternatives,
    choose_note,
    duration_name,
    pitch_name,
)
from generation.desk import own_offers
from generation.editing import edit_piece
from generation.models import Composition
from generation.offers import Offer
from generation.services import compose_now, composing_slot, draw_seed
from training.learning.adaptive import SOME
from training.models import ModelVersion
from training.music.pitch import HIGHEST_PITCH, LOWEST_PITCH, Key
from training.music.score import TICKS_PER_QUARTER, Note, Score
from training.services import load_version_bundle

#: Less likely than this is not worth showing: 1 in 1,000.
LEAST_PROBABILITY = 0.001
MAX_LENGTH_TICKS = 64 * TICKS_PER_QUARTER


@dataclass(frozen=True, slots=True)
class Judge:
    """Who says what a model thought: one that can read the piece, or why there is none.

    ``others`` can read it too.
    """

    offer: Offer | None
    others: tuple[Offer, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that the note could have had. ``value`` is what a form sends for it."""

    name: str
    percent: float
    is_chosen: bool
    value: str  # empty: it cannot be asked for
    pitch: int | None
    duration_ticks: int

    @property
    def share(self) -> str:
        """Its probability in words."""
        if self.percent < 1:
            return "less than 1%"
        return f"{self.percent:.0f}%"


@dataclass(frozen=True, slots=True)
class Why:
    """A note and what was thought of it, in words."""

    part: int
    note: int
    name: str
    where: str
    length: str
    part_name: str
    bits: float
    pitches: tuple[Choice, ...]
    durations: tuple[Choice, ...]

    @property
    def verdict(self) -> str:
        return verdict_of(self.bits)


# Who judges -------------------------------------------------------------------------


def judge_of(
    composition: Composition, offers: Sequence[Offer], slug: str | None
) -> Judge:
    """The model that was asked for, the piece's own, or the first that can read it."""
    offers = own_offers(composition, offers)
    piece = as_piece(composition)
    reasons = {o.slug: cannot_read(piece, o.repertoire) for o in offers}
    able = [offer for offer in offers if not reasons[offer.slug]]
    for name in (slug, composition.model_slug):
        for offer in able:
            if offer.slug == name:
                return Judge(offer, tuple(o for o in able if o is not offer))
    if able:
        return Judge(able[0], tuple(able[1:]))
    if not offers:
        return Judge(None, why_not="There is no model here that could judge a note.")
    sentences = list(dict.fromkeys(reasons.values()))
    return Judge(None, why_not="No model can judge these notes. " + " ".join(sentences))


# In words ---------------------------------------------------------------------------


def verdict_of(bits: float) -> str:
    """``a surprise: 1 in 40``; bits count halvings of probability."""
    if bits < 1.0:
        return f"expected: {100 * 2.0**-bits:.0f} in 100"
    odds = 2.0**bits
    chance = f"1 in {round(odds):,}" if odds < 1e6 else "less than 1 in a million"
    if bits < 3.0:
        return f"one of several likely ones: {chance}"
    return f"{'a surprise' if bits < 7.0 else 'a great surprise'}: {chance}"


def place_of(score: Score, note: Note) -> str:
    """``bar 3, beat 2``."""
    bar = None
    for one in score.bars():
        if one.start_tick > note.start_tick:
            break
        bar = one
    if bar is None:
        return ""
    # A pick-up stands at the end of its bar.
    lacks = 0 if bar.number else bar.metre.bar_ticks - bar.duration_ticks
    beat = 1 + (lacks + note.start_tick - bar.start_tick) / bar.metre.beat_ticks
    name = f"bar {bar.number}" if bar.number else "the pick-up"
    return f"{name}, beat {round(beat, 2):g}"


def length_of(ticks: int) -> str:
    name = duration_name(ticks)
    if name.endswith("quarters"):
        return f"{round(ticks / TICKS_PER_QUARTER, 2):g} quarters"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def part_name(score: Score, part: int) -> str:
    return score.parts[part].name or (
        f"Part {part + 1}" if len(score.parts) > 1 else ""
    )


# Thinking ---------------------------------------------------------------------------


def why_note(
    composition: Composition, version: ModelVersion, part: int, note: int
) -> Why:
    """Raises ``BadRequest`` and ``TooBusy``."""
    score = composition.as_score()
    bundle = load_version_bundle(version)
    with composing_slot():
        thought = alternatives(bundle, score, part, note)
    own = score.parts[part].notes[note]
    return Why(
        part=part,
        note=note,
        name=pitch_name(own.pitch, score.key or Key()),
        where=place_of(score, own),
        length=length_of(own.duration_ticks),
        part_name=part_name(score, part),
        bits=thought.bits,
        pitches=tuple(_of_pitch(a, own) for a in _worth_telling(thought.pitches)),
        durations=tuple(_of_length(a, own) for a in _worth_telling(thought.durations)),
    )


def _worth_telling(told: Sequence[Alternative]) -> list[Alternative]:
    return [a for a in told if a.is_chosen or a.probability >= LEAST_PROBABILITY]


def _of_pitch(alternative: Alternative, own: Note) -> Choice:
    pitch = alternative.pitch
    can_be_asked = pitch is not None and not alternative.is_chosen
    return Choice(
        name=alternative.name,
        percent=100.0 * alternative.probability,
        is_chosen=alternative.is_chosen,
        value=f"pitch {pitch}" if can_be_asked else "",
        pitch=pitch,
        duration_ticks=own.duration_ticks,
    )


def _of_length(alternative: Alternative, own: Note) -> Choice:
    ticks = alternative.duration_ticks or own.duration_ticks
    return Choice(
        name=alternative.name,
        percent=100.0 * alternative.probability,
        is_chosen=alternative.is_chosen,
        value="" if alternative.is_chosen else f"length {ticks}",
        pitch=own.pitch,
        duration_ticks=ticks,
    )


# Choosing ---------------------------------------------------------------------------


def chosen_note(score: Score, part: int, note: int, choice: str) -> Note:
    """The note of ``score`` with another pitch or length, as a form asks for it.

    Raises ``BadRequest``.
    """
    if not 0 <= part < len(score.parts) or not 0 <= note < len(score.parts[part].notes):
        raise BadRequest("There is no such note in this piece. Choose another.")
    own = score.parts[part].notes[note]
    what, _, number = choice[:20].partition(" ")
    value = int(number) if number.isascii() and number.isdigit() else -1
    if what == "pitch" and LOWEST_PITCH <= value <= HIGHEST_PITCH:
        made = replace(own, pitch=value)
    elif what == "length" and 1 <= value <= MAX_LENGTH_TICKS:
        made = replace(own, duration_ticks=value)
    else:
        raise BadRequest("Choose one of the notes or lengths on the list.")
    if made == own:
        raise BadRequest("That is the note as it is. Choose another.")
    return made


def go_on_from(
    composition: Composition,
    version: ModelVersion,
    part: int,
    note: int,
    choice: str,
    *,
    seed: int | None = None,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """Keep what came before the note, take the chosen one, and write on from there.

    Raises ``BadRequest`` and ``TooBusy``.
    """
    score = composition.as_score()
    made = chosen_note(score, part, note, choice)
    try:
        source = source_of(score)
    except UnusableSource as reason:
        raise BadRequest(str(reason)) from None
    wanted = choose_note(source, part, note, made.pitch, made.duration_ticks)
    request = replace(
        base_request(score, composition.recipe),
        source=wanted.source,
        keep=wanted.keep,
        bars=wanted.bars,
        seed=draw_seed() if seed is None else seed,
        # A memory of the piece is worth 2 % to several parts, and half of the time.
        closeness=SOME if len(score.parts) == 1 else 0.0,
    )
    where = place_of(score, made)
    return compose_now(
        version,
        request,
        parent=composition,
        change=f"{_in_words(score, made, choice)} at {where}, and on from there",
        owner=owner,
        session_key=session_key,
    )


def _in_words(score: Score, made: Note, choice: str) -> str:
    if choice.startswith("pitch"):
        return pitch_name(made.pitch, score.key or Key())
    return length_of(made.duration_ticks)


def change_only(
    composition: Composition,
    part: int,
    note: int,
    choice: str,
    *,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """The piece with that one note changed, as an edit.

    What follows in its part gives way to a longer one. Raises ``BadRequest`` and
    ``WrongEdit``.
    """
    score = composition.as_score()
    made = chosen_note(score, part, note, choice)
    edits = [list(other.notes) for other in score.parts]
    edits[part][note] = made
    if score.parts[part].is_monophonic and made.duration_ticks:
        edits[part] = _given_way(edits[part], note)
    return edit_piece(composition, edits, owner=owner, session_key=session_key)


def _given_way(notes: list[Note], number: int) -> list[Note]:
    """One line of notes in which note ``number`` sounds its whole length."""
    own = notes[number]
    later = [
        replace(n, start_tick=begin, duration_ticks=n.end_tick - begin)
        for n in notes[number + 1 :]
        if (begin := max(n.start_tick, own.end_tick)) < n.end_tick
    ]
    return [*notes[: number + 1], *later]
