"""The score inside a compressed MusicXML file (.mxl), which is a zip archive."""

from __future__ import annotations

import io
import zipfile
import zlib

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from training.music.reading import MAX_UNPACKED_BYTES, UnreadableScore


def unpack(data: bytes) -> bytes:
    """The score inside an .mxl file, at most ``MAX_UNPACKED_BYTES`` of it.

    Sizes that the archive declares are not believed: only bytes read count.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = _root_file(archive)
            return _read_member(archive, name, MAX_UNPACKED_BYTES)
    except UnreadableScore:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise UnreadableScore(
            "This .mxl file is damaged or holds no score. Export it again, or send "
            "the uncompressed .musicxml file."
        ) from error
    except (RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise UnreadableScore(
            "This .mxl file is encrypted or packed in a way we cannot open. "
            "Send the uncompressed .musicxml file."
        ) from error


def _root_file(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if "META-INF/container.xml" in names:
        container = _read_member(archive, "META-INF/container.xml", 100_000)
        try:
            for element in fromstring(container, forbid_entities=True).iter("rootfile"):
                if element.get("full-path") in names:
                    return str(element.get("full-path"))
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            pass  # Files with a broken container still hold their score.
    for name in names:
        if name.endswith((".xml", ".musicxml")) and not name.startswith("META-INF"):
            return name
    raise KeyError("no score")


def _read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with archive.open(name) as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise UnreadableScore(
            "This .mxl file is too big when unpacked. "
            f"Send a score of at most {limit // 1024 // 1024} MB."
        )
    return data
