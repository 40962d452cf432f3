"""Who plays a score: a synthesizer with a channel for each part, set as a desk says.

Nothing here needs a sound card: TinySoundFont renders to memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.music.clock import Clock
from training.music.desk import LEVELS, Desk, PartSound
from training.music.performing import performed
from training.music.score import Score
from training.music.soundfont import load_presets

if TYPE_CHECKING:
    import tinysoundfont

Samples = npt.NDArray[np.float32]  # (frames, 2), left and right

SAMPLE_RATE = 44_100  # frames a second
CHUNK_FRAMES = 65_536
DRUM_BANK = 128

_PAN_CENTRE = 64
_VOLUME, _VOLUME_FINE, _PAN = 7, 39, 10  # MIDI controllers
_MOST_GAIN = PartSound(level=LEVELS[1]).gain


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """A note that starts or stops. Stops come first where both fall together."""

    frame: int
    is_on: bool
    part: int
    pitch: int
    velocity: int = 0


class Band:
    """The parts ``parts`` of ``score``, ready to play from the start.

    Raises ``FileNotFoundError`` when there is no soundfont.
    """

    def __init__(
        self, score: Score, soundfont: Path, desk: Desk, *, parts: set[int]
    ) -> None:
        if not soundfont.is_file():
            raise FileNotFoundError(2, "There is no soundfont here", str(soundfont))
        self._events = sorted(_events(score, desk, parts))
        self._synth = _synth(score, soundfont, desk, parts)

    def play(self, frames: int) -> Iterator[Samples]:
        """The sound, ``CHUNK_FRAMES`` at a time, until there are ``frames``."""
        held: dict[tuple[int, int], int] = {}  # how often a key is held down
        event = 0
        for start in range(0, frames, CHUNK_FRAMES):
            chunk = np.zeros((min(CHUNK_FRAMES, frames - start), 2), np.float32)
            place = 0
            while event < len(self._events):
                due = self._events[event].frame - start
                if due >= len(chunk):
                    break
                self._advance(chunk, place, due)
                place = due
                self._obey(self._events[event], held)
                event += 1
            self._advance(chunk, place, len(chunk))
            yield chunk

    def _obey(self, event: _Event, held: dict[tuple[int, int], int]) -> None:
        key = event.part, event.pitch
        if event.is_on:
            held[key] = held.get(key, 0) + 1
            self._synth.noteon(event.part, event.pitch, event.velocity)
            return
        held[key] -= 1
        if held[key] == 0:  # Struck again meanwhile, it sounds until it is let go.
            self._synth.noteoff(event.part, event.pitch)

    def _advance(self, chunk: Samples, start: int, end: int) -> None:
        if end > start:
            self._synth.generate(end - start, chunk[start:end].data.cast("B"))


def played_seconds(score: Score, desk: Desk) -> float:
    """How long the piece is at the desk's tempo."""
    return Clock(score)(score.end_tick) * 100 / desk.tempo


def _synth(
    score: Score, soundfont: Path, desk: Desk, parts: set[int]
) -> tinysoundfont.Synth:
    # Imported here: only the task that renders needs a synthesizer.
    import tinysoundfont

    presets = {index: _preset(score, desk, index) for index in sorted(parts)}
    synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE)
    font = synth.sfload(load_presets(soundfont, set(presets.values())))
    # A channel for each part: there is no limit of sixteen inside the synthesizer.
    for index, (bank, program) in presets.items():
        synth.program_select(index, font, bank, program, bank == DRUM_BANK)
        coarse, fine = divmod(_volume(desk.part(index).gain), 128)
        synth.control_change(index, _VOLUME, coarse)
        synth.control_change(index, _VOLUME_FINE, fine)
        synth.control_change(index, _PAN, _pan(score, desk, index))
    return synth


def _preset(score: Score, desk: Desk, index: int) -> tuple[int, int]:
    """Bank and program of a part. Drums always get the usual kit: their program is an
    instrument's number, not a kit's."""
    part = score.parts[index]
    return (DRUM_BANK, 0) if part.is_drum else (0, desk.program(index, part))


def _volume(gain: float) -> int:
    """``gain`` as MIDI has it, in 14 bits: TinySoundFont takes the cube of it."""
    return round(16_383 * math.cbrt(gain / _MOST_GAIN))


def _pan(score: Score, desk: Desk, index: int) -> int:
    is_drum = score.parts[index].is_drum
    pan = desk.pan(index, len(score.parts), is_drum=is_drum)
    return min(127, _PAN_CENTRE + round(pan * 0.64))


def _events(score: Score, desk: Desk, parts: set[int]) -> Iterator[_Event]:
    frames_a_second = SAMPLE_RATE * 100 / desk.tempo
    for note in performed(score, desk):
        if note.part not in parts:
            continue
        start = round(note.start_seconds * frames_a_second)
        end = max(start + 1, round(note.end_seconds * frames_a_second))
        yield _Event(start, True, note.part, note.pitch, note.velocity)
        yield _Event(end, False, note.part, note.pitch)
