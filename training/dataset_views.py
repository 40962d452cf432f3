"""Datasets: the list of them, making one, and what one holds."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import (
    condition,
    require_http_methods,
    require_POST,
    require_safe,
)

from training.access import account_of, needs_account, sent
from training.corpora import CORPORA
from training.dataset_charts import charts_of
from training.datasets import (
    BadDataset,
    TooManyDatasets,
    create_corpus_dataset,
    create_random_dataset,
    delete_dataset,
)
from training.forms import CorpusDatasetForm, RandomDatasetForm
from training.models import Dataset, TrainingRun, WorkerBeat
from training.random_notes import BadOptions, random_note_files
from training.services import InUse

DATASETS_A_PAGE = 24
RUNS_SHOWN = 6

WHY_ACCOUNT = (
    "To make a dataset you need an account: it is kept, and models that you train on "
    "it are yours."
)


def get_dataset(request: HttpRequest, id: int) -> Dataset:
    """What is somebody else's is not found."""
    visible = Dataset.objects.visible_to(request.user).select_related("owner")
    return get_object_or_404(visible, pk=id)


@require_safe
@never_cache
def dataset_list(request: HttpRequest) -> HttpResponse:
    datasets = Dataset.objects.visible_to(request.user).for_list()
    page = Paginator(datasets, DATASETS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "training/dataset_list.html", {"page": page})


# Making one -------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs_account(WHY_ACCOUNT)
def dataset_create(request: HttpRequest) -> HttpResponse:
    """Of collections that come with the program."""
    asked = {"corpora": request.GET.getlist("corpora")}
    form = CorpusDatasetForm(sent(request), initial=asked)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            return redirect(
                create_corpus_dataset(
                    chosen["corpora"],
                    owner=account_of(request),
                    name=chosen["name"],
                    transpose=chosen["transpose"],
                    split_seed=chosen["split_seed"],
                )
            )
        except TooManyDatasets as error:
            form.add_error(None, str(error))
        except BadDataset as error:
            form.add_error("corpora", str(error))
    return _form_page(
        request, "training/dataset_create.html", form, corpora=corpus_choices(form)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs_account(WHY_ACCOUNT)
def dataset_create_random(request: HttpRequest) -> HttpResponse:
    form = RandomDatasetForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(
                create_random_dataset(
                    form.options(),
                    owner=account_of(request),
                    name=form.cleaned_data["name"] or "Random notes",
                )
            )
        except (BadOptions, TooManyDatasets) as error:
            form.add_error(None, str(error))
    return _form_page(request, "training/dataset_create_random.html", form)


def _form_page(
    request: HttpRequest, template: str, form: Form, **context: Any
) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def corpus_choices(form: CorpusDatasetForm) -> list[dict[str, Any]]:
    """Every collection, and whether it is ticked."""
    ticked = form["corpora"].value() or []
    return [
        {"corpus": corpus, "is_ticked": slug in ticked}
        for slug, corpus in CORPORA.items()
    ]


# One of them ------------------------------------------------------------------------


@require_safe
@never_cache
def dataset_detail(request: HttpRequest, id: int) -> HttpResponse:
    dataset = get_dataset(request, id)
    runs = TrainingRun.objects.visible_to(request.user).filter(dataset=dataset)
    context = {
        **live_context(request, dataset),
        "runs": runs.for_list()[:RUNS_SHOWN],
    }
    return render(request, "training/dataset_detail.html", context)


def live_context(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    """What its page shows that changes while it is being made."""
    corpora = dataset.options.get("corpora", [])
    return {
        "dataset": dataset,
        "is_mine": request.user.is_authenticated
        and dataset.owner_id == request.user.pk,
        "corpora": [CORPORA[slug] for slug in corpora if slug in CORPORA],
        "charts": charts_of(dataset.charts),
        "files": random_note_files(dataset.folder) if is_random(dataset) else [],
        "missing_worker": missing_worker(dataset),
    }


def is_random(dataset: Dataset) -> bool:
    return dataset.is_ready and dataset.kind == Dataset.Kind.RANDOM


def missing_worker(dataset: Dataset) -> str:
    if not dataset.is_unfinished:
        return ""
    return WorkerBeat.objects.missing(settings.MAIN_QUEUE)


def dataset_etag(request: HttpRequest, id: int) -> str:
    dataset = get_dataset(request, id)
    values = (dataset.state, dataset.attempt, missing_worker(dataset))
    return f'"{hashlib.sha256(repr(values).encode()).hexdigest()[:20]}"'


@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=dataset_etag)
def dataset_live(request: HttpRequest, id: int) -> HttpResponse:
    """The part of the page that changes, for its script to ask for again."""
    context = live_context(request, get_dataset(request, id))
    return render(request, "training/_dataset_live.html", context)


@require_safe
def dataset_file(request: HttpRequest, id: int, name: str) -> HttpResponseBase:
    dataset = get_dataset(request, id)
    if not is_random(dataset) or name not in random_note_files(dataset.folder):
        raise Http404("There is no such file.")
    return FileResponse(
        (dataset.folder / name).open("rb"),
        as_attachment=True,
        filename=f"{slugify(dataset.name) or 'notes'}-{name}",
    )


@require_POST
@needs_account(WHY_ACCOUNT)
def dataset_delete(request: HttpRequest, id: int) -> HttpResponse:
    own = Dataset.objects.filter(owner=account_of(request))
    dataset = get_object_or_404(own, pk=id)
    try:
        delete_dataset(dataset)
    except InUse as error:
        messages.error(request, str(error))
        return redirect(dataset)
    messages.success(request, f"{dataset.name} is deleted.")
    return redirect("dataset_list")
