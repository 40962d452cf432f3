"""Writing a score down: what a copyist decides.

Which clef a part gets, how notes are cut at bar lines and tied, which voice a note
belongs to, where an accidental must be printed.

Music that was played, off every grid, is written at the nearest place easily read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

from training.music.beaming import beams
from training.music.notation import (
    ALTO,
    BASS,
    HIGH,
    LOW,
    SHORTEST_NOTE_TICKS,
    TENOR,
    TREBLE,
    Clef,
    Head,
    Notation,
    Sign,
    Staff,
    Timeline,
    Voice,
    WrittenBar,
)
from training.music.pitch import Key, spell_fifths, spell_pitch
from training.music.rhythm import Piece, write_bar
from training.music.score import Part, Score

#: In which order, and how unwillingly, clefs are taken: mean semitones off the staff.
_RELUCTANCE = {TREBLE: 0.0, BASS: 1.0, HIGH: 9.0, LOW: 9.0}
_ACCIDENTALS = {
    -2: "flat-flat",
    -1: "flat",
    0: "natural",
    1: "sharp",
    2: "double-sharp",
}


@dataclass(frozen=True, slots=True)
class _Chord:
    """Notes of one part that start and end together on the page."""

    start: int
    end: int
    notes: tuple[int, ...]  # indices, lowest pitch first


def notate(score: Score, *, closed: bool = False) -> Notation:
    """Write ``score`` down.

    With ``closed`` a four-part choir stands on two staves, as chorales are printed;
    otherwise, and for any other music, every part has a staff of its own.
    """
    timeline = Timeline(score)
    bars = timeline.written_bars(score)
    staves = []
    for parts in _staff_parts(score, closed=closed):
        voices = [
            (part, voice)
            for part in parts
            for voice in _voices(part, score.parts[part], timeline)
        ]
        writer = _StaffWriter(score, bars, voices)
        staves.append(Staff(parts, _clef(score, parts), writer.bars()))
    return Notation(bars, tuple(staves))


def _staff_parts(score: Score, *, closed: bool) -> list[tuple[int, ...]]:
    if closed and is_choir(score):
        return [(0, 1), (2, 3)]
    return [(part,) for part in range(len(score.parts))]


def is_choir(score: Score) -> bool:
    """Whether these are soprano, alto, tenor and bass, each singing one note."""
    if len(score.parts) != 4 or any(part.is_drum for part in score.parts):
        return False
    if not all(part.notes and part.is_monophonic for part in score.parts):
        return False
    names = [part.name.strip().casefold() for part in score.parts]
    if names == ["soprano", "alto", "tenor", "bass"]:
        return True
    ranges = ((55, 84), (50, 77), (43, 72), (36, 65))
    middles = [median(note.pitch for note in part.notes) for part in score.parts]
    return middles == sorted(middles, reverse=True) and all(
        low <= note.pitch <= high
        for part, (low, high) in zip(score.parts, ranges, strict=True)
        for note in part.notes
    )


def _clef(score: Score, parts: tuple[int, ...]) -> Clef:
    """The clef that needs the fewest ledger lines; treble when in doubt."""
    if len(parts) == 2:
        return TREBLE if parts == (0, 1) else BASS
    part = score.parts[parts[0]]
    if not part.notes:
        return TREBLE
    name = part.name.strip().casefold()
    if name.startswith("tenor"):
        return TENOR
    if name.startswith("viola"):
        return ALTO
    pitches = [note.pitch for note in part.notes]

    def misfit(clef: Clef) -> float:
        above = sum(max(0, pitch - clef.highest) for pitch in pitches)
        below = sum(max(0, clef.lowest - pitch) for pitch in pitches)
        return (above + below) / len(pitches) + _RELUCTANCE[clef]

    return min(_RELUCTANCE, key=misfit)


def _voices(number: int, part: Part, timeline: Timeline) -> list[list[_Chord]]:
    """The notes of a part as voices in which no two chords overlap.

    Each chord goes to the first voice that is free; of chords that start together the
    highest is placed first.
    """
    voices: list[list[_Chord]] = []
    for chord in _chords(part, timeline):
        free = (voice for voice in voices if voice[-1].end <= chord.start)
        voice = next(free, None)
        if voice is None:
            voices.append(voice := [])
        voice.append(chord)
    return voices or [[]]


def _chords(part: Part, timeline: Timeline) -> list[_Chord]:
    spans: dict[tuple[int, int, int], dict[int, int]] = {}
    for index, note in enumerate(part.notes):
        start = timeline.page_tick(note.start_tick)
        end = timeline.page_tick(note.end_tick)
        if end <= start:  # Too short for the page, but it must not vanish.
            start = min(start, timeline.end_tick - SHORTEST_NOTE_TICKS)
            end = start + SHORTEST_NOTE_TICKS
        copy = 0  # A pitch doubled within a part gets a chord of its own.
        while note.pitch in spans.setdefault((start, end, copy), {}):
            copy += 1
        spans[start, end, copy][note.pitch] = index
    chords = [
        (start, -max(pitches), _Chord(start, end, tuple(pitches.values())))
        for (start, end, _), pitches in spans.items()
    ]
    return [chord for _, _, chord in sorted(chords, key=lambda item: item[:2])]


class _StaffWriter:
    """Writes the bars of one staff; remembers what is tied over and spelled."""

    def __init__(
        self,
        score: Score,
        bars: tuple[WrittenBar, ...],
        voices: list[tuple[int, list[_Chord]]],
    ) -> None:
        self._score = score
        self._bars = bars
        self._voices = voices
        self._segments: dict[tuple[int, int], int] = {}
        self._key_ticks = [change.tick for change in score.keys]
        self._fermatas = set(score.phrase_end_ticks)
        self._is_shared = len({part for part, _ in voices}) > 1
        self._by_bar = [_by_bar(chords, bars) for _, chords in voices]

    def bars(self) -> tuple[tuple[tuple[int, Voice], ...], ...]:
        key = self._score.key or Key()
        written = []
        for number, bar in enumerate(self._bars):
            voices = {
                voice: self._voice(voice, bar, chords)
                for voice, by_bar in enumerate(self._by_bar)
                if (chords := by_bar.get(number, [])) or self._is_shared
            }
            voices = voices or {0: self._voice(0, bar, [])}
            voices = _without_doubled_rests(voices, is_shared=self._is_shared)
            written.append(tuple(_with_accidentals(voices, bar, key).items()))
            key = bar.keys[-1][1] if bar.keys else key
        return tuple(written)

    def _voice(self, voice: int, bar: WrittenBar, chords: list[_Chord]) -> Voice:
        # A key may change inside the bar: notes are tied over the new signature.
        key_offsets = [offset for offset, _ in bar.keys if offset]
        if not (chords or bar.is_pickup or key_offsets):
            rest = Sign(bar.start_tick, bar.duration_ticks, "whole", 0, fills_bar=True)
            return (rest,)
        shift = bar.start_tick - bar.lead_ticks
        pieces = write_bar(
            [
                (max(c.start, bar.start_tick) - shift, min(c.end, bar.end_tick) - shift)
                for c in chords
            ],
            bar.metre,
            first=bar.lead_ticks,
            last=bar.lead_ticks + bar.duration_ticks,
            cuts=[bar.lead_ticks + offset for offset in key_offsets],
        )
        part = self._voices[voice][0]
        signs = []
        for piece, beam in zip(pieces, beams(pieces, bar.metre), strict=True):
            owner = None if piece.source is None else chords[piece.source]
            sign = self._sign(piece, shift, part, owner)
            signs.append(replace(sign, beams=beam))
        return tuple(_with_triplets(signs, pieces))

    def _sign(self, piece: Piece, shift: int, part: int, chord: _Chord | None) -> Sign:
        start, end = piece.start + shift, piece.end + shift
        heads: tuple[Head, ...] = ()
        has_fermata = False
        if chord is not None:
            ties = (start > chord.start, end < chord.end)
            heads = tuple(self._head(part, index, *ties) for index in chord.notes)
            notes = (self._score.parts[part].notes[index] for index in chord.notes)
            has_fermata = end == chord.end and any(
                note.start_tick in self._fermatas for note in notes
            )
        return Sign(
            start_tick=start,
            duration_ticks=end - start,
            value=piece.value,
            dots=piece.dots,
            heads=heads,
            has_fermata=has_fermata,
        )

    def _head(self, part: int, index: int, ends_tie: bool, starts_tie: bool) -> Head:
        note = self._score.parts[part].notes[index]
        change = bisect_right(self._key_ticks, note.start_tick) - 1
        key = self._score.keys[change].key if change >= 0 else Key()
        letter, alteration, octave = spell_pitch(note.pitch, key)
        segment = self._segments.get((part, index), -1) + 1
        self._segments[part, index] = segment
        return Head(
            part=part,
            index=index,
            segment=segment,
            velocity=note.velocity,
            letter=letter,
            alteration=alteration,
            octave=octave,
            starts_tie=starts_tie,
            ends_tie=ends_tie,
        )


def _by_bar(
    chords: list[_Chord], bars: tuple[WrittenBar, ...]
) -> dict[int, list[_Chord]]:
    starts = [bar.start_tick for bar in bars]
    found: dict[int, list[_Chord]] = {}
    for chord in chords:
        number = bisect_right(starts, chord.start) - 1
        while number < len(bars) and bars[number].start_tick < chord.end:
            found.setdefault(number, []).append(chord)
            number += 1
    return found


def _with_triplets(signs: list[Sign], pieces: list[Piece]) -> Iterator[Sign]:
    """Say where triplets start and stop, and which need a bracket.

    A triplet whose notes hang on one beam of their own is clear without.
    """
    for index, (sign, piece) in enumerate(zip(signs, pieces, strict=True)):
        if piece.triplet is None:
            yield sign
            continue
        members = [
            other
            for other, neighbour in zip(signs, pieces, strict=True)
            if neighbour.triplet == piece.triplet
        ]
        outer = [other.beams[0] if other.beams else "" for other in members]
        is_beamed = outer[0] == "begin" and outer[-1] == "end" and "" not in outer
        yield replace(
            sign,
            is_triplet=True,
            starts_triplet=index == 0 or pieces[index - 1].triplet != piece.triplet,
            stops_triplet=sign is members[-1],
            has_bracket=not is_beamed,
        )


def _without_doubled_rests(
    voices: dict[int, Voice], *, is_shared: bool
) -> dict[int, Voice]:
    """Hide rests that say nothing new: those another voice has at the same place, and
    all but the first voice's within one part."""
    first = next(iter(voices))
    shown = {
        (sign.start_tick, sign.duration_ticks)
        for sign in voices[first]
        if not sign.heads
    }

    def is_hidden(sign: Sign) -> bool:
        is_known = (sign.start_tick, sign.duration_ticks) in shown
        return not sign.heads and (is_known or not is_shared)

    return {
        voice: signs
        if voice == first
        else tuple(replace(sign, is_hidden=is_hidden(sign)) for sign in signs)
        for voice, signs in voices.items()
    }


