"""Many pieces in one zip, written while it is sent: no more than a few in memory."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from uuid import UUID

from django.utils.text import slugify

from generation.files import is_a_tune, written
from generation.models import Composition, CompositionQuerySet

MAX_ZIPPED_PIECES = 200
MAX_ZIPPED_BYTES = 50_000_000
PIECES_AT_A_TIME = 10
MAX_NAME_LENGTH = 80

#: What one may take, and the formats that are in it.
ZIPPED_FORMATS = {
    "both": ("MIDI and MusicXML", ("mid", "musicxml")),
    "mid": ("MIDI", ("mid",)),
    "musicxml": ("MusicXML", ("musicxml",)),
    "abc": ("ABC (tunes)", ("abc",)),
}
# Files of these names are devices on Windows, whatever comes after the dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.ASCII)
_DATE = (1980, 1, 1, 0, 0, 0)


class Names:
    """A name for every title: safe in every file system, and none twice."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def name(self, title: str) -> str:
        base = slugify(title)[:MAX_NAME_LENGTH].strip("-_") or "piece"
        if _DEVICES.fullmatch(base):
            base = f"piece-{base}"
        name, number = base, 1
        while name in self._given:
            number += 1
            name = f"{base}-{number}"
        self._given.add(name)
        return name


class _Sink(io.RawIOBase):
    """Where the zip is written to; what has been written is taken away again."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._chunks.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data


# Writing a zip keeps a core busy for seconds: one at a time in a process.
_place = threading.Lock()


def in_its_place(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, each made in the one place for it.

    Zips that are asked for at a time take turns, piece by piece. The place is free
    while a chunk is sent: who takes what he asked for slowly, or not at all, keeps
    nobody waiting.
    """
    while True:
        with _place:
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


def zipped(
    mine: CompositionQuerySet,
    ids: list[UUID],
    formats: tuple[str, ...],
    *,
    max_bytes: int = MAX_ZIPPED_BYTES,
    write: Callable[[Composition, str], bytes] = written,
) -> Iterator[bytes]:
    """A zip of the pieces. What is left out is told in a text beside them."""
    sink, names = _Sink(), Names()
    left_out: list[str] = []
    num_bytes = 0
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for piece in _in_order(mine, ids):
            name = names.name(piece.title)
            for format in formats:
                if format == "abc" and not is_a_tune(piece):
                    left_out.append(f"{piece.title}: ABC is for one melody.")
                    continue
                data = write(piece, format)
                if num_bytes + len(data) > max_bytes:
                    left_out.append(f"{piece.title} ({format}): the zip was full.")
                    continue
                num_bytes += len(data)
                _put(archive, f"{name}.{format}", data)
            yield sink.take()
        if left_out:
            _put(archive, "Left out.txt", "\n".join([*left_out, ""]).encode())
    yield sink.take()


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)


def _in_order(mine: CompositionQuerySet, ids: list[UUID]) -> Iterator[Composition]:
    for start in range(0, len(ids), PIECES_AT_A_TIME):
        some = ids[start : start + PIECES_AT_A_TIME]
        rows = mine.filter(pk__in=some).order_by().select_related("version__model")
        found = {piece.pk: piece for piece in rows.defer("surprise")}
        yield from (found[id] for id in some if id in found)
