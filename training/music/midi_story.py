"""What a MIDI file of ours tells beside its notes, as JSON in a text event.

MIDI has no event for modes other than major and minor, pick-ups, fermatas, exact
tempos, parts without notes or letters beyond Latin-1. A fingerprint of all other events
goes with the story: when it no longer fits, the file was edited elsewhere and the story
is out of date.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from training.music.pitch import Key
from training.music.score import (
    TICKS_PER_QUARTER,
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

STORY_START = '{"ai_music_composer":1,'
MICROSECONDS_PER_MINUTE = 60_000_000


def tell(score: Score, recipe: str) -> str:
    """All that the other events cannot tell, as JSON in plain ASCII."""
    story = {
        "fingerprint": fingerprint(
            [layer for part in score.parts for layer in layers(part)],
            [(t, m.numerator, m.denominator) for t, m in written_metres(score)],
            list(written_keys(score)),
            [(change.tick, microseconds(change.qpm)) for change in score.tempos],
        ),
        "title": score.title,
        "composer": score.composer,
        "parts": [[p.name, p.program, p.is_drum, len(layers(p))] for p in score.parts],
        "metres": [
            [c.tick, c.metre.numerator, c.metre.denominator] for c in score.metres
        ],
        "keys": [[c.tick, c.key.tonic, c.key.mode] for c in score.keys],
        "tempos": [[change.tick, change.qpm] for change in score.tempos],
        "pickup": score.pickup_ticks,
        "phrase_ends": list(score.phrase_end_ticks),
        "recipe": recipe,
    }
    return STORY_START + json.dumps(story, separators=(",", ":"))[1:]


def fingerprint(
    tracks: list[list[Note]],
    metres: list[tuple[int, int, int]],
    keys: list[tuple[int, int, int]],
    tempos: list[tuple[int, int]],
) -> int:
    """A number that changes when any event does.

    The order of notes within a track does not count.
    """
    notes = [
        sorted((n.start_tick, n.pitch, n.duration_ticks, n.velocity) for n in track)
        for track in tracks
    ]
    return zlib.crc32(repr((notes, metres, keys, tempos)).encode())


def layers(part: Part) -> list[list[Note]]:
    """The notes in as many layers as it takes to have no pitch sound twice in one.

    In one MIDI track a note would be cut off by the end of another of its pitch.
    """
    found: list[list[Note]] = []
    busy_until: list[dict[int, int]] = []  # pitch -> end, for each layer
    for note in part.notes:
        free = (
            index
            for index, ends in enumerate(busy_until)
            if ends.get(note.pitch, 0) <= note.start_tick
        )
        index = next(free, len(found))
        if index == len(found):
            found.append([])
            busy_until.append({})
        found[index].append(note)
        busy_until[index][note.pitch] = note.end_tick
    return found


def written_metres(score: Score) -> Iterator[tuple[int, Metre]]:
    """The metres, a pick-up as a short bar of its own where there is a metre for it.

    Programs that know no pick-up would place all bar lines wrong otherwise.
    """
    pickup = _pickup_metre(score)
    if pickup is None:
        yield from ((change.tick, change.metre) for change in score.metres)
        return
    yield 0, pickup
    later = [c for c in score.metres if c.tick > score.pickup_ticks]
    at_bar_line = [c for c in score.metres if c.tick <= score.pickup_ticks][-1]
    yield score.pickup_ticks, at_bar_line.metre
    yield from ((change.tick, change.metre) for change in later)


def _pickup_metre(score: Score) -> Metre | None:
    if not score.pickup_ticks or not score.metres:
        return None
    for denominator in (score.metre.denominator, 4, 8, 16, 32):
        numerator, rest = divmod(
            score.pickup_ticks * denominator, 4 * TICKS_PER_QUARTER
        )
        if not rest and 1 <= numerator <= 32:
            return Metre(numerator, denominator)
    return None


def written_keys(score: Score) -> Iterator[tuple[int, int, int]]:
    """(tick, fifths, 1 for minor): other modes by their signature and their third."""
    for change in score.keys:
        has_minor_third = (change.key.tonic + 3) % 12 in change.key.scale
        yield change.tick, change.key.fifths, int(has_minor_third)


def microseconds(qpm: float) -> int:
    return round(MICROSECONDS_PER_MINUTE / qpm)


def find_story(data: bytes) -> dict[str, Any]:
    """The JSON that ``tell`` left in a MIDI file; empty when there is none."""
    start = -1
    for _ in range(4):  # titles may look like a story
        start = data.find(STORY_START.encode(), start + 1)
        if start < 0:
            break
        try:
            text = data[start:].decode("latin-1")
            story, _ = json.JSONDecoder().raw_decode(text)
            return dict(story)
        except (ValueError, RecursionError):
            continue
    return {}


def as_told(story: dict[str, Any], tracks: list[list[Note]]) -> Score | None:
    """The score as the story tells it; None when it does not fit."""
    try:
        remaining = iter(tracks)
        parts = tuple(
            Part(
                notes=tuple(sorted(n for _ in range(layers) for n in next(remaining))),
                name=str(name),
                program=program,
                is_drum=bool(is_drum),
            )
            for name, program, is_drum, layers in story["parts"]
        )
        return Score(
            parts=parts,
            metres=tuple(MetreChange(t, Metre(n, d)) for t, n, d in story["metres"]),
            keys=tuple(KeyChange(t, Key(tonic, m)) for t, tonic, m in story["keys"]),
            tempos=tuple(TempoChange(t, float(qpm)) for t, qpm in story["tempos"]),
            pickup_ticks=int(story["pickup"]),
            phrase_end_ticks=tuple(int(tick) for tick in story["phrase_ends"]),
            title=str(story["title"]),
            composer=str(story["composer"]),
        )
    except (KeyError, TypeError, ValueError, RuntimeError, StopIteration):
        return None
