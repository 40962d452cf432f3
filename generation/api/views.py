"""The four paths of the project this one grew from, for programs of all kinds.

JSON or a form in; a file or JSON out; what is wrong comes as {"error": "a sentence"}.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from rest_framework.decorators import api_view
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from generation import services
from generation.api.errors import Refused, Unknown
from generation.api.pagination import HistoryPagination
from generation.composing.recipe import BadRequest
from generation.files import DIRECT_FORMATS, file_name, written
from generation.forms import ControlsForm
from generation.lookup import whose
from generation.models import Composition
from generation.views.downloads import as_attachment
from training.learning.adaptive import adaptive_to_json
from training.models import Model, ModelVersion
from training.music.pianoroll import notes_json
from training.portraits import adaptive_beside
from training.random_notes import best_possible

DEFAULT_MODEL = "tunes"
RANDOM = "random"
DEFAULT_NUM_NOTES = 64  # of random notes; a model knows how long its pieces are


@api_view(["POST"])
def generate(request: Request) -> HttpResponseBase:
    """A new piece as a MIDI file; X-Seed says which seed makes it again."""
    composition = compose_from(request)
    response = HttpResponse(
        written(composition, "mid"), content_type=DIRECT_FORMATS["mid"][1]
    )
    response["X-Seed"] = str(composition.seed)
    response["X-Piece"] = str(composition.pk)
    return as_attachment(response, file_name(composition, "mid"))


@api_view(["POST"])
def generate_json(request: Request) -> Response:
    """A new piece as notes, with what is known of the model that wrote it."""
    composition = compose_from(request)
    scores = scores_of(composition.version)
    return Response(
        {
            "id": composition.pk,
            "url": composition.get_absolute_url(),
            "title": composition.title,
            "model": composition.model_slug,
            "seed": composition.seed,
            "notes": notes_json(composition.as_score()),
            "metrics": {name: scores.get(name) for name in ("r2", "mse", "rmse")},
        }
    )


@api_view(["GET"])
def metrics(request: Request) -> Response:
    """How well a model predicts music it has not seen, beside its baselines."""
    slug = request.query_params.get("model", DEFAULT_MODEL)
    version = None if slug == RANDOM else get_version(request, slug)
    return Response(
        {
            "model": slug,
            "version": version.number if version else None,
            "metrics": scores_of(version),
            "baselines": version.baselines() if version else {},
            "music": music_of(version),
            "adaptive": adaptive_of(version),
        }
    )


@api_view(["GET"])
def history(request: Request) -> Response:
    """The caller's pieces: those of the account, or of a visitor's session."""
    pieces = Composition.objects.of_caller(request).for_list()
    pagination = HistoryPagination()
    page = pagination.paginate_queryset(pieces, request)
    return pagination.get_paginated_response([summary(piece) for piece in page or []])


def summary(composition: Composition) -> dict[str, Any]:
    return {
        "id": composition.pk,
        "url": composition.get_absolute_url(),
        "title": composition.title,
        "model": composition.model_slug,
        "seed": composition.seed,
        "recipe": composition.recipe,
        "measures": composition.measures,
        "created_at": composition.created_at,
    }


def compose_from(request: Request) -> Composition:
    """The piece that the request's body asks for."""
    controls = read_controls(request)
    slug = controls.pop("model", None) or DEFAULT_MODEL
    version = None if slug == RANDOM else get_version(request, str(slug))
    form = ControlsForm(controls)
    if not form.is_valid():
        raise Refused(form.sentence)
    seed = form.cleaned_data["seed"]
    wanted = form.compose_request(seed=services.draw_seed() if seed is None else seed)
    if version is None:
        return services.compose_random(
            num_notes=wanted.num_notes or DEFAULT_NUM_NOTES,
            seed=wanted.seed,
            qpm=wanted.qpm or 120.0,
            **whose(request),
        )
    try:
        return services.compose_now(version, wanted, **whose(request))
    except BadRequest as error:
        raise Refused(str(error)) from None


def read_controls(request: Request) -> dict[str, Any]:
    try:
        data = request.data
    except RecursionError:
        # Brackets nested a thousand deep.
        raise ParseError from None
    if not isinstance(data, dict):
        raise ParseError
    controls = {name: data.get(name) for name in data}
    controls.pop("csrfmiddlewaretoken", None)
    known = ["model", *ControlsForm.base_fields]
    for name in controls:
        if name not in known:
            raise Refused(f"There is no {name[:40]!r}. Send any of {', '.join(known)}.")
    return controls


def get_version(request: Request, slug: str) -> ModelVersion:
    models = Model.objects.visible_to(request.user)
    model = models.filter(slug=slug).first()
    version = model.default_version if model else None
    if version is None:
        known = [*models.ready().values_list("slug", flat=True), RANDOM]
        raise Unknown(
            f"There is no model {slug[:40]!r}. Choose one of {', '.join(known)}."
        )
    return version


def scores_of(version: ModelVersion | None) -> dict[str, float]:
    return version.scores() if version else best_possible()


def adaptive_of(version: ModelVersion | None) -> dict[str, Any] | None:
    """Bits per note when it may learn from the piece at hand, beside without."""
    bits = adaptive_beside(version) if version else None
    return adaptive_to_json(bits) if bits else None


def music_of(version: ModelVersion | None) -> dict[str, Any] | None:
    """What its pieces are like beside real ones; None while nothing is known."""
    portrait = getattr(version, "portrait", None)
    return portrait.told() if portrait else None
