"""Models, which keep their name, and their versions, which follow on each other."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from composer_site.api.listing import OwnedListQuery, of_owner
from composer_site.api.schema import problems
from composer_site.api.v1.owners import OwnerField
from composer_site.api.viewsets import ListMixin, RetrieveMixin
from training.models import Model, ModelVersion, Portrait
from training.services import promote_version


class DefaultVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    class Meta:
        model = ModelVersion
        fields = ["id", "url", "number"]
        extra_kwargs = {"url": {"view_name": "api:version-detail"}}


class ModelSerializer(serializers.ModelSerializer[Model]):
    owner = OwnerField()
    default_version = DefaultVersionSerializer(
        read_only=True,
        allow_null=True,
        help_text="What it composes with; null while it has no version.",
    )

    class Meta:
        model = Model
        fields = [
            *("slug", "url", "title", "description", "owner"),
            *("default_version", "created_at"),
        ]
        extra_kwargs = {
            "url": {"view_name": "api:model-detail", "lookup_field": "slug"}
        }


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    model: serializers.SlugRelatedField[Model] = serializers.SlugRelatedField(
        slug_field="slug", read_only=True
    )
    owner = OwnerField(source="model.owner_id")
    metrics = serializers.DictField(
        child=serializers.FloatField(),
        source="scores",
        help_text="Of pieces it has not seen. Bits and errors: less is better.",
    )
    baselines = serializers.DictField(
        child=serializers.DictField(child=serializers.FloatField()),
        help_text="What simpler ways to guess reach on the same pieces.",
    )

    class Meta:
        model = ModelVersion
        fields = [
            *("id", "url", "model", "number", "owner", "is_default", "bundle_hash"),
            *("num_parameters", "metrics", "baselines", "created_at", "retired_at"),
        ]
        extra_kwargs = {"url": {"view_name": "api:version-detail"}}


class CurvePointSerializer(serializers.Serializer[Any]):
    epoch = serializers.IntegerField()
    train_bits = serializers.FloatField()
    valid_bits = serializers.FloatField()
    seconds = serializers.FloatField()


class SpreadSerializer(serializers.Serializer[Any]):
    mean = serializers.FloatField()
    low = serializers.FloatField(help_text="The 5th percentile.")
    median = serializers.FloatField()
    high = serializers.FloatField(help_text="The 95th percentile.")
    pieces = serializers.IntegerField()


class ProfileSerializer(serializers.Serializer[Any]):
    pieces = serializers.IntegerField()
    notes = serializers.IntegerField()
    measures = serializers.DictField(child=SpreadSerializer())
    histograms = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField())
    )


class MusicSerializer(serializers.Serializer[Any]):
    """What a version's music is like, beside real music that it never saw."""

    state = serializers.ChoiceField(choices=Portrait.State.choices)
    generated = ProfileSerializer(
        allow_null=True, help_text="Of pieces it wrote; null until they are measured."
    )
    held_out = ProfileSerializer(
        allow_null=True, help_text="Of real pieces; null where the bundle has none."
    )
    overlap = serializers.DictField(
        child=serializers.FloatField(),
        help_text="How far each histogram agrees with that of real pieces, 0 to 1.",
    )


class VersionDetailSerializer(VersionSerializer):
    music = MusicSerializer(
        source="portrait.told", read_only=True, default=None, allow_null=True
    )
    encoding = serializers.DictField(read_only=True)
    model_config = serializers.DictField(read_only=True)
    train_config = serializers.DictField(read_only=True)
    counts = serializers.DictField(read_only=True)
    curve = CurvePointSerializer(many=True, read_only=True)
    provenance = serializers.DictField(read_only=True)

    class Meta(VersionSerializer.Meta):
        fields = [
            *VersionSerializer.Meta.fields,
            *("music", "encoding", "model_config", "train_config"),
            *("counts", "curve", "provenance"),
        ]


@extend_schema_view(
    list=extend_schema(
        summary="Models",
        parameters=[OwnedListQuery],
        responses={200: ModelSerializer(many=True), **problems(400, 401)},
    ),
    retrieve=extend_schema(
        summary="One model", responses={200: ModelSerializer, **problems(401, 404)}
    ),
)
class ModelViewSet(ListMixin, RetrieveMixin):
    query_class = OwnedListQuery
    serializer_class = ModelSerializer
    lookup_field = "slug"
    lookup_value_converter = "slug"

    def visible(self) -> QuerySet[Model]:
        defaults = ModelVersion.objects.default().only("id", "number", "model")
        return Model.objects.visible_to(self.request.user).prefetch_related(
            Prefetch("versions", defaults, to_attr="default_versions")
        )

    def listed(self, query: dict[str, Any]) -> QuerySet[Model]:
        models = self.visible()
        if owner := query.get("owner"):
            models = of_owner(models, self.request, owner, "owner")
        return models


class VersionQuery(OwnedListQuery):
    model = serializers.SlugField(max_length=60, required=False, help_text="Its slug.")
    retired = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Only those no longer offered, or only those that are.",
    )


@extend_schema_view(
    list=extend_schema(
        summary="Versions, with metrics beside baselines",
        parameters=[VersionQuery],
        responses={200: VersionSerializer(many=True), **problems(400, 401)},
    ),
    retrieve=extend_schema(
        summary="One version, with its curve and provenance",
        responses={200: VersionDetailSerializer, **problems(401, 404)},
    ),
)
class VersionViewSet(ListMixin, RetrieveMixin):
    lookup_value_converter = "int"
    query_class = VersionQuery

    def get_serializer_class(self) -> type[VersionSerializer]:
        return VersionSerializer if self.action == "list" else VersionDetailSerializer

    def owner_of(self, found: ModelVersion) -> int | None:
        return found.model.owner_id

    def visible(self) -> QuerySet[ModelVersion]:
        versions = ModelVersion.objects.visible_to(self.request.user)
        joined = ("model",) if self.action == "list" else ("model", "portrait")
        return versions.select_related(*joined).prefetch_related("metrics")

    def listed(self, query: dict[str, Any]) -> QuerySet[ModelVersion]:
        versions = self.visible().defer(
            *("encoding", "model_config", "train_config"),
            *("counts", "curve", "provenance"),
        )
        if owner := query.get("owner"):
            versions = of_owner(versions, self.request, owner, "model__owner")
        if "model" in query:
            versions = versions.filter(model__slug=query["model"])
        if query["retired"] is not None:
            versions = versions.filter(retired_at__isnull=not query["retired"])
        return versions

    @extend_schema(
        summary="Compose with this version from now on",
        request=None,
        responses={200: VersionDetailSerializer, **problems(401, 403, 404)},
    )
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, **kwargs: Any) -> Response:
        version = self.get_own()
        promote_version(version)
        return Response(self.get_serializer(self.get_object()).data)
