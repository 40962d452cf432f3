from __future__ import annotations

from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from generation import services, shelf
from generation.models import Composition, Rendering
from generation.renderings import try_rendering_again
from training.admin.base import ReadOnly, ReadOnlyInline


class RenderingInline(ReadOnlyInline):
    model = Rendering
    fields = ["format", "state", "attempt", "error", "requested_at", "finished_at"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rendering]:
        # Each line is titled with the piece.
        return _with_titles(super().get_queryset(request))


def _with_titles(renderings: QuerySet[Rendering]) -> QuerySet[Rendering]:
    return renderings.select_related("composition").defer(
        "composition__score", "composition__surprise"
    )


@admin.register(Composition)
class CompositionAdmin(ReadOnly):
    list_display = [
        *("title", "version", "owner", "is_showcase", "created_at", "deleted_at"),
    ]
    list_filter = ["is_showcase", ("deleted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["version__model", "owner"]
    search_fields = ["title", "=id", "=session_key", "=owner__username"]
    inlines = [RenderingInline]
    actions = ["show", "show_no_more", "throw_away", "take_back"]
    fields = [
        *("title", "version", "owner", "parent", "seed", "recipe", "measures"),
        *("is_showcase", "is_favourite", "created_at", "deleted_at"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Composition]:
        pieces: QuerySet[Composition] = super().get_queryset(request)
        # Of the version its name is shown.
        return pieces.defer(
            *("score", "surprise", "version__curve", "version__provenance")
        )

    @admin.action(description="Show as an example", permissions=["act"])
    def show(self, request: HttpRequest, pieces: QuerySet[Composition]) -> None:
        self.act(
            request,
            pieces,
            partial(services.set_showcase, is_showcase=True),
            done="Shown as an example",
            otherwise="is shown already, or belongs to an account or to no model.",
        )

    @admin.action(description="Show as an example no more", permissions=["act"])
    def show_no_more(self, request: HttpRequest, pieces: QuerySet[Composition]) -> None:
        self.act(
            request,
            pieces,
            partial(services.set_showcase, is_showcase=False),
            done="Shown as an example no more",
            otherwise="is not shown as an example.",
        )

    @admin.action(
        description=f"Throw away, for good after {shelf.KEPT_AFTER_DELETION.days} days",
        permissions=["act"],
    )
    def throw_away(self, request: HttpRequest, pieces: QuerySet[Composition]) -> None:
        self.act(
            request,
            pieces,
            lambda piece: shelf.throw_away(Composition.objects.all(), piece.pk),
            done="Thrown away",
            otherwise="has been thrown away already.",
        )

    @admin.action(description="Take back what was thrown away", permissions=["act"])
    def take_back(self, request: HttpRequest, pieces: QuerySet[Composition]) -> None:
        self.act(
            request,
            pieces,
            lambda piece: shelf.take_back(Composition.objects.all(), piece.pk),
            done="Taken back",
            otherwise="has not been thrown away.",
        )


@admin.register(Rendering)
class RenderingAdmin(ReadOnly):
    list_display = [
        *("composition", "format", "state", "attempt", "requested_at", "finished_at"),
    ]
    list_filter = ["state", "format"]
    list_select_related = ["composition"]
    search_fields = ["composition__title", "=composition__id"]
    ordering = ["-pk"]
    actions = ["try_again"]
    fields = [
        *("composition", "format", "state", "attempt", "stored_as", "error"),
        *("requested_at", "rung_at", "started_at", "finished_at"),
    ]
    readonly_fields = ["stored_as"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rendering]:
        return _with_titles(super().get_queryset(request))

    @admin.display(description="File")
    def stored_as(self, rendering: Rendering) -> str:
        # Its name and no link: files leave through the piece's page alone.
        return rendering.file.name or "-"

    @admin.action(description="Try failed ones again", permissions=["act"])
    def try_again(self, request: HttpRequest, renderings: QuerySet[Rendering]) -> None:
        self.act(
            request,
            renderings,
            try_rendering_again,
            done="Put in the queue again",
            otherwise="has not failed.",
        )
