"""The names of the tracks of a MIDI file, as they were meant.

symusic takes them for UTF-8; most programs write Latin-1. It also leaves out tracks
without notes, and the first of those often carries the title.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def names_as_meant(data: bytes) -> dict[str, str]:
    """Track names as symusic has them, which is by UTF-8, and as they were meant."""
    names = {}
    for name in _track_names(data):
        if name is not None:
            try:
                names[name.decode()] = name.decode()
            except UnicodeDecodeError:
                names[name.decode(errors="replace")] = name.decode("latin-1")
    return names


def title_of(data: bytes, names: Iterable[str]) -> str:
    """The name of the first track, which is the title when the track has no notes."""
    first = next(_track_names(data), None)
    if data[8:10] != b"\x00\x01" or first is None:
        return ""
    title = first.decode(errors="replace")
    return "" if title in names else names_as_meant(data)[title]


def _track_names(data: bytes) -> Iterator[bytes | None]:
    """The name at the head of each track."""
    position = 14
    while data[position : position + 4] == b"MTrk":
        length = int.from_bytes(data[position + 4 : position + 8], "big")
        position += 8
        head = data[position : position + min(length, 4096)]
        position += length
        yield _first_name(head)


def _first_name(track: bytes) -> bytes | None:
    """The first name among the meta events that open a track."""
    position = 0
    while True:
        _, position = _variable_length(track, position)
        if track[position : position + 1] != b"\xff":
            return None
        kind = track[position + 1 : position + 2]
        length, position = _variable_length(track, position + 2)
        if kind == b"\x03":
            return track[position : position + length]
        position += length


def _variable_length(data: bytes, position: int) -> tuple[int, int]:
    """A MIDI number of seven bits a byte, and where it ends."""
    value = 0
    for byte in data[position : position + 4]:
        position += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, position
