"""Scores as sound: a soundfont synthesizer, and files of what it plays.

Nothing here needs a sound card: TinySoundFont renders to memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.music.clock import Clock
from training.music.score import Score
from training.music.soundfont import load_presets

if TYPE_CHECKING:
    import tinysoundfont

Samples = npt.NDArray[np.float32]  # (frames, 2), left and right

SAMPLE_RATE = 44_100  # frames a second
PEAK = 10 ** (-1 / 20)  # -1 dB below full scale
MAX_SECONDS = 600.0  # longer pieces fade out here
DRUM_BANK = 128

_DRUM_CHANNEL = 9
_CUT_FADE_SECONDS = 4.0
_TAIL_FADE_SECONDS = 0.5
_SILENCE = 10 ** (-70 / 20)
_PAN_CENTRE, _PAN_SPREAD = 64, 28  # MIDI controller 10; parts stand side by side
_PAN_CONTROLLER = 10

#: (libsndfile's format, its subtype, compression from 0 to 1 or None)
_FORMATS = {
    "wav": ("WAV", "PCM_16", None),
    "flac": ("FLAC", "PCM_16", None),
    "mp3": ("MP3", "MPEG_LAYER_III", 0.15),
    "ogg": ("OGG", "VORBIS", 0.45),
}
FORMATS = tuple(_FORMATS)
_CHUNK_FRAMES = 65_536  # one long write of Ogg Vorbis overflows the stack


class UnknownFormat(ValueError):
    """We do not write this kind of sound file. The message lists those we do."""


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """A note that starts or stops. Stops come first where both fall together."""

    frame: int
    is_on: bool
    channel: int
    pitch: int
    velocity: int = 0


def render(
    score: Score,
    soundfont: Path,
    *,
    programs: Sequence[int] | None = None,
    tail_seconds: float = 3.0,
    max_seconds: float = MAX_SECONDS,
) -> Samples:
    """Play ``score``: float32 samples (frames, 2) at 44,100 Hz, peak at -1 dB.

    ``programs`` are General MIDI programs from 0, one for each part, in place of the
    score's own; drums stay drums. The sound may ring on for ``tail_seconds``; silence
    at the end is cut off. Music beyond ``max_seconds`` fades out. A score without notes
    gives no frames. Raises ``FileNotFoundError`` when there is no soundfont.
    """
    if not soundfont.is_file():
        raise FileNotFoundError(2, "There is no soundfont here", str(soundfont))
    if programs is not None and len(programs) != len(score.parts):
        raise ValueError(
            f"Name one program for each of the {len(score.parts)} parts, "
            f"not {len(programs)}."
        )
    total_seconds = Clock(score)(score.end_tick) + tail_seconds
    is_cut = total_seconds - tail_seconds > max_seconds
    frames = int(min(total_seconds, max_seconds) * SAMPLE_RATE)
    if score.num_notes == 0:
        return np.zeros((0, 2), np.float32)
    synth = _synth(score, soundfont, programs)
    samples = _play(synth, list(_events(score)), frames)
    return _mastered(samples, _CUT_FADE_SECONDS if is_cut else _TAIL_FADE_SECONDS)


def _synth(
    score: Score, soundfont: Path, programs: Sequence[int] | None
) -> tinysoundfont.Synth:
    # Imported here: only the task that renders needs a synthesizer.
    import tinysoundfont

    presets = [_preset(score, index, programs) for index in range(len(score.parts))]
    synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE)
    font = synth.sfload(load_presets(soundfont, set(presets)))
    for index, (bank, program) in enumerate(presets):
        channel = _channel(score, index)
        synth.program_select(channel, font, bank, program, bank == DRUM_BANK)
        synth.control_change(channel, _PAN_CONTROLLER, _pan(score, index))
    return synth


def _preset(
    score: Score, index: int, programs: Sequence[int] | None
) -> tuple[int, int]:
    """Bank and program of a part. Drums always get the usual kit: their program is an
    instrument's number, not a kit's."""
    part = score.parts[index]
    if part.is_drum:
        return DRUM_BANK, 0
    return 0, part.program if programs is None else programs[index]


def _channel(score: Score, index: int) -> int:
    """Each part has a channel of its own, drums share the tenth. There is no limit of
    sixteen inside the synthesizer."""
    if score.parts[index].is_drum:
        return _DRUM_CHANNEL
    return index if index < _DRUM_CHANNEL else index + 1


def _pan(score: Score, index: int) -> int:
    """From the first part on the left to the last on the right, one in the middle."""
    count = len(score.parts)
    if count == 1 or score.parts[index].is_drum:
        return _PAN_CENTRE
    return _PAN_CENTRE + round(_PAN_SPREAD * (2 * index / (count - 1) - 1))


def _events(score: Score) -> Iterator[_Event]:
    clock = Clock(score)
    for index, part in enumerate(score.parts):
        channel = _channel(score, index)
        for note in part.notes:
            start = round(clock(note.start_tick) * SAMPLE_RATE)
            end = max(start + 1, round(clock(note.end_tick) * SAMPLE_RATE))
            yield _Event(start, True, channel, note.pitch, note.velocity)
            yield _Event(end, False, channel, note.pitch)


def _play(synth: Any, events: list[_Event], frames: int) -> Samples:
    samples = np.zeros((frames, 2), np.float32)
    held: dict[tuple[int, int], int] = {}  # how often a key is held down
    place = 0
    for event in sorted(events):
        if event.frame >= frames:
            break
        _advance(synth, samples, place, event.frame)
        place = event.frame
        key = event.channel, event.pitch
        if event.is_on:
            held[key] = held.get(key, 0) + 1
            synth.noteon(event.channel, event.pitch, event.velocity)
            continue
        held[key] -= 1
        if held[key] == 0:  # Struck again meanwhile, it sounds until it is let go.
            synth.noteoff(event.channel, event.pitch)
    _advance(synth, samples, place, frames)
    return samples


def _advance(synth: Any, samples: Samples, start: int, end: int) -> None:
    if end > start:
        synth.generate(end - start, samples[start:end].data.cast("B"))


def _mastered(samples: Samples, fade_seconds: float) -> Samples:
    """Without silence at the end, faded out, and at its peak level."""
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > _SILENCE)
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
        for start in range(0, len(samples), _CHUNK_FRAMES):
            sound.write(samples[start : start + _CHUNK_FRAMES])
    return file.getvalue()
