"""What is set on the desk of a piece, kept for the next visit."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from generation import sounds
from generation.models import Composition
from training.music.desk import BadDesk, desk_json


@require_POST
def keep_sound(request: HttpRequest, id: UUID) -> HttpResponse:
    """A desk as JSON. Only whose piece it is may set it; others hear it so."""
    if len(request.body) > sounds.MAX_SOUND_BYTES:
        return JsonResponse({"error": "That is more than a desk has."}, status=413)
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        return JsonResponse({"error": "Send the desk as JSON."}, status=400)
    try:
        desk = sounds.keep_sound(Composition.objects.of_caller(request), id, told)
    except BadDesk as error:
        return JsonResponse({"error": str(error)}, status=422)
    if desk is None:
        raise Http404("There is no such piece of yours.")
    return JsonResponse({"sound": desk_json(desk)})
