"""Part of a file, for a browser that plays a recording and wants to seek in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.core.files.base import File
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import StreamingHttpResponse

_CHUNK_BYTES = 65_536
# One range, as browsers ask: from-to, from-, or the last so many.
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def file_response(
    request: HttpRequest, file: File[bytes], content_type: str
) -> HttpResponseBase:
    """The whole of ``file``, or the range of it that ``request`` asks for."""
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if not asked or asked.group() == "bytes=-":
        response: HttpResponseBase = FileResponse(file, content_type=content_type)
        response["Accept-Ranges"] = "bytes"
        return response
    size = file.size
    first, last = _ends(asked[1], asked[2], size)
    if first > last:
        file.close()
        refusal = HttpResponse(status=416)
        refusal["Content-Range"] = f"bytes */{size}"
        return refusal
    response = StreamingHttpResponse(
        _read(file, first, last), status=206, content_type=content_type
    )
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(last - first + 1)
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _ends(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte, inclusive; an empty range when the file is too short."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last) if last else size, size - 1)


def _read(file: IO[bytes] | File[bytes], first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
