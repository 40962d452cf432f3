"""The pages on which music is composed and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from generation import services
from generation.action_forms import SteerForm
from generation.actions import request_of
from generation.composing.recipe import BadRequest, ComposeRequest, with_source
from generation.composing.tweaks import what_differs
from generation.desk import desk_of, own_offers
from generation.family import family_of
from generation.forms import ComposeForm, initial_from_recipe
from generation.lookup import get_composition, reader, whose
from generation.models import Composition, caller
from generation.offers import Offer, offers_to
from generation.variants import sound_of
from generation.views.downloads import downloads_of
from training.models import Model, ModelVersion
from training.music.desk import WRITTEN_FOR_NAMES

# Pages ------------------------------------------------------------------------------


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "generation/home.html",
        {
            "showcases": one_of_each_model(
                Composition.objects.showcases().for_list()[:20]
            ),
            "models": Model.objects.visible_to(request.user).ready(),
        },
    )


def one_of_each_model(compositions: Any) -> list[Composition]:
    first = {piece.model_slug: piece for piece in reversed(compositions)}
    return sorted(first.values(), key=lambda piece: piece.created_at)


def compose(request: HttpRequest) -> HttpResponse:
    offers = offers_to(request.user)
    if request.method != "POST":
        form = ComposeForm(offers=offers, initial={"model": request.GET.get("model")})
        return render(request, "generation/compose.html", {"form": form})
    form = ComposeForm(request.POST, offers=offers)
    composition = compose_from(form, request)
    if composition is None:
        return render(request, "generation/compose.html", {"form": form}, status=422)
    return redirect(composition)


@require_POST
def again(request: HttpRequest, id: UUID) -> HttpResponse:
    """Another piece by the same recipe, with whatever the form changes in it."""
    parent = get_composition(id)
    data = {
        name: value
        for name, value in initial_from_recipe(parent.recipe).items()
        if value is not None
    }
    data |= request.POST.dict()
    form = ComposeForm(data, offers=offers_to(request.user))
    composition = compose_from(form, request, parent=parent)
    if composition is None:
        return render(
            request,
            "generation/composition_detail.html",
            composition_context(request, parent, form),
            status=422,
        )
    return redirect(composition)


def compose_from(
    form: ComposeForm, request: HttpRequest, parent: Composition | None = None
) -> Composition | None:
    """A new piece, or None: then the form says why not."""
    if not form.is_valid():
        return None
    try:
        wanted = form.compose_request(seed=services.draw_seed())
        change = ""
        if parent:
            wanted = with_source(wanted, parent.recipe)
            change = change_of(parent, form.version, wanted)
        return services.compose_now(
            form.version,
            wanted,
            parent=parent,
            change=change,
            **whose(request),
        )
    except BadRequest as error:
        form.add_error(None, str(error))
        return None


def change_of(
    parent: Composition, version: ModelVersion, wanted: ComposeRequest
) -> str:
    """What was asked otherwise than of the parent, in words; often nothing."""
    model = version.model
    other = f"by {model.title}" if model.slug != parent.model_slug else ""
    try:
        words = what_differs(request_of(parent), wanted)
    except BadRequest:  # No model followed a recipe there.
        words = ""
    return ", ".join(filter(None, [other, words]))[:120]


@require_safe
def composition_detail(request: HttpRequest, id: UUID) -> HttpResponse:
    composition = get_composition(id)
    initial = initial_from_recipe(composition.recipe)
    if "model" in request.GET:  # Without scripts: the choices of another model.
        initial["model"] = request.GET["model"]
    form = ComposeForm(offers=offers_to(request.user), initial=initial)
    context = composition_context(request, composition, form)
    return render(request, "generation/composition_detail.html", context)


def composition_context(
    request: HttpRequest,
    composition: Composition,
    form: ComposeForm,
    steer_form: SteerForm | None = None,
) -> dict[str, Any]:
    if steer_form is None:
        steer_form = steer_form_of(request, composition, form.offers)
    written_for = reader(request, default=sound_of(composition).written_for)
    return {
        "steer_form": steer_form,
        "desk": steer_form.desk,
        "family": family_of(composition, *caller(request)),
        "composition": composition,
        "is_mine": composition.belongs_to(*caller(request)),
        "recipe_rows": recipe_rows(composition),
        "form": form,
        "downloads": downloads_of(composition, written_for),
        "written_for": written_for,
        "readers": WRITTEN_FOR_NAMES,
    }


def steer_form_of(
    request: HttpRequest,
    composition: Composition,
    offers: Sequence[Offer],
    data: dict[str, Any] | None = None,
) -> SteerForm:
    """What can be done with the piece, by the model that was asked for."""
    asked = (data or {}).get("model") or request.GET.get("with")
    desk = desk_of(composition, own_offers(composition, offers), asked)
    return SteerForm(data, desk=desk)


def recipe_rows(composition: Composition) -> list[dict[str, str]]:
    """The whole recipe in words, what the model chose included."""
    recipe, measures = composition.recipe, composition.measures
    rows = [("Model" if composition.version else "Origin", composition.model_title)]
    if composition.version:
        rows.append(("Version", str(composition.version.number)))
    key = measures.get("key", "")
    rows += [
        ("Seed", "" if "score" in recipe else str(composition.seed)),
        ("Key", f"{key}, by its notes" if measures.get("key_is_guessed") else key),
        ("Metre", measures.get("metre", "")),
        ("Bars", str(measures.get("bars", ""))),
        ("Notes", str(measures.get("notes", ""))),
        ("Tempo", f"{measures['qpm']:g} quarter notes a minute"),
        (
            "Temperature",
            f"{recipe['temperature']:g}" if "temperature" in recipe else "",
        ),
        ("Top-k", str(recipe.get("top_k") or "")),
        ("Top-p", f"{recipe['top_p']:g}" if recipe.get("top_p", 1) < 1 else ""),
        ("Lowest pitch", str(recipe.get("lowest_pitch") or "")),
        ("Highest pitch", str(recipe.get("highest_pitch") or "")),
        ("Given", given_in_words(recipe)),
        ("Drafts written, best kept", str(recipe.get("candidates") or "")),
        ("Surprise", surprise_in_words(measures.get("bits_per_note"))),
        ("Network", recipe.get("bundle", "")[:12]),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def given_in_words(recipe: dict[str, Any]) -> str:
    """What of a piece was there already."""
    source = recipe.get("source")
    if not source:
        return ""
    spans = [
        (keep["start_tick"], keep["end_tick"], keep["parts"])
        for keep in recipe.get("keep", [])
        if keep["what"] == "notes"
    ]
    kept = [
        any(
            start <= note[0] < end and (parts is None or number in parts)
            for start, end, parts in spans
        )
        for number, part in enumerate(source["parts"])
        for note in part["notes"]
    ]
    notes, total = sum(kept), len(kept)
    if notes < total:
        return f"{notes} of the {total} notes of another piece"
    return f"the first {notes} note{'' if notes == 1 else 's'}"


def surprise_in_words(bits_per_note: float | None) -> str:
    return "" if bits_per_note is None else f"{bits_per_note:.2f} bits a note"
