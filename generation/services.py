"""The verbs of generation: compose, ask for a rendering, make it."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from generation.composing.composer import Composed, compose
from generation.composing.naming import title_of, told_apart, without_change
from generation.composing.recipe import ComposeRequest, recipe_json
from generation.models import Composition
from generation.sounds import inherited_sound
from training.models import ModelVersion
from training.music.score import Score
from training.music.score_json import score_from_json, score_to_json
from training.random_notes import random_score
from training.services import load_version_bundle

logger = logging.getLogger(__name__)

#: Seeds we draw are short enough to read out; anyone may ask for a longer one.
DRAWN_SEEDS = 10_000
#: The largest whole number that every program reading our JSON holds exactly.
MAX_SEED = 2**53 - 1

#: Pieces that the home page and the models' pages show: by their seeds, chosen by ear.
SHOWCASE_SEEDS = {
    "tunes": (36, 4, 26, 38),
    "chorales": (27, 22, 36, 18),
    "quartets": (20, 2, 25, 17),
}
OTHER_SEEDS = (1, 2, 3, 4)


class TooBusy(Exception):
    """Every place to compose in is taken."""

    retry_after_seconds = 5


# Composing -------------------------------------------------------------------------

_slots = threading.BoundedSemaphore(settings.COMPOSE_SLOTS)


@contextmanager
def composing_slot() -> Iterator[None]:
    """One of the few places to compose in; ``TooBusy`` when none comes free in time.

    Composing keeps a core busy: more of it at once only makes everyone wait longer.
    """
    if not _slots.acquire(timeout=settings.COMPOSE_WAIT_SECONDS):
        raise TooBusy("Many people are composing just now. Try again in a few seconds.")
    try:
        yield
    finally:
        _slots.release()


def draw_seed() -> int:
    return secrets.randbelow(DRAWN_SEEDS)


def compose_now(
    version: ModelVersion,
    request: ComposeRequest,
    *,
    owner: User | AnonymousUser | None,
    session_key: str,
    parent: Composition | None = None,
    change: str = "",
    is_showcase: bool = False,
) -> Composition:
    """Write a piece and keep it. Raises ``BadRequest`` and ``TooBusy``.

    ``change`` says what it does to its ``parent``.
    """
    bundle = load_version_bundle(version)
    with composing_slot():
        composed = compose(bundle, request)
    recipe = {
        **json.loads(recipe_json(version.bundle_hash, request)),
        # For people: the bundle's hash alone says which network it was.
        "model": version.model.slug,
        "version": version.number,
    }
    title = title_of(version.model.title, composed.score, request.seed)
    if parent and change:
        title = _title_of_child(parent, title, change)
    return Composition.objects.create(
        title=title,
        version=version,
        recipe=recipe,
        seed=request.seed,
        score=score_to_json(replace(composed.score, title=title)),
        surprise=[round(float(bits), 3) for bits in composed.bits],
        measures=measures_of(composed.score) | _likelihood(composed),
        parent=parent,
        change=_in_a_line(change),
        sound=inherited_sound(parent, composed.score),
        is_showcase=is_showcase,
        **owned_by(owner, session_key),
    )


def keep_changed(
    parent: Composition,
    score: Score,
    *,
    version: ModelVersion | None,
    recipe: dict[str, Any],
    change: str,
    surprise: Sequence[float] = (),
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """A piece with the notes of ``score``, made from ``parent`` without a model.

    ``version`` is the network it began with, None where whose piece it will be may not
    use that; ``surprise`` is what it thought of the notes, where it was asked.
    """
    kind = version.model.title if version else "Piece"
    title = _title_of_child(parent, title_of(kind, score, parent.seed), change)
    return Composition.objects.create(
        title=title,
        origin=Composition.Origin.EDITED,
        version=version,
        recipe=recipe,
        seed=parent.seed,
        score=score_to_json(replace(score, title=title)),
        surprise=[round(bits, 3) for bits in surprise],
        measures=measures_of(score) | _bits_per_note(surprise),
        sound=inherited_sound(parent, score),
        parent=parent,
        change=_in_a_line(change),
        **owned_by(owner, session_key),
    )


def _in_a_line(change: str) -> str:
    """``change`` as long as its column is: names of parts and models may be long."""
    longest = Composition._meta.get_field("change").max_length
    assert longest
    return change if len(change) <= longest else f"{change[: longest - 1]}…"


def _title_of_child(parent: Composition, written: str, change: str) -> str:
    """A title a person gave stays; where it is the parent's, it says what changed."""
    kind = parent.version.model.title if parent.version else "Piece"
    before = without_change(parent.title, parent.change)
    # The program's own titles hold the key and the seed, which change.
    is_given = before != title_of(kind, score_from_json(parent.score), parent.seed)
    title = before if is_given else written
    if title != before:
        return title
    return told_apart(title, parent.title, _in_a_line(change))


