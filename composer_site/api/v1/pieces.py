"""People's own music, for models to learn from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from composer_site.api.bodies import PlainJSONParser, StrictSerializer
from composer_site.api.listing import ListQuery
from composer_site.api.schema import IDEMPOTENCY_KEY, MADE, problems
from composer_site.api.v1.compositions import NoteSerializer
from composer_site.api.viewsets import CreateMixin, ListMixin, RetrieveMixin
from generation.services import TooBusy
from training.models import Piece
from training.models.datasets import PieceQuerySet
from training.music.archive import is_archive, shown_name, too_big
from training.music.books import count_tunes
from training.music.formats import UnreadableScore, read_safely
from training.music.pianoroll import notes_json
from training.music.reading import decode_text
from training.music.sandbox import Limits
from training.pieces import NotKept, keep_piece, name_of, throw_away
from training.uploads import MAX_FILE_BYTES

#: A program waits for the answer: less than a task may take.
LIMITS = Limits(cpu_seconds=8, wall_seconds=12.0)
#: Of the threads of a web process, the others go on with pages.
_reading = threading.BoundedSemaphore(1)


class PieceSerializer(serializers.ModelSerializer[Piece]):
    class Meta:
        model = Piece
        fields = [
            *("id", "url", "name", "source", "num_parts", "num_voices"),
            *("num_notes", "has_drums", "seconds", "created_at"),
        ]
        extra_kwargs = {"url": {"view_name": "api:piece-detail"}}


class PieceDetailSerializer(PieceSerializer):
    """With its notes."""

    notes = serializers.SerializerMethodField()

    class Meta(PieceSerializer.Meta):
        fields = [*PieceSerializer.Meta.fields, "notes"]

    @extend_schema_field(NoteSerializer(many=True))
    def get_notes(self, piece: Piece) -> Any:
        return NoteSerializer(notes_json(piece.as_score()), many=True).data


class NewPieceSerializer(StrictSerializer):
    file = serializers.FileField(
        help_text="MIDI, MusicXML, ABC or kern; its name tells which."
    )

    def validate_file(self, file: Any) -> Any:
        if file.size > MAX_FILE_BYTES:
            raise serializers.ValidationError(too_big(MAX_FILE_BYTES))
        if is_archive(file.name):
            raise serializers.ValidationError(
                "A .zip is opened on the page of your music, not here. Send one piece."
            )
        return file


class PieceQuery(ListQuery):
    find = serializers.CharField(
        max_length=100,
        required=False,
        help_text="Words in its name or its file's.",
    )


@contextmanager
def one_of_few() -> Iterator[None]:
    """Reading takes a process and its memory: one at a time in a web process."""
    if not _reading.acquire(timeout=settings.COMPOSE_WAIT_SECONDS):
        raise TooBusy("Other files are being read just now. Send it in a few seconds.")
    try:
        yield
    finally:
        _reading.release()


@extend_schema_view(
    list=extend_schema(
        summary="Your music",
        description="The pieces you brought to learn from.",
        parameters=[PieceQuery],
        responses={200: PieceSerializer(many=True), **problems(400, 401)},
    ),
    retrieve=extend_schema(
        summary="One of your pieces, with its notes",
        responses={200: PieceDetailSerializer, **problems(401, 404)},
    ),
    create=extend_schema(
        summary="Bring a piece",
        description="One file with one piece, as a form. The same music sent again is "
        "answered with the piece that is there.",
        parameters=[IDEMPOTENCY_KEY, MADE],
        request={"multipart/form-data": NewPieceSerializer},
        responses={
            201: PieceDetailSerializer,
            **problems(400, 401, 403, 409, 422, 503),
        },
        examples=[
            OpenApiExample(
                "A tune in ABC",
                {"file": "X:1\nT:Example\nM:2/4\nL:1/8\nK:D\nDEFG|A2 d2|"},
                request_only=True,
                media_type="multipart/form-data",
            )
        ],
    ),
    destroy=extend_schema(
        summary="Delete a piece",
        description="Datasets made of it stay as they are.",
        responses={204: None, **problems(401, 403, 404)},
    ),
)
class PieceViewSet(ListMixin, RetrieveMixin, CreateMixin):
    lookup_value_converter = "int"
    query_class = PieceQuery
    body_class = NewPieceSerializer
    # JSON is read only to say what is missing from it.
    parser_classes = [PlainJSONParser, MultiPartParser]

    def get_serializer_class(self) -> type[PieceSerializer]:
        return PieceSerializer if self.action == "list" else PieceDetailSerializer

    def visible(self) -> PieceQuerySet:
        return Piece.objects.of(self.request.user).kept()

    def listed(self, query: dict[str, Any]) -> QuerySet[Piece]:
        return self.visible().found_by(query.get("find", "")).for_list()

    def make(self, data: dict[str, Any]) -> Piece:
        file = data["file"]
        name, content = shown_name(file.name), file.read()
        if name.lower().endswith(".abc") and count_tunes(decode_text(content)) > 1:
            raise serializers.ValidationError(
                {
                    "file": [
                        "A book of tunes is opened on the page of your music, not "
                        "here. Send one tune."
                    ]
                }
            )
        try:
            with one_of_few():
                score = read_safely(name, content, LIMITS).score
            kept = keep_piece(
                score, name=name_of(score, name), owner=self.account, source=name
            )
        except (UnreadableScore, NotKept) as error:
            raise serializers.ValidationError({"file": [str(error)]}) from None
        return kept.piece

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        piece = self.get_own()
        throw_away(Piece.objects.of(request.user), [piece.pk])
        return Response(status=204)
