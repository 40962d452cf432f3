"""The list of one's own pieces, many of them at once, and the bin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from generation import library, shelf
from generation.keyset import LAST_DELETED, ORDERS, BadCursor, KeysetPage, page_of
from generation.library import MOST_AT_ONCE, MOST_COUNTED, Wishes
from generation.models import Composition, CompositionQuerySet
from generation.views.downloads import as_attachment
from generation.views.shelf import back_to_list, pieces_of, place_in_list
from generation.zipping import (
    MAX_ZIPPED_PIECES,
    ZIPPED_FORMATS,
    in_its_place,
    zipped,
)

PIECES_A_PAGE = 24
NOTHING_CHOSEN = "Choose some pieces first: tick the box in their corner."
#: What the buttons over the list say.
VERBS = ("delete", "star", "unstar")


@require_safe
@never_cache
def history(request: HttpRequest) -> HttpResponse:
    mine = pieces_of(request).kept()
    wishes = Wishes.read(request.GET)
    matching = library.matching(mine, wishes)
    page, is_lost = read_page(request, matching, wishes)
    count = library.count_up_to(matching)
    context = {
        "pieces": library.cards(page.ids),
        "page": page,
        "wishes": wishes,
        "query": urlencoded(wishes.query()),
        "cleared": urlencoded(wishes.cleared().query()),
        "unstarred": urlencoded({**wishes.query(), "show": ""}),
        "starred": urlencoded({**wishes.query(), "show": "favourites"}),
        "place": place_in_list(request.GET),
        "is_lost": is_lost,
        "count": min(count, MOST_COUNTED),
        "has_more": count > MOST_COUNTED,
        "all_at_once": min(count, MOST_AT_ONCE),
        "offers": library.offers(mine, wishes),
        "orders": ORDERS.values(),
        "zips": ZIPPED_FORMATS.items(),
        "deleted": just_deleted(request),
    }
    return render(request, "generation/history.html", context)


def read_page(
    request: HttpRequest, matching: CompositionQuerySet, wishes: Wishes
) -> tuple[KeysetPage, bool]:
    """The page asked for; the first, and True, where there is no such place."""
    asked = {side: request.GET.get(side, "") for side in ("after", "before")}
    try:
        return page_of(matching, wishes.order, size=PIECES_A_PAGE, **asked), False
    except BadCursor:
        return page_of(matching, wishes.order, size=PIECES_A_PAGE), True


def urlencoded(query: dict[str, str]) -> str:
    told = QueryDict(mutable=True)
    told.update({name: value for name, value in query.items() if value})
    return told.urlencode()


@dataclass(frozen=True, slots=True)
class JustDeleted:
    """What the list says was deleted a moment ago, to be taken back."""

    sentence: str
    batch: str


def just_deleted(request: HttpRequest) -> JustDeleted | None:
    batch = request.GET.get("deleted", "")
    if not batch:
        return None
    together = shelf.thrown_away_together(pieces_of(request), batch).order_by()
    titles = list(together.values_list("title", flat=True)[: MOST_AT_ONCE + 1])
    if not titles:
        return None
    if len(titles) == 1:
        return JustDeleted(f"{titles[0]} is deleted.", batch)
    return JustDeleted(f"{len(titles):,} pieces are deleted.", batch)


# Many at once ------------------------------------------------------------------------


def chosen(request: HttpRequest, most: int) -> list[UUID]:
    """Of the caller's pieces, those that are ticked, or all that the list shows."""
    mine = pieces_of(request).kept()
    if request.POST.get("everything") == "yes":
        wishes = Wishes.read(QueryDict(request.POST.get("place", "")))
        return library.first_ids(mine, wishes, most)
    return library.own_ids(mine, request.POST.getlist("piece"))


