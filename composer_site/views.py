from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from composer_site.api.problems import problem


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """For a watchdog: the process answers and its database does too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


def server_error(request: HttpRequest) -> HttpResponseBase:
    """What nobody foresaw, in the words of whoever called."""
    if request.path.startswith("/api/"):
        return problem(500, "Something went wrong here. Try again in a minute.")
    return defaults.server_error(request)
