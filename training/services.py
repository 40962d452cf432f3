"""The verbs of training: register what was trained, make datasets, start training."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from training.house import HOUSE_MODELS
from training.learning.bundle import (
    HOUSE_MODELS_ROOT,
    Bundle,
    bundle_hash,
    load_bundle,
)
from training.learning.config import as_json
from training.models import Dataset, Metric, Model, ModelVersion
from training.random_notes import RandomOptions, draw_windows, write_windows
from training.signals import version_ready

logger = logging.getLogger(__name__)


# Versions ---------------------------------------------------------------------------


def register_house_models() -> list[ModelVersion]:
    """A version for every bundle that comes with the program, if it has none yet."""
    return [
        register_version(
            HOUSE_MODELS_ROOT / model.slug,
            slug=model.slug,
            title=model.title,
            description=model.description,
        )
        for model in HOUSE_MODELS.values()
        if (HOUSE_MODELS_ROOT / model.slug).is_dir()
    ]


def register_version(
    folder: Path,
    *,
    slug: str,
    title: str,
    description: str = "",
    owner: User | None = None,
) -> ModelVersion:
    """Make the bundle in ``folder`` the version its model composes with.

    The bundle is copied to where bundles live. One that the model already has is not
    registered twice.
    """
    digest = bundle_hash(folder)
    keep_bundle(folder, digest)
    known = ModelVersion.objects.filter(
        model__slug=slug, bundle_hash=digest
    ).select_related("model")
    if version := known.first():
        return version
    bundle = load_bundle(Path(settings.BUNDLES_ROOT) / digest)
    with transaction.atomic():
        model, _ = Model.objects.get_or_create(
            slug=slug,
            defaults={"title": title, "description": description, "owner": owner},
        )
        version = _create_version(model, bundle)
        transaction.on_commit(
            partial(version_ready.send, sender=ModelVersion, version=version)
        )
    return version


def keep_bundle(folder: Path, digest: str) -> Path:
    """A copy of ``folder`` under its hash in BUNDLES_ROOT, whole or not at all."""
    root = Path(settings.BUNDLES_ROOT)
    kept = root / digest
    if kept.is_dir():
        return kept
    root.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    shutil.copytree(folder, aside, dirs_exist_ok=True)
    aside.chmod(0o755)
    try:
        os.replace(aside, kept)
    except OSError:
        # Another process kept the same bundle first: it holds the same bytes.
        shutil.rmtree(aside)
        if not kept.is_dir():
            raise
    return kept


def _create_version(model: Model, bundle: Bundle) -> ModelVersion:
    latest = model.versions.order_by("-number").first()
    model.versions.filter(is_default=True).update(is_default=False)
    metrics = bundle.metrics
    version = ModelVersion.objects.create(
        model=model,
        number=latest.number + 1 if latest else 1,
        bundle_hash=bundle.hash,
        is_default=True,
        encoding=bundle.encoding.spec(),
        model_config=as_json(bundle.model_config),
        train_config=as_json(bundle.train_config),
        curve=metrics.get("curve", []),
        counts=metrics.get("counts", {}),
        provenance=bundle.provenance,
        num_parameters=bundle.num_parameters,
    )
    rows = [("", metrics.get("test", {})), *metrics.get("baselines", {}).items()]
    Metric.objects.bulk_create(
        Metric(version=version, name=name, value=value, baseline=baseline)
        for baseline, scores in rows
        for name, value in flatten(scores).items()
    )
    return version


def flatten(scores: dict[str, Any], prefix: str = "") -> dict[str, float]:
    """``{"accuracy": {"pitch": 0.5}}`` as ``{"accuracy.pitch": 0.5}``, numbers only."""
    flat: dict[str, float] = {}
    for name, value in scores.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[f"{prefix}{name}"] = float(value)
    return flat


def load_version_bundle(version: ModelVersion) -> Bundle:
    """The version's network, kept in memory from its first use on."""
    return _load(version.bundle_folder)


@lru_cache(maxsize=4)
def _load(folder: Path) -> Bundle:
    return load_bundle(folder)


# Datasets and training on them ------------------------------------------------------


def create_random_dataset(
    options: RandomOptions, *, name: str = "Random notes", owner: User | None = None
) -> Dataset:
    """The seed's dataset, to be made by a task."""
    dataset = Dataset.objects.create(
        name=name,
        kind=Dataset.Kind.RANDOM,
        owner=owner,
        encoding={
            "name": "pitches",
            "lowest": options.lowest,
            "highest": options.highest,
        },
        options=asdict(options),
    )
    transaction.on_commit(
        partial(async_task, "training.tasks.make_dataset", dataset.pk), robust=True
    )
    return dataset


def make_dataset(dataset_id: int) -> None:
    """Write the dataset's files, if that is still to be done."""
    num_updated = Dataset.objects.filter(
        pk=dataset_id, state=Dataset.State.QUEUED
    ).update(state=Dataset.State.RUNNING, started_at=timezone.now())
    if num_updated != 1:
        return  # Another task is at it, or it is done.
    dataset = Dataset.objects.get(pk=dataset_id)
    try:
        options = RandomOptions(**dataset.options)
        content_hash = write_windows(dataset.folder, draw_windows(options))
    except Exception as error:
        # Whatever went wrong, the row must not say "being made" for ever.
        logger.exception("Dataset %s failed", dataset_id)
        _finish_dataset(dataset_id, state=Dataset.State.FAILED, error=str(error)[:500])
        return
    counts = {
        "windows": options.samples,
        "window": options.window,
        "notes": options.samples * (options.window + 1),
    }
    _finish_dataset(
        dataset_id,
        state=Dataset.State.READY,
        counts=counts,
        content_hash=content_hash,
    )


def start_control_training(dataset: Dataset) -> None:
    """Train an LSTM on random notes, as the seed did, and offer it on the site."""
    transaction.on_commit(
        partial(
            async_task,
            "training.tasks.train_control",
            dataset.pk,
            cluster="training",
        ),
        robust=True,
    )


def train_control(dataset_id: int) -> None:
    """In a process of its own: JAX hangs in a fork of one that has used it."""
    dataset = Dataset.objects.ready().get(pk=dataset_id)
    command = [
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        "train_model",
        "--register",
        f"--data={dataset.folder}",
        f"--seed={dataset.options['seed']}",
    ]
    # Niced, so that pages stay quick.
    subprocess.run(
        command, check=True, preexec_fn=partial(os.nice, 10), cwd=settings.BASE_DIR
    )


def _finish_dataset(dataset_id: int, **values: Any) -> None:
    Dataset.objects.filter(pk=dataset_id, state=Dataset.State.RUNNING).update(
        finished_at=timezone.now(), **values
    )
