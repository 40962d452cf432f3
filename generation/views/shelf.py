"""What may be done with each of one's own pieces."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
)

from generation import shelf
from generation.forms import RenameForm
from generation.keyset import MAX_CURSOR_LENGTH
from generation.library import Wishes
from generation.models import Composition, CompositionQuerySet, caller

CURSOR = re.compile(rf"[-\w]{{1,{MAX_CURSOR_LENGTH}}}", re.ASCII)


def pieces_of(request: HttpRequest) -> CompositionQuerySet:
    """All that the caller may change, the deleted too."""
    return Composition.objects.whose(*caller(request))


def get_own(request: HttpRequest, id: UUID) -> Composition:
    """What is somebody else's is not found, even if its link may be looked at."""
    return get_object_or_404(pieces_of(request).kept().for_list(), pk=id)


def place_in_list(asked: QueryDict) -> str:
    """Which page of which list, as a query: of what was sent, only that."""
    place = QueryDict(mutable=True)
    place.update(Wishes.read(asked).query())
    for side in ("after", "before"):
        cursor = asked.get(side, "")
        if CURSOR.fullmatch(cursor):
            place[side] = cursor
    return place.urlencode()


def back_to_list(request: HttpRequest, **more: Any) -> HttpResponse:
    """To the place in the list that the form was sent from."""
    query = QueryDict(place_in_list(QueryDict(request.POST.get("place", ""))), True)
    query.update({name: str(value) for name, value in more.items()})
    path = reverse("history")
    return redirect(f"{path}?{query.urlencode()}" if query else path)


def back(request: HttpRequest, id: UUID) -> HttpResponse:
    """To where the form stands: the list, or the page of the piece."""
    if "place" in request.POST:
        return back_to_list(request)
    return redirect("composition_detail", id)


@require_POST
def favourite(request: HttpRequest, id: UUID) -> HttpResponse:
    is_favourite = request.POST.get("favourite") == "yes"
    if not shelf.set_favourite(pieces_of(request), id, is_favourite):
        raise Http404
    if "application/json" in request.headers.get("Accept", ""):
        return HttpResponse(status=204)
    return back(request, id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def rename(request: HttpRequest, id: UUID) -> HttpResponse:
    composition = get_own(request, id)
    place = place_in_list(QueryDict(request.GET.get("place", "")))
    form = RenameForm(request.POST or None, initial={"title": composition.title})
    if request.method == "POST" and form.is_valid():
        if not shelf.rename(pieces_of(request), id, form.cleaned_data["title"]):
            raise Http404
        return back(request, id)
    return render(
        request,
        "generation/rename.html",
        {
            "composition": composition,
            "form": form,
            # From which list one came; None: from the page of the piece.
            "place": request.POST.get(
                "place", place if "place" in request.GET else None
            ),
        },
        status=422 if request.method == "POST" else 200,
    )


@require_POST
def delete(request: HttpRequest, id: UUID) -> HttpResponse:
    count, batch = shelf.throw_away_many(pieces_of(request), [id])
    if not count:
        raise Http404
    return back_to_list(request, deleted=batch)
