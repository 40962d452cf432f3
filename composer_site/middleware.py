from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from composer_site.api.problems import problem
from generation.services import TooBusy

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


class RefuseTooLarge:
    """Nothing people send is large; what says it is, is not read.

    Django caps the forms it reads itself; REST framework reads the stream.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            length = int(request.headers.get("Content-Length") or 0)
        except ValueError:
            return refuse(request, 400, "Content-Length must be a whole number.")
        if length > limit:
            return refuse(
                request, 413, f"That is too large. Send at most {limit >> 10} KiB."
            )
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
