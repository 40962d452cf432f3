"""A melody that a program brings, to compose from."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from composer_site.api.bodies import PlainJSONParser, StrictSerializer
from composer_site.api.idempotency import answer_once
from composer_site.api.schema import IDEMPOTENCY_KEY, MADE
from composer_site.api.viewsets import ResourceViewSet
from generation import bringing
from generation.bringing import (
    MAX_ABC_LETTERS,
    MAX_BARS,
    MAX_BYTES,
    MAX_NOTES,
    MAX_PARTS,
    MAX_TITLE,
    Excerpt,
    NotBrought,
    WrongAbc,
)
from generation.composing.recipe import MAX_QPM, MIN_QPM
from generation.forms import MetreField, TonicField
from generation.lookup import whose
from generation.models import Composition
from training.music.archive import shown_name
from training.music.formats import UnreadableScore
from training.music.pitch import MODES
from training.music.score import Score
from training.music.sent_notes import melody_from_json

WAYS = ("file", "abc", "notes")
#: What belongs to notes alone: a file and a text say it themselves.
OF_NOTES = ("metre", "tempo", "pickup_ticks", "tonic", "mode")


class BringSerializer(StrictSerializer):
    """Send one of ``file``, ``abc`` and ``notes``."""

    file = serializers.FileField(
        required=False,
        help_text="MIDI, MusicXML, ABC or kern, at most 1 MB; its name tells which.",
    )
    abc = serializers.CharField(
        required=False,
        max_length=MAX_ABC_LETTERS,
        trim_whitespace=False,
        help_text="One tune in ABC. What is wrong with it is told by line.",
    )
    notes = serializers.ListField(
        child=serializers.ListField(
            child=serializers.IntegerField(), min_length=3, max_length=4
        ),
        required=False,
        max_length=MAX_NOTES,
        help_text="Each is start, pitch, duration and, if you like, velocity. A "
        "quarter has 480 ticks; pitches are MIDI's.",
    )
    title = serializers.CharField(required=False, max_length=MAX_TITLE)
    parts = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=63),
        required=False,
        max_length=MAX_PARTS,
        help_text="Which parts of a file are kept, counted from 0. Left out: all.",
    )
    first_bar = serializers.IntegerField(
        required=False, min_value=1, help_text="The first bar that is kept."
    )
    last_bar = serializers.IntegerField(
        required=False, min_value=1, help_text=f"The last. At most {MAX_BARS} are kept."
    )
    is_melody = serializers.BooleanField(
        required=False, help_text="Only the highest of what sounds together."
    )
    metre = serializers.CharField(
        max_length=7, required=False, help_text="Of notes: like 4/4 or 6/8."
    )
    tempo = serializers.FloatField(
        min_value=MIN_QPM,
        max_value=MAX_QPM,
        required=False,
        help_text="Of notes: quarter notes a minute.",
    )
    pickup_ticks = serializers.IntegerField(
        min_value=0, max_value=100_000, required=False, help_text="Of notes."
    )
    tonic = serializers.CharField(
        max_length=3,
        required=False,
        help_text="Of notes: D, F# or Bb. Left out, the key is guessed.",
    )
    mode = serializers.ChoiceField(choices=list(MODES), required=False)

    def validate_file(self, file: Any) -> Any:
        if file.size > MAX_BYTES:
            raise serializers.ValidationError(
                f"It is too big. Send at most {MAX_BYTES >> 20} MB."
            )
        return file

    def validate_metre(self, text: str) -> list[int]:
        metre = MetreField().clean(text)
        return [metre.numerator, metre.denominator]

    def validate_tonic(self, text: str) -> int:
        tonic: int = TonicField().clean(text)
        return tonic

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        sent = [way for way in WAYS if way in attrs]
        if len(sent) != 1:
            raise serializers.ValidationError("Send one of file, abc and notes.")
        if "notes" not in attrs and (odd := [n for n in OF_NOTES if n in attrs]):
            raise serializers.ValidationError(
                {name: ["Send this with notes only."] for name in odd}
            )
        if "mode" in attrs and "tonic" not in attrs:
            raise serializers.ValidationError({"mode": ["Send a tonic with it."]})
        return attrs


class BringMixin(ResourceViewSet):
    """``POST bring/`` beside a list of compositions."""

    @extend_schema(
        summary="Bring a melody",
        description="A file, ABC or notes become a composition by no model, which "
        "models can then go on from. If no key is named it is guessed.",
        parameters=[IDEMPOTENCY_KEY, MADE],
        request={
            "application/json": BringSerializer,
            "multipart/form-data": BringSerializer,
        },
        examples=[
            OpenApiExample(
                "Three notes",
                {
                    "notes": [[0, 62, 480], [480, 66, 480], [960, 69, 960]],
                    "metre": "4/4",
                    "tempo": 90,
                    "title": "Call",
                },
                request_only=True,
                media_type="application/json",
            ),
            OpenApiExample(
                "A tune in ABC",
                {"abc": "X:1\nT:Air\nM:2/4\nL:1/8\nK:D\nDEFG|A2 d2|"},
                request_only=True,
                media_type="application/json",
            ),
        ],
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="bring",
        parser_classes=[PlainJSONParser, MultiPartParser],
    )
    def bring(self, request: Request, **kwargs: Any) -> Response:
        return answer_once(request, self._bring)

    def _bring(self) -> Response:
        body = BringSerializer(data=self.request.data)
        body.is_valid(raise_exception=True)
        made = bring_from(body.validated_data, **whose(self.request))
        data = self.get_serializer(made).data
        return Response(data, status=201, headers={"Location": data["url"]})


def bring_from(data: dict[str, Any], **whose: Any) -> Composition:
    way = next(way for way in WAYS if way in data)
    parts = data.get("parts")
    excerpt = Excerpt(
        parts=tuple(parts) if parts else None,
        first_bar=data.get("first_bar"),
        last_bar=data.get("last_bar"),
        is_melody=data.get("is_melody", False),
    )
    try:
        score, name = _read(way, data)
        prepared = bringing.prepare(score, excerpt)
    except WrongAbc as error:
        lines = [f"Line {wrong.line}: {wrong.sentence}" for wrong in error.wrongs]
        raise serializers.ValidationError({way: lines}) from None
    except (NotBrought, UnreadableScore) as error:
        raise serializers.ValidationError({way: [str(error)]}) from None
    return bringing.keep(prepared, title=data.get("title", ""), file_name=name, **whose)


def _read(way: str, data: dict[str, Any]) -> tuple[Score, str]:
    """The music, and what its file is called."""
    if way == "file":
        name = shown_name(data["file"].name)
        return bringing.read_file(name, data["file"].read()).score, name
    if way == "abc":
        return bringing.read_text(data["abc"]).score, ""
    key = [data["tonic"], data.get("mode", "major")] if "tonic" in data else None
    sent = {
        "notes": data["notes"],
        "metre": data.get("metre"),
        "qpm": data.get("tempo"),
        "pickup_ticks": data.get("pickup_ticks"),
        "key": key,
    }
    return melody_from_json(sent, most_notes=MAX_NOTES), ""