def _with_accidentals(
    voices: dict[int, Voice], bar: WrittenBar, key: Key
) -> dict[int, Voice]:
    """Print the accidentals that key signature and bar leave open.

    An accidental holds for its line or space to the end of the bar, in all voices of
    the staff, but not for a note tied over from the bar before.
    """
    in_force: dict[tuple[str, int], int] = {}
    keys = list(bar.keys)
    order = sorted(
        (sign.start_tick, voice, place)
        for voice, signs in voices.items()
        for place, sign in enumerate(signs)
    )
    changed = {voice: list(signs) for voice, signs in voices.items()}
    for tick, voice, place in order:
        while keys and bar.start_tick + keys[0][0] <= tick:
            key = keys.pop(0)[1]
            in_force.clear()
        sign = changed[voice][place]
        heads = tuple(_with_accidental(head, key, in_force) for head in sign.heads)
        changed[voice][place] = replace(sign, heads=heads)
    return {voice: tuple(signs) for voice, signs in changed.items()}


def _with_accidental(
    head: Head, key: Key, in_force: dict[tuple[str, int], int]
) -> Head:
    if head.ends_tie:
        return head
    place = (head.letter, head.octave)
    current = in_force.get(place, _signature(key).get(head.letter, 0))
    # The same letter altered in another octave: a reader would wonder.
    doubtful = any(
        letter == head.letter and alteration != head.alteration
        for (letter, _), alteration in in_force.items()
    )
    in_force[place] = head.alteration
    if head.alteration == current and not doubtful:
        return head
    return replace(head, accidental=_ACCIDENTALS[head.alteration])


def _signature(key: Key) -> dict[str, int]:
    """The letters that the key signature alters."""
    sign = 1 if key.fifths > 0 else -1
    names = range(6, 6 + key.fifths) if sign > 0 else range(key.fifths - 1, -1)
    return {spell_fifths(fifths)[0]: sign for fifths in names}
