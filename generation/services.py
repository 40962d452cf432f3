"""The verbs of generation: compose, ask for a rendering, make it."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from generation.composer import Composed, compose
from generation.models import Composition, Rendering
from generation.naming import title_of
from generation.recipe import ComposeRequest, recipe_json
from training.models import ModelVersion
from training.music.score import Score
from training.music.score_json import score_to_json
from training.random_notes import random_score
from training.services import load_version_bundle

logger = logging.getLogger(__name__)

#: Seeds we draw are short enough to read out; anyone may ask for a longer one.
DRAWN_SEEDS = 1_000_000
#: The largest whole number that every program reading our JSON holds exactly.
MAX_SEED = 2**53 - 1

#: Pieces that the home page and the models' pages show: by their seeds, chosen by ear.
SHOWCASE_SEEDS = {
    "tunes": (36, 4, 26, 38),
    "chorales": (27, 22, 36, 18),
    "quartets": (20, 2, 25, 17),
}
OTHER_SEEDS = (1, 2, 3, 4)

#: A worker is killed after Q_CLUSTER's timeout, so a rendering older than this is dead.
RENDERING_LEASE = timedelta(seconds=330)
#: A doorbell not answered for so long is rung again.
DOORBELL_PATIENCE = timedelta(seconds=60)
MAX_ATTEMPTS = 3


class TooBusy(Exception):
    """Every place to compose in is taken."""

    retry_after_seconds = 5


class NoSuchRendering(ValueError):
    """Not a format we make."""


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
    is_showcase: bool = False,
) -> Composition:
    """Write a piece and keep it. Raises ``BadRequest`` and ``TooBusy``."""
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
    return Composition.objects.create(
        title=title,
        version=version,
        recipe=recipe,
        seed=request.seed,
        score=score_to_json(replace(composed.score, title=title)),
        surprise=[round(float(bits), 3) for bits in composed.bits],
        measures=_measures(composed.score) | _likelihood(composed),
        parent=parent,
        is_showcase=is_showcase,
        **_whose(owner, session_key),
    )


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
        recipe={"model": "random", "seed": seed, "num_notes": num_notes, "qpm": qpm},
        seed=seed,
        score=score_to_json(replace(score, title=title)),
        measures=_measures(score),
        **_whose(owner, session_key),
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


def _whose(owner: User | AnonymousUser | None, session_key: str) -> dict[str, Any]:
    if owner is not None and owner.is_authenticated:
        return {"owner": owner, "session_key": ""}
    return {"owner": None, "session_key": session_key}


def _measures(score: Score) -> dict[str, Any]:
    return {
        "notes": score.num_notes,
        "bars": sum(1 for bar in score.bars() if bar.number > 0),
        "key": str(score.key) if score.key else "",
        "metre": str(score.metre),
        "qpm": score.qpm,
        "seconds": round(score.seconds_at(score.end_tick), 1),
    }


def _likelihood(composed: Composed) -> dict[str, Any]:
    notes = max(1, len(composed.bits))
    return {
        "log2_likelihood": round(float(composed.log2_likelihood), 3),
        "bits_per_note": round(-float(composed.log2_likelihood) / notes, 3),
    }


# Renderings ------------------------------------------------------------------------


def request_rendering(composition: Composition, format: str) -> Rendering:
    """Ask for a file that takes a while. Asking again is harmless.

    A failed rendering is tried afresh.
    """
    if format not in Rendering.Format.values:
        formats = ", ".join(Rendering.Format.values)
        raise NoSuchRendering(f"There is no {format!r}. Ask for one of {formats}.")
    now = timezone.now()
    rendering, is_new = Rendering.objects.get_or_create(
        composition=composition, format=format, defaults={"rung_at": now}
    )
    if is_new:
        ring(rendering.pk)
    elif rendering.is_unfinished:
        sweep_renderings(Rendering.objects.filter(pk=rendering.pk), now=now)
    else:
        try_rendering_again(rendering)
    rendering.refresh_from_db()
    return rendering


def try_rendering_again(rendering: Rendering) -> bool:
    """Put a failed rendering back in the queue. False: it has not failed."""
    has_failed = _requeue_failed(rendering, timezone.now())
    if has_failed:
        ring(rendering.pk)
    return has_failed


def _requeue_failed(rendering: Rendering, now: datetime) -> bool:
    failed = Rendering.objects.filter(pk=rendering.pk, state=Rendering.State.FAILED)
    return bool(
        failed.update(
            state=Rendering.State.QUEUED,
            attempt=0,
            error="",
            requested_at=now,
            rung_at=now,
            started_at=None,
            finished_at=None,
        )
    )


def ring(rendering_id: int) -> None:
    """Put the task in the queue once the row is there to be found."""
    # robust: a queue that is down loses a doorbell, and the sweeper rings again.
    transaction.on_commit(
        partial(
            async_task,
            "generation.tasks.render",
            rendering_id,
            # The training queue, whose sweeper rings too, may be busy for an hour.
            cluster=settings.MAIN_QUEUE,
        ),
        robust=True,
    )


def sweep_renderings(renderings: Any = None, *, now: datetime | None = None) -> int:
    """Free what a dead worker held, ring what nobody answered. Returns how many."""
    now = now or timezone.now()
    if renderings is None:
        renderings = Rendering.objects.all()
    renderings.filter(
        state=Rendering.State.RUNNING, started_at__lt=now - RENDERING_LEASE
    ).update(state=Rendering.State.QUEUED, rung_at=now - 2 * DOORBELL_PATIENCE)
    forgotten = renderings.filter(
        state=Rendering.State.QUEUED, rung_at__lt=now - DOORBELL_PATIENCE
    )
    rung = 0
    for rendering in forgotten[:100]:
        claimed = Rendering.objects.filter(
            pk=rendering.pk, state=Rendering.State.QUEUED, rung_at=rendering.rung_at
        ).update(rung_at=now)
        if claimed:
            ring(rendering.pk)
            rung += 1
    return rung


def perform_rendering(rendering_id: int) -> None:
    """Make the file, if it is this task's to make."""
    rendering = _claim(rendering_id)
    if rendering is None:
        return  # Another task has it, or it is done.
    if rendering.attempt > MAX_ATTEMPTS:
        _finish(
            rendering, error="It stopped the worker three times. Try a shorter piece."
        )
        return
    try:
        data = render(rendering.composition, rendering.format)
    except FileNotFoundError as error:
        logger.error("Rendering %s: %s", rendering.pk, error)
        _finish(rendering, error="The soundfont is missing. Run make start again.")
    except ValueError as error:
        # Longer than we draw: it says so itself.
        _finish(rendering, error=str(error))
    except Exception:
        # Whatever went wrong, the person waiting must hear of it.
        logger.exception("Rendering %s failed", rendering.pk)
        _finish(rendering, error="Something went wrong while it was made. Try again.")
    else:
        _store(rendering, data)


