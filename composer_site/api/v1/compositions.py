from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from composer_site.api.bodies import StrictSerializer, seed_field
from composer_site.api.listing import ListQuery
from composer_site.api.schema import IDEMPOTENCY_KEY, MADE, problems
from composer_site.api.v1.bringing import BringMixin
from composer_site.api.viewsets import (
    CreateMixin,
    ListMixin,
    RetrieveMixin,
)
from generation import services, variants
from generation.actions import asked
from generation.composing.recipe import (
    MAX_BARS,
    MAX_CANDIDATES,
    MAX_NOTES,
    MAX_QPM,
    MAX_TEMPERATURE,
    MAX_TOP_K,
    MIN_QPM,
    BadRequest,
    ComposeRequest,
)
from generation.composing.wishes import CONTINUE, MAX_MORE_BARS, USUAL_MORE_BARS, Wish
from generation.files import DIRECT_FORMATS, is_a_tune
from generation.forms import ControlsForm
from generation.library import MAX_SEARCH_LENGTH, Wishes, matching
from generation.lookup import whose
from generation.models import Composition, caller
from generation.shelf import throw_away
from training.learning.adaptive import SOME
from training.models import Model, ModelVersion
from training.music.pianoroll import notes_json
from training.music.pitch import MODES

NO_SUCH_PIECE = "There is no such composition, or it is not yours."
NO_SUCH_MODEL = "There is no such model. See /api/v1/models/."


class NoteSerializer(serializers.Serializer[Any]):
    part = serializers.IntegerField(help_text="From 0.")
    start_tick = serializers.IntegerField(help_text="480 are a quarter note.")
    duration_ticks = serializers.IntegerField()
    start_seconds = serializers.FloatField()
    duration_seconds = serializers.FloatField()
    pitch = serializers.IntegerField(help_text="MIDI: 60 is middle C.")
    velocity = serializers.IntegerField()


class CompositionSerializer(serializers.ModelSerializer[Composition]):
    model = serializers.CharField(
        source="model_slug", read_only=True, help_text="Empty: by no model."
    )
    page = serializers.SerializerMethodField(help_text="For people: to hear and see.")
    recipe = serializers.DictField(read_only=True)
    measures = serializers.DictField(read_only=True)

    # A field has a "parent" too; REST framework takes ours out of the class.
    parent = serializers.SerializerMethodField(  # type: ignore[assignment]
        help_text="The piece it was made from; told to whom it belongs."
    )

    class Meta:
        model = Composition
        fields = [
            *("id", "url", "page", "title", "origin", "model", "version", "seed"),
            *("recipe", "measures", "parent", "change", "created_at"),
        ]
        extra_kwargs = {"url": {"view_name": "api:composition-detail"}}

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_parent(self, composition: Composition) -> UUID | None:
        # Its address is all that keeps a piece to its owner's friends.
        is_mine = composition.belongs_to(*caller(self.context["request"]))
        return composition.parent_id if is_mine else None

    def get_page(self, composition: Composition) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(composition.get_absolute_url())


class CompositionDetailSerializer(CompositionSerializer):
    notes = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField(
        help_text="Addresses by format. Sound and print are there once rendered."
    )

    class Meta(CompositionSerializer.Meta):
        fields = [*CompositionSerializer.Meta.fields, "notes", "files"]

    @extend_schema_field(NoteSerializer(many=True))
    def get_notes(self, composition: Composition) -> Any:
        return NoteSerializer(notes_json(composition.as_score()), many=True).data

    def get_files(self, composition: Composition) -> dict[str, str]:
        formats = [f for f in DIRECT_FORMATS if f != "abc" or is_a_tune(composition)]
        made = variants.current(composition)
        formats += [f for f, rendering in made.items() if rendering.is_ready]
        return {f: file_url(composition.pk, f, self.context) for f in formats}


def file_url(composition_id: UUID, format: str, context: Mapping[str, Any]) -> str:
    return reverse(
        "api:composition-file",
        args=[composition_id, format],
        request=context["request"],
    )


def _whole(lowest: int, highest: int, help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=lowest, max_value=highest, required=False, help_text=help_text
    )


def _number(lowest: float, highest: float, help_text: str) -> serializers.FloatField:
    return serializers.FloatField(
        min_value=lowest, max_value=highest, required=False, help_text=help_text
    )


