from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from training.access import account_of, needs_account
from training.models import Model, ModelVersion
from training.portrait_charts import measure_rows, pair_charts
from training.portraits import adaptive_beside
from training.services import promote_version

SAMPLES_SHOWN = 6

# The order in which a page shows them, and what it calls them. Bits and errors are
# better when low, the rest when high.
METRIC_LABELS = {
    "bits_per_note": ("Bits per note", "how surprised it is by each true note"),
    "r2": ("R²", "of the expected pitch; 1 is perfect, 0 no better than the mean"),
    "mse": ("Mean squared error", "of the expected pitch, in semitones squared"),
    "rmse": ("Root mean squared error", "in semitones"),
}
BASELINE_LABELS = {
    "repeat_last": "Repeat the last note",
    "ridge": "Ridge regression on 32 notes",
    "ngram": "Order-3 n-gram",
    "mean": "Always the mean",
    "uniform": "Every pitch alike",
    "best_possible": "Best possible",
}
# Those drawn beside learning curves.
CURVE_BASELINES = ("ngram", "uniform")


@require_safe
def model_list(request: HttpRequest) -> HttpResponse:
    visible = Model.objects.visible_to(request.user)
    models = list(visible.ready().with_default_version())
    context = {
        "models": models,
        "house_models": [model for model in models if model.owner_id is None],
        "own_models": [model for model in models if model.owner_id is not None],
    }
    return render(request, "training/model_list.html", context)


@require_safe
def model_detail(request: HttpRequest, slug: str) -> HttpResponse:
    model = get_object_or_404(Model.objects.visible_to(request.user), slug=slug)
    version = _get_version(request, model)
    portrait = getattr(version, "portrait", None)
    music_rows = measure_rows(portrait) if portrait else []
    return render(
        request,
        "training/model_detail.html",
        {
            "model": model,
            "version": version,
            "versions": model.versions.defer("curve", "provenance").prefetch_related(
                "metrics"
            ),
            "is_mine": request.user.is_authenticated
            and model.owner_id == request.user.pk,
            "run": getattr(version, "run", None),
            "metric_rows": metric_rows(version),
            "baseline_labels": [
                BASELINE_LABELS.get(name, name) for name in version.baselines()
            ],
            "adaptive": adaptive_beside(version),
            "portrait": portrait,
            "music_rows": music_rows,
            "has_bands": any(row.band for row in music_rows),
            "music_charts": pair_charts(portrait) if portrait else [],
            "curve": version.curve,
            "curve_baselines": curve_baselines(version),
            "samples": version.compositions.showcases().for_list()[:SAMPLES_SHOWN],
        },
    )


def _get_version(request: HttpRequest, model: Model) -> ModelVersion:
    versions = model.versions.select_related("run", "portrait").prefetch_related(
        "metrics"
    )
    number = request.GET.get("version", "")
    if number.isascii() and number.isdigit() and len(number) < 9:
        return get_object_or_404(versions, number=int(number))
    version = versions.filter(is_default=True).first()
    if number or version is None:
        raise Http404("There is no such version.")
    return version


@require_POST
@needs_account("To choose what a model composes with, log in as its owner.")
def version_promote(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    own = ModelVersion.objects.filter(model__owner=account_of(request))
    version = get_object_or_404(
        own.select_related("model"), model__slug=slug, number=number
    )
    promote_version(version)
    messages.success(request, f"From now on {version.model} composes with {version}.")
    return redirect(version)


def curve_baselines(version: ModelVersion) -> list[dict[str, object]]:
    """Simpler guesses to draw beside the curve, in its unit."""
    measure = "bits_per_event"
    if measure not in version.scores():
        measure = "bits_per_note"  # of random notes, whose events are notes
    return [
        {"label": BASELINE_LABELS[name], "bits": scores[measure]}
        for name, scores in version.baselines().items()
        if name in CURVE_BASELINES and measure in scores
    ]


def metric_rows(version: ModelVersion) -> list[dict[str, object]]:
    """A row for each measure: label, hint, the version's value and each baseline's.

    A baseline that does not define the measure has None.
    """
    own = version.scores()
    baselines = version.baselines()
    known = [name for name in METRIC_LABELS if name in own]
    others = [name for name in own if name.startswith("accuracy.")]
    rows = []
    for name in [*known, *others]:
        label, hint = METRIC_LABELS.get(name, (_accuracy_label(name), "right at first"))
        rows.append(
            {
                "name": name,
                "label": label,
                "hint": hint,
                "value": own[name],
                "baselines": [scores.get(name) for scores in baselines.values()],
            }
        )
    return rows


def _accuracy_label(name: str) -> str:
    return f"Accuracy, {name.removeprefix('accuracy.').replace('_', ' ')}"
