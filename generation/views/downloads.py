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
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_POST, require_safe

from generation import renderings, variants
from generation.files import (
    DIRECT_FORMATS,
    READABLE_FORMATS,
    RENDERED_TYPES,
    file_name,
    is_a_tune,
    written,
)
from generation.lookup import get_composition, reader
from generation.models import Composition, Rendering
from generation.ranges import file_response
from generation.short_links import short_path


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


def downloads_of(
    composition: Composition, written_for: str = "concert"
) -> list[Download]:
    def url(format: str) -> str:
        return file_address(composition.pk, format, written_for)

    found = [
        Download(format, label, url(format))
        for format, (label, _) in DIRECT_FORMATS.items()
        if format != "abc" or is_a_tune(composition)
    ]
    made = variants.current(composition, written_for)
    for format, label in Rendering.Format.choices:
        rendering = made.get(format)
        found.append(
            Download(
                format,
                label,
                url(format),
                state=rendering.state if rendering else "none",
                status_url=status_address(composition.pk, format, written_for),
                error=rendering.error if rendering else "",
            )
        )
    return found


def file_address(id: UUID, format: str, written_for: str = "concert") -> str:
    return _for(reverse("download", args=[id, format]), format, written_for)


def status_address(id: UUID, format: str, written_for: str = "concert") -> str:
    return _for(reverse("rendering_status", args=[id, format]), format, written_for)


def _for(address: str, format: str, written_for: str) -> str:
    if written_for == "concert" or format not in READABLE_FORMATS:
        return address
    return f"{address}?for={written_for}"


@require_safe
def download(request: HttpRequest, id: UUID, format: str) -> HttpResponseBase:
    composition = get_composition(id)
    written_for = reader(request)
    if format in DIRECT_FORMATS:
        if format == "abc" and not is_a_tune(composition):
            raise Http404("ABC is for one melody. Take MusicXML instead.")
        response: HttpResponseBase = HttpResponse(
            written(
                composition,
                format,
                written_for=written_for,
                is_performed=request.GET.get("performed") == "1",
            ),
            content_type=DIRECT_FORMATS[format][1],
        )
    elif format in RENDERED_TYPES:
        rendering = variants.find(composition, format, written_for)
        if rendering is None or not rendering.is_ready:
            messages.info(request, "That file is not made yet. Ask for it here.")
            return redirect(composition.get_absolute_url() + "#downloads")
        response = file_response(
            request, rendering.file.open("rb"), RENDERED_TYPES[format]
        )
    else:
        raise Http404("There is no such format.")
    return as_attachment(response, file_name(composition, format, written_for))


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
            composition,
            request.POST.get("format", ""),
            written_for=request.POST.get("for") or "concert",
            link=request.build_absolute_uri(short_path(composition)),
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


def rendering_etag(request: HttpRequest, id: UUID, format: str) -> str | None:
    # Of all variants: which of them is asked for follows from the piece, and a piece
    # whose sound changes gets a new row when it is asked for.
    rows = Rendering.objects.filter(
        composition_id=id, composition__deleted_at=None, format=format
    )
    piece = Composition.objects.kept().filter(pk=id).values_list("title", "sound")
    values = (
        reader(request),
        list(piece),
        list(rows.values_list("variant", "state", "attempt", "finished_at")),
    )
    return f'"{hashlib.sha256(repr(values).encode()).hexdigest()[:20]}"'


@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=rendering_etag)
def rendering_status(request: HttpRequest, id: UUID, format: str) -> HttpResponse:
    rendering = variants.find(get_composition(id), format, reader(request))
    if rendering is None:
        sentence = "The sound has changed since it was asked for. Ask again."
        return JsonResponse({"error": sentence}, status=404)
    return JsonResponse(rendering_json(rendering))


def rendering_json(rendering: Rendering) -> dict[str, Any]:
    where = (
        rendering.composition_id,
        rendering.format,
        rendering.options.get("for", "concert"),
    )
    return {
        "format": rendering.format,
        "state": rendering.state,
        "label": rendering.get_state_display(),
        "error": rendering.error,
        "status_url": status_address(*where),
        "url": file_address(*where) if rendering.is_ready else None,
    }
