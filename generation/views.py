from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_POST, require_safe

from generation import services
from generation.continuations import with_primer
from generation.forms import ComposeForm, ContinueForm, initial_from_recipe
from generation.models import Composition, Rendering, caller
from generation.ranges import file_response
from generation.recipe import BadRequest
from training.models import Model
from training.music.abc_writer import write_abc
from training.music.midi import write_midi
from training.music.musicxml import write_musicxml
from training.music.pianoroll import pianoroll_svg, playable_json

if TYPE_CHECKING:
    from training.music.engrave import Engraving

# A piece never changes: what is drawn from it may be kept.
keep = cache_control(private=True, max_age=86_400)


def get_composition(id: UUID) -> Composition:
    """Anyone who has the link may see a piece, see Composition."""
    return get_object_or_404(
        Composition.objects.kept().select_related("version__model", "parent"), pk=id
    )


def whose(request: HttpRequest) -> dict[str, Any]:
    """Owner and session key for a new piece; a visitor gets a session now."""
    if request.user.is_authenticated:
        return {"owner": request.user, "session_key": ""}
    if not request.session.session_key:
        request.session.create()
    return {"owner": None, "session_key": request.session.session_key or ""}


# Pages ------------------------------------------------------------------------------


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    models = Model.objects.visible_to(request.user).ready()
    return render(
        request,
        "generation/home.html",
        {
            "showcases": one_of_each_model(
                Composition.objects.showcases().for_list()[:20]
            ),
            "models": models,
            "form": ComposeForm(models=models),
        },
    )


def one_of_each_model(compositions: Any) -> list[Composition]:
    first = {piece.model_slug: piece for piece in reversed(compositions)}
    return sorted(first.values(), key=lambda piece: piece.created_at)


def compose(request: HttpRequest) -> HttpResponse:
    models = Model.objects.visible_to(request.user).ready()
    if request.method != "POST":
        form = ComposeForm(models=models, initial={"model": request.GET.get("model")})
        return render(request, "generation/compose.html", {"form": form})
    form = ComposeForm(request.POST, models=models)
    composition = compose_from(form, request)
    if composition is None:
        return render(request, "generation/compose.html", {"form": form}, status=422)
    return redirect(composition)


@require_POST
def again(request: HttpRequest, id: UUID) -> HttpResponse:
    """Another piece by the same recipe, with whatever the form changes in it."""
    parent = get_composition(id)
    models = Model.objects.visible_to(request.user).ready()
    data = {
        name: value
        for name, value in initial_from_recipe(parent.recipe).items()
        if value is not None
    }
    data |= request.POST.dict()
    form = ComposeForm(data, models=models)
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
        if parent:
            wanted = with_primer(wanted, parent.recipe)
        return services.compose_now(
            form.cleaned_data["model"].default_version,
            wanted,
            parent=parent,
            **whose(request),
        )
    except BadRequest as error:
        form.add_error(None, str(error))
        return None


@require_safe
def composition_detail(request: HttpRequest, id: UUID) -> HttpResponse:
    composition = get_composition(id)
    form = ComposeForm(
        models=Model.objects.visible_to(request.user).ready(),
        initial=initial_from_recipe(composition.recipe),
    )
    context = composition_context(request, composition, form)
    return render(request, "generation/composition_detail.html", context)


def composition_context(
    request: HttpRequest,
    composition: Composition,
    form: ComposeForm,
    continue_form: ContinueForm | None = None,
) -> dict[str, Any]:
    if continue_form is None and composition.version:
        continue_form = ContinueForm(composition=composition)
    return {
        "continue_form": continue_form,
        "composition": composition,
        "is_mine": composition.belongs_to(*caller(request)),
        "recipe_rows": recipe_rows(composition),
        "form": form,
        "downloads": downloads_of(composition),
    }


# What a piece looks like ------------------------------------------------------------


