"""Training runs: start one, watch it, stop it, try it again."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import (
    condition,
    require_http_methods,
    require_POST,
    require_safe,
)

from training import runs as services
from training.access import account_of, needs_account, sent
from training.advanced import TooLarge
from training.dataset_views import get_dataset
from training.forms import StartRunForm, plain
from training.models import Dataset, ModelVersion, TrainingRun, WorkerBeat
from training.offers import Offer, in_words, offers_for, plan_for, waits_behind
from training.presets import PRESETS, find_preset
from training.services import InUse, NameTaken
from training.speeds import ask_for_calibration
from training.views import curve_baselines

RUNS_A_PAGE = 24

WHY_ACCOUNT = (
    "To train a model you need an account: training goes on when you close this page, "
    "and what comes of it is yours."
)


def get_run(request: HttpRequest, id: int) -> TrainingRun:
    """What is somebody else's is not found."""
    visible = TrainingRun.objects.visible_to(request.user).select_related(
        "dataset", "model", "version"
    )
    return get_object_or_404(visible, pk=id)


def get_own(request: HttpRequest, id: int) -> TrainingRun:
    own = TrainingRun.objects.filter(owner=account_of(request))
    return get_object_or_404(own.select_related("model"), pk=id)


@require_safe
@never_cache
@needs_account(WHY_ACCOUNT)
def run_list(request: HttpRequest) -> HttpResponse:
    runs = TrainingRun.objects.filter(owner=account_of(request)).for_list()
    page = Paginator(runs, RUNS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "training/run_list.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@needs_account(WHY_ACCOUNT)
def run_create(request: HttpRequest, id: int) -> HttpResponse:
    dataset = get_dataset(request, id)
    if not dataset.is_ready:
        messages.info(request, f"{dataset} is not ready yet. Wait until it is made.")
        return redirect(dataset)
    form = StartRunForm(
        sent(request),
        owner_id=request.user.pk,
        is_random=dataset.kind == Dataset.Kind.RANDOM,
        is_preview="preview" in request.POST,
        initial={"title": dataset.name, "model": request.GET.get("model")},
    )
    priced: Offer | None = None
    if form.is_preview:
        priced = price(form, dataset)
    elif run := start_from(form, request, dataset):
        return redirect(run)
    offers = offers_for(dataset)
    context = {
        **cost_context(dataset, offers),
        "form": form,
        "advanced": advanced_fields(form, offers),
        "priced": priced,
    }
    status = 422 if form.errors else 200
    return render(request, "training/run_create.html", context, status=status)


def start_from(
    form: StartRunForm, request: HttpRequest, dataset: Dataset
) -> TrainingRun | None:
    """A new run, or None: then the form says why not."""
    if not form.is_valid():
        return None
    chosen = form.cleaned_data
    try:
        return services.start_run(
            dataset,
            find_preset(chosen["preset"]),
            owner=account_of(request),
            title=chosen["title"],
            model=chosen["model"],
            seed=chosen["seed"],
            changes=form.changes(),
        )
    except NameTaken as error:
        form.add_error("title", str(error))
    except services.CannotStart as error:
        form.add_error(None, str(error))
    return None


def price(form: StartRunForm, dataset: Dataset) -> Offer | None:
    """What the form asks for would cost, or None: then it says why not."""
    if not form.is_valid():
        return None
    preset = find_preset(form.cleaned_data["preset"])
    try:
        return Offer(preset, plan_for(dataset, preset, changes=form.changes()))
    except TooLarge as error:
        form.add_error(None, str(error))
    return None


def cost_context(dataset: Dataset, offers: list[Offer]) -> dict[str, Any]:
    """What presets cost, which changes while the machine is being measured."""
    is_known = all(offer.cost and not offer.plan.is_rough for offer in offers)
    row = None if is_known else ask_for_calibration(dataset)
    return {
        "dataset": dataset,
        "is_random": dataset.kind == Dataset.Kind.RANDOM,
        "offers": offers,
        "is_measuring": row is not None and row.is_under_way,
        "is_unknown": row is not None and not row.is_under_way,
        "waits_behind": waits_behind(),
        "missing_worker": WorkerBeat.objects.missing(settings.TRAINING_QUEUE),
    }


def advanced_fields(form: StartRunForm, offers: list[Offer]) -> list[dict[str, Any]]:
    """Each number's field, and what the presets have there."""
    return [
        {
            "field": form[number.name],
            "presets": [
                (offer.preset.title, plain(offer.plan.number(number.name)))
                for offer in offers
            ],
        }
        for number in form.numbers
    ]


def costs_etag(request: HttpRequest, id: int) -> str:
    context = cost_context(*_costs(request, id))
    told = [(offer.cost, offer.plan.epochs) for offer in context["offers"]]
    names = ("is_measuring", "is_unknown", "waits_behind", "missing_worker")
    values = (told, [context[name] for name in names])
    return f'"{hashlib.sha256(repr(values).encode()).hexdigest()[:20]}"'


@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=costs_etag)
def run_costs_live(request: HttpRequest, id: int) -> HttpResponse:
    """What presets cost, for the form's script to ask for again."""
    context = cost_context(*_costs(request, id))
    return render(request, "training/_run_costs_live.html", context)


