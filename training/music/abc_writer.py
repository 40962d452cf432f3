"""One monophonic part as a tune in ABC notation.

``read_abc(write_abc(score)) == score`` for every score of one monophonic part whose
changes of metre stand at bar lines and before its last note ends. Two things have no
place in ABC: velocities (all notes are read back at ``DEFAULT_VELOCITY``) and line
breaks in titles and names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from training.music.pitch import Key, spell_pitch
from training.music.score import (
    TICKS_PER_QUARTER,
    Bar,
    Metre,
    Note,
    Part,
    Score,
)

UNIT_TICKS = TICKS_PER_QUARTER // 2  # L:1/8
BARS_PER_LINE = 4
RECIPE_FIELD = "%%recipe "

_FINEST = 15  # ticks of a 128th note: multiples of it need no tuplet
_FINEST_IN_TUPLET = 10  # written as 15 in a group of three in the time of two
_MODE_SUFFIX = {
    "lydian": "lyd",
    "major": "",
    "mixolydian": "mix",
    "dorian": "dor",
    "minor": "m",
    "phrygian": "phr",
    "locrian": "loc",
}
_SIGN = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}


def write_abc(score: Score, *, recipe: str = "") -> str:
    """``score`` as ABC; ``recipe`` (JSON) travels in a comment.

    Raises ``ValueError`` for scores of more than one voice.
    """
    if len(score.parts) != 1 or not score.parts[0].is_monophonic:
        raise ValueError(
            "ABC is for tunes of one voice. Choose MIDI or MusicXML for this piece."
        )
    part = score.parts[0]
    body = _Body(score, part).write()
    return "\n".join([*_header(score, part, recipe), body, ""])


def _header(score: Score, part: Part, recipe: str) -> Iterator[str]:
    yield "X:1"
    yield f"T:{_one_line(score.title)}"
    if score.composer:
        yield f"C:{_one_line(score.composer)}"
    if recipe:
        yield RECIPE_FIELD + " ".join(recipe.splitlines())
    if score.metres:
        yield f"M:{score.metre}"
    yield "L:1/8"
    if score.tempos:
        yield f"Q:{_tempo(score.qpm, score.metre)}"
    if part.name:
        name = _one_line(part.name).replace('"', "'")
        yield f'V:1 name="{name}"'
    if part.program:
        yield f"%%MIDI program {part.program}"
    yield f"K:{_key(score.key) if score.key else 'none'}"


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("%", "\\%")


def _key(key: Key) -> str:
    return key.tonic_name + _MODE_SUFFIX[key.mode]


def _tempo(qpm: float, metre: Metre) -> str:
    """Of the felt beat where that says the same exactly, else of quarters."""
    if metre.is_compound and metre.beat_ticks == 720:
        beats = round(qpm / 1.5, 2)
        if beats * 1.5 == qpm:
            return f"3/8={beats:g}"
    short = f"{qpm:g}"
    return f"1/4={short if float(short) == qpm else qpm}"


class _Piece(NamedTuple):
    """What is written as one sign: a whole note, a part of a tied one, or a rest."""

    start: int
    end: int
    note: Note | None


class _Body:
    """Writes the music bar by bar."""

    def __init__(self, score: Score, part: Part) -> None:
        self.score = score
        self.notes = list(part.notes)
        self.fermatas = set(score.phrase_end_ticks)
        self.key = score.key or Key()
        self.fields: dict[int, list[str]] = {}  # tick -> inline fields
        for metre in score.metres[1:]:
            self.fields.setdefault(metre.tick, []).append(f"[M:{metre.metre}]")
        self.keys = {change.tick: change.key for change in score.keys[1:]}
        for tick, key in self.keys.items():
            self.fields.setdefault(tick, []).append(f"[K:{_key(key)}]")
        for tempo in score.tempos[1:]:
            sign = f"[Q:{_tempo(tempo.qpm, score.metre)}]"
            self.fields.setdefault(tempo.tick, []).append(sign)
        # Accidentals in force, for readers who carry them to all octaves and for
        # readers who do not.
        self.by_letter: dict[str, int] = {}
        self.by_place: dict[tuple[str, int], int] = {}

    def write(self) -> str:
        written = [self.bar(bar) for bar in self.bars()] or ["z8"]
        lines = [
            " | ".join(written[i : i + BARS_PER_LINE])
            for i in range(0, len(written), BARS_PER_LINE)
        ]
        return " |\n".join(lines) + " |]"

    def bars(self) -> Iterator[Bar]:
        """The score's bars; a pick-up shortens the last one, as is usual."""
        bars = list(self.score.bars())
        pickup, end = self.score.pickup_ticks, self.score.end_tick
        if pickup and len(bars) > 1:
            last = bars[-1]
            short = last.duration_ticks - pickup
            if short > 0 and end <= last.start_tick + short:
                bars[-1] = Bar(last.number, last.start_tick, short, last.metre)
        yield from bars

    def bar(self, bar: Bar) -> str:
        self.by_letter.clear()
        self.by_place.clear()
        edges = {bar.start_tick, bar.end_tick}
        edges |= {t for t in self.fields if bar.start_tick < t < bar.end_tick}
        pieces = list(self.pieces(bar))
        for piece in pieces:
            edges |= {piece.start, piece.end}
        tuplets = [
            span for start, end in _spans(bar) for span in _tuplets(start, end, edges)
        ]
        cuts = {t for t in self.fields if bar.start_tick < t < bar.end_tick}
        cuts |= {edge for span in tuplets for edge in span}
        pieces = [cut for piece in pieces for cut in _cut(piece, cuts)]
        return self.signs(pieces, tuplets, bar)

    def pieces(self, bar: Bar) -> Iterator[_Piece]:
        """The notes that sound in the bar and the rests between them."""
        tick = bar.start_tick
        while self.notes and self.notes[0].start_tick < bar.end_tick:
            note = self.notes[0]
            start, end = max(note.start_tick, tick), min(note.end_tick, bar.end_tick)
            if start > tick:
                yield _Piece(tick, start, None)
            yield _Piece(start, end, note)
            tick = end
            if note.end_tick > bar.end_tick:
                return
            self.notes.pop(0)
        if tick < bar.end_tick:
            yield _Piece(tick, bar.end_tick, None)

    def signs(
        self, pieces: list[_Piece], tuplets: list[tuple[int, int]], bar: Bar
    ) -> str:
        text = ""
        for group in _grouped(pieces, tuplets):
            is_tuplet = any(start <= group[0].start < end for start, end in tuplets)
            factor = Fraction(3, 2) if is_tuplet else Fraction(1)
            signs = [sign for piece in group for sign in self.sign(piece, factor, bar)]
            if is_tuplet:
                text += " (3" if len(signs) == 3 else f" (3:2:{len(signs)}"
            elif (group[0].start - bar.start_tick) % bar.metre.beat_ticks == 0:
                text += " "
            text += "".join(signs)
        return _with_broken_rhythm(text.strip())

    def sign(self, piece: _Piece, factor: Fraction, bar: Bar) -> Iterator[str]:
        """The piece as one note or rest, or as several tied."""
        fields = ""
        if piece.start in self.fields:
            fields = "".join(self.fields[piece.start])
            if piece.start in self.keys:
                self.key = self.keys[piece.start]
                self.by_letter.clear()
                self.by_place.clear()
        lengths = _note_values(piece, factor, bar)
        for index, length in enumerate(lengths):
            is_last = index + 1 == len(lengths)
            if piece.note is None:
                yield f"{fields}z{_length(length)}"
            else:
                is_tied = not is_last or piece.end < piece.note.end_tick
                is_start = index == 0 and piece.start == piece.note.start_tick
                fermata = "H" if is_start and piece.start in self.fermatas else ""
                name = self.name(piece.note.pitch)
                tie = "-" if is_tied else ""
                yield f"{fields}{fermata}{name}{_length(length)}{tie}"
            fields = ""

    def name(self, pitch: int) -> str:
        letter, alteration, octave = spell_pitch(pitch, self.key)
        usual = _signature(self.key)[letter]
        place = letter, octave
        sign = ""
        if (
            self.by_letter.get(letter, usual) != alteration
            or self.by_place.get(place, usual) != alteration
        ):
            sign = _SIGN[alteration]
            self.by_letter[letter] = self.by_place[place] = alteration
        if octave >= 5:
            return sign + letter.lower() + "'" * (octave - 5)
        return sign + letter + "," * (4 - octave)


