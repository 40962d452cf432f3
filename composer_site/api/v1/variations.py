"""What can be done with a composition, what was done with it, and doing it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from composer_site.api.bodies import StrictSerializer, seed_field
from composer_site.api.listing import ListQuery
from composer_site.api.schema import IDEMPOTENCY_KEY, MADE, problems
from composer_site.api.v1.compositions import (
    NO_SUCH_MODEL,
    CompositionDetailSerializer,
    CompositionSerializer,
    get_composition,
)
from composer_site.api.viewsets import ApiView, CreateMixin, ListMixin
from generation.action_forms import SteerForm
from generation.actions import act
from generation.composing.recipe import MAX_BARS, BadRequest
from generation.composing.wishes import ACTIONS, MAX_MORE_BARS
from generation.desk import Desk, desk_of, own_offers
from generation.family import Relative, everyone, family_of
from generation.lookup import whose
from generation.models import Composition, caller
from generation.offers import offers_to
from training.music.pitch import MODES


def _desk(request: Request, composition: Composition, slug: str | None) -> Desk:
    """Raises ``ValidationError`` for a model that the caller may not use."""
    offers = own_offers(composition, offers_to(request.user))
    if slug and slug not in {offer.slug for offer in offers}:
        raise serializers.ValidationError({"model": [NO_SUCH_MODEL]})
    return desk_of(composition, offers, slug)


class VariationSerializer(StrictSerializer):
    """An action and what it needs; what is left out, the program decides."""

    action = serializers.ChoiceField(choices=list(ACTIONS))
    model = serializers.SlugField(
        max_length=60,
        required=False,
        help_text="Who writes. Left out: the model that wrote the piece, else the one "
        "that can do most with it.",
    )
    seed = seed_field(
        help_text="Left out: the piece's own where one thing of its recipe is changed, "
        "else drawn."
    )
    first_bar = serializers.IntegerField(
        min_value=1,
        max_value=MAX_BARS,
        required=False,
        help_text="rewrite, new_ending: from this bar on, counted from 1.",
    )
    last_bar = serializers.IntegerField(
        min_value=1,
        max_value=MAX_BARS,
        required=False,
        help_text="rewrite: up to this bar. continue, same_start: the last that stays.",
    )
    more_bars = serializers.IntegerField(
        min_value=1,
        max_value=MAX_MORE_BARS,
        required=False,
        help_text="continue, longer: how many are added.",
    )
    closeness = serializers.ChoiceField(
        choices=["0", "0.5", "1"],
        required=False,
        help_text="continue: how much it takes up of what the piece has done.",
    )
    part = serializers.IntegerField(
        min_value=0,
        max_value=7,
        required=False,
        help_text="harmonise: the part that is kept, counted from 0.",
    )
    tonic = serializers.CharField(
        max_length=3, required=False, help_text="key: D, F# or Bb."
    )
    mode = serializers.ChoiceField(
        choices=list(MODES),
        required=False,
        help_text="mode: left out, minor for a major piece, and the other way round.",
    )
    metre = serializers.CharField(
        max_length=7, required=False, help_text="metre: written like 4/4 or 6/8."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The wish, by the form that pages use."""
        request: Request = self.context["request"]
        composition: Composition = self.context["composition"]
        desk = _desk(request, composition, attrs.get("model"))
        form = SteerForm(attrs, desk=desk)
        if not form.is_valid():
            raise serializers.ValidationError(
                {
                    "" if name == "__all__" else name: [str(one) for one in errors]
                    for name, errors in form.errors.items()
                }
            )
        return {"version": form.version, "wish": form.wish, "seed": form.seed_asked}


