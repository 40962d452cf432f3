"""A composition as files: written at once, or rendered by a task."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.reverse import reverse

from composer_site.api.bodies import StrictSerializer
from composer_site.api.listing import ListQuery
from composer_site.api.schema import IDEMPOTENCY_KEY, MADE, problems
from composer_site.api.v1.compositions import file_url, get_composition
from composer_site.api.viewsets import ApiView, CreateMixin, ListMixin, RetrieveMixin
from generation import renderings
from generation.download_views import as_attachment
from generation.files import (
    DIRECT_FORMATS,
    RENDERED_TYPES,
    file_name,
    is_a_tune,
    written,
)
from generation.models import Composition, Rendering
from generation.ranges import file_response


class CompositionFile(ApiView):
    """The piece as a file."""

    @extend_schema(
        summary="A composition as a file",
        description="`mid`, `musicxml` and, of one melody, `abc` at once; `mp3`, "
        "`ogg`, `flac`, `wav` and `pdf` once they are rendered.",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            **problems(401, 404),
        },
    )
    def get(self, request: Request, id: UUID, kind: str) -> HttpResponseBase:
        composition = get_composition(request, id)
        response = self._file(composition, kind)
        return as_attachment(response, file_name(composition, kind))

    def _file(self, composition: Composition, kind: str) -> HttpResponseBase:
        if kind in DIRECT_FORMATS:
            if kind == "abc" and not is_a_tune(composition):
                raise NotFound("ABC is for one melody. Take musicxml instead.")
            return HttpResponse(
                written(composition, kind), content_type=DIRECT_FORMATS[kind][1]
            )
        rendering = composition.renderings.ready().filter(format=kind).first()
        if rendering is None:
            raise NotFound("There is no such file. Ask for a rendering first.")
        return file_response(
            self.request, rendering.file.open("rb"), RENDERED_TYPES[kind]
        )


class RenderingSerializer(serializers.ModelSerializer[Rendering]):
    url = serializers.SerializerMethodField()
    file = serializers.SerializerMethodField(help_text="Where the file is, once ready.")

    class Meta:
        model = Rendering
        fields = [
            *("url", "format", "state", "error", "file"),
            *("requested_at", "started_at", "finished_at"),
        ]

    def get_url(self, rendering: Rendering) -> str:
        return reverse(
            "api:rendering-detail",
            args=[rendering.composition_id, rendering.format],
            request=self.context["request"],
        )

    def get_file(self, rendering: Rendering) -> str | None:
        if not rendering.is_ready:
            return None
        return file_url(rendering.composition_id, rendering.format, self.context)


class NewRenderingSerializer(StrictSerializer):
    format = serializers.ChoiceField(choices=Rendering.Format.choices)


class RenderingQuery(ListQuery):
    ordering = serializers.ChoiceField(
        choices=["-requested_at", "requested_at"],
        default="-requested_at",
        help_text="Newest first, or oldest first.",
    )


@extend_schema_view(
    list=extend_schema(
        summary="What a composition was rendered as",
        parameters=[RenderingQuery],
        responses={200: RenderingSerializer(many=True), **problems(400, 401, 404)},
    ),
    retrieve=extend_schema(
        summary="How far a rendering is",
        responses={200: RenderingSerializer, **problems(401, 404)},
    ),
    create=extend_schema(
        summary="Render a composition as sound or print",
        description="Asking again is harmless. Ask at its Location until its state is "
        "`ready` or `failed`.",
        parameters=[IDEMPOTENCY_KEY, MADE],
        request=NewRenderingSerializer,
        responses={202: RenderingSerializer, **problems(400, 401, 403, 404, 409, 422)},
        examples=[OpenApiExample("MP3", {"format": "mp3"}, request_only=True)],
    ),
)
class RenderingViewSet(ListMixin, RetrieveMixin, CreateMixin):
    query_class = RenderingQuery
    body_class = NewRenderingSerializer
    serializer_class = RenderingSerializer
    is_made_by_visitors = True
    created_status = 202
    lookup_field = "format"
    # "format" in an address means something else to REST framework.
    lookup_url_kwarg = "kind"
    lookup_value_converter = "slug"

    def visible(self) -> QuerySet[Rendering]:
        composition = get_composition(self.request, self.kwargs["composition_id"])
        return Rendering.objects.filter(composition=composition)

    def make(self, data: dict[str, Any]) -> Rendering:
        composition = get_composition(self.request, self.kwargs["composition_id"])
        return renderings.request_rendering(composition, data["format"])