def _signature(key: Key) -> dict[str, int]:
    signature = dict.fromkeys("CDEFGAB", 0)
    for pitch_class in key.scale:
        letter, alteration, _ = spell_pitch(60 + pitch_class, key)
        signature[letter] = alteration
    return signature


def _spans(bar: Bar) -> Iterator[tuple[int, int]]:
    """The bar cut where tuplets may begin, counted from its end (for pick-ups)."""
    is_by_eighths = bar.metre.denominator >= 8
    length = TICKS_PER_QUARTER // 2 if is_by_eighths else 2 * TICKS_PER_QUARTER
    end = bar.end_tick
    spans = []
    while end > bar.start_tick:
        rest = (end - bar.start_tick) % length or length
        if bar.number:  # an odd end, not an odd start
            spans.append((end - rest, end))
            end -= rest
        else:
            start = max(bar.start_tick, end - length)
            spans.append((start, end))
            end = start
    yield from reversed(spans)


def _tuplets(start: int, end: int, edges: set[int]) -> Iterator[tuple[int, int]]:
    """The spans from ``start`` to ``end`` that are to be written as tuplets."""
    length = end - start
    inner = {edge - start for edge in edges if start < edge < end}
    if all(edge % _FINEST == 0 for edge in inner) and length % _FINEST == 0:
        return
    middle = (start + end) // 2
    is_long = length > TICKS_PER_QUARTER
    is_plain = length % 3 == 0 and all(edge % (length // 3) == 0 for edge in inner)
    fits = all(edge % _FINEST_IN_TUPLET == 0 for edge in inner | {length})
    if fits and (is_plain or not is_long) and middle not in edges:
        yield start, end
    elif length > UNIT_TICKS // 4 and length % (2 * _FINEST) == 0:
        yield from _tuplets(start, middle, edges)
        yield from _tuplets(middle, end, edges)
    elif fits:
        yield start, end


def _cut(piece: _Piece, cuts: set[int]) -> Iterator[_Piece]:
    start = piece.start
    for cut in sorted(cuts):
        if start < cut < piece.end:
            yield _Piece(start, cut, piece.note)
            start = cut
    yield _Piece(start, piece.end, piece.note)


def _grouped(
    pieces: list[_Piece], tuplets: list[tuple[int, int]]
) -> Iterator[list[_Piece]]:
    """The pieces of each tuplet together, all others alone."""
    pieces = list(pieces)
    ends = dict(tuplets)
    while pieces:
        end = ends.get(pieces[0].start, 0)
        count = max(1, sum(piece.end <= end for piece in pieces))
        yield pieces[:count]
        del pieces[:count]


def _note_values(piece: _Piece, factor: Fraction, bar: Bar) -> list[Fraction]:
    """Ticks, as written, of the note values that make up the piece's length."""
    ticks = (piece.end - piece.start) * factor
    if ticks % _FINEST:
        return [ticks]  # no note value: a bare fraction
    left = int(ticks) // _FINEST
    values: list[int] = []
    while left:
        value = _largest_value(left, is_compound=bar.metre.is_compound)
        values.append(value)
        left -= value
    offset = int((piece.start - bar.start_tick) * factor) // _FINEST
    if offset % values[0]:
        values.reverse()
    return [Fraction(value * _FINEST) for value in values]


def _largest_value(length: int, *, is_compound: bool) -> int:
    """The longest plain or dotted value that fits; all counted in 128th notes."""
    power = 1 << (length.bit_length() - 1)
    if length in (power, power * 3 // 2, power * 7 // 4):
        return length
    if is_compound and length > 48:  # dotted values keep the beat
        return 96 if length >= 96 else 48
    return power


def _length(ticks: Fraction) -> str:
    """``ticks`` as a multiple of the unit: "", "2", "/2", "3/2"."""
    units = ticks / UNIT_TICKS
    top = "" if units.numerator == 1 else str(units.numerator)
    if units.denominator <= 2:
        return top + "/" * (units.denominator - 1)
    return f"{top}/{units.denominator}"


_NOTE = r"([_^=]*[A-Ga-g][,']*)"
_DOTTED_FIRST = re.compile(rf"{_NOTE}3/{_NOTE}/(?![\d/])")
_DOTTED_LAST = re.compile(rf"{_NOTE}/{_NOTE}3/(?![\d/])")


def _with_broken_rhythm(text: str) -> str:
    """Dotted pairs as tune books have them: ``A>B`` for ``A3/B/``."""
    return _DOTTED_LAST.sub(r"\1<\2", _DOTTED_FIRST.sub(r"\1>\2", text))
