"""One's own music: bring it, look it over, make a dataset of it."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import (
    condition,
    require_http_methods,
    require_POST,
    require_safe,
)

from training.access import account_of, needs_account, sent
from training.datasets import BadDataset
from training.forms import OwnDatasetForm
from training.incoming import IncomingFiles
from training.models import Piece, Upload, UploadedFile, WorkerBeat
from training.models.datasets import PieceQuerySet
from training.music.pianoroll import pianoroll_svg, playable_json
from training.own_music import MIN_PIECES, create_own_dataset, survey, too_few
from training.pieces import take_back, throw_away
from training.uploads import (
    MAX_FILE_BYTES,
    MAX_FILES,
    NotTaken,
    begin_upload,
    make_incoming_folder,
)

PIECES_A_PAGE = 48
UPLOADS_SHOWN = 3
MAX_FIND = 100

WHY_ACCOUNT = (
    "To bring music of your own you need an account: it is kept for you alone, and so "
    "is what learns from it."
)


def own_pieces(request: HttpRequest) -> PieceQuerySet:
    return Piece.objects.of(request.user)


def get_piece(request: HttpRequest, id: int) -> Piece:
    """What is somebody else's is not found."""
    return get_object_or_404(own_pieces(request).kept(), pk=id)


# The list ---------------------------------------------------------------------------


@require_safe
@never_cache
@needs_account(WHY_ACCOUNT)
def music_list(request: HttpRequest) -> HttpResponse:
    return _list_page(request)


