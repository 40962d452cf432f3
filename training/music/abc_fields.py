"""The fields of an ABC tune that say something musical: K:, M:, Q:, L:."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from training.music.pitch import FIFTHS_OF_MODE, Key
from training.music.score import Metre

_LETTERS = "CDEFGAB"
_SHARPS = "FCGDAEB"
_MODE_OF_PREFIX = {name[:3]: name for name in FIFTHS_OF_MODE} | {
    "ion": "major",
    "aeo": "minor",
    "m": "minor",
}
_ALTERATION = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}

_KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
_CHANGED_NOTE = re.compile(r"(?:^|\s)(\^\^|\^|__|_|=)([A-Ga-g])(?=\s|$|[\^_=])")
_METRE = re.compile(r"\(?\s*(\d+(?:\s*\+\s*\d+)*)\s*\)?\s*/\s*(\d+)")
_TEMPO = re.compile(r"((?:\d+/\d+\s*)+)=\s*(\d+(?:\.\d+)?)")

Signature = dict[str, int]  # letter -> semitones


class KeyField(NamedTuple):
    """``key`` and ``signature`` are None where the field does not set them."""

    key: Key | None
    signature: Signature | None
    shift: int | None  # semitones, from octave= and transpose=


def read_key(value: str) -> KeyField:
    """``Ador``, ``F#m``, ``G exp ^f``, ``HP``, ``none``, ``Bb treble octave=-1``."""
    shift = read_shift(value)
    if re.match(r"(HP|Hp)\b", value):
        return KeyField(Key(9, "mixolydian"), _signature(2), shift)
    match = _KEY.match(value)
    if match is None:
        is_none = not value or value.startswith("none")
        return KeyField(None, _signature(0) if is_none else None, shift)
    letter, accidental, word = match.groups()
    mode, has_mode = _mode(word)
    alteration = {"#": 1, "b": -1, "": 0}[accidental]
    fifths = _SHARPS.index(letter) - 1 + 7 * alteration
    key = Key(fifths * 7 % 12, mode)
    signature = _signature(fifths + FIFTHS_OF_MODE[mode])
    rest = value[match.end() :] if has_mode else value[match.start(3) :]
    changed = _CHANGED_NOTE.findall(rest if rest.startswith(" ") else " " + rest)
    if re.search(r"\bexp\b", value):
        signature = _signature(0)
    signature |= {letter.upper(): _ALTERATION[sign] for sign, letter in changed}
    return KeyField(_named_by(signature, key), signature, shift)


def _mode(word: str) -> tuple[str, bool]:
    """The mode a word after the tonic names, and whether it names one at all."""
    if word == "M":
        return "major", True
    mode = _MODE_OF_PREFIX.get(word[:3].lower()) or _MODE_OF_PREFIX.get(word.lower())
    return mode or "major", mode is not None


def _signature(fifths: int) -> Signature:
    signature = dict.fromkeys(_LETTERS, 0)
    for step in range(abs(fifths)):
        if fifths > 0:
            signature[_SHARPS[step % 7]] += 1
        else:
            signature[_SHARPS[-1 - step % 7]] -= 1
    return signature


def _named_by(signature: Signature, key: Key) -> Key:
    """``key``, or the mode on its tonic that has this signature when there is one."""
    for mode in (key.mode, *FIFTHS_OF_MODE):
        candidate = Key(key.tonic, mode)
        if _signature(candidate.fifths) == signature:
            return candidate
    return key


def read_shift(value: str) -> int | None:
    """Semitones from ``octave=`` and ``transpose=``; None where neither stands."""
    octave = re.search(r"\boctave=([+-]?\d)\b", value)
    transpose = re.search(r"\btranspose=([+-]?\d\d?)\b", value)
    if octave is None and transpose is None:
        return None
    return (12 * int(octave[1]) if octave else 0) + (
        int(transpose[1]) if transpose else 0
    )


def read_metre(value: str) -> Metre | None:
    """``6/8``, ``C``, ``C|``, ``2+3/8``; None for ``none`` and what we cannot count."""
    if value.startswith("C"):
        return Metre(2, 2) if value.startswith("C|") else Metre(4, 4)
    match = _METRE.match(value)
    if match is None:
        return None
    try:
        return Metre(sum(int(n) for n in match[1].split("+")), int(match[2]))
    except ValueError:
        return None


def read_tempo(value: str, unit: Fraction) -> float | None:
    """Quarters a minute of ``1/4=120``, ``"Allegro" 3/8=90``, ``120`` (of ``unit``).

    ``unit`` is the length of a note without a number, as a fraction of a whole note.
    """
    try:
        if match := _TEMPO.search(value):
            beat = sum(Fraction(length) for length in match[1].split())
            qpm = float(beat * 4 * Fraction(match[2]))
        elif match := re.match(r"(?:C\s*=\s*)?(\d{1,4})$", value):
            qpm = float(int(match[1]) * unit * 4)
        else:
            return None
    except ZeroDivisionError:
        return None
    return qpm if 4 <= qpm <= 1000 else None


def read_length(value: str) -> Fraction | None:
    """The unit note length of ``1/8``; None when it makes no sense."""
    match = re.match(r"(\d{1,3})\s*(?:/\s*(\d{1,3}))?", value)
    if match is None or not int(match[1]) or match[2] is not None and not int(match[2]):
        return None
    return Fraction(int(match[1]), int(match[2] or 1))
