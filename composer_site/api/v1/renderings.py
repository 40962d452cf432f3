"""A composition as files: written at once, or rendered by a task."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.reverse import reverse

from composer_site.api.bodies import StrictSerializer
from composer_site.api.listing import ListQuery
from composer_site.api.schema import IDEMPOTENCY_KEY, MADE, problems
from composer_site.api.v1.compositions import file_url, get_composition
from composer_site.api.viewsets import ApiView, CreateMixin, ListMixin, RetrieveMixin
from generation import renderings, variants
from generation.files import (
    DIRECT_FORMATS,
    RENDERED_TYPES,
    file_name,
    is_a_tune,
    written,
)
from generation.lookup import reader
from generation.models import Composition, Rendering
from generation.ranges import file_response
from generation.short_links import short_path
from generation.views.downloads import as_attachment
from training.music.desk import WRITTEN_FOR, WRITTEN_FOR_NAMES

WRITTEN_FOR_PARAMETER = OpenApiParameter(
    "for", str, enum=list(WRITTEN_FOR), default="concert", description="Whose print."
)
PERFORMED_PARAMETER = OpenApiParameter(
    "performed", str, enum=["0", "1"], default="0", description="Of MIDI."
)


class CompositionFile(ApiView):
    """The piece as a file."""

    @extend_schema(
        summary="A composition as a file",
        description="`mid`, `musicxml` and, of one melody, `abc` at once; `mp3`, "
        "`ogg`, `flac`, `wav`, `pdf`, `png` and `stems` (a zip) once they are "
        "rendered. `?for=` writes print, MusicXML and ABC for a transposing "
        "instrument; `?performed=1` gives MIDI with the swing and levels of the desk.",
        parameters=[WRITTEN_FOR_PARAMETER, PERFORMED_PARAMETER],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            **problems(401, 404),
        },
    )
    def get(self, request: Request, id: UUID, kind: str) -> HttpResponseBase:
        composition = get_composition(request, id)
        written_for = reader(request)
        response = self._file(composition, kind, written_for)
        return as_attachment(response, file_name(composition, kind, written_for))

    def _file(
        self, composition: Composition, kind: str, written_for: str
    ) -> HttpResponseBase:
        if kind in DIRECT_FORMATS:
            if kind == "abc" and not is_a_tune(composition):
                raise NotFound("ABC is for one melody. Take musicxml instead.")
            data = written(
                composition,
                kind,
                written_for=written_for,
                is_performed=self.request.GET.get("performed") == "1",
            )
            return HttpResponse(data, content_type=DIRECT_FORMATS[kind][1])
        if kind not in RENDERED_TYPES:
            raise NotFound("There is no such format.")
        rendering = variants.find(composition, kind, written_for)
        if rendering is None or not rendering.is_ready:
            raise NotFound("There is no such file. Ask for a rendering first.")
        return file_response(
            self.request, rendering.file.open("rb"), RENDERED_TYPES[kind]
        )


class RenderingSerializer(serializers.ModelSerializer[Rendering]):
    url = serializers.SerializerMethodField()
    file = serializers.SerializerMethodField(help_text="Where the file is, once ready.")
    written_for = serializers.SerializerMethodField(
        help_text="Whose instrument print is written for."
    )

    class Meta:
        model = Rendering
        fields = [
            *("url", "format", "written_for", "state", "error", "file"),
            *("requested_at", "started_at", "finished_at"),
        ]

    def get_url(self, rendering: Rendering) -> str:
        address: str = reverse(
            "api:rendering-detail",
            args=[rendering.composition_id, rendering.format],
            request=self.context["request"],
        )
        return address + self._query(rendering)

    def get_file(self, rendering: Rendering) -> str | None:
        if not rendering.is_ready:
            return None
        address = file_url(rendering.composition_id, rendering.format, self.context)
        return address + self._query(rendering)

    def get_written_for(self, rendering: Rendering) -> str:
        reader: str = rendering.options.get("for", "concert")
        return reader

    def _query(self, rendering: Rendering) -> str:
        reader = self.get_written_for(rendering)
        return "" if reader == "concert" else f"?for={reader}"


class NewRenderingSerializer(StrictSerializer):
    format = serializers.ChoiceField(choices=Rendering.Format.choices)
    written_for = serializers.ChoiceField(
        choices=list(WRITTEN_FOR_NAMES.items()),
        default="concert",
        help_text="Of print: for whose instrument.",
    )


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
        parameters=[WRITTEN_FOR_PARAMETER],
        responses={200: RenderingSerializer, **problems(401, 404)},
    ),
    create=extend_schema(
        summary="Render a composition as sound or print",
        description="Asking again is harmless. Ask at its Location until its state is "
        "`ready` or `failed`. Sound is played as the piece's desk has it: when its "
        "owner changes that, recordings are made anew.",
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
        # As the piece sounds and reads now; of print, all that were asked for.
        now = {
            format: variants.variants_now(composition, format)
            for format in Rendering.Format.values
        }
        if self.action == "retrieve":
            kind, readers = self.kwargs["kind"], reader(self.request)
            if kind in now:
                now[kind] = {variants.variant_now(composition, kind, readers)}
        wanted = Q()
        for format, names in now.items():
            wanted |= Q(format=format, variant__in=names)
        return Rendering.objects.filter(wanted, composition=composition)

    def make(self, data: dict[str, Any]) -> Rendering:
        composition = get_composition(self.request, self.kwargs["composition_id"])
        path = short_path(composition)
        return renderings.request_rendering(
            composition,
            data["format"],
            written_for=data["written_for"],
            link=self.request.build_absolute_uri(path),
        )