def compose_random(
    *,
    num_notes: int,
    seed: int,
    qpm: float,
    owner: User | AnonymousUser | None,
    session_key: str,
) -> Composition:
    """The seed's own music: every note drawn evenly from one octave. A control."""
    score = random_score(num_notes, seed=seed, qpm=qpm)
    title = f"Random notes, no. {seed}"
    return Composition.objects.create(
        title=title,
        origin=Composition.Origin.RANDOM,
        recipe={"model": "random", "seed": seed, "num_notes": num_notes, "qpm": qpm},
        seed=seed,
        score=score_to_json(replace(score, title=title)),
        measures=measures_of(score),
        **owned_by(owner, session_key),
    )


def write_showcases(version: ModelVersion) -> None:
    """Finished pieces that show what a house model can do, in place of older ones."""
    Composition.objects.showcases().filter(version__model=version.model).update(
        is_showcase=False
    )
    for seed in SHOWCASE_SEEDS.get(version.model.slug, OTHER_SEEDS):
        compose_now(
            version,
            ComposeRequest(seed=seed),
            owner=None,
            session_key="",
            is_showcase=True,
        )


def set_showcase(composition: Composition, is_showcase: bool) -> bool:
    """Show the piece as an example of what its model can do, or no longer.

    False: it was so already, or it is a piece that belongs to an account.
    """
    found = Composition.objects.filter(pk=composition.pk, is_showcase=not is_showcase)
    if is_showcase:
        # Everybody may hear an example; a person's own pieces are theirs to show.
        found = found.filter(owner=None, deleted_at=None).exclude(version=None)
        # An example is nobody's: who wrote it as a visitor may no longer change it.
        return bool(found.update(is_showcase=True, session_key=""))
    return bool(found.update(is_showcase=False))


def recipe_text(composition: Composition) -> str:
    """The recipe as it travels inside MIDI, MusicXML and ABC files."""
    return json.dumps(composition.recipe, sort_keys=True)


def owned_by(owner: User | AnonymousUser | None, session_key: str) -> dict[str, Any]:
    if owner is not None and owner.is_authenticated:
        return {"owner": owner, "session_key": ""}
    return {"owner": None, "session_key": session_key}


def measures_of(score: Score) -> dict[str, Any]:
    return {
        "notes": score.num_notes,
        "bars": sum(1 for bar in score.bars() if bar.number > 0),
        "key": str(score.key) if score.key else "",
        "metre": str(score.metre),
        "qpm": score.qpm,
        "seconds": round(score.seconds_at(score.end_tick), 1),
    }


def _bits_per_note(surprise: Sequence[float]) -> dict[str, Any]:
    if not surprise:
        return {}
    return {"bits_per_note": round(sum(surprise) / len(surprise), 3)}


def _likelihood(composed: Composed) -> dict[str, Any]:
    notes = max(1, len(composed.bits))
    return {
        "log2_likelihood": round(float(composed.log2_likelihood), 3),
        "bits_per_note": round(-float(composed.log2_likelihood) / notes, 3),
    }
