from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from generation import measuring, services
from generation.models import Rendering
from training.models import ModelVersion
from training.signals import version_ready

logger = logging.getLogger(__name__)


@receiver(version_ready)
def write_showcases(sender: Any, version: ModelVersion, **kwargs: Any) -> None:
    if version.model.owner_id is None and version.is_default:
        services.write_showcases(version)


@receiver(version_ready)
def measure_music(sender: Any, version: ModelVersion, **kwargs: Any) -> None:
    measuring.ring(version.pk)


@receiver(post_delete, sender=Rendering)
def delete_file(sender: Any, instance: Rendering, **kwargs: Any) -> None:
    if name := instance.file.name:
        transaction.on_commit(partial(discard, name))


def discard(name: str) -> None:
    """Delete a stored file. One that cannot be deleted now stays behind: the row is
    gone, and nobody can do anything about it."""
    try:
        default_storage.delete(name)
    except Exception:
        logger.exception("%s could not be deleted and stays in the storage.", name)
