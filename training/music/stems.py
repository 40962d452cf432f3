"""A score as stems: a sound file for each part, in a zip, to be mixed elsewhere.

All begin together, are equally long and add up to the whole. They go through the disk a
second and a half at a time, so that a long piece takes no more memory than a short one.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.music.audio import MAX_SECONDS, PEAK, SILENCE, TAIL_SECONDS
from training.music.band import SAMPLE_RATE, Band, Samples, played_seconds
from training.music.desk import Desk
from training.music.instruments import PROGRAM_NAMES
from training.music.score import Score

MAX_STEMS = 32
MAX_STEM_SECONDS = 2_400.0  # of all parts together: some 200 MB of FLAC
_SUBTYPE = "PCM_16"


class TooMuchSound(ValueError):
    """The stems would be longer than what is made. The message says what to do."""


def write_stems(
    score: Score,
    soundfont: Path,
    target: Path,
    *,
    desk: Desk | None = None,
    link: str = "",
) -> None:
    """Write a zip to ``target``: a FLAC file for each part with notes, and a READ ME.

    Levels, places, swing and tempo are the desk's, and muted parts are there too; one
    factor for all brings their sum to a peak of -1 dB. Raises ``TooMuchSound`` and, as
    ``audio.render`` does, ``FileNotFoundError``.
    """
    # Imported here: libsndfile and its codecs are no use to a web process.
    import soundfile

    desk = desk or Desk()
    parts = [index for index, part in enumerate(score.parts) if part.notes]
    seconds = played_seconds(score, desk) + TAIL_SECONDS
    _check(len(parts), seconds)
    frames = int(seconds * SAMPLE_RATE)
    whole = Band(score, soundfont, desk, parts=set(parts))
    peak, frames = _peak_and_length(whole.play(frames))
    gain = np.float32(PEAK / peak if peak else 1.0)
    names = _file_names(score, parts)
    # Sound is compressed already.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("READ ME.txt", _read_me(score, desk, names, link))
        for index in parts:
            stem = target.with_suffix(".stem")
            band = Band(score, soundfont, desk, parts={index})
            with soundfile.SoundFile(
                stem, "w", SAMPLE_RATE, 2, _SUBTYPE, format="FLAC"
            ) as file:
                for chunk in band.play(frames):
                    file.write(chunk * gain)
            archive.write(stem, names[index])
            stem.unlink()


def _check(parts: int, seconds: float) -> None:
    if not parts:
        raise TooMuchSound("There are no notes in this piece to make stems of.")
    if parts > MAX_STEMS:
        raise TooMuchSound(
            f"This piece has {parts} parts, and at most {MAX_STEMS} stems are made. "
            "Take the MIDI file instead."
        )
    most = min(MAX_SECONDS, MAX_STEM_SECONDS / parts)
    if seconds > most:
        raise TooMuchSound(
            f"Stems of {parts} part{'' if parts == 1 else 's'} are made of up to "
            f"{most / 60:.0f} minutes of music. Take the MIDI file instead."
        )


def _peak_and_length(chunks: Iterator[Samples]) -> tuple[float, int]:
    """The loudest sample, and how many frames there are until it is silent for good."""
    peak, length, place = 0.0, 0, 0
    for chunk in chunks:
        loudest = np.abs(chunk).max(axis=1)
        peak = max(peak, float(loudest.max(initial=0.0)))
        loud = np.flatnonzero(loudest > SILENCE)
        if len(loud):
            length = place + int(loud[-1]) + 1
        place += len(chunk)
    return peak, length


def _file_names(score: Score, parts: list[int]) -> dict[int, str]:
    """As ``02 Alto.flac``: in the order of the score, whatever parts are called."""
    return {
        index: f"{place:02} {_plain(score.parts[index].name) or 'Part'}.flac"
        for place, index in enumerate(parts, start=1)
    }


def _plain(name: str) -> str:
    """What any file system takes."""
    return re.sub(r"[^\w .,()-]+", " ", name).strip(" .")[:40].strip(" .")


def _read_me(score: Score, desk: Desk, names: dict[int, str], link: str) -> str:
    qpm = score.qpm * desk.tempo / 100
    lines = [
        score.title or "Untitled",
        "",
        f"Tempo: {qpm:.6g} quarter notes a minute{_changes(score)}",
        f"Metre: {score.metre}",
        *([f"Key: {score.key}"] if score.key else []),
        *([f"Swing: {desk.swing} %"] if desk.swing else []),
        f"Sound: FLAC, 16 bits, {SAMPLE_RATE:,} Hz, stereo",
        "",
        "Every file starts at the first beat and is equally long: put them one under",
        "another. Played together they are the whole piece.",
        "",
        *(f"{name}: {_instrument(score, desk, i)}" for i, name in names.items()),
        *(["", link] if link else []),
    ]
    return "".join(f"{line}\r\n" for line in lines)


def _changes(score: Score) -> str:
    return " at the start; it changes later" if len(score.tempos) > 1 else ""


def _instrument(score: Score, desk: Desk, index: int) -> str:
    part = score.parts[index]
    return "drum kit" if part.is_drum else PROGRAM_NAMES[desk.program(index, part)]