def _list_page(
    request: HttpRequest, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    own = own_pieces(request)
    find = words_of(request.GET.get("find", ""))
    pieces = own.kept().found_by(find).for_list()
    page = Paginator(pieces, PIECES_A_PAGE).get_page(request.GET.get("page"))
    deleted_at = moment_of(request.GET.get("deleted", ""))
    uploads = Upload.objects.filter(owner=account_of(request)).with_counts()
    context = {
        "page": page,
        "find": find,
        "place": place_of(request.GET),
        "has_any": bool(page.object_list) or own.kept().exists(),
        "uploads": uploads[:UPLOADS_SHOWN],
        "num_deleted": own.filter(deleted_at=deleted_at).count() if deleted_at else 0,
        "deleted_at": request.GET.get("deleted", ""),
        "refusal": refusal,
        **ceilings(),
    }
    return render(request, "training/music_list.html", context, status=status)


def ceilings() -> dict[str, int]:
    return {
        "max_files": MAX_FILES,
        "max_file_mb": MAX_FILE_BYTES >> 20,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_mb": settings.UPLOAD_MAX_BYTES >> 20,
        "min_pieces": MIN_PIECES,
    }


def words_of(text: str) -> str:
    """What was looked for, as a database may be asked for it."""
    return text.replace("\0", " ").strip()[:MAX_FIND]


def moment_of(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def place_of(asked: QueryDict) -> str:
    """Which page of which list, as a query: of what was sent, only that."""
    place = QueryDict(mutable=True)
    if find := words_of(asked.get("find", "")):
        place["find"] = find
    page = asked.get("page", "")
    if page.isascii() and page.isdigit() and len(page) < 9 and int(page) > 1:
        place["page"] = page
    return place.urlencode()


def back_to_list(request: HttpRequest, **more: str) -> HttpResponse:
    query = QueryDict(place_of(QueryDict(request.POST.get("place", ""))), mutable=True)
    query.update(more)
    path = reverse("music_list")
    return redirect(f"{path}?{query.urlencode()}" if query else path)


def ids_of(values: list[str]) -> list[int]:
    """Those of ``values`` that can be the id of a row, a page of them at most."""
    return [
        int(value)
        for value in values[:PIECES_A_PAGE]
        if value.isascii() and value.isdigit() and len(value) < 19
    ]


# Bringing it ------------------------------------------------------------------------


# Exempt only until it is known who sends: for CSRF the whole body must be read, and a
# stranger's is not.
@csrf_exempt
@require_POST
@needs_account(WHY_ACCOUNT)
def upload_create(request: HttpRequest) -> HttpResponse:
    folder = make_incoming_folder()
    incoming = IncomingFiles(request, folder)
    request.upload_handlers = [incoming]
    try:
        return _upload_create(request, incoming)
    except (TooManyFilesSent, TooManyFieldsSent):
        most = f"Send at most {MAX_FILES:,} files at a time, or a .zip of them."
        return _not_taken(request, most)
    except (MultiPartParserError, UnreadablePostError):
        return _not_taken(request, "The files did not arrive whole. Send them again.")
    finally:
        # Nothing is there any more when it became an upload's own.
        shutil.rmtree(folder, ignore_errors=True)


@csrf_protect
def _upload_create(request: HttpRequest, incoming: IncomingFiles) -> HttpResponse:
    request.FILES  # noqa: B018  (reads the body, and so has the handler write)
    try:
        upload = begin_upload(account_of(request), incoming.folder, incoming.arrived)
    except NotTaken as refusal:
        return _not_taken(request, str(refusal))
    if wants_json(request):
        return JsonResponse({"url": upload.get_absolute_url()}, status=201)
    return redirect(upload)


def _not_taken(request: HttpRequest, sentence: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": sentence}, status=422)
    return _list_page(request, refusal=sentence, status=422)


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def get_upload(request: HttpRequest, id: int) -> Upload:
    """What is somebody else's is not found."""
    own = Upload.objects.filter(owner=request.user.pk).exclude(owner=None)
    return get_object_or_404(own.with_counts(), pk=id)


@require_safe
@never_cache
@needs_account(WHY_ACCOUNT)
def upload_detail(request: HttpRequest, id: int) -> HttpResponse:
    context = live_context(get_upload(request, id))
    return render(request, "training/upload_detail.html", context)


def live_context(upload: Any) -> dict[str, Any]:
    """What became of each file; ``upload`` comes with its counts."""
    by_state: dict[str, list[UploadedFile]] = {}
    files = upload.files.select_related("piece").defer("piece__score")
    for file in files.exclude(state=UploadedFile.State.OPENED):
        by_state.setdefault(file.state, []).append(file)
    return {
        "upload": upload,
        "num_read": upload.num_files - upload.num_waiting,
        "version": version_of(upload),
        "missing_worker": missing_worker(upload),
        "refused": by_state.get(UploadedFile.State.REFUSED, []),
        "imported": by_state.get(UploadedFile.State.IMPORTED, []),
        "known": by_state.get(UploadedFile.State.KNOWN, []),
        "min_pieces": MIN_PIECES,
    }


def version_of(upload: Any) -> str:
    counts = (upload.num_files, upload.num_waiting, upload.num_imported)
    return "-".join(str(part) for part in (upload.state, *counts, upload.num_refused))


def missing_worker(upload: Upload) -> str:
    if not upload.is_unfinished:
        return ""
    return WorkerBeat.objects.missing(settings.MAIN_QUEUE)


def upload_etag(request: HttpRequest, id: int) -> str:
    upload = get_upload(request, id)
    values = (version_of(upload), missing_worker(upload))
    return f'"{hashlib.sha256(repr(values).encode()).hexdigest()[:20]}"'


@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=upload_etag)
def upload_live(request: HttpRequest, id: int) -> HttpResponse:
    """The part of the page that changes, for its script to ask for again."""
    context = live_context(get_upload(request, id))
    return render(request, "training/_upload_live.html", context)


# One piece --------------------------------------------------------------------------


@require_safe
@never_cache
@needs_account(WHY_ACCOUNT)
def piece_detail(request: HttpRequest, id: int) -> HttpResponse:
    piece = get_piece(request, id)
    score = piece.as_score()
    context = {
        "piece": piece,
        "score": score,
        "parts": [part for part in score.parts if part.notes],
        "num_bars": sum(1 for bar in score.bars() if bar.number),
    }
    return render(request, "training/piece_detail.html", context)


@require_safe
@gzip_page
@cache_control(private=True, max_age=86_400)
def piece_notes(request: HttpRequest, id: int) -> HttpResponse:
    """What the player plays and the roll draws."""
    piece = get_piece(request, id)
    return JsonResponse(playable_json(piece.as_score(), title=piece.name))


@require_safe
@gzip_page
@cache_control(private=True, max_age=86_400)
def piece_roll(request: HttpRequest, id: int) -> HttpResponse:
    drawing = pianoroll_svg(get_piece(request, id).as_score(), width=960, height=240)
    return HttpResponse(drawing, content_type="image/svg+xml")


# What is done with some of them -----------------------------------------------------


@require_POST
@needs_account(WHY_ACCOUNT)
def music_chosen(request: HttpRequest) -> HttpResponse:
    """The two buttons under the list: delete what is ticked, or learn from it."""
    ids = ids_of(request.POST.getlist("pieces"))
    if not ids:
        messages.error(request, "Nothing is ticked. Tick the pieces first.")
        return back_to_list(request)
    if request.POST.get("verb") == "delete":
        return _delete(request, ids)
    query = QueryDict(mutable=True)
    query.setlist("pieces", [str(id) for id in ids])
    return redirect(f"{reverse('dataset_create_music')}?{query.urlencode()}")


@require_POST
@needs_account(WHY_ACCOUNT)
def piece_delete(request: HttpRequest, id: int) -> HttpResponse:
    return _delete(request, [get_piece(request, id).pk])


def _delete(request: HttpRequest, ids: list[int]) -> HttpResponse:
    now = timezone.now()
    throw_away(own_pieces(request), ids, now=now)
    return back_to_list(request, deleted=now.isoformat())


@require_POST
@needs_account(WHY_ACCOUNT)
def music_take_back(request: HttpRequest) -> HttpResponse:
    deleted_at = moment_of(request.POST.get("deleted", ""))
    back = take_back(own_pieces(request), deleted_at) if deleted_at else 0
    if back:
        what = "The piece is" if back == 1 else f"{back} pieces are"
        messages.success(request, f"{what} back.")
    return back_to_list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_account(WHY_ACCOUNT)
def dataset_create_music(request: HttpRequest) -> HttpResponse:
    """Of all of one's music, or of what the address names."""
    chosen = chosen_pieces(request)
    found = survey(chosen)
    form = OwnDatasetForm(sent(request), initial={"way": found.usual_way})
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(
                create_own_dataset(
                    chosen, owner=account_of(request), **form.cleaned_data
                )
            )
        except BadDataset as error:
            form.add_error(None, str(error))
    context = {
        "form": form,
        "survey": found,
        "too_few": too_few(found) if found.different < MIN_PIECES else "",
        "is_all": not request.GET,
        "find": words_of(request.GET.get("find", "")),
        "query": request.GET.urlencode(),
    }
    status = 422 if form.errors else 200
    return render(request, "training/dataset_create_music.html", context, status=status)


def chosen_pieces(request: HttpRequest) -> PieceQuerySet:
    """Those that the address names: by ``pieces``, ``upload`` or ``find``; else all."""
    own = own_pieces(request).kept()
    if "pieces" in request.GET:
        own = own.filter(pk__in=ids_of(request.GET.getlist("pieces")))
    if "upload" in request.GET:
        files = UploadedFile.objects.filter(
            upload__in=ids_of(request.GET.getlist("upload")),
            upload__owner=account_of(request),
        )
        own = own.filter(pk__in=files.values("piece"))
    return own.found_by(words_of(request.GET.get("find", "")))
