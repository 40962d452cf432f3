from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import Q
from django.urls import reverse

from training.models import ModelVersion
from training.music.score import Score
from training.music.score_json import score_from_json

if TYPE_CHECKING:
    from django.http import HttpRequest


Person = tuple[User | AnonymousUser, str | None]


def caller(request: HttpRequest) -> Person:
    """Who asks: the account, and for visitors the session, while it lasts."""
    # Asking for the user reads the session; one that has ended has no key after that.
    request.user.is_authenticated  # noqa: B018
    return request.user, request.session.session_key


def folded(text: str) -> str:
    """``text`` as it is looked for: without capitals and accents.

    >>> folded("Über den Dächern")
    'uber den dachern'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))[:200]


class CompositionQuerySet(models.QuerySet["Composition"]):
    def kept(self) -> CompositionQuerySet:
        """Those that nobody has thrown away."""
        return self.filter(deleted_at=None)

    def thrown_away(self) -> CompositionQuerySet:
        """Deleted, but not for good yet: whose they are may take them back."""
        return self.exclude(deleted_at=None)

    def whose(
        self, user: User | AnonymousUser, session_key: str | None
    ) -> CompositionQuerySet:
        """All pieces of a person, the deleted too: by account or by session."""
        if user.is_authenticated:
            return self.filter(owner=user)
        if session_key:
            return self.filter(owner=None, session_key=session_key)
        return self.none()

    def of(
        self, user: User | AnonymousUser, session_key: str | None
    ) -> CompositionQuerySet:
        """The pieces of a person: by account, and for visitors by session."""
        return self.whose(user, session_key).kept()

    def of_caller(self, request: HttpRequest) -> CompositionQuerySet:
        return self.of(*caller(request))

    def favourites(self) -> CompositionQuerySet:
        return self.filter(is_favourite=True)

    def visible_to(self, user: User | AnonymousUser) -> CompositionQuerySet:
        """Their own, and those that belong to no account, by whoever has the link."""
        return self.kept().filter(Q(owner=None) | Q(owner=user.pk))

    def showcases(self) -> CompositionQuerySet:
        """The finished pieces that show what a model can do."""
        return self.kept().filter(is_showcase=True).order_by("created_at", "pk")

    def for_list(self) -> CompositionQuerySet:
        """With what a card says of a piece, and without its notes."""
        return self.select_related("version__model").defer("score", "surprise")

    def for_cards(self) -> CompositionQuerySet:
        """Lighter still: a recipe may hold thousands of notes."""
        return self.for_list().defer(
            *("score", "surprise", "recipe", "sound"),
            *("version__curve", "version__provenance"),
        )


#: What the library filters and sorts by, newest first.
IN_LIBRARY = (
    *("-created_at", "-id", "origin", "version", "metre", "key", "is_favourite"),
    *("seconds", "bits_per_note", "folded_title", "deleted_at"),
)


class Composition(models.Model):
    """A piece that a model wrote, with the recipe that writes it again.

    Whoever has its link may see and hear it, as one shares a recording: the identifier
    is too long to guess. Only its owner's history lists it.
    """

    class Origin(models.TextChoices):
        COMPOSED = "composed", "Written by a model"
        EDITED = "edited", "Edited by hand"
        BROUGHT = "brought", "Brought by a person"
        RANDOM = "random", "Drawn at random"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=120)
    version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="compositions",
        help_text="Empty: by no model.",
    )
    origin = models.CharField(
        max_length=10, choices=Origin, default=Origin.COMPOSED, db_default="composed"
    )
    recipe = models.JSONField(
        help_text="Every control, resolved: the same notes again."
    )
    seed = models.BigIntegerField()
    score = models.JSONField(
        help_text="The notes, as training.music.score_json has them."
    )
    surprise = models.JSONField(
        default=list,
        blank=True,
        help_text="Bits per note: how unexpected the model found each.",
    )
    measures = models.JSONField(default=dict, blank=True)
    # What the library filters and sorts by, copied from the title and the measures.
    folded_title = models.CharField(
        max_length=200, default="", db_default="", editable=False
    )
    key = models.CharField(max_length=20, default="", db_default="", editable=False)
    metre = models.CharField(max_length=10, default="", db_default="", editable=False)
    bars = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    seconds = models.FloatField(default=0.0, db_default=0.0, editable=False)
    bits_per_note = models.FloatField(
        default=0.0, db_default=0.0, editable=False, help_text="0: not known."
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="variations",
        help_text="The piece this one was asked again from.",
    )
    change = models.CharField(
        max_length=120,
        blank=True,
        help_text="What was done to the parent, in words: bars 5 to 8 rewritten.",
    )
    sound = models.JSONField(
        default=dict,
        blank=True,
        help_text="How it is played: instruments, levels, swing. Never the notes.",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="compositions",
    )
    session_key = models.CharField(max_length=40, blank=True)
    is_showcase = models.BooleanField(default=False)
    is_favourite = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Thrown away then; gone for good some weeks later.",
    )

    objects = CompositionQuerySet.as_manager()

    #: The columns that ``copy_columns`` fills.
    COPIED = ("folded_title", "key", "metre", "bars", "seconds", "bits_per_note")

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            # All that the library asks before it fetches a page of rows: these indexes
            # answer it alone, and the notes of ten thousand pieces stay on the disk.
            models.Index(
                name="composition_library",
                fields=["owner", *IN_LIBRARY],
                condition=Q(deleted_at__isnull=True),
            ),
            models.Index(
                name="composition_visitors",
                fields=["session_key", *IN_LIBRARY, "owner"],
                condition=Q(deleted_at__isnull=True),
            ),
            models.Index(fields=["session_key", "-created_at"]),
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["version", "-created_at"]),
            # Everybody's, newest first, as the admin lists them.
            models.Index(name="composition_newest", fields=["-created_at", "-id"]),
            # What the purge looks for, every half minute.
            models.Index(
                name="composition_thrown_away",
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="composition_seed_is_not_negative", condition=Q(seed__gte=0)
            ),
            models.CheckConstraint(
                name="composition_origin_is_known",
                condition=Q(origin__in=["composed", "edited", "brought", "random"]),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(
        self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any
    ) -> None:
        if update_fields is None:
            self.copy_columns()
        elif {"title", "measures"} & set(update_fields):
            self.copy_columns()
            update_fields = {*update_fields, *self.COPIED}
        super().save(*args, update_fields=update_fields, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("composition_detail", args=[self.pk])

    def copy_columns(self) -> None:
        """Fill the columns that repeat the title and the measures."""
        told = self.measures
        self.folded_title = folded(self.title)
        self.key = str(told.get("key") or "")[:20]
        self.metre = str(told.get("metre") or "")[:10]
        self.bars = int(told.get("bars") or 0)
        self.seconds = float(told.get("seconds") or 0.0)
        self.bits_per_note = float(told.get("bits_per_note") or 0.0)

    def as_score(self) -> Score:
        # The row's title is the one people change.
        return replace(score_from_json(self.score), title=self.title)

    def belongs_to(self, user: User | AnonymousUser, session_key: str | None) -> bool:
        """Whether this person may change it. A showcase is nobody's."""
        if user.is_authenticated:
            return self.owner_id == user.pk
        is_a_visitors = self.owner_id is None and self.session_key != ""
        return is_a_visitors and self.session_key == session_key

    @property
    def model_slug(self) -> str:
        """The slug of its model; "" for what a person brought or edited."""
        if self.version:
            return self.version.model.slug
        return "random" if self.origin == self.Origin.RANDOM else ""

    @property
    def model_title(self) -> str:
        """What wrote it, in words."""
        if self.version:
            return self.version.model.title
        is_random = self.origin == self.Origin.RANDOM
        return "Random notes" if is_random else self.get_origin_display()

    @property
    def without_model(self) -> str:
        """Where it comes from, when no model wrote it; "" when one did."""
        if self.version:
            return ""
        if self.origin == self.Origin.RANDOM:
            return "Notes drawn by lot, by no network"
        return self.get_origin_display()


