"""A request with an Idempotency-Key is done once, however often it is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from composer_site.api.models import KeptAnswer
from composer_site.api.problems import Conflict, Unprocessable

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(days=1)
#: Nothing the API does takes so long: its process has died.
GIVEN_UP_AFTER = timedelta(minutes=2)


def answer_once(request: Request, act: Callable[[], Response]) -> Response:
    """What ``act`` answers, or what it answered when the key came first."""
    key = request.headers.get(HEADER, "")
    if not key:
        return act()
    if not (key.isascii() and key.isprintable() and len(key) <= 100):
        raise ValidationError(f"Use an {HEADER} of at most 100 plain characters.")
    if not isinstance(request.user, User):
        raise ValidationError(
            f"An {HEADER} needs an account. Leave it out, or sign in."
        )
    kept, is_new = _keep(request.user, key, _fingerprint(request))
    if not is_new:
        return _again(kept, request)
    try:
        response = act()
    except BaseException:
        # Nothing was made: the same key may try again.
        kept.delete()
        raise
    _remember(kept, response)
    return response


def _keep(owner: User, key: str, fingerprint: str) -> tuple[KeptAnswer, bool]:
    now = timezone.now()
    mine = KeptAnswer.objects.filter(owner=owner)
    mine.filter(created_at__lt=now - KEPT_FOR).delete()
    mine.filter(key=key, status=None, created_at__lt=now - GIVEN_UP_AFTER).delete()
    return KeptAnswer.objects.get_or_create(
        owner=owner, key=key, defaults={"fingerprint": fingerprint}
    )


def _again(kept: KeptAnswer, request: Request) -> Response:
    if kept.fingerprint != _fingerprint(request):
        raise Unprocessable(
            f"This {HEADER} came with another request before. Choose a new one."
        )
    if kept.status is None:
        raise Conflict(
            "This request is being done just now. Ask again in a few seconds."
        )
    response = Response(kept.body, status=kept.status)
    response["Idempotent-Replayed"] = "true"
    if kept.location:
        response["Location"] = kept.location
    return response


def _remember(kept: KeptAnswer, response: Response) -> None:
    # Given up for dead and taken over, it has no row any more: what is made is made.
    KeptAnswer.objects.filter(pk=kept.pk).update(
        status=response.status_code,
        location=response.get("Location", ""),
        body=json.loads(JSONRenderer().render(response.data)),
    )


def _hash_of_file(file: UploadedFile[Any]) -> str:
    digest = hashlib.sha256((file.name or "").encode())
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _fingerprint(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True, default=_hash_of_file)
    whole = f"{request.method} {request.path}\n{body}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
