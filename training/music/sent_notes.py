"""Notes that a page or a program sends as JSON: looked at before they are believed.

Nothing in them is taken for granted: neither what is a number, nor how many there are.
"""

from __future__ import annotations

import math
from typing import Any

from training.music.reading import UnreadableScore, within_limits
from training.music.score import MAX_TICK, Score
from training.music.score_json import FORMAT_VERSION, score_from_json

MAX_SENT_PARTS = 64
MAX_SENT_CHANGES = 2_000
MAX_WORDS = 200  # letters of a title or a name

_NOT_NOTES = (
    "These notes cannot be read. A note is a list of start, pitch and duration: whole "
    "numbers, in ticks of which a quarter has 480, and from 0 to 127."
)


def melody_from_json(stored: Any, *, most_notes: int) -> Score:
    """One part as ``{"notes": [[start, pitch, duration], ...]}``.

    ``metre`` ([3, 4] or "3/4"), ``qpm``, ``pickup_ticks``, ``key`` ([tonic, mode]) and
    ``title`` may stand beside the notes; a fourth number of a note is its velocity.
    Raises ``UnreadableScore``.
    """
    try:
        metre = stored.get("metre") or [4, 4]
        if isinstance(metre, str):
            metre = [int(number[:3]) for number in metre.split("/", 1)]
        key, qpm = stored.get("key"), stored.get("qpm")
        whole = {
            "format_version": FORMAT_VERSION,
            "title": stored.get("title") or "",
            "composer": "",
            "parts": [
                {
                    "name": "",
                    "program": 0,
                    "is_drum": False,
                    "notes": stored["notes"],
                }
            ],
            "metres": [[0, *metre]],
            "keys": [[0, *key]] if key else [],
            "tempos": [[0, qpm]] if qpm else [],
            "pickup_ticks": stored.get("pickup_ticks") or 0,
            "phrase_end_ticks": [],
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UnreadableScore(_NOT_NOTES) from None
    return score_from_stranger(whole, most_notes=most_notes)


def score_from_stranger(stored: Any, *, most_notes: int) -> Score:
    """As ``score_from_json``, of JSON that may come from anywhere.

    Raises ``UnreadableScore``.
    """
    try:
        count = sum(len(part["notes"]) for part in stored["parts"])
        if count > most_notes:
            raise UnreadableScore(
                f"These are {count:,} notes. Send at most {most_notes:,}."
            )
        _look_at(stored)
        return within_limits(score_from_json(stored))
    except UnreadableScore:
        raise
    except (
        *(AttributeError, KeyError, TypeError, ValueError),
        *(IndexError, OverflowError, RecursionError),
    ):
        raise UnreadableScore(_NOT_NOTES) from None


def _look_at(stored: dict[str, Any]) -> None:
    """Raise ``ValueError`` or ``TypeError`` for whatever is not of the right kind."""
    _words(stored["title"], stored["composer"])
    _at_most(stored["parts"], MAX_SENT_PARTS)
    for part in stored["parts"]:
        _words(part["name"])
        _whole(part["program"])
        if not isinstance(part["is_drum"], bool):
            raise TypeError("That is neither true nor false.")
        _at_most(part["notes"], MAX_TICK)
        for note in part["notes"]:
            _at_most(note, 4)
            _whole(*note)
    for name in ("metres", "keys", "tempos"):
        _at_most(stored[name], MAX_SENT_CHANGES)
        for change in stored[name]:
            _at_most(change, 3)
    for change in stored["metres"]:
        _whole(*change)
    for tick, tonic, mode in stored["keys"]:
        _whole(tick, tonic)
        _words(mode)
    for tick, qpm in stored["tempos"]:
        _whole(tick)
        if isinstance(qpm, bool) or not math.isfinite(qpm):
            raise TypeError("That is no tempo.")
    _at_most(stored["phrase_end_ticks"], MAX_SENT_CHANGES)
    _whole(
        stored["format_version"], stored["pickup_ticks"], *stored["phrase_end_ticks"]
    )


def _at_most(values: Any, most: int) -> None:
    if not isinstance(values, list) or len(values) > most:
        raise TypeError("That is no list of so many.")


def _whole(*values: Any) -> None:
    if not all(type(value) is int and 0 <= value <= MAX_TICK for value in values):
        raise TypeError("These are no whole numbers.")


def _words(*values: Any) -> None:
    for value in values:
        if not isinstance(value, str) or len(value) > MAX_WORDS:
            raise TypeError("These are no words.")
        value.encode()  # Half a character cannot be kept.
