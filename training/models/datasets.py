from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from training.models.who import Who
from training.music.score import Score
from training.music.score_json import score_from_json


class PieceQuerySet(models.QuerySet["Piece"]):
    def kept(self) -> PieceQuerySet:
        """Those that nobody has thrown away."""
        return self.filter(deleted_at=None)

    def thrown_away(self) -> PieceQuerySet:
        """Deleted, but not for good yet: their owner may take them back."""
        return self.exclude(deleted_at=None)

    def of(self, user: Who) -> PieceQuerySet:
        """All of a person's own, the deleted too; of a visitor none."""
        return self.filter(owner=user.pk).exclude(owner=None)

    def found_by(self, words: str) -> PieceQuerySet:
        """Those with every one of ``words`` in their name or their file's."""
        found = self
        for word in words.split()[:8]:
            found = found.filter(Q(name__icontains=word) | Q(source__icontains=word))
        return found

    def for_list(self) -> PieceQuerySet:
        """Without the notes."""
        return self.defer("score")


class Piece(models.Model):
    """Written music that somebody brought, to learn from."""

    name = models.CharField(max_length=200)
    source = models.CharField(
        max_length=200, blank=True, help_text="The file or the corpus it came from."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="training_pieces",
        help_text="Empty: the site's own.",
    )
    score = models.JSONField(
        help_text="The notes, as training.music.score_json has them."
    )
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the score.")
    num_notes = models.PositiveIntegerField(default=0)
    num_parts = models.PositiveSmallIntegerField(
        default=0, help_text="With notes, drums apart."
    )
    seconds = models.FloatField(default=0)
    num_voices = models.PositiveSmallIntegerField(
        default=0,
        help_text="Its parts, if each has one note at a time, on sixteenths; else 0.",
    )
    has_drums = models.BooleanField(default=False)
    likeness = models.CharField(
        max_length=64, blank=True, help_text="The same for the same music in any key."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Thrown away then; gone for good some weeks later.",
    )

    objects = PieceQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(
                name="piece_thrown_away",
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="piece_once_an_owner", fields=["owner", "content_hash"]
            ),
            models.UniqueConstraint(
                name="piece_once_of_the_site",
                fields=["content_hash"],
                condition=Q(owner=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("piece_detail", args=[self.pk])

    @property
    def length(self) -> str:
        """How long it lasts, as on a record sleeve: 0:07."""
        minutes, seconds = divmod(round(self.seconds), 60)
        return f"{minutes}:{seconds:02}"

    def as_score(self) -> Score:
        return score_from_json(self.score)


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, user: Who) -> DatasetQuerySet:
        """The site's own and the user's own."""
        return self.filter(Q(owner=None) | Q(owner=user.pk))

    def ready(self) -> DatasetQuerySet:
        """Those one can train on."""
        return self.filter(state=Dataset.State.READY)

    def unfinished(self) -> DatasetQuerySet:
        return self.filter(state__in=[Dataset.State.QUEUED, Dataset.State.RUNNING])

    def for_list(self) -> DatasetQuerySet:
        """With what a line says of a dataset, and without its charts."""
        return self.select_related("owner").defer("charts")


class Dataset(models.Model):
    """Music made ready to learn from: what it was asked to hold, and its files.

    What it holds is frozen when it is made: pieces are divided once into those to learn
    from, to choose the best epoch by and to test on, encoded, and written to files
    whose hash the row keeps.

    queued -> running -> ready or failed; running -> queued again when its worker died.
    Every step is one conditional UPDATE, so that a task that is delivered twice, or
    never, does no harm; ``attempt`` fences off a worker that was thought dead.
    """

    class Kind(models.TextChoices):
        CORPUS = "corpus", "Bundled corpus"
        RANDOM = "random", "Random notes"
        PIECES = "pieces", "Own pieces"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="datasets",
        help_text="Empty: the site's own.",
    )
    encoding = models.JSONField(default=dict, help_text="Name and options.")
    options = models.JSONField(default=dict, help_text="What it was asked to hold.")
    split_seed = models.PositiveBigIntegerField(
        default=0, help_text="Decides which pieces are held out."
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    counts = models.JSONField(
        default=dict, blank=True, help_text="Pieces, notes, sides, what was left out."
    )
    charts = models.JSONField(
        default=dict, blank=True, help_text="Pitches, metres, keys, lengths: how many."
    )
    content_hash = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of its files."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(
        null=True, blank=True, help_text="When its task was last put in the queue."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["owner", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                name="dataset_state_is_known",
                condition=Q(state__in=["queued", "running", "ready", "failed"]),
            ),
            models.CheckConstraint(
                name="dataset_kind_is_known",
                condition=Q(kind__in=["corpus", "random", "pieces"]),
            ),
            models.CheckConstraint(
                name="dataset_failed_says_why",
                condition=~Q(state="failed") | ~Q(error=""),
            ),
            models.CheckConstraint(
                name="dataset_ready_has_a_hash",
                condition=~Q(state="ready") | ~Q(content_hash=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("dataset_detail", args=[self.pk])

    @property
    def folder(self) -> Path:
        return Path(settings.DATASETS_ROOT) / str(self.pk)

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_unfinished(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class DatasetPiece(models.Model):
    """A line of the frozen list of a dataset made from pieces.

    It stays when the piece is deleted: what the network learnt from does not change.
    """

    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="entries"
    )
    position = models.PositiveIntegerField()
    piece = models.ForeignKey(
        Piece,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="entries",
    )
    name = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["dataset", "position"]
        constraints = [
            models.UniqueConstraint(
                name="dataset_position_once", fields=["dataset", "position"]
            ),
            models.UniqueConstraint(
                name="dataset_piece_once", fields=["dataset", "content_hash"]
            ),
        ]

    def __str__(self) -> str:
        return self.name