@require_POST
def many(request: HttpRequest) -> HttpResponse:
    verb = request.POST.get("do")
    ids = chosen(request, MOST_AT_ONCE) if verb in VERBS else []
    if not ids:
        messages.error(request, NOTHING_CHOSEN)
        return back_to_list(request)
    mine = pieces_of(request)
    if verb == "delete":
        _, batch = shelf.throw_away_many(mine, ids)
        return back_to_list(request, deleted=batch)
    shelf.star_many(mine, ids, verb == "star")
    are = "favourites" if verb == "star" else "no favourites any more"
    messages.success(request, f"{in_words(len(ids))} {are}.")
    return back_to_list(request)


def in_words(count: int) -> str:
    return f"{count:,} piece{pluralize(count, ' is,s are')}"


@require_POST
def take_back_batch(request: HttpRequest) -> HttpResponse:
    mine, batch = pieces_of(request), request.POST.get("batch", "")
    titles = list(
        shelf.thrown_away_together(mine, batch).values_list("title", flat=True)[:1]
    )
    count = shelf.take_back_batch(mine, batch)
    if not count:
        messages.error(request, "There is nothing to take back: look in the bin.")
    elif count == 1:
        messages.success(request, f"{titles[0]} is back.")
    else:
        messages.success(request, f"{in_words(count)} back.")
    return back_to_list(request)


@require_POST
def download_many(request: HttpRequest) -> HttpResponseBase:
    ids = chosen(request, MAX_ZIPPED_PIECES + 1)
    _, formats = ZIPPED_FORMATS.get(
        request.POST.get("format", ""), ZIPPED_FORMATS["both"]
    )
    if not ids:
        messages.error(request, NOTHING_CHOSEN)
        return back_to_list(request)
    if len(ids) > MAX_ZIPPED_PIECES:
        messages.error(
            request,
            f"A zip holds {MAX_ZIPPED_PIECES} pieces at most. Filter the list until "
            "there are fewer, and download them in turns.",
        )
        return back_to_list(request)
    mine = pieces_of(request).kept()
    response = StreamingHttpResponse(
        in_its_place(zipped(mine, ids, formats)), content_type="application/zip"
    )
    response["Cache-Control"] = "no-store"
    return as_attachment(response, "pieces.zip")


# The bin -----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def bin(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return empty_or_take_back(request)
    thrown_away = pieces_of(request).thrown_away()
    asked = {side: request.GET.get(side, "") for side in ("after", "before")}
    try:
        page = page_of(thrown_away, LAST_DELETED, size=PIECES_A_PAGE, **asked)
    except BadCursor:
        page = page_of(thrown_away, LAST_DELETED, size=PIECES_A_PAGE)
    now = timezone.now()
    context = {
        "page": page,
        "pieces": [(piece, days_left(piece, now)) for piece in library.cards(page.ids)],
        "kept_days": shelf.KEPT_AFTER_DELETION.days,
    }
    return render(request, "generation/bin.html", context)


def days_left(piece: Composition, now: datetime) -> int:
    """Until it goes for good; 1 on the last day."""
    assert piece.deleted_at is not None
    left = piece.deleted_at + shelf.KEPT_AFTER_DELETION - now
    return max(1, left.days + 1)


def empty_or_take_back(request: HttpRequest) -> HttpResponse:
    mine = pieces_of(request)
    thrown_away, verb = mine.thrown_away(), request.POST.get("do")
    if request.POST.get("everything") == "yes":
        newest = thrown_away.order_by("-deleted_at", "-pk")
        ids = list(newest.values_list("pk", flat=True)[: shelf.DELETED_AT_ONCE])
    else:
        ids = library.own_ids(thrown_away, request.POST.getlist("piece"))
    if not ids:
        messages.error(request, NOTHING_CHOSEN)
    elif verb == "take-back":
        messages.success(request, f"{in_words(shelf.take_back_many(mine, ids))} back.")
    elif verb == "delete" and request.POST.get("sure") != "yes":
        return render(
            request,
            "generation/delete_for_good.html",
            {
                "pieces": library.cards(ids),
                "count": len(ids),
                "everything": request.POST.get("everything") == "yes",
            },
        )
    elif verb == "delete":
        count = shelf.delete_for_good(mine, ids)
        messages.success(request, f"{in_words(count)} deleted for good.")
    return redirect("bin")
