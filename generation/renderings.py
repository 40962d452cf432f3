"""The verbs of renderings: ask for a file that takes a while, make it, free what died.

The row is the truth and a message in the queue only its doorbell, as with runs.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone

from generation.models import Composition, Rendering
from generation.variants import (
    PRINTED,
    drop_obsolete,
    options_for,
    variant_of,
)
from training import doorbell
from training.music.desk import WRITTEN_FOR, WRITTEN_FOR_NAMES, read_desk
from training.music.performing import written_score

logger = logging.getLogger(__name__)

#: A worker is killed after Q_CLUSTER's timeout, so a rendering older than this is dead.
RENDERING_LEASE = timedelta(seconds=330)
#: A doorbell not answered for so long is rung again.
DOORBELL_PATIENCE = timedelta(seconds=60)
MAX_ATTEMPTS = 3


class NoSuchRendering(ValueError):
    """Not a format we make."""


def request_rendering(
    composition: Composition,
    format: str,
    *,
    written_for: str = "concert",
    link: str = "",
) -> Rendering:
    """Ask for a file that takes a while. Asking again is harmless.

    A failed rendering is tried afresh. ``link`` is what is printed in it, an address
    that leads back to the piece. Raises ``NoSuchRendering``.
    """
    if format not in Rendering.Format.values:
        formats = ", ".join(Rendering.Format.values)
        raise NoSuchRendering(f"There is no {format!r}. Ask for one of {formats}.")
    if written_for not in WRITTEN_FOR:
        readers = ", ".join(WRITTEN_FOR)
        raise NoSuchRendering(f"Nobody reads {written_for!r}. Choose from {readers}.")
    now = timezone.now()
    # The desk may have been set since the piece was read: what was asked for with that
    # would be dropped here as obsolete.
    composition.refresh_from_db(fields=["title", "sound"])
    options = options_for(composition, format, written_for)
    rendering, is_new = Rendering.objects.get_or_create(
        composition=composition,
        format=format,
        variant=variant_of(options),
        defaults={"rung_at": now, "options": {**options, "link": link}},
    )
    if is_new:
        drop_obsolete(composition, format)
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
    with tempfile.TemporaryDirectory(dir=_room()) as folder:
        try:
            made = render(rendering, Path(folder))
        except FileNotFoundError as error:
            logger.error("Rendering %s: %s", rendering.pk, error)
            _finish(rendering, error="The soundfont is missing. Run make start again.")
        except ValueError as error:
            # Longer than we draw, or silent: it says so itself.
            _finish(rendering, error=str(error))
        except Exception:
            # Whatever went wrong, the person waiting must hear of it.
            logger.exception("Rendering %s failed", rendering.pk)
            _finish(
                rendering, error="Something went wrong while it was made. Try again."
            )
        else:
            _store(rendering, made)


def _room() -> Path:
    """Where stems lie while they are made: /tmp may be memory."""
    room: Path = settings.VAR_DIR / "rendering"
    room.mkdir(parents=True, exist_ok=True)
    for left in room.iterdir():  # by workers that were killed
        if left.stat().st_mtime < time.time() - 4 * RENDERING_LEASE.total_seconds():
            shutil.rmtree(left, ignore_errors=True)
    return room


def _store(rendering: Rendering, made: bytes | Path) -> None:
    ending = file_ending(rendering.format)
    name = f"renderings/{rendering.composition_id}/{rendering.attempt}.{ending}"
    try:
        if isinstance(made, bytes):
            name = default_storage.save(name, ContentFile(made))
        else:
            with made.open("rb") as file:
                name = default_storage.save(name, File(file))
    except Exception:
        # A full disk, or a bucket that does not answer.
        logger.exception("Rendering %s could not be stored", rendering.pk)
        _finish(rendering, error="The file could not be stored. Try again later.")
        return
    if not _finish(rendering, file=name):
        default_storage.delete(name)


def file_ending(format: str) -> str:
    return "zip" if format == Rendering.Format.STEMS else format


def render(rendering: Rendering, folder: Path) -> bytes | Path:
    """The file, as bytes or in ``folder``: the piece as the rendering's options say."""
    # Verovio, typst and the synthesizer stay out of a process that does not use them.
    composition, format = rendering.composition, rendering.format
    options = rendering.options
    if format in PRINTED:
        return _print(composition, format, options)
    score, desk = composition.as_score(), read_desk(options.get("desk", {}))
    score = replace(score, title=_title(composition, options))
    if format == Rendering.Format.STEMS:
        from training.music.stems import write_stems

        target = folder / "stems.zip"
        link = options.get("link", "")
        write_stems(score, settings.SOUNDFONT_PATH, target, desk=desk, link=link)
        return target
    from training.music.audio import encode
    from training.music.audio import render as play

    samples = play(score, settings.SOUNDFONT_PATH, desk=desk)
    return encode(samples, format, title=_title(composition, options))


def _title(composition: Composition, options: dict[str, Any]) -> str:
    """What it was called when it was asked for: it may have been renamed since."""
    title: str = options.get("title") or composition.score.get("title")
    return title or composition.title


def _print(composition: Composition, format: str, options: dict[str, Any]) -> bytes:
    from training.music.printing import Lettering, write_pdf, write_png

    reader = options.get("for", "concert")
    score = written_score(composition.as_score(), reader)
    score = replace(score, title=_title(composition, options))
    lettering = Lettering(
        subtitle="" if reader == "concert" else f"for {WRITTEN_FOR_NAMES[reader]}",
        footer=f"{_by(composition)}. AI Music Composer",
        link=options.get("link", ""),
    )
    write = write_pdf if format == Rendering.Format.PDF else write_png
    return write(score, lettering)


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


def _by(composition: Composition) -> str:
    """What wrote it; of notes that a person gave there is no seed."""
    holds_notes = "score" in composition.recipe
    by = composition.model_title
    return by if holds_notes else f"{by}, seed {composition.seed}"