def _costs(request: HttpRequest, id: int) -> tuple[Dataset, list[Offer]]:
    dataset = get_dataset(request, id)
    if not dataset.is_ready:
        raise Http404("It is not ready yet.")
    return dataset, offers_for(dataset)


# Watching one -----------------------------------------------------------------------


@require_safe
@never_cache
def run_detail(request: HttpRequest, id: int) -> HttpResponse:
    context = live_context(request, get_run(request, id))
    return render(request, "training/run_detail.html", context)


def live_context(request: HttpRequest, run: TrainingRun) -> dict[str, Any]:
    """What its page shows, most of which changes while it trains."""
    epochs = list(run.epochs.all())
    return {
        "run": run,
        "preset": PRESETS.get(run.preset),
        "is_mine": request.user.is_authenticated and run.owner_id == request.user.pk,
        "curve": [epoch.as_point() for epoch in epochs],
        "best": next((e for e in reversed(epochs) if e.is_best), None),
        "has_learnt": run.has_learnt(),
        # Read to the end, and not yet done: held-out music comes last.
        "is_rating": round(100 * run.progress) >= 100,
        "baselines": baselines_of(run),
        "time_left": in_words(seconds_left(run, epochs)),
        "trouble": trouble_of(run),
    }


def seconds_left(run: TrainingRun, epochs: list[Any]) -> float | None:
    if not run.is_unfinished:
        return None
    # Before the first epoch there is only what was foretold.
    return run.seconds_left() if epochs else run.expected_seconds


def trouble_of(run: TrainingRun) -> str:
    """Why a run that should go on does not, or ""."""
    alive = TrainingRun.objects.alive()
    if not run.is_unfinished or alive.filter(pk=run.pk).exists():
        return ""
    if missing := WorkerBeat.objects.missing(settings.TRAINING_QUEUE):
        return missing
    if run.state == TrainingRun.State.RUNNING:
        return "Whoever trained it has fallen silent. It goes on in a moment."
    if alive.exists():
        return "Another network is being trained; this one follows."
    return ""


def baselines_of(run: TrainingRun) -> list[dict[str, Any]]:
    """Simpler guesses, as they were measured with an earlier run on the dataset."""
    earlier = TrainingRun.objects.filter(
        dataset=run.dataset_id, owner=run.owner_id
    ).exclude(version=None)
    version = ModelVersion.objects.filter(run__in=earlier).prefetch_related("metrics")
    measured = version.order_by("-pk").first()
    return curve_baselines(measured) if measured else []


def run_etag(request: HttpRequest, id: int) -> str:
    run = get_run(request, id)
    is_default = run.version is not None and run.version.is_default
    values = (run.etag, trouble_of(run), is_default)
    return f'"{hashlib.sha256(repr(values).encode()).hexdigest()[:20]}"'


@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=run_etag)
def run_live(request: HttpRequest, id: int) -> HttpResponse:
    """The part of the page that changes, for its script to ask for again."""
    context = live_context(request, get_run(request, id))
    return render(request, "training/_run_live.html", context)


# Its verbs --------------------------------------------------------------------------


@require_POST
@needs_account(WHY_ACCOUNT)
def run_cancel(request: HttpRequest, id: int) -> HttpResponse:
    run = get_own(request, id)
    if not services.request_cancel(run):
        messages.info(request, "This run has ended already.")
    return redirect(run)


@require_POST
@needs_account(WHY_ACCOUNT)
def run_requeue(request: HttpRequest, id: int) -> HttpResponse:
    run = get_own(request, id)
    try:
        if not services.requeue(run):
            messages.info(request, "Only a failed or cancelled run can be tried again.")
    except services.CannotStart as error:
        messages.error(request, str(error))
    return redirect(run)


@require_POST
@needs_account(WHY_ACCOUNT)
def run_delete(request: HttpRequest, id: int) -> HttpResponse:
    run = get_own(request, id)
    try:
        services.delete_run(run)
    except InUse as error:
        messages.error(request, str(error))
        return redirect(run)
    messages.success(request, "The run is deleted. The model that came of it stays.")
    return redirect("run_list")
