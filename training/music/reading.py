"""What all readers share: how they refuse, and how much they will take.

The caps hold before anything is engraved or rendered: a file of 700 bytes can claim
months of music.
"""

from __future__ import annotations

from training.music.score import Score

MAX_BYTES = 4 * 1024 * 1024  # of an uploaded file
MAX_UNPACKED_BYTES = 32 * 1024 * 1024  # of what lies inside a compressed one
MAX_NOTES = 50_000
MAX_PARTS = 64
MAX_CHANGES = 20_000  # of metre, key and tempo, each
MAX_SECONDS = 2 * 60 * 60.0


class UnreadableScore(ValueError):
    """This is no music we can read. The message tells the sender what to do next."""


def within_limits(score: Score) -> Score:
    """Return ``score``; raise ``UnreadableScore`` when it is too big to handle."""
    if len(score.parts) > MAX_PARTS:
        raise too_many_parts(len(score.parts))
    if score.num_notes > MAX_NOTES:
        raise too_many_notes(score.num_notes)
    for changes in (score.metres, score.keys, score.tempos):
        if len(changes) > MAX_CHANGES:
            raise UnreadableScore(
                "This file changes its metre, key or tempo too often. "
                f"Keep each to {MAX_CHANGES:,} changes."
            )
    if score.seconds_at(score.end_tick) > MAX_SECONDS:
        raise too_long()
    return score


def too_many_notes(num_notes: int) -> UnreadableScore:
    return UnreadableScore(
        f"This file has {num_notes:,} notes. Send a piece of at most {MAX_NOTES:,}."
    )


def too_many_parts(num_parts: int) -> UnreadableScore:
    return UnreadableScore(
        f"This file has {num_parts} parts. Keep at most {MAX_PARTS} of them."
    )


def too_long() -> UnreadableScore:
    return UnreadableScore(
        f"This piece is too long. Send one of at most {MAX_SECONDS / 3600:.0f} hours."
    )


def decode_text(data: bytes) -> str:
    """``data`` as text: UTF-8 (with or without its mark), else UTF-16, else Latin-1."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
