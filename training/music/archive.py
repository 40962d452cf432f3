"""The files inside a zip archive, for a child process with limits to take out.

Nothing that the archive says is believed: not its sizes (only bytes that were read
count), not its names (a file is written under a number of ours, its name is only shown)
and not how many entries it has.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: The ways of packing whose reader unpacks no more than it is asked for.
_MODEST = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_MAX_NAME = 200
#: Files that systems leave behind, and no person means to send.
_LITTER = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What is taken out of one archive."""

    files: int = 1_000
    file_bytes: int = 2 * 1024 * 1024
    total_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: written to ``<number>``, or ``problem`` says why not."""

    number: int
    name: str
    problem: str = ""


class UnreadableArchive(ValueError):
    """Nothing can be taken out. The message tells the sender what to do next."""


def is_archive(name: str) -> bool:
    """Whether a file is opened, by its name. (.mxl is one piece, and no archive.)"""
    return name.lower().endswith(".zip")


def is_litter(path: str) -> bool:
    """Whether ``path``, with slashes, names what no person means to send."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts)
    return hidden or not parts or parts[-1].lower() in _LITTER


def unpack(
    source: Path, folder: Path, limits: ArchiveLimits
) -> tuple[list[Member], int]:
    """Write the files in the archive ``source`` to ``folder``.

    Returns them in the archive's order, and how many more there were than are taken.
    Raises ``UnreadableArchive``.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            return _members(archive, folder, limits)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        raise UnreadableArchive(
            "This .zip is damaged. Pack it again, or send the files as they are."
        ) from error


def _members(
    archive: zipfile.ZipFile, folder: Path, limits: ArchiveLimits
) -> tuple[list[Member], int]:
    entries = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir() and not is_litter(entry.filename)
    ]
    room = limits.total_bytes
    found = []
    for number, entry in enumerate(entries[: limits.files]):
        problem = _refusal(entry)
        if not problem:
            data = _read(archive, entry, min(limits.file_bytes, room) + 1)
            if data is None:
                problem = "It is damaged inside the .zip. Pack it again."
            elif len(data) > limits.file_bytes:
                problem = too_big(limits.file_bytes)
            elif len(data) > room:
                room = 0
                problem = (
                    f"The .zip holds over {limits.total_bytes >> 20} MB. Send the rest "
                    "in another."
                )
            else:
                room -= len(data)
                (folder / str(number)).write_bytes(data)
        found.append(Member(number, shown_name(entry.filename), problem))
    return found, max(0, len(entries) - limits.files)


def _refusal(entry: zipfile.ZipInfo) -> str:
    if is_archive(entry.filename):
        return "A .zip inside a .zip is not opened. Send it by itself."
    if entry.flag_bits & _ENCRYPTED:
        return "It needs a password. Pack it without one."
    if entry.compress_type not in _MODEST:
        return "It is packed in a way we do not open. Pack it as an ordinary .zip."
    return ""


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes | None:
    """At most ``most`` bytes of it; None when it cannot be read."""
    try:
        with archive.open(entry) as member:
            return member.read(most)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
        return None
    except (RuntimeError, NotImplementedError):
        return None


def too_big(most: int) -> str:
    return f"It is too big. Send files of at most {most / 2**20:g} MB each."


def shown_name(path: str) -> str:
    """The last part of a path, in plain characters, to be shown and never opened.

    >>> shown_name("../../etc/reels.mid")
    'reels.mid'
    """
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    plain = "".join(c if c.isprintable() else " " for c in name).strip()
    if len(plain) > _MAX_NAME:
        # What a file is, its end says.
        plain = f"{plain[: _MAX_NAME - 13]}…{plain[-12:]}"
    return plain or "no name"
