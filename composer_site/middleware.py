from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from composer_site.api.problems import problem
from generation.bringing import MAX_BYTES as MAX_BROUGHT_BYTES
from generation.services import TooBusy
from training.uploads import MAX_FILE_BYTES

GetResponse = Callable[[HttpRequest], HttpResponse]

# Who calls these is a program, and reads JSON.
PROGRAM_PATHS = ("/generate", "/generate_json", "/metrics", "/history")


def refuse(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """The same sentence as JSON for a program, as a page for a person."""
    if request.path.startswith("/api/"):
        return problem(status, sentence)
    if request.path.startswith(PROGRAM_PATHS):
        return JsonResponse({"error": sentence}, status=status)
    return render(request, "refused.html", {"sentence": sentence}, status=status)


def most_bytes(path: str) -> int:
    """How much may be sent to ``path``: of their own music people send more."""
    if path == reverse("upload_create"):
        return settings.UPLOAD_MAX_BYTES
    if path == reverse("api:piece-list"):
        return MAX_FILE_BYTES + 64 * 1024  # what a form puts round a file
    if path in (reverse("bring"), reverse("api:composition-bring")):
        return MAX_BROUGHT_BYTES + 64 * 1024
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


class RefuseTooLarge:
    """What is larger than anything people need to send is not read.

    Django caps the forms it reads itself; REST framework reads the stream.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            length = int(request.headers.get("Content-Length") or 0)
        except ValueError:
            return refuse(request, 400, "Content-Length must be a whole number.")
        limit = most_bytes(request.path)
        if length > limit:
            most = f"{limit >> 10} KiB" if limit < 2**21 else f"{limit >> 20} MB"
            return refuse(request, 413, f"That is too large. Send at most {most}.")
        return self.get_response(request)


class ComeBackLater:
    """Too many pieces are being written at this moment: say when to try again."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, TooBusy):
            return None
        response = refuse(request, 503, str(exception))
        response["Retry-After"] = str(exception.retry_after_seconds)
        return response
