from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Prefetch, Q
from django.urls import reverse

from training.models.who import Who


class ModelQuerySet(models.QuerySet["Model"]):
    def visible_to(self, user: Who) -> ModelQuerySet:
        """The house models, which everyone may use, and the user's own."""
        return self.filter(Q(owner=None) | Q(owner=user.pk))

    def ready(self) -> ModelQuerySet:
        """Those one can compose with."""
        return self.filter(versions__is_default=True)

    def with_default_version(self) -> ModelQuerySet:
        """``default_versions`` holds the version one composes with, metrics and all."""
        return self.prefetch_related(
            Prefetch(
                "versions",
                ModelVersion.objects.filter(is_default=True).prefetch_related(
                    "metrics"
                ),
                to_attr="default_versions",
            )
        )


class Model(models.Model):
    """What people compose with: a name that stays while its versions follow on."""

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="models",
        help_text="Empty: a house model, for everyone.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ModelQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("model_detail", args=[self.slug])

    @property
    def default_version(self) -> ModelVersion | None:
        """The version one composes with; None while the model has none."""
        if hasattr(self, "default_versions"):  # by with_default_version()
            return next(iter(self.default_versions), None)
        return self.versions.filter(is_default=True).first()


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def visible_to(self, user: Who) -> ModelVersionQuerySet:
        return self.filter(Q(model__owner=None) | Q(model__owner=user.pk))

    def default(self) -> ModelVersionQuerySet:
        """What each model composes with."""
        return self.filter(is_default=True)

    def offered(self) -> ModelVersionQuerySet:
        """Those a person may choose to compose with."""
        return self.filter(retired_at=None)


class ModelVersion(models.Model):
    """One trained network: an immutable bundle, and what is known of it."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    bundle_hash = models.CharField(max_length=64)
    is_default = models.BooleanField(
        default=False, help_text="The version the model composes with."
    )
    encoding = models.JSONField(default=dict, blank=True)
    model_config = models.JSONField(default=dict, blank=True)
    train_config = models.JSONField(default=dict, blank=True)
    curve = models.JSONField(
        default=list, blank=True, help_text="What each epoch reached."
    )
    counts = models.JSONField(
        default=dict, blank=True, help_text="Pieces and notes it learnt from."
    )
    provenance = models.JSONField(
        default=dict, blank=True, help_text="Where its music came from and how."
    )
    num_parameters = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="Set: kept for its pieces, not offered."
    )

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["model", "-number"]
        constraints = [
            models.UniqueConstraint(
                name="version_number_once_a_model", fields=["model", "number"]
            ),
            models.UniqueConstraint(
                name="version_bundle_once_a_model", fields=["model", "bundle_hash"]
            ),
            models.UniqueConstraint(
                name="version_one_default_a_model",
                fields=["model"],
                condition=Q(is_default=True),
            ),
            models.CheckConstraint(
                name="version_numbers_start_at_one", condition=Q(number__gte=1)
            ),
            models.CheckConstraint(
                name="version_default_is_not_retired",
                condition=Q(is_default=False) | Q(retired_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.number}"

    def get_absolute_url(self) -> str:
        return f"{self.model.get_absolute_url()}?version={self.number}"

    def may_be_used_by(self, user: Who | None) -> bool:
        """As ``visible_to`` has it, of one version at hand; None: a visitor."""
        owner_id = self.model.owner_id
        return owner_id is None or (user is not None and owner_id == user.pk)

    @property
    def bundle_folder(self) -> Path:
        return Path(settings.BUNDLES_ROOT) / self.bundle_hash

    def scores(self, *, baseline: str = "", split: str = "test") -> dict[str, float]:
        """Metric name to value: of the version itself, or of a baseline."""
        return {
            metric.name: metric.value
            for metric in self.metrics.all()
            if metric.baseline == baseline and metric.split == split
        }

    def baselines(self) -> dict[str, dict[str, float]]:
        """The scores of every baseline on the test pieces, in the order stored."""
        names = dict.fromkeys(m.baseline for m in self.metrics.all() if m.baseline)
        return {name: self.scores(baseline=name) for name in names}


class Metric(models.Model):
    """One number about a version, or about a baseline on the same pieces."""

    version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="metrics"
    )
    name = models.CharField(
        max_length=60, help_text="bits_per_note, r2, accuracy.pitch"
    )
    split = models.CharField(max_length=20, default="test")
    baseline = models.CharField(
        max_length=30, blank=True, help_text="Empty: the version's own."
    )
    value = models.FloatField()

    class Meta:
        ordering = ["version", "split", "baseline", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="metric_once",
                fields=["version", "name", "split", "baseline"],
            )
        ]

    def __str__(self) -> str:
        whose = self.baseline or str(self.version)
        return f"{self.name} of {whose}: {self.value:.3f}"
