from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from composer_site.api.bodies import StrictSerializer
from composer_site.api.listing import OwnedListQuery, of_owner
from composer_site.api.problems import Conflict
from composer_site.api.schema import IDEMPOTENCY_KEY, MADE, problems
from composer_site.api.v1.owners import OwnerField
from composer_site.api.viewsets import CreateMixin, ListMixin, RetrieveMixin
from training import runs as services
from training.advanced import NUMBERS, Number
from training.models import Dataset, EpochMetric, Model, TrainingRun
from training.presets import PRESETS, find_preset
from training.services import NameTaken

MAX_TRAINING_SEED = 2**31 - 1


class EpochSerializer(serializers.ModelSerializer[EpochMetric]):
    class Meta:
        model = EpochMetric
        fields = ["epoch", "train_bits", "valid_bits", "seconds", "is_best"]


def number_field(number: Number) -> serializers.Field[Any, Any, Any, Any]:
    kind = serializers.IntegerField if number.is_whole else serializers.FloatField
    return kind(
        min_value=number.lowest,  # type: ignore[arg-type]
        max_value=number.highest,  # type: ignore[arg-type]
        required=False,
        help_text=number.help_text,
    )


class AdvancedSerializer(StrictSerializer):
    """Numbers set by hand. What is left out stays as the preset has it."""

    def get_fields(self) -> dict[str, Any]:
        return {number.name: number_field(number) for number in NUMBERS}


class RunSerializer(serializers.ModelSerializer[TrainingRun]):
    owner = OwnerField()
    model: serializers.SlugRelatedField[Model] = serializers.SlugRelatedField(
        slug_field="slug", read_only=True
    )
    share_done = serializers.FloatField(
        read_only=True, help_text="Of the whole training, 0 to 1."
    )
    stopped_early = serializers.BooleanField(
        read_only=True,
        help_text="It ended before its planned epochs, since held-out music no longer "
        "improved.",
    )

    class Meta:
        model = TrainingRun
        fields = [
            *("id", "url", "owner", "dataset", "model", "version", "preset"),
            *("state", "error", "cancel_requested"),
            *("num_epochs", "epoch", "share_done", "stopped_early", "attempt"),
            "expected_seconds",
            *("created_at", "started_at", "finished_at"),
        ]
        extra_kwargs = {"url": {"view_name": "api:run-detail"}}


class RunDetailSerializer(RunSerializer):
    """With what each epoch reached, in bits per event."""

    epochs = EpochSerializer(many=True, read_only=True)
    seconds_left = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="As the last epochs went; null before the first is done.",
    )
    best_epoch = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="Whose weights are kept; null before the first is done.",
    )
    model_config = serializers.DictField(read_only=True)
    train_config = serializers.DictField(read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [
            *RunSerializer.Meta.fields,
            *("seconds_left", "epochs", "best_epoch", "model_config", "train_config"),
        ]


class NewRunSerializer(StrictSerializer):
    dataset = serializers.PrimaryKeyRelatedField(
        queryset=Dataset.objects.none(), help_text="Its id. It must be ready."
    )
    preset = serializers.ChoiceField(choices=sorted(PRESETS))
    model = serializers.SlugRelatedField(
        slug_field="slug",
        queryset=Model.objects.none(),
        required=False,
        help_text="One of your own models, whose next version this makes.",
    )
    title = serializers.CharField(
        max_length=100, required=False, help_text="Or the name of a new model."
    )
    seed = serializers.IntegerField(min_value=0, max_value=MAX_TRAINING_SEED, default=0)
    advanced = AdvancedSerializer(required=False)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        if request := self.context.get("request"):
            fields["dataset"].queryset = Dataset.objects.visible_to(request.user)
            fields["model"].queryset = Model.objects.filter(owner=request.user.pk)
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("model" in attrs) == ("title" in attrs):
            raise serializers.ValidationError(
                "Send either the model to train further or the title of a new one."
            )
        return attrs


class RunQuery(OwnedListQuery):
    state = serializers.ChoiceField(choices=TrainingRun.State.choices, required=False)
    dataset = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="Its id."
    )
    model = serializers.SlugField(max_length=60, required=False, help_text="Its slug.")


