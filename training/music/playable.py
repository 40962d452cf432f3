"""Any score as one that can be learnt whole: the normal form of ``polyphony``.

``playable`` changes as little as it must and says what it changed, so that a person who
brings a file is told what the network will not hear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations

from training.music.encodings.polyphony import MAX_PARTS
from training.music.encodings.polyphony_walk import (
    HIGHEST_KEY,
    LOWEST_KEY,
    STEPS_PER_QUARTER,
)
from training.music.quantize import is_on_grid, quantize
from training.music.score import DEFAULT_VELOCITY, Note, Part, Score
from training.music.transform import merge_parts

MAX_NAME = 80
#: From this share of notes beside the grid on, music was played and not written.
PLAYED = 0.2

#: What may be changed, and how a person is told, for one and for many.
DRUMS, MERGED, MOVED = "drums", "merged", "moved"
FOLDED, DOUBLED, CUT = "folded", "doubled", "cut"
_REMARKS = {
    DRUMS: "{n} drum {note} left out: drums have no pitches to learn.",
    MERGED: f"{{n}} {{part}} joined to others, so that there are {MAX_PARTS}.",
    MOVED: "{n} {note} moved to the nearest place on the grid.",
    FOLDED: "{n} {note} outside a piano's range moved by octaves.",
    DOUBLED: "{n} {note} left out that doubled others in the same part.",
    CUT: "{n} {note} cut short where the same pitch is struck again.",
}


@dataclass(frozen=True, slots=True)
class Playable:
    """The score, and how many notes (or parts) were changed in which way."""

    score: Score
    changes: Counter[str]

    @property
    def remarks(self) -> tuple[str, ...]:
        """A sentence for each kind of change."""
        return remarks(self.changes)


def remarks(changes: Counter[str]) -> tuple[str, ...]:
    """A sentence for each kind of change that was made."""
    return tuple(
        text.format(
            n=f"{changes[kind]:,}",
            note="note was" if changes[kind] == 1 else "notes were",
            part="part was" if changes[kind] == 1 else "parts were",
        )
        for kind, text in _REMARKS.items()
        if changes[kind]
    )


def playable(score: Score) -> Playable:
    """``score`` without what cannot be learnt: drums, empty parts, loudness, tempo.

    At most ``MAX_PARTS`` parts, all notes on the grid and on a piano's keys, and none
    struck while the same pitch sounds in its part. Doing it twice changes nothing more.
    """
    changes: Counter[str] = Counter()
    changes[DRUMS] = sum(len(part.notes) for part in score.parts if part.is_drum)
    parts = [part for part in score.parts if part.notes and not part.is_drum]
    parts = _merged(parts, changes)
    score = replace(
        score,
        parts=tuple(parts),
        keys=score.keys[:1],
        tempos=(),
        phrase_end_ticks=(),
        title="",
        composer="",
    )
    score = _on_grid(score, changes)
    return Playable(
        score=replace(
            score, parts=tuple(_plain(part, changes) for part in score.parts)
        ),
        changes=+changes,
    )


@dataclass(slots=True)
class PlayableScores:
    """``scores`` made playable one by one; ``changes`` counts up on the way."""

    scores: Iterable[Score]
    changes: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Score]:
        for score in self.scores:
            made = playable(score)
            self.changes += made.changes
            yield made.score


def _merged(parts: list[Part], changes: Counter[str]) -> list[Part]:
    """At most ``MAX_PARTS``: of one instrument first, then those nearest in pitch."""
    parts = list(parts)
    changes[MERGED] = max(0, len(parts) - MAX_PARTS)
    while len(parts) > MAX_PARTS:
        heights = [sum(n.pitch for n in p.notes) / len(p.notes) for p in parts]
        first, second = min(
            combinations(range(len(parts)), 2),
            key=lambda pair: (
                parts[pair[0]].program != parts[pair[1]].program,
                abs(heights[pair[0]] - heights[pair[1]]),
            ),
        )
        parts[first] = merge_parts([parts[first], parts.pop(second)])
    return parts


def _on_grid(score: Score, changes: Counter[str]) -> Score:
    if is_on_grid(score, STEPS_PER_QUARTER):
        return score
    step = 480 // STEPS_PER_QUARTER
    changes[MOVED] = sum(
        bool(note.start_tick % step or note.duration_ticks % step)
        for part in score.parts
        for note in part.notes
    )
    # Written music may have thirty-seconds; in played music they would be noise.
    is_played = changes[MOVED] > PLAYED * score.num_notes
    return quantize(score, steps_per_quarter=4 if is_played else 8)


def _plain(part: Part, changes: Counter[str]) -> Part:
    """Keys of a piano only, each struck again only after it was let go."""
    ends: dict[tuple[int, int], int] = {}  # (start, pitch): end
    struck: dict[int, tuple[int, int]] = {}
    for note in part.notes:
        pitch = _folded(note.pitch)
        changes[FOLDED] += pitch != note.pitch
        start, end = note.start_tick, note.end_tick
        before = struck.get(pitch)
        if before and before[0] == start:
            changes[DOUBLED] += 1
            end = max(end, ends[before])
        elif before and ends[before] > start:
            changes[CUT] += 1
            ends[before] = start
        struck[pitch] = start, pitch
        ends[start, pitch] = end
    notes = (
        Note(start, pitch, end - start, DEFAULT_VELOCITY)
        for (start, pitch), end in ends.items()
    )
    name = part.name[:MAX_NAME]
    return replace(part, notes=tuple(sorted(notes)), name=name)


def _folded(pitch: int) -> int:
    """The same pitch class on a piano."""
    while pitch < LOWEST_KEY:
        pitch += 12
    while pitch > HIGHEST_KEY:
        pitch -= 12
    return pitch