class ContinueSerializer(StrictSerializer):
    """The piece's first bars are kept, note for note; the model writes what follows."""

    composition = serializers.UUIDField(help_text="The piece to go on from.")
    from_bar = _whole(1, MAX_BARS, "The last bar that is kept. Left out: the last.")
    more_bars = serializers.IntegerField(
        min_value=1,
        max_value=MAX_MORE_BARS,
        default=USUAL_MORE_BARS,
        help_text="How many follow.",
    )
    closeness = serializers.FloatField(
        min_value=0.0,
        max_value=1.0,
        default=SOME,
        help_text="How much it takes up of what the piece has done: 0 nothing, 0.5 "
        "some, 1 very much.",
    )


class ComposeSerializer(StrictSerializer):
    """Every control may be left out; what is left out, the model decides.

    With ``continue`` a piece goes on: it keeps its model (unless you name another), its
    key, metre, tempo, temperature and range, and only ``seed`` may stand beside it.
    """

    model = serializers.SlugField(max_length=60, default="tunes", help_text="Its slug.")
    version = _whole(1, 2**31 - 1, "Its number. Left out: the model's default.")
    seed = seed_field(help_text="The same seed and controls: the same notes.")
    tonic = serializers.CharField(
        max_length=3, required=False, help_text="The key note: D, F# or Bb."
    )
    mode = serializers.ChoiceField(choices=list(MODES), required=False)
    metre = serializers.CharField(
        max_length=7, required=False, help_text="Written like 4/4 or 6/8."
    )
    bars = _whole(1, MAX_BARS, "Or ask for a number of notes.")
    num_notes = _whole(1, MAX_NOTES, "Or ask for a number of bars.")
    lowest_pitch = _whole(0, 127, "MIDI: 60 is middle C.")
    highest_pitch = _whole(0, 127, "At least 5 above the lowest.")
    scale_only = serializers.BooleanField(
        required=False, help_text="No notes from outside the key."
    )
    tempo = _number(MIN_QPM, MAX_QPM, "Quarter notes a minute.")
    temperature = _number(0.01, MAX_TEMPERATURE, "Below 1 calmer, above 1 wilder.")
    top_k = _whole(0, MAX_TOP_K, "Choose among so many only; 0: among all.")
    top_p = _number(0.01, 1.0, "Choose among the likeliest that make up this share.")
    candidates = _whole(0, MAX_CANDIDATES, "Drafts, of which the best is kept.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # A word that Python keeps for itself.
        return {**super().get_fields(), "continue": ContinueSerializer(required=False)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The controls as a request, by the form that pages use."""
        if "continue" in attrs:
            return self._to_continue(attrs)
        controls = ControlsForm(attrs)
        if not controls.is_valid():
            raise serializers.ValidationError(
                {
                    name: [str(sentence) for sentence in errors]
                    for name, errors in controls.errors.items()
                }
            )
        seed = attrs.get("seed")
        wanted = controls.compose_request(
            seed=services.draw_seed() if seed is None else seed
        )
        return {"version": self._version(attrs), "wanted": wanted}

    def _to_continue(self, attrs: dict[str, Any]) -> dict[str, Any]:
        sent = set(self.initial_data) - {"continue", "model", "version", "seed"}
        if sent:
            raise serializers.ValidationError(
                {
                    name: ["A piece goes on as it was. Leave this out."]
                    for name in sorted(sent)
                }
            )
        wishes = dict(attrs["continue"])
        user = self.context["request"].user
        found = Composition.objects.visible_to(user).select_related("version__model")
        parent = found.filter(pk=wishes.pop("composition")).first()
        if parent is None:
            raise serializers.ValidationError({"continue": [NO_SUCH_PIECE]})
        if "model" not in self.initial_data:
            attrs = {**attrs, "model": parent.model_slug}
        version = self._version(attrs)
        wish = Wish(
            CONTINUE,
            last_bar=wishes.get("from_bar"),
            more_bars=wishes["more_bars"],
            closeness=wishes["closeness"],
        )
        try:
            wanted, change = asked(parent, version, wish, seed=attrs.get("seed"))
        except BadRequest as error:
            raise serializers.ValidationError({"continue": [str(error)]}) from None
        return {
            "version": version,
            "wanted": wanted,
            "parent": parent,
            "change": change,
        }

    def _version(self, attrs: dict[str, Any]) -> ModelVersion:
        user = self.context["request"].user
        model = Model.objects.visible_to(user).filter(slug=attrs["model"]).first()
        if model is None:
            raise serializers.ValidationError({"model": [NO_SUCH_MODEL]})
        if "version" not in attrs:
            version = model.default_version
        else:
            offered = model.versions.offered()
            version = offered.filter(number=attrs["version"]).first()
        if version is None:
            raise serializers.ValidationError(
                {"version": [f"{model} has no such version. See /api/v1/versions/."]}
            )
        return version


class CompositionQuery(ListQuery):
    find = serializers.CharField(
        max_length=MAX_SEARCH_LENGTH,
        required=False,
        help_text="Words of its title, whatever the capitals and accents.",
    )
    model = serializers.SlugField(max_length=60, required=False, help_text="Its slug.")
    key = serializers.CharField(
        max_length=20, required=False, help_text="As in `measures`: D major, B♭ minor."
    )
    metre = serializers.CharField(
        max_length=10, required=False, help_text="As in `measures`: 4/4, 6/8."
    )
    origin = serializers.ChoiceField(
        choices=Composition.Origin.choices,
        required=False,
        help_text="Where it comes from.",
    )
    favourite = serializers.BooleanField(
        required=False, help_text="Only those with a star."
    )


@extend_schema_view(
    bring=extend_schema(
        responses={
            201: CompositionDetailSerializer,
            **problems(400, 401, 403, 409, 422, 503),
        }
    ),
    list=extend_schema(
        summary="Your compositions",
        description="Those of your account; of a visitor, those of the session.",
        parameters=[CompositionQuery],
        responses={200: CompositionSerializer(many=True), **problems(400, 401)},
    ),
    retrieve=extend_schema(
        summary="One composition, with its notes and files",
        responses={200: CompositionDetailSerializer, **problems(401, 404)},
    ),
    create=extend_schema(
        summary="Compose",
        parameters=[IDEMPOTENCY_KEY, MADE],
        request=ComposeSerializer,
        responses={
            201: CompositionDetailSerializer,
            **problems(400, 401, 403, 409, 422, 503),
        },
        examples=[
            OpenApiExample("Anything", {}, request_only=True),
            OpenApiExample(
                "A jig",
                {"model": "tunes", "metre": "6/8", "tonic": "D", "bars": 8, "seed": 7},
                request_only=True,
            ),
            OpenApiExample(
                "A piece goes on",
                {
                    "continue": {
                        "composition": "6f1b6a5e-8f0c-4c57-9f8e-2d3c6f0f9b1a",
                        "from_bar": 4,
                        "more_bars": 8,
                        "closeness": 0.5,
                    },
                    "seed": 7,
                },
                request_only=True,
            ),
        ],
    ),
    destroy=extend_schema(
        summary="Delete a composition",
        description="It can be taken back on the page of your pieces for 30 days.",
        responses={204: None, **problems(401, 403, 404)},
    ),
)
class CompositionViewSet(BringMixin, ListMixin, RetrieveMixin, CreateMixin):
    query_class = CompositionQuery
    body_class = ComposeSerializer
    is_made_by_visitors = True
    lookup_value_converter = "uuid"

    def get_serializer_class(self) -> type[CompositionSerializer]:
        if self.action == "list":
            return CompositionSerializer
        return CompositionDetailSerializer

    def visible(self) -> QuerySet[Composition]:
        return visible_compositions(self.request)

    def listed(self, query: dict[str, Any]) -> QuerySet[Composition]:
        named = ("find", "model", "key", "metre", "origin")
        wishes = Wishes(
            is_favourite=query.get("favourite", False),
            **{name: query[name] for name in named if name in query},
        )
        own = Composition.objects.of_caller(self.request)
        return matching(own, wishes).for_list()

    def make(self, data: dict[str, Any]) -> Composition:
        wanted: ComposeRequest = data["wanted"]
        try:
            return services.compose_now(
                data["version"],
                wanted,
                parent=data.get("parent"),
                change=data.get("change", ""),
                **whose(self.request),
            )
        except BadRequest as error:
            raise serializers.ValidationError({"": [str(error)]}) from None

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        composition = self.get_object()
        if not throw_away(Composition.objects.of_caller(request), composition.pk):
            raise PermissionDenied("Only who composed a piece may delete it.")
        return Response(status=204)


def visible_compositions(request: Request) -> QuerySet[Composition]:
    visible = Composition.objects.visible_to(request.user)
    return visible.select_related("version__model").prefetch_related("renderings")


def get_composition(request: Request, id: UUID) -> Composition:
    composition = visible_compositions(request).filter(pk=id).first()
    if composition is None:
        raise NotFound
    return composition
