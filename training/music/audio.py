"""Scores as sound: what a band plays, levelled, and files of it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from training.music.band import (
    CHUNK_FRAMES,
    SAMPLE_RATE,
    Band,
    Samples,
    played_seconds,
)
from training.music.desk import Desk
from training.music.score import Score

__all__ = ["FORMATS", "PEAK", "SAMPLE_RATE", "Samples", "encode", "render"]

PEAK = 10 ** (-1 / 20)  # -1 dB below full scale
MAX_SECONDS = 600.0  # longer pieces fade out here
TAIL_SECONDS = 3.0

_CUT_FADE_SECONDS = 4.0
_TAIL_FADE_SECONDS = 0.5
SILENCE = 10 ** (-70 / 20)

#: (libsndfile's format, its subtype, compression from 0 to 1 or None)
_FORMATS = {
    "wav": ("WAV", "PCM_16", None),
    "flac": ("FLAC", "PCM_16", None),
    "mp3": ("MP3", "MPEG_LAYER_III", 0.15),
    "ogg": ("OGG", "VORBIS", 0.45),
}
FORMATS = tuple(_FORMATS)


class UnknownFormat(ValueError):
    """We do not write this kind of sound file. The message lists those we do."""


class NothingSounds(ValueError):
    """Every part is muted. The message says what to do."""


def render(
    score: Score,
    soundfont: Path,
    *,
    desk: Desk | None = None,
    tail_seconds: float = TAIL_SECONDS,
    max_seconds: float = MAX_SECONDS,
) -> Samples:
    """Play ``score``: float32 samples (frames, 2) at 44,100 Hz, peak at -1 dB.

    ``desk`` says how: instruments, levels, swing, tempo. The sound may ring on for
    ``tail_seconds``; silence at the end is cut off. Music beyond ``max_seconds`` fades
    out. A score without notes gives no frames. Raises ``FileNotFoundError`` when there
    is no soundfont and ``NothingSounds`` when all parts are muted.
    """
    desk = desk or Desk()
    parts = {
        index
        for index, part in enumerate(score.parts)
        if part.notes and desk.is_audible(index)
    }
    if score.num_notes and not parts:
        raise NothingSounds("Every part is muted. Let one sound, and ask again.")
    band = Band(score, soundfont, desk, parts=parts)
    if not parts:
        return np.zeros((0, 2), np.float32)
    seconds = played_seconds(score, desk)
    frames = int(min(seconds + tail_seconds, max_seconds) * SAMPLE_RATE)
    samples = np.empty((frames, 2), np.float32)
    place = 0
    for chunk in band.play(frames):
        samples[place : place + len(chunk)] = chunk
        place += len(chunk)
    is_cut = seconds > max_seconds
    return _mastered(samples, _CUT_FADE_SECONDS if is_cut else _TAIL_FADE_SECONDS)


def _mastered(samples: Samples, fade_seconds: float) -> Samples:
    """Without silence at the end, faded out, and at its peak level."""
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > SILENCE)
    samples = samples[: loud[-1] + 1] if len(loud) else samples[:0]
    if not len(samples):
        return samples
    fade = min(len(samples), int(fade_seconds * SAMPLE_RATE))
    samples[len(samples) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    peak = float(np.abs(samples).max())
    return samples * np.float32(PEAK / peak) if peak > 0 else samples


def encode(samples: Samples, format: str, *, title: str = "") -> bytes:
    """``samples`` as a file: wav, mp3, ogg (Vorbis) or flac. Raises ``UnknownFormat``.

    ``title`` is what players show.
    """
    # Imported here: libsndfile and its codecs are no use to a web process.
    import soundfile

    if format not in _FORMATS:
        raise UnknownFormat(
            f"There is no {format!r}. Choose one of {', '.join(FORMATS)}."
        )
    container, subtype, compression = _FORMATS[format]
    options = {} if compression is None else {"compression_level": compression}
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", SAMPLE_RATE, 2, subtype, format=container, **options
    ) as sound:
        if title:
            sound.title = "".join(letter for letter in title if letter.isprintable())
        # One long write of Ogg Vorbis overflows the stack.
        for start in range(0, len(samples), CHUNK_FRAMES):
            sound.write(samples[start : start + CHUNK_FRAMES])
    return file.getvalue()
