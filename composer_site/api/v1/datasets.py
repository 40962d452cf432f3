from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers

from composer_site.api.bodies import StrictSerializer, seed_field
from composer_site.api.listing import OwnedListQuery, of_owner
from composer_site.api.problems import Conflict
from composer_site.api.schema import IDEMPOTENCY_KEY, MADE, problems
from composer_site.api.v1.owners import OwnerField
from composer_site.api.viewsets import CreateMixin, ListMixin, RetrieveMixin
from training.corpora import CORPORA
from training.datasets import (
    MAX_PIECES,
    BadDataset,
    TooManyDatasets,
    create_corpus_dataset,
    create_random_dataset,
)
from training.models import Dataset, Piece
from training.own_music import MELODY, PARTS, create_own_dataset
from training.random_notes import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    MAX_SAMPLES,
    MAX_WINDOW,
    NUM_SAMPLES,
    WINDOW,
    BadOptions,
    RandomOptions,
)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    owner = OwnerField()
    encoding = serializers.DictField(read_only=True)
    options = serializers.DictField(read_only=True)
    counts = serializers.DictField(read_only=True)

    class Meta:
        model = Dataset
        fields = [
            *("id", "url", "name", "kind", "owner", "state", "error"),
            *("encoding", "options", "split_seed", "counts"),
            *("created_at", "started_at", "finished_at"),
        ]
        extra_kwargs = {"url": {"view_name": "api:dataset-detail"}}


class DatasetDetailSerializer(DatasetSerializer):
    """With its charts: for each a list of labels and counts."""

    charts = serializers.DictField(
        child=serializers.ListField(child=serializers.ListField()), read_only=True
    )

    class Meta(DatasetSerializer.Meta):
        fields = [*DatasetSerializer.Meta.fields, "charts", "content_hash"]


class NewDatasetSerializer(StrictSerializer):
    name = serializers.CharField(max_length=100, required=False, default="")
    split_seed = seed_field(default=0, help_text="Decides which pieces are held out.")


class CorpusDatasetSerializer(NewDatasetSerializer):
    kind = serializers.ChoiceField(choices=["corpus"])
    corpora = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(CORPORA)),
        min_length=1,
        max_length=len(CORPORA),
        help_text="Tunes, chorales and quartets cannot be mixed.",
    )
    transpose = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Learn every piece in all keys that fit. Left out: what suits them.",
    )


def _whole(lowest: int, highest: int, default: int) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=lowest, max_value=highest, default=default
    )


class RandomDatasetSerializer(NewDatasetSerializer):
    kind = serializers.ChoiceField(choices=["random"])
    samples = _whole(1, MAX_SAMPLES, NUM_SAMPLES)
    window = _whole(1, MAX_WINDOW, WINDOW)
    lowest = _whole(0, 127, LOWEST_PITCH)
    highest = _whole(0, 127, HIGHEST_PITCH)
    seed = seed_field(default=0)


class PiecesDatasetSerializer(NewDatasetSerializer):
    kind = serializers.ChoiceField(choices=["pieces"])
    pieces = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=MAX_PIECES,
        required=False,
        help_text="Ids of your own pieces. Left out: all of them.",
    )
    way = serializers.ChoiceField(
        choices=[MELODY, PARTS],
        required=False,
        help_text="Learn the `melody` line or all `parts`. Left out: what suits them.",
    )
    transpose = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Learn every piece in all keys that fit. Left out: what suits them.",
    )


BODIES: dict[str, Any] = {
    "pieces": PiecesDatasetSerializer,
    "corpus": CorpusDatasetSerializer,
    "random": RandomDatasetSerializer,
}


class DatasetQuery(OwnedListQuery):
    kind = serializers.ChoiceField(choices=Dataset.Kind.choices, required=False)
    state = serializers.ChoiceField(choices=Dataset.State.choices, required=False)


