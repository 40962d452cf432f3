"""The verbs of models and their versions: register, promote, retire, delete, load.

Those of datasets are in ``training.datasets``, those of runs in ``training.runs``.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.functions import Coalesce, Now
from django.utils.text import slugify

from training.house import HOUSE_MODELS
from training.learning.bundle import (
    HOUSE_MODELS_ROOT,
    Bundle,
    bundle_hash,
    load_bundle,
)
from training.learning.config import as_json
from training.learning.reference import copy_reference
from training.models import Metric, Model, ModelVersion
from training.portraits import begin_portrait
from training.signals import version_ready

#: How long a bundle without a version is left alone.
SECONDS_A_BUNDLE_WAITS = 86_400.0

logger = logging.getLogger(__name__)


def register_house_models() -> list[ModelVersion]:
    """A version for every bundle that comes with the program, if it has none yet."""
    versions = []
    for model in HOUSE_MODELS.values():
        folder = HOUSE_MODELS_ROOT / model.slug
        if not folder.is_dir():
            continue
        try:
            version = register_version(
                folder,
                slug=model.slug,
                title=model.title,
                description=model.description,
            )
        except NameTaken as taken:
            # The site starts all the same; the person keeps their model.
            logger.warning("%s", taken)
        else:
            versions.append(version)
    return versions


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
        begin_portrait(version)
        return version
    bundle = load_bundle(Path(settings.BUNDLES_ROOT) / digest)
    with transaction.atomic():
        model, _ = Model.objects.get_or_create(
            slug=slug,
            defaults={"title": title, "description": description, "owner": owner},
        )
        if model.owner != owner:
            raise NameTaken(f"A model of somebody else is called {slug!r} already.")
        return add_version(model, bundle)


def add_version(
    model: Model, bundle: Bundle, *, promote: bool | None = True
) -> ModelVersion:
    """The next version of ``model``, whose bundle is kept already.

    With ``promote`` None it becomes the default only of a model that has none: one who
    composes with a model keeps the version they know until another is promoted.
    """
    with transaction.atomic():
        # Two that finish at once must not take the same number.
        Model.objects.select_for_update().get(pk=model.pk)
        if promote is None:
            promote = not model.versions.default().exists()
        version = _create_version(model, bundle, promote=promote)
        transaction.on_commit(
            partial(version_ready.send, sender=ModelVersion, version=version)
        )
    return version


def promote_version(version: ModelVersion) -> None:
    """From now on its model composes with it. A retired version comes back."""
    with transaction.atomic():
        Model.objects.select_for_update().get(pk=version.model_id)
        versions = ModelVersion.objects.filter(model=version.model_id)
        versions.default().exclude(pk=version.pk).update(is_default=False)
        versions.filter(pk=version.pk).update(is_default=True, retired_at=None)
    version.refresh_from_db()


class InUse(ValueError):
    """Something else still needs it. The message says what."""


def retire_version(version: ModelVersion) -> None:
    """Offer it no more. Its pieces stay, and so does all that is known of it."""
    num_updated = ModelVersion.objects.filter(pk=version.pk, is_default=False).update(
        retired_at=Coalesce("retired_at", Now())
    )
    if num_updated != 1:
        raise InUse(
            f"{version} is what {version.model} composes with. "
            "Promote another version first."
        )
    version.refresh_from_db()


def delete_version(version: ModelVersion) -> None:
    """Delete it for good. Raises ``InUse`` while pieces depend on it."""
    # Asked first: Django would fetch every one of them to say that it may not delete.
    if count := version.compositions.count():
        pieces = "piece depends" if count == 1 else "pieces depend"
        raise InUse(
            f"{count} {pieces} on {version}. Retire it: then it is offered no more, "
            "and they stay."
        )
    try:
        with transaction.atomic():
            Model.objects.select_for_update().get(pk=version.model_id)
            num_deleted, _ = ModelVersion.objects.filter(
                pk=version.pk, is_default=False
            ).delete()
    except ProtectedError:
        raise InUse(
            f"A piece was just written by {version}. Retire it instead."
        ) from None
    if not num_deleted:
        raise InUse(
            f"{version} is what {version.model} composes with. "
            "Promote another version first."
        )


def purge_bundles(*, now: float | None = None) -> int:
    """Remove the bundles of versions that are gone. Returns how many.

    One that was kept lately is left alone: its version may be about to be made.
    """
    before = (now or time.time()) - SECONDS_A_BUNDLE_WAITS
    root = Path(settings.BUNDLES_ROOT)
    found = root.iterdir() if root.is_dir() else ()
    old = {folder.name: folder for folder in found if folder.stat().st_mtime < before}
    used = ModelVersion.objects.filter(bundle_hash__in=old)
    for name in used.values_list("bundle_hash", flat=True):
        old.pop(name, None)
    for folder in old.values():
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def new_model(title: str, *, owner: User | None, description: str = "") -> Model:
    """A model with a slug of its own and no version yet."""
    stem = slugify(title)[:50] or "model"
    for attempt in range(100):
        slug = f"{stem}-{attempt + 1}" if attempt else stem
        if slug in RESERVED_SLUGS:
            continue
        model, is_new = Model.objects.get_or_create(
            slug=slug,
            defaults={"title": title, "owner": owner, "description": description},
        )
        if is_new:
            return model
    raise NameTaken(f"Many models are called {title!r}. Choose another name.")


#: The house models' own, and what the plain paths call notes drawn at random.
RESERVED_SLUGS = frozenset({*HOUSE_MODELS, "random"})


class NameTaken(ValueError):
    """No free slug follows from the name."""


def keep_bundle(folder: Path, digest: str) -> Path:
    """A copy of ``folder`` under its hash in BUNDLES_ROOT, whole or not at all."""
    root = Path(settings.BUNDLES_ROOT)
    kept = root / digest
    if kept.is_dir():
        kept.touch()  # It is wanted again: see purge_bundles().
        copy_reference(folder, kept)
        return kept
    root.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    shutil.copytree(folder, aside, dirs_exist_ok=True)
    aside.chmod(0o755)
    aside.touch()  # copytree() copies the time too
    try:
        os.replace(aside, kept)
    except OSError:
        # Another process kept the same bundle first: it holds the same bytes.
        shutil.rmtree(aside)
        if not kept.is_dir():
            raise
    return kept


def _create_version(model: Model, bundle: Bundle, *, promote: bool) -> ModelVersion:
    latest = model.versions.order_by("-number").first()
    if promote:
        model.versions.default().update(is_default=False)
    metrics = bundle.metrics
    version = ModelVersion.objects.create(
        model=model,
        number=latest.number + 1 if latest else 1,
        bundle_hash=bundle.hash,
        is_default=promote,
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
    begin_portrait(version)
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
