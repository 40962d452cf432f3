"""From the bars an ABC tune writes to notes in their places.

Chooses among endings or plays repeats out, puts the bars where ``barlines`` plans them,
and joins tied notes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.music import barlines
from training.music.barlines import Change, Time, WrittenBar
from training.music.pitch import Key
from training.music.repeats import last_endings, play_order
from training.music.score import (
    TICKS_PER_QUARTER,
    KeyChange,
    Metre,
    MetreChange,
    Note,
    TempoChange,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A tune on the grid: all that a score needs."""

    parts: tuple[tuple[Note, ...], ...]
    metres: tuple[MetreChange, ...]
    keys: tuple[KeyChange, ...]
    tempos: tuple[TempoChange, ...]
    pickup_ticks: int
    phrase_end_ticks: tuple[int, ...]
    misplaced_bars: int


def lay_out(
    voices: list[list[WrittenBar]], start: list[Change], *, expand_repeats: bool
) -> Layout:
    """Place the bars of all ``voices``; ``start`` holds the changes of the header."""
    choose = play_order if expand_repeats else last_endings
    voices = [_joined(choose(bars)) for bars in voices]
    metre = next((change for change in start if isinstance(change, Metre)), None)
    plans = [barlines.plan(bars, metre) for bars in voices]
    lead = plans[0]
    fermatas: set[int] = set()
    parts = []
    for bars, plan in zip(voices, plans, strict=True):
        is_in_step = [b.duration for b in bars] == [b.duration for b in voices[0]]
        starts = lead.starts if is_in_step else plan.starts
        parts.append(_placed(bars, starts, fermatas))
    changes: list[tuple[int, Change]] = [(0, change) for change in start]
    for bar, tick in zip(voices[0], lead.starts, strict=False):
        changes += [(round(tick + offset), change) for offset, change in bar.changes]
    keys = {tick: c for tick, c in changes if isinstance(c, Key)}
    tempos = {tick: c for tick, c in changes if isinstance(c, float)}
    return Layout(
        parts=tuple(parts),
        metres=lead.metres,
        keys=tuple(KeyChange(t, keys[t]) for t in sorted(keys)) if 0 in keys else (),
        tempos=_tempo_changes(tempos),
        pickup_ticks=lead.pickup_ticks,
        phrase_end_ticks=tuple(sorted(fermatas)),
        misplaced_bars=lead.misplaced_bars,
    )


def _tempo_changes(tempos: dict[int, float]) -> tuple[TempoChange, ...]:
    if tempos and 0 not in tempos:
        tempos[0] = tempos[min(tempos)]
    return tuple(TempoChange(tick, tempos[tick]) for tick in sorted(tempos))


def _joined(bars: list[WrittenBar]) -> list[WrittenBar]:
    """The bars with music before a mid-bar ending put together with what follows."""
    joined: list[WrittenBar] = []
    for bar in bars:
        if not joined or joined[-1].has_line:
            joined.append(bar)
            continue
        before = joined[-1]
        shift = before.duration
        joined[-1] = replace(
            bar,
            events=before.events
            + [e._replace(offset=e.offset + shift) for e in bar.events],
            changes=before.changes + [(at + shift, what) for at, what in bar.changes],
            duration=shift + bar.duration,
        )
    return joined


def _placed(
    bars: list[WrittenBar], starts: list[Time], fermatas: set[int]
) -> tuple[Note, ...]:
    """The notes with ties joined, fitted to where the next bar starts."""
    placed: list[_Sounding] = []
    tied: dict[int, _Sounding] = {}
    for index, (bar, start) in enumerate(zip(bars, starts, strict=True)):
        end = start + bar.duration
        limit = starts[index + 1] if index + 1 < len(starts) else end
        is_filled = end < limit <= end + TICKS_PER_QUARTER  # by its last note
        stretch = limit if is_filled else min(end, limit)
        for event in bar.events:
            at = start + event.offset
            until = at + event.duration
            if until >= end:
                until = stretch
            was_tied, tied = tied, {}
            for pitch in event.pitches:
                note = was_tied.get(pitch)
                if note is not None and note.end == at:
                    note.end = until
                else:
                    note = _Sounding(at, until, pitch)
                    placed.append(note)
                if event.is_tied:
                    tied[pitch] = note
                if event.has_fermata:
                    fermatas.add(round(note.start))
    return tuple(note.as_note() for note in placed if note.end > note.start)


@dataclass(slots=True)
class _Sounding:
    """A note that ties may still prolong."""

    start: Time
    end: Time
    pitch: int

    def as_note(self) -> Note:
        if type(self.start) is int and type(self.end) is int:
            return Note(self.start, self.pitch, self.end - self.start)
        start = round(self.start)
        return Note(start, self.pitch, max(1, round(self.end) - start))
