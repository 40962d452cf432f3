from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.db.models.signals import post_delete
from django.dispatch import receiver

from generation import services
from generation.models import Rendering
from training.models import ModelVersion
from training.signals import version_ready


@receiver(version_ready)
def write_showcases(sender: Any, version: ModelVersion, **kwargs: Any) -> None:
    if version.model.owner_id is None and version.is_default:
        services.write_showcases(version)


@receiver(post_delete, sender=Rendering)
def delete_file(sender: Any, instance: Rendering, **kwargs: Any) -> None:
    if name := instance.file.name:
        default_storage.delete(name)
