"""One's own pieces: the list of them, and what may be done with each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from generation import shelf
from generation.forms import RenameForm
from generation.models import Composition, CompositionQuerySet, caller

PIECES_A_PAGE = 24


def pieces_of(request: HttpRequest) -> CompositionQuerySet:
    """All that the caller may change, the deleted too."""
    return Composition.objects.whose(*caller(request))


def get_own(request: HttpRequest, id: UUID) -> Composition:
    """What is somebody else's is not found, even if its link may be looked at."""
    return get_object_or_404(pieces_of(request).kept().for_list(), pk=id)


@require_safe
@never_cache
def history(request: HttpRequest) -> HttpResponse:
    pieces = pieces_of(request).kept().for_list()
    shows_favourites = request.GET.get("show") == "favourites"
    if shows_favourites:
        pieces = pieces.favourites()
    page = Paginator(pieces, PIECES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "shows_favourites": shows_favourites,
        "place": place_in_list(request.GET),
        "deleted": just_deleted(request),
    }
    return render(request, "generation/history.html", context)


def just_deleted(request: HttpRequest) -> Composition | None:
    """The piece that the list says was deleted a moment ago, to be taken back."""
    try:
        id = UUID(request.GET["deleted"])
    except (KeyError, ValueError):
        return None
    return pieces_of(request).thrown_away().for_list().filter(pk=id).first()


def place_in_list(asked: QueryDict) -> str:
    """Which page of which list, as a query: of what was sent, only that."""
    place = QueryDict(mutable=True)
    if asked.get("show") == "favourites":
        place["show"] = "favourites"
    page = asked.get("page", "")
    if page.isascii() and page.isdigit() and len(page) < 9 and int(page) > 1:
        place["page"] = page
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
    if not shelf.throw_away(pieces_of(request), id):
        raise Http404
    return back_to_list(request, deleted=id)


@require_POST
def take_back(request: HttpRequest, id: UUID) -> HttpResponse:
    if not shelf.take_back(pieces_of(request), id):
        raise Http404
    piece = get_own(request, id)
    messages.success(request, f"{piece.title} is back.")
    return back_to_list(request)