@extend_schema_view(
    list=extend_schema(
        summary="What you made of a composition",
        parameters=[ListQuery],
        responses={200: CompositionSerializer(many=True), **problems(400, 401, 404)},
    ),
    create=extend_schema(
        summary="Make a variation of a composition",
        description="Another composition, whose `parent` is this one and whose "
        "`change` says what was done. Which actions are possible is told by "
        "`abilities/`.",
        parameters=[IDEMPOTENCY_KEY, MADE],
        request=VariationSerializer,
        responses={
            201: CompositionDetailSerializer,
            **problems(400, 401, 403, 404, 409, 422, 503),
        },
        examples=[
            OpenApiExample("A little wilder", {"action": "wilder"}, request_only=True),
            OpenApiExample(
                "A bar written anew",
                {"action": "rewrite", "first_bar": 1, "last_bar": 1, "seed": 7},
                request_only=True,
            ),
            OpenApiExample(
                "In another key", {"action": "key", "tonic": "B"}, request_only=True
            ),
        ],
    ),
)
class VariationViewSet(ListMixin, CreateMixin):
    body_class = VariationSerializer
    is_made_by_visitors = True

    def get_serializer_class(self) -> type[CompositionSerializer]:
        if self.action == "list":
            return CompositionSerializer
        return CompositionDetailSerializer

    def visible(self) -> QuerySet[Composition]:
        composition = get_composition(self.request, self.kwargs["composition_id"])
        own = Composition.objects.of_caller(self.request).for_list()
        return own.filter(parent=composition)

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if self.action == "create":
            id = self.kwargs["composition_id"]
            context["composition"] = get_composition(self.request, id)
        return context

    def get_body(self, data: Any) -> serializers.Serializer[Any]:
        context = self.get_serializer_context()
        self.composition: Composition = context["composition"]
        return VariationSerializer(data=data, context=context)

    def make(self, data: dict[str, Any]) -> Composition:
        try:
            return act(
                self.composition,
                data["version"],
                data["wish"],
                seed=data["seed"],
                **whose(self.request),
            )
        except BadRequest as error:
            raise serializers.ValidationError({"": [str(error)]}) from None


class AbilitySerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=list(ACTIONS))
    is_possible = serializers.BooleanField()
    why_not = serializers.CharField(allow_blank=True)


class AbilitiesSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(allow_null=True, help_text="Whose these are.")
    models = serializers.ListField(
        child=serializers.CharField(), help_text="All that can work on the piece."
    )
    actions = AbilitySerializer(many=True)


class AbilitiesQuery(StrictSerializer):
    model = serializers.SlugField(max_length=60, required=False, help_text="Its slug.")


class Abilities(ApiView):
    """What can be done with the piece."""

    @extend_schema(
        summary="What can be done with a composition",
        parameters=[AbilitiesQuery],
        responses={200: AbilitiesSerializer, **problems(400, 401, 404)},
    )
    def get(self, request: Request, id: Any) -> Response:
        composition = get_composition(request, id)
        query = AbilitiesQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        desk = _desk(request, composition, query.validated_data.get("model"))
        actions = [
            {"action": action, "is_possible": not reason, "why_not": reason}
            for action, reason in desk.why.items()
        ]
        return Response(
            {
                "model": desk.chosen.slug if desk.chosen else None,
                "models": [choice.offer.slug for choice in desk.choices],
                "actions": actions,
            }
        )


class RelativeSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    url = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_blank=True)
    change = serializers.CharField(
        allow_blank=True, help_text="What was done to the one above."
    )
    depth = serializers.IntegerField(help_text="0 is the oldest that is told.")
    is_this = serializers.BooleanField()
    is_gone = serializers.BooleanField(help_text="It was deleted.")
    is_hidden = serializers.BooleanField(help_text="It is another's.")


class FamilySerializer(serializers.Serializer[Any]):
    pieces = RelativeSerializer(many=True, help_text="In the order of reading.")
    goes_on = serializers.BooleanField(help_text="There are more than are told.")


class RelatedPiece(CompositionSerializer):
    """What a family tells of a piece: nothing that would fetch its recipe."""

    class Meta(CompositionSerializer.Meta):
        fields = ["id", "url", "title", "change"]


class FamilyTree(ApiView):
    """What the piece was made from, and what was made from it."""

    @extend_schema(
        summary="The family of a composition",
        description="The pieces it was made from that you may see, the piece, and what "
        "you made from it, two levels down.",
        responses={200: FamilySerializer, **problems(401, 404)},
    )
    def get(self, request: Request, id: Any) -> Response:
        composition = get_composition(request, id)
        family = family_of(composition, *caller(request))
        pieces = [self._told(depth, one) for depth, one in everyone(family)]
        return Response({"pieces": pieces, "goes_on": family.goes_on})

    def _told(self, depth: int, relative: Relative) -> dict[str, Any]:
        piece = relative.piece
        of_piece: dict[str, Any] = {"id": None, "url": None, "title": "", "change": ""}
        if piece:
            of_piece |= RelatedPiece(piece, context={"request": self.request}).data
        return of_piece | {
            "depth": depth,
            "is_this": relative.is_this,
            "is_gone": relative.is_gone,
            "is_hidden": relative.is_hidden,
        }
