"""Written music as frozen values: notes in parts, with metres, keys and tempos.

Time is counted in ticks, 480 to a quarter note. "Changing" a score returns a new one
(see ``transform``). Values refuse nonsense at birth: a note that ends before it starts
never exists.

>>> note = Note(start_tick=0, duration_ticks=480, pitch=60)
>>> score = Score(parts=(Part(notes=(note,)),))
>>> score.end_tick
480
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from training.music.pitch import HIGHEST_PITCH, LOWEST_PITCH, Key

TICKS_PER_QUARTER = 480
MAX_TICK = TICKS_PER_QUARTER * 4 * 10_000  # ten thousand bars of 4/4
DEFAULT_VELOCITY = 80
DEFAULT_QPM = 120.0


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One sounding note. Ties are gone: a tied note is one note of the whole length."""

    start_tick: int
    pitch: int  # 0 to 127
    duration_ticks: int  # at least 1
    velocity: int = DEFAULT_VELOCITY  # 1 to 127

    def __post_init__(self) -> None:
        if self.start_tick < 0:
            raise ValueError(f"A note cannot start at tick {self.start_tick}.")
        if self.duration_ticks < 1:
            raise ValueError(f"A note cannot last {self.duration_ticks} ticks.")
        if self.start_tick + self.duration_ticks > MAX_TICK:
            raise ValueError(f"A note cannot end after tick {MAX_TICK}.")
        if not LOWEST_PITCH <= self.pitch <= HIGHEST_PITCH:
            raise ValueError(f"A pitch is a number from 0 to 127, not {self.pitch}.")
        if not 1 <= self.velocity <= 127:
            raise ValueError(f"A velocity is from 1 to 127, not {self.velocity}.")

    @property
    def end_tick(self) -> int:
        return self.start_tick + self.duration_ticks


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one voice or instrument, ordered by start and then pitch."""

    notes: tuple[Note, ...] = ()
    name: str = ""
    program: int = 0  # General MIDI, counted from 0
    is_drum: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.program <= 127:
            raise ValueError(f"A program is from 0 to 127, not {self.program}.")
        if any(a > b for a, b in pairwise(self.notes)):
            object.__setattr__(self, "notes", tuple(sorted(self.notes)))

    @property
    def end_tick(self) -> int:
        return max((note.end_tick for note in self.notes), default=0)

    @property
    def is_monophonic(self) -> bool:
        """Whether no two notes sound together."""
        return all(a.end_tick <= b.start_tick for a, b in pairwise(self.notes))


@dataclass(frozen=True, slots=True, order=True)
class Metre:
    """A time signature."""

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 32 or self.denominator not in (
            1,
            2,
            4,
            8,
            16,
            32,
        ):
            raise ValueError(
                f"{self.numerator}/{self.denominator} is not a metre we can count. "
                "Use up to 32 beats of a whole to a thirty-second note."
            )

    @property
    def bar_ticks(self) -> int:
        return self.numerator * TICKS_PER_QUARTER * 4 // self.denominator

    @property
    def is_compound(self) -> bool:
        """Whether beats divide in three: 6/8, 9/8, 12/8, but not 3/8."""
        return self.numerator % 3 == 0 and self.numerator > 3 and self.denominator >= 8

    @property
    def beat_ticks(self) -> int:
        """The felt beat: a dotted quarter in 6/8, a half in 2/2, a quarter in 4/4."""
        unit = TICKS_PER_QUARTER * 4 // self.denominator
        return 3 * unit if self.is_compound else unit

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


@dataclass(frozen=True, slots=True, order=True)
class MetreChange:
    tick: int
    metre: Metre


@dataclass(frozen=True, slots=True, order=True)
class KeyChange:
    tick: int
    key: Key


@dataclass(frozen=True, slots=True, order=True)
class TempoChange:
    tick: int
    qpm: float  # quarter notes per minute

    def __post_init__(self) -> None:
        if not 4 <= self.qpm <= 1000:
            raise ValueError(f"A tempo is from 4 to 1000 qpm, not {self.qpm}.")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a score, as its bar lines cut it. A pick-up bar has number 0."""

    number: int
    start_tick: int
    duration_ticks: int
    metre: Metre

    @property
    def end_tick(self) -> int:
        return self.start_tick + self.duration_ticks


@dataclass(frozen=True, slots=True)
class Score:
    """A piece of music.

    ``metres`` and ``keys`` may be empty when the source does not say; the first change
    of each list, when there is one, is at tick 0. ``pickup_ticks`` is the length of an
    incomplete first bar (0 when the piece starts on a bar line). ``phrase_end_ticks``
    are the starts of the notes that carry a fermata.
    """

    parts: tuple[Part, ...] = ()
    metres: tuple[MetreChange, ...] = ()
    keys: tuple[KeyChange, ...] = ()
    tempos: tuple[TempoChange, ...] = ()
    pickup_ticks: int = 0
    phrase_end_ticks: tuple[int, ...] = ()
    title: str = field(default="", kw_only=True)
    composer: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        for name in ("metres", "keys", "tempos"):
            changes = getattr(self, name)
            if changes and changes[0].tick != 0:
                raise ValueError(f"The first of a score's {name} must stand at tick 0.")
            if any(a.tick >= b.tick for a, b in pairwise(changes)):
                raise ValueError(f"A score's {name} must be in order of time.")
        if not 0 <= self.pickup_ticks < self.metre.bar_ticks:
            raise ValueError("A pick-up bar must be shorter than a whole bar.")

    @property
    def metre(self) -> Metre:
        """The metre at the start; 4/4 when the score names none."""
        return self.metres[0].metre if self.metres else Metre()

    @property
    def key(self) -> Key | None:
        """The key at the start, or None when the score names none."""
        return self.keys[0].key if self.keys else None

    @property
    def qpm(self) -> float:
        """The tempo at the start in quarter notes per minute."""
        return self.tempos[0].qpm if self.tempos else DEFAULT_QPM

    @property
    def end_tick(self) -> int:
        return max((part.end_tick for part in self.parts), default=0)

    @property
    def num_notes(self) -> int:
        return sum(len(part.notes) for part in self.parts)

    def bars(self) -> Iterator[Bar]:
        """The bars from the first to the one in which the last note ends.

        A metre change in mid-bar cuts that bar short. The last bar is given its full
        length even when the music stops inside it.
        """
        changes = self.metres or (MetreChange(0, Metre()),)
        number = 0 if self.pickup_ticks else 1
        tick = 0
        for index, change in enumerate(changes):
            is_last = index + 1 == len(changes)
            limit = self.end_tick if is_last else changes[index + 1].tick
            while tick < limit:
                length = change.metre.bar_ticks
                if number == 0:
                    length = self.pickup_ticks
                if not is_last:
                    length = min(length, limit - tick)
                yield Bar(number, tick, length, change.metre)
                tick += length
                number += 1

    def seconds_at(self, tick: int) -> float:
        """The time in seconds at which ``tick`` sounds, at the score's tempos."""
        changes = self.tempos or (TempoChange(0, DEFAULT_QPM),)
        seconds = 0.0
        for index, change in enumerate(changes):
            end = changes[index + 1].tick if index + 1 < len(changes) else tick
            span = min(end, tick) - change.tick
            if span <= 0:
                break
            seconds += span * 60.0 / (change.qpm * TICKS_PER_QUARTER)
        return seconds