def recipe_rows(composition: Composition) -> list[dict[str, str]]:
    """The whole recipe in words, what the model chose included."""
    recipe, measures = composition.recipe, composition.measures
    rows = [("Model", composition.model_title)]
    if composition.version:
        rows.append(("Version", str(composition.version.number)))
    rows += [
        ("Seed", str(composition.seed)),
        ("Key", measures.get("key", "")),
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
    """What of a continuation was there already."""
    primer = recipe.get("primer")
    if not primer:
        return ""
    notes = sum(len(part["notes"]) for part in primer["parts"])
    return f"the first {notes} note{'' if notes == 1 else 's'}"


def surprise_in_words(bits_per_note: float | None) -> str:
    return "" if bits_per_note is None else f"{bits_per_note:.2f} bits a note"


def engraving_of(id: UUID, width: int) -> Engraving:
    """Drawn once for all pages of a score. There is none of a very long one."""
    # A drawing stays when its piece is renamed or thrown away: the row is asked first.
    titles = Composition.objects.kept().filter(pk=id).values_list("title", flat=True)
    title = titles.first()
    if title is None:
        raise Http404("There is no such piece.")
    return drawn_engraving(id, width, title)


@lru_cache(maxsize=16)
def drawn_engraving(id: UUID, width: int, title: str) -> Engraving:
    # Verovio stays out of a process that draws no scores.
    from training.music.engrave import TooLongToEngrave, engrave

    try:
        return engrave(get_composition(id).as_score(), width=width, label=title)
    except TooLongToEngrave as too_long:
        raise Http404(str(too_long)) from None


# A telephone, a page of paper, a wide screen.
SCORE_WIDTHS = (400, 700, 1000)


def score_width(request: HttpRequest) -> int:
    """The widest of SCORE_WIDTHS that the page says it has room for."""
    try:
        asked = int(request.GET.get("width", "700")[:6])
    except ValueError:
        asked = 700
    return max((w for w in SCORE_WIDTHS if w <= asked), default=SCORE_WIDTHS[0])


@require_safe
@gzip_page
@keep
def score_svg(request: HttpRequest, id: UUID, page: int) -> HttpResponse:
    engraving = engraving_of(id, score_width(request))
    if not 1 <= page <= len(engraving.svg_pages):
        raise Http404(f"This score has {len(engraving.svg_pages)} pages.")
    return HttpResponse(engraving.svg_pages[page - 1], content_type="image/svg+xml")


@require_safe
@gzip_page
@keep
def timemap_json(request: HttpRequest, id: UUID) -> HttpResponse:
    """When which note heads sound, for the cursor in the score."""
    engraving = engraving_of(id, score_width(request))
    return JsonResponse(
        {"pages": len(engraving.svg_pages), "timemap": list(engraving.timemap)}
    )


@require_safe
@gzip_page
@keep
def notes_json(request: HttpRequest, id: UUID) -> HttpResponse:
    """What the player plays and the roll draws."""
    composition = get_composition(id)
    told = playable_json(composition.as_score(), title=composition.title)
    surprise = composition.surprise
    if len(surprise) == len(told["notes"]):
        told["notes"] = [
            {**note, "bits": bits}
            for note, bits in zip(told["notes"], surprise, strict=True)
        ]
    return JsonResponse(told)


@require_safe
@gzip_page
@keep
def roll_svg(request: HttpRequest, id: UUID) -> HttpResponse:
    """A small drawing of the notes, for cards."""
    drawing = pianoroll_svg(get_composition(id).as_score(), width=480, height=160)
    return HttpResponse(drawing, content_type="image/svg+xml")


# Downloads --------------------------------------------------------------------------

DIRECT_FORMATS = {
    "mid": ("MIDI", "audio/midi"),
    "musicxml": ("MusicXML", "application/vnd.recordare.musicxml+xml"),
    "abc": ("ABC", "text/vnd.abc; charset=utf-8"),
}
RENDERED_TYPES = {
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pdf": "application/pdf",
}


@dataclass(frozen=True, slots=True)
class Download:
    """One way to take a piece home. Without a ``state`` it is there at once."""

    format: str
    label: str
    url: str
    state: str = ""  # "" and "none" (not asked for yet), or a Rendering.State
    status_url: str = ""
    error: str = ""

    @property
    def is_ready(self) -> bool:
        return self.state in ("", Rendering.State.READY)

    @property
    def is_unfinished(self) -> bool:
        return self.state in (Rendering.State.QUEUED, Rendering.State.RUNNING)


def downloads_of(composition: Composition) -> list[Download]:
    def url(format: str) -> str:
        return reverse("download", args=[composition.pk, format])

    found = [
        Download(format, label, url(format))
        for format, (label, _) in DIRECT_FORMATS.items()
        if format != "abc" or is_a_tune(composition)
    ]
    renderings = {r.format: r for r in composition.renderings.all()}
    for format, label in Rendering.Format.choices:
        rendering = renderings.get(format)
        found.append(
            Download(
                format,
                label,
                url(format),
                state=rendering.state if rendering else "none",
                status_url=reverse("rendering_status", args=[composition.pk, format]),
                error=rendering.error if rendering else "",
            )
        )
    return found


def is_a_tune(composition: Composition) -> bool:
    """One melody: what ABC is for."""
    return len(composition.score["parts"]) == 1


@require_safe
def download(request: HttpRequest, id: UUID, format: str) -> HttpResponseBase:
    composition = get_composition(id)
    if format in DIRECT_FORMATS:
        if format == "abc" and not is_a_tune(composition):
            raise Http404("ABC is for one melody. Take MusicXML instead.")
        response: HttpResponseBase = HttpResponse(
            written(composition, format), content_type=DIRECT_FORMATS[format][1]
        )
    elif format in RENDERED_TYPES:
        rendering = composition.renderings.ready().filter(format=format).first()
        if rendering is None:
            messages.info(request, "That file is not made yet. Ask for it here.")
            return redirect(composition.get_absolute_url() + "#downloads")
        response = file_response(
            request, rendering.file.open("rb"), RENDERED_TYPES[format]
        )
    else:
        raise Http404("There is no such format.")
    return as_attachment(response, file_name(composition, format))


def written(composition: Composition, format: str) -> bytes:
    """The piece as a file that is written in a moment, its recipe inside."""
    score, recipe = composition.as_score(), services.recipe_text(composition)
    if format == "mid":
        return write_midi(score, recipe=recipe)
    if format == "abc":
        return write_abc(score, recipe=recipe).encode()
    return write_musicxml(score, recipe=recipe).encode()


def file_name(composition: Composition, format: str) -> str:
    return f"{slugify(composition.title) or 'piece'}.{format}"


def as_attachment(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    # Should a browser show it all the same, it may load and run nothing.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_POST
def rendering_create(request: HttpRequest, id: UUID) -> HttpResponse:
    composition = get_composition(id)
    wants_json = "application/json" in request.headers.get("Accept", "")
    try:
        rendering = services.request_rendering(
            composition, request.POST.get("format", "")
        )
    except services.NoSuchRendering as error:
        if wants_json:
            return JsonResponse({"error": str(error)}, status=400)
        messages.error(request, str(error))
        return redirect(composition.get_absolute_url() + "#downloads")
    if wants_json:
        response = JsonResponse(rendering_json(rendering), status=202)
        response["Location"] = rendering_json(rendering)["status_url"]
        return response
    return redirect(composition.get_absolute_url() + "#downloads")


def get_rendering(id: UUID, format: str) -> Rendering:
    return get_object_or_404(
        Rendering, composition_id=id, composition__deleted_at=None, format=format
    )


def rendering_etag(request: HttpRequest, id: UUID, format: str) -> str | None:
    row = Rendering.objects.filter(
        composition_id=id, composition__deleted_at=None, format=format
    )
    values = row.values_list("state", "attempt", "finished_at").first()
    return f'"{hashlib.sha256(repr(values).encode()).hexdigest()[:20]}"'


@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=rendering_etag)
def rendering_status(request: HttpRequest, id: UUID, format: str) -> HttpResponse:
    return JsonResponse(rendering_json(get_rendering(id, format)))


def rendering_json(rendering: Rendering) -> dict[str, Any]:
    args = [rendering.composition_id, rendering.format]
    return {
        "format": rendering.format,
        "state": rendering.state,
        "label": rendering.get_state_display(),
        "error": rendering.error,
        "status_url": reverse("rendering_status", args=args),
        "url": reverse("download", args=args) if rendering.is_ready else None,
    }
