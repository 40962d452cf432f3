"""The verbs of renderings: ask for a file that takes a while, make it, free what died.

The row is the truth and a message in the queue only its doorbell, as with runs.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from generation.models import Composition, Rendering
from training import doorbell

logger = logging.getLogger(__name__)

#: A worker is killed after Q_CLUSTER's timeout, so a rendering older than this is dead.
RENDERING_LEASE = timedelta(seconds=330)
#: A doorbell not answered for so long is rung again.
DOORBELL_PATIENCE = timedelta(seconds=60)
MAX_ATTEMPTS = 3


class NoSuchRendering(ValueError):
    """Not a format we make."""


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
    doorbell.ring("generation.tasks.render", rendering_id)


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