@extend_schema_view(
    list=extend_schema(
        summary="Datasets",
        parameters=[DatasetQuery],
        responses={200: DatasetSerializer(many=True), **problems(400, 401)},
    ),
    retrieve=extend_schema(
        summary="One dataset, with its charts",
        responses={200: DatasetDetailSerializer, **problems(401, 404)},
    ),
    create=extend_schema(
        summary="Make a dataset",
        description="It is made by a task. Ask at its Location until its state is "
        "`ready` or `failed`.",
        parameters=[IDEMPOTENCY_KEY, MADE],
        request=PolymorphicProxySerializer(
            component_name="NewDataset",
            serializers=BODIES,
            resource_type_field_name="kind",
        ),
        responses={
            202: DatasetDetailSerializer,
            **problems(400, 401, 403, 409, 422),
        },
        examples=[
            OpenApiExample(
                "Chorales",
                {"kind": "corpus", "corpora": ["bach-chorales"]},
                request_only=True,
            ),
            OpenApiExample(
                "Your own music",
                {"kind": "pieces", "name": "My reels", "way": "melody"},
                request_only=True,
            ),
            OpenApiExample(
                "Random notes",
                {"kind": "random", "samples": 1000, "window": 16, "seed": 7},
                request_only=True,
            ),
        ],
    ),
)
class DatasetViewSet(ListMixin, RetrieveMixin, CreateMixin):
    lookup_value_converter = "int"
    query_class = DatasetQuery
    created_status = 202

    def get_serializer_class(self) -> type[DatasetSerializer]:
        return DatasetSerializer if self.action == "list" else DatasetDetailSerializer

    def visible(self) -> QuerySet[Dataset]:
        return Dataset.objects.visible_to(self.request.user)

    def listed(self, query: dict[str, Any]) -> QuerySet[Dataset]:
        datasets = self.visible().defer("charts")
        if owner := query.get("owner"):
            datasets = of_owner(datasets, self.request, owner, "owner")
        wanted = {name: query[name] for name in ("kind", "state") if name in query}
        return datasets.filter(**wanted)

    def get_body(self, data: Any) -> serializers.Serializer[Any]:
        kind = data.get("kind") if isinstance(data, dict) else None
        if not isinstance(kind, str) or kind not in BODIES:
            raise serializers.ValidationError(
                {"kind": [f"Send one of {', '.join(BODIES)}."]}
            )
        body: NewDatasetSerializer = BODIES[kind](data=data)
        return body

    def make(self, data: dict[str, Any]) -> Dataset:
        owner = self.account
        name, split_seed = data["name"], data["split_seed"]
        try:
            if data["kind"] == "corpus":
                return create_corpus_dataset(
                    data["corpora"],
                    owner=owner,
                    name=name,
                    transpose=data["transpose"],
                    split_seed=split_seed,
                )
            if data["kind"] == "pieces":
                return self._make_of_pieces(data)
            options = RandomOptions(
                **{
                    key: data[key]
                    for key in ("samples", "window", "lowest", "highest", "seed")
                }
            )
            return create_random_dataset(
                options,
                owner=owner,
                name=name or "Random notes",
                split_seed=split_seed,
            )
        except TooManyDatasets as error:
            raise Conflict(str(error)) from None
        except (BadDataset, BadOptions) as error:
            raise serializers.ValidationError({"": [str(error)]}) from None

    def _make_of_pieces(self, data: dict[str, Any]) -> Dataset:
        own = Piece.objects.of(self.account).kept()
        if ids := data.get("pieces"):
            own = own.filter(pk__in=ids)
            if own.count() < len(set(ids)):
                raise serializers.ValidationError(
                    {"pieces": ["Some of these are not there. See /api/v1/pieces/."]}
                )
        return create_own_dataset(
            own,
            owner=self.account,
            name=data["name"],
            way=data.get("way", ""),
            transpose=data["transpose"],
            split_seed=data["split_seed"],
        )
