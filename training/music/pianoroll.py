"""Scores as rolls: a small drawing for cards, and the notes in seconds for the page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any, TypedDict

from training.music.clock import Clock
from training.music.desk import WRITTEN_FOR, written_semitones
from training.music.notation import head_id
from training.music.performing import metric_bars, phrase_starts
from training.music.score import Note, Score

_MARGIN = 4  # round the notes, in pixels
_FEWEST_PITCHES = 14  # a narrow melody is not blown up to thick bars
_MOST_NOTES = 3_000  # more cannot be told apart on a card
_COLOURS = (  # legible on white and on black; style sheets override them by class
    "#3f8cc2",
    "#d08528",
    "#479e6b",
    "#a368be",
    "#cf5f84",
    "#8d9b35",
    "#6a7edb",
    "#a87850",
)


class RollNote(TypedDict):
    id: str  # of its first notehead in an engraved score
    part: int
    start_seconds: float
    duration_seconds: float
    start_tick: int
    duration_ticks: int
    pitch: int
    velocity: int


class RollBar(TypedDict):
    number: int
    start_tick: int
    duration_ticks: int
    beat_ticks: int
    start_seconds: float


class RollTempo(TypedDict):
    start_tick: int
    start_seconds: float
    qpm: float


def notes_json(score: Score) -> list[RollNote]:
    """Every note in order of part and place in it, with its time in seconds."""
    clock = Clock(score)
    return [
        _roll_note(part, index, note, clock)
        for part, notes in enumerate(score.parts)
        for index, note in enumerate(notes.notes)
    ]


def _roll_note(part: int, index: int, note: Note, clock: Clock) -> RollNote:
    start = clock(note.start_tick)
    return RollNote(
        id=head_id(part, index),
        part=part,
        start_seconds=round(start, 4),
        duration_seconds=round(clock(note.end_tick) - start, 4),
        start_tick=note.start_tick,
        duration_ticks=note.duration_ticks,
        pitch=note.pitch,
        velocity=note.velocity,
    )


def bars_json(score: Score) -> list[RollBar]:
    """Where the bars start. A pick-up bar has number 0."""
    clock = Clock(score)
    return [
        RollBar(
            number=bar.number,
            start_tick=bar.start_tick,
            duration_ticks=bar.duration_ticks,
            beat_ticks=bar.metre.beat_ticks,
            start_seconds=round(clock(bar.start_tick), 4),
        )
        for bar in score.bars()
    ]


def tempos_json(score: Score) -> list[RollTempo]:
    """Where the tempo changes, the start among them, when the score names any."""
    clock = Clock(score)
    return [
        RollTempo(
            start_tick=change.tick, start_seconds=clock(change.tick), qpm=change.qpm
        )
        for change in score.tempos
    ]


def total_seconds(score: Score) -> float:
    """When the last note ends."""
    return round(Clock(score)(score.end_tick), 4)


def playable_json(score: Score, *, title: str) -> dict[str, Any]:
    """What the page's player plays and its roll draws."""
    return {
        "title": title,
        "qpm": score.qpm,
        "metre": str(score.metre),
        "duration_seconds": total_seconds(score),
        "parts": [
            {"name": part.name, "program": part.program, "is_drum": part.is_drum}
            for part in score.parts
        ],
        "tempos": tempos_json(score),
        "bars": [
            {**bar, **metric}
            for bar, metric in zip(bars_json(score), metric_bars(score), strict=True)
        ],
        "phrases": phrase_starts(score),
        "written": {name: written_semitones(score, name) for name in WRITTEN_FOR},
        "notes": notes_json(score),
    }


def pianoroll_svg(score: Score, *, width: int = 320, height: int = 96) -> str:
    """``score`` as bars of colour: time to the right, pitch upwards.

    It scales with its place (``viewBox``). Each part is a group of class ``voice-0``,
    ``voice-1``, ..., drawn from the last up so that the first lies on top.
    """
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "class": "pianoroll",
            "role": "img",
            "aria-label": _description(score),
        },
    )
    pitches = [note.pitch for part in score.parts for note in part.notes]
    if not pitches:
        return ET.tostring(root, encoding="unicode")
    rows = max(_FEWEST_PITCHES, max(pitches) - min(pitches) + 1)
    top = (max(pitches) + min(pitches) + rows) / 2  # the melody lies in the middle
    row = (height - 2 * _MARGIN) / rows
    tick = (width - 2 * _MARGIN) / score.end_tick
    room = _MOST_NOTES
    for number, part in reversed(list(enumerate(score.parts))):
        colour = _COLOURS[number % len(_COLOURS)]
        voice = f"voice-{number % len(_COLOURS)}"
        group = ET.SubElement(root, "g", {"class": voice, "fill": colour})
        for note in part.notes[: max(0, room)]:
            length = max(1.0, note.duration_ticks * tick - 0.6)
            box = {
                "x": _MARGIN + note.start_tick * tick,
                "y": _MARGIN + (top - note.pitch - 0.5) * row,
                "width": length,
                "height": max(1.5, row - 0.4),
                "rx": min(1.5, row / 2, length / 2),
            }
            attributes = {name: f"{value:.2f}" for name, value in box.items()}
            ET.SubElement(group, "rect", attributes)
        room -= len(part.notes)
    return ET.tostring(root, encoding="unicode")


def _description(score: Score) -> str:
    bars = sum(1 for bar in score.bars() if bar.number)
    return f"{score.num_notes} notes in {bars} bars"