def _store(rendering: Rendering, data: bytes) -> None:
    name = f"renderings/{rendering.composition_id}/{rendering.attempt}"
    try:
        name = default_storage.save(f"{name}.{rendering.format}", ContentFile(data))
    except Exception:
        # A full disk, or a bucket that does not answer.
        logger.exception("Rendering %s could not be stored", rendering.pk)
        _finish(rendering, error="The file could not be stored. Try again later.")
        return
    if not _finish(rendering, file=name):
        default_storage.delete(name)


def render(composition: Composition, format: str) -> bytes:
    """The composition as sound or print."""
    # Verovio, typst and the synthesizer stay out of a process that does not use them.
    score = composition.as_score()
    if format == Rendering.Format.PDF:
        from training.music.engrave import write_pdf

        footer = f"{composition.model_title}, seed {composition.seed}"
        return write_pdf(score, footer=f"{footer}. AI Music Composer")
    from training.music.audio import encode
    from training.music.audio import render as play

    samples = play(score, settings.SOUNDFONT_PATH)
    return encode(samples, format, title=composition.title)


def _claim(rendering_id: int) -> Rendering | None:
    rendering = (
        Rendering.objects.filter(pk=rendering_id, state=Rendering.State.QUEUED)
        .select_related("composition__version__model")
        .first()
    )
    if rendering is None:
        return None
    num_updated = Rendering.objects.filter(
        pk=rendering.pk, state=Rendering.State.QUEUED, attempt=rendering.attempt
    ).update(
        state=Rendering.State.RUNNING,
        attempt=rendering.attempt + 1,
        started_at=timezone.now(),
    )
    if num_updated != 1:
        return None
    rendering.attempt += 1
    return rendering


def _finish(rendering: Rendering, *, file: str = "", error: str = "") -> bool:
    """Whether the result still counts: a later attempt may have taken over."""
    return bool(
        Rendering.objects.filter(
            pk=rendering.pk,
            state=Rendering.State.RUNNING,
            attempt=rendering.attempt,
        ).update(
            state=Rendering.State.FAILED if error else Rendering.State.READY,
            file=file,
            error=error[:500],
            finished_at=timezone.now(),
        )
    )
