"""Music as JSON between the page and us: what was played, what goes there and back."""

from __future__ import annotations

import json
from typing import Any

from generation import bringing
from generation.bringing import NotBrought
from training.music.formats import UnreadableScore
from training.music.score import Score
from training.music.score_json import score_to_json
from training.music.sent_notes import melody_from_json, score_from_stranger


def notes_from(text: str) -> Score:
    """What was played on the page. Raises ``NotBrought``."""
    sent = _json(text)
    try:
        return melody_from_json(sent, most_notes=bringing.MAX_NOTES)
    except UnreadableScore as error:
        raise NotBrought(str(error)) from None


def score_from(text: str) -> Score:
    """Music that was read before, and went to the page and back."""
    sent = _json(text)
    try:
        return score_from_stranger(sent, most_notes=bringing.MAX_READ_NOTES)
    except UnreadableScore as error:
        raise NotBrought(str(error)) from None


def score_text(score: Score) -> str:
    """``score`` as it goes to the page, to come back with what was chosen.

    Raises ``NotBrought`` where it is more than a page should hold.
    """
    if score.num_notes > bringing.MAX_READ_NOTES:
        raise NotBrought(
            f"It has {score.num_notes:,} notes. Send a piece of at most "
            f"{bringing.MAX_READ_NOTES:,}, or a part of it."
        )
    return json.dumps(score_to_json(score), separators=(",", ":"))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NotBrought("These notes did not come whole. Send them again.") from None
