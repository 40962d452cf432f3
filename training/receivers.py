from __future__ import annotations

import shutil
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from training.models import Dataset, TrainingRun, Upload


@receiver(post_delete, sender=Dataset)
@receiver(post_delete, sender=TrainingRun)
@receiver(post_delete, sender=Upload)
def delete_folder(
    sender: Any, instance: Dataset | TrainingRun | Upload, **kwargs: Any
) -> None:
    # Its files go when the row has gone for good, also with its owner's account.
    transaction.on_commit(
        partial(shutil.rmtree, instance.folder, ignore_errors=True), robust=True
    )
