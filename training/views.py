from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from training.models import Model, ModelVersion

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


@require_safe
def model_list(request: HttpRequest) -> HttpResponse:
    models = Model.objects.visible_to(request.user).ready().with_default_version()
    return render(request, "training/model_list.html", {"models": models})


@require_safe
def model_detail(request: HttpRequest, slug: str) -> HttpResponse:
    model = get_object_or_404(Model.objects.visible_to(request.user), slug=slug)
    version = _get_version(request, model)
    return render(
        request,
        "training/model_detail.html",
        {
            "model": model,
            "version": version,
            "versions": model.versions.all(),
            "metric_rows": metric_rows(version),
            "baseline_labels": [
                BASELINE_LABELS.get(name, name) for name in version.baselines()
            ],
            "curve": version.curve,
            "samples": version.compositions.showcases().for_list()[:SAMPLES_SHOWN],
        },
    )


def _get_version(request: HttpRequest, model: Model) -> ModelVersion:
    versions = model.versions.prefetch_related("metrics")
    number = request.GET.get("version", "")
    if number.isascii() and number.isdigit() and len(number) < 9:
        return get_object_or_404(versions, number=int(number))
    version = versions.filter(is_default=True).first()
    if number or version is None:
        raise Http404("There is no such version.")
    return version


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
