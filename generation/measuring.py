"""What a version's music is like: it writes some pieces, and they are measured."""

from __future__ import annotations

import logging
import time

from django.conf import settings

from generation.composing.composer import BadRequest, ComposeRequest, compose
from training import doorbell, portraits
from training.learning.bundle import Bundle
from training.models import ModelVersion, Portrait
from training.music.profile import profile
from training.music.score import Score
from training.services import load_version_bundle

logger = logging.getLogger(__name__)

FIRST_SEED = 1


def write_pieces(
    bundle: Bundle, count: int, *, seed: int, seconds: float | None = None
) -> list[Score]:
    """The pieces of ``count`` seeds from ``seed`` on, with nothing asked for.

    One that does not come to its end is left out. After ``seconds`` no further piece is
    begun.
    """
    ends_at = time.monotonic() + seconds if seconds is not None else float("inf")
    scores = []
    for one in range(seed, seed + count):
        if time.monotonic() > ends_at:
            break
        try:
            scores.append(compose(bundle, ComposeRequest(seed=one)).score)
        except BadRequest:
            continue
    return scores


def ring(version_id: int) -> None:
    doorbell.ring("generation.tasks.measure_music", version_id)


def sweep_portraits() -> int:
    """Ring what nobody has answered. Returns how many."""
    forgotten = portraits.take_forgotten()
    for version_id in forgotten:
        ring(version_id)
    return len(forgotten)


def measure_music(version_id: int) -> None:
    """Measure the version's music, if it is this task's to do, and ring the next."""
    portrait = portraits.claim_portrait(version_id)
    if portrait is None:
        return
    if portrait.attempt > portraits.MAX_ATTEMPTS:
        portraits.fail_portrait(portrait, "It stopped the worker three times.")
    else:
        _measure(portrait, portrait.version)
    if waiting := portraits.next_portrait():
        ring(waiting.version_id)


def _measure(portrait: Portrait, version: ModelVersion) -> None:
    try:
        bundle = load_version_bundle(version)
        scores = write_pieces(
            bundle,
            settings.MEASURED_PIECES,
            seed=FIRST_SEED,
            seconds=settings.MEASURED_SECONDS,
        )
        if not scores:
            portraits.fail_portrait(portrait, "None of its pieces came to an end.")
            return
        reference = portraits.reference_beside(version)
        found = profile(scores, reference.known if reference else ())
    except Exception:
        # Whatever went wrong, the page must not say for ever that it is under way.
        logger.exception("The music of %s could not be measured", version)
        portraits.fail_portrait(portrait, "Something went wrong while it composed.")
        return
    portraits.finish_portrait(portrait, found)
