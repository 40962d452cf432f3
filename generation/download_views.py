"""A piece as files: those written in a moment, and those a task makes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_POST, require_safe

from generation import renderings
from generation.files import (
    DIRECT_FORMATS,
    RENDERED_TYPES,
    file_name,
    is_a_tune,
    written,
)
from generation.lookup import get_composition
from generation.models import Composition, Rendering
from generation.ranges import file_response


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
        rendering = renderings.request_rendering(
            composition, request.POST.get("format", "")
        )
    except renderings.NoSuchRendering as error:
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