class RenderingQuerySet(models.QuerySet["Rendering"]):
    def ready(self) -> RenderingQuerySet:
        return self.filter(state=Rendering.State.READY)

    def unfinished(self) -> RenderingQuerySet:
        return self.filter(state__in=[Rendering.State.QUEUED, Rendering.State.RUNNING])


def rendering_path(rendering: Rendering, filename: str) -> str:
    return f"renderings/{rendering.composition_id}/{filename}"


class Rendering(models.Model):
    """A file that takes a while: sound or print, made by a task when asked for.

    queued -> running -> ready or failed; running -> queued again when its worker died.
    Every step is one conditional UPDATE; ``attempt`` fences off a worker that was
    thought dead and comes back.
    """

    class Format(models.TextChoices):
        MP3 = "mp3", "MP3"
        OGG = "ogg", "Ogg Vorbis"
        FLAC = "flac", "FLAC"
        WAV = "wav", "WAV"
        PDF = "pdf", "PDF"
        PNG = "png", "PNG"
        STEMS = "stems", "Stems, a part each"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for its turn"
        RUNNING = "running", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    composition = models.ForeignKey(
        Composition, on_delete=models.CASCADE, related_name="renderings"
    )
    format = models.CharField(max_length=5, choices=Format)
    variant = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text="A digest of what it was made with. Empty: with nothing unusual.",
    )
    options = models.JSONField(
        default=dict,
        blank=True,
        help_text="The desk it is played on, or whom it is written for.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    file = models.FileField(upload_to=rendering_path, blank=True)
    error = models.CharField(max_length=500, blank=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(help_text="When its task was last put in the queue.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RenderingQuerySet.as_manager()

    class Meta:
        ordering = ["composition", "format"]
        constraints = [
            models.UniqueConstraint(
                name="rendering_once_a_variant",
                fields=["composition", "format", "variant"],
            ),
            models.CheckConstraint(
                name="rendering_state_is_known",
                condition=Q(state__in=["queued", "running", "ready", "failed"]),
            ),
            models.CheckConstraint(
                name="rendering_format_is_known",
                condition=Q(
                    format__in=["mp3", "ogg", "flac", "wav", "pdf", "png", "stems"]
                ),
            ),
            models.CheckConstraint(
                name="rendering_ready_has_a_file",
                condition=~Q(state="ready") | ~Q(file=""),
            ),
            models.CheckConstraint(
                name="rendering_failed_says_why",
                condition=~Q(state="failed") | ~Q(error=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.composition} as {self.get_format_display()}"

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_unfinished(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)