@extend_schema_view(
    list=extend_schema(
        summary="Training runs",
        parameters=[RunQuery],
        responses={200: RunSerializer(many=True), **problems(400, 401)},
    ),
    retrieve=extend_schema(
        summary="One run, with its epochs",
        description="Send its ETag as If-None-Match, and a run in which nothing has "
        "changed is answered 304.",
        responses={200: RunDetailSerializer, **problems(401, 404)},
    ),
    create=extend_schema(
        summary="Train a model",
        description="Ask at its Location how far it has come. When its state is "
        "`succeeded`, its `version` can be promoted. A preset is an amount of time: "
        "how many epochs that is depends on the dataset and the machine, and "
        "`expected_seconds` is what the whole run is foretold to take (null while the "
        "machine has not been measured). `advanced` sets numbers by hand.",
        parameters=[IDEMPOTENCY_KEY, MADE],
        request=NewRunSerializer,
        responses={202: RunDetailSerializer, **problems(400, 401, 403, 409, 422)},
        examples=[
            OpenApiExample(
                "Quick",
                {"dataset": 1, "preset": "quick", "title": "My first model"},
                request_only=True,
            ),
            OpenApiExample(
                "With numbers of your own",
                {
                    "dataset": 1,
                    "preset": "standard",
                    "title": "A deeper one",
                    "advanced": {"lstm_layers": 3, "lstm_units": 192, "dropout": 0.3},
                },
                request_only=True,
            ),
        ],
    ),
)
class RunViewSet(ListMixin, RetrieveMixin, CreateMixin):
    lookup_value_converter = "int"
    query_class = RunQuery
    body_class = NewRunSerializer
    created_status = 202

    def get_serializer_class(self) -> type[RunSerializer]:
        return RunSerializer if self.action == "list" else RunDetailSerializer

    def visible(self) -> QuerySet[TrainingRun]:
        return TrainingRun.objects.visible_to(self.request.user).select_related("model")

    def get_queryset(self) -> QuerySet[TrainingRun]:
        return self.visible().prefetch_related("epochs")

    def listed(self, query: dict[str, Any]) -> QuerySet[TrainingRun]:
        runs = self.visible().defer("model_config", "train_config")
        if owner := query.get("owner"):
            runs = of_owner(runs, self.request, owner, "owner")
        paths = {"state": "state", "dataset": "dataset", "model": "model__slug"}
        wanted = {path: query[name] for name, path in paths.items() if name in query}
        return runs.filter(**wanted)

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        run = self.get_object()
        headers = {"ETag": run.etag, "Cache-Control": "private, no-cache"}
        if request.headers.get("If-None-Match") == run.etag:
            return Response(status=304, headers=headers)
        return Response(self.get_serializer(run).data, headers=headers)

    def make(self, data: dict[str, Any]) -> TrainingRun:
        try:
            return services.start_run(
                data["dataset"],
                find_preset(data["preset"]),
                owner=self.account,
                title=data.get("title", ""),
                model=data.get("model"),
                seed=data["seed"],
                changes=data.get("advanced"),
            )
        except services.CannotStart as error:
            raise Conflict(str(error)) from None
        except NameTaken as error:
            raise serializers.ValidationError({"title": [str(error)]}) from None

    @extend_schema(
        summary="Cancel a run",
        description="One that waits is cancelled at once, one that trains within "
        "seconds.",
        parameters=[MADE],
        request=None,
        responses={202: RunDetailSerializer, **problems(401, 403, 404, 409)},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        run = self.get_own()
        if not services.request_cancel(run):
            raise Conflict("This run has ended already. There is nothing to cancel.")
        return self.answer(run, 202)

    @extend_schema(
        summary="Try a failed or cancelled run again",
        description="It goes on from its last epoch.",
        parameters=[MADE],
        request=None,
        responses={202: RunDetailSerializer, **problems(401, 403, 404, 409)},
    )
    @action(detail=True, methods=["post"])
    def requeue(self, request: Request, **kwargs: Any) -> Response:
        run = self.get_own()
        try:
            is_asked = services.requeue(run)
        except services.CannotStart as error:
            raise Conflict(str(error)) from None
        if not is_asked:
            raise Conflict("Only a failed or cancelled run can be tried again.")
        return self.answer(run, 202)
