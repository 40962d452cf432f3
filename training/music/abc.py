"""Tunes in ABC notation, one or a whole book of them (abcnotation.com, standard 2.1).

Read are the notes with their lengths, ties, tuplets, broken rhythm and chords; keys in
all modes, metres, tempos, titles, several voices, fermatas, repeats and endings. Grace
notes, slurs, chord symbols, words and ornaments are left out.

Repeats are not played out: a repeated section stands once, and of first and second
endings only the last is kept, so a section of eight bars stays one of eight bars. How
bars are brought in step with the metre is told in ``barlines``.

>>> [tune] = read_tunes("X:1\\nM:2/4\\nL:1/8\\nK:G\\nGABc|d4|]")
>>> [note.pitch for note in tune.parts[0].notes]
[67, 69, 71, 72, 74]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from training.music import abc_fields
from training.music.abc_layout import lay_out
from training.music.abc_voice import Voice
from training.music.abc_writer import write_abc
from training.music.barlines import Change, Time, exact
from training.music.pitch import MAJOR_SCALE
from training.music.reading import (
    MAX_NOTES,
    UnreadableScore,
    decode_text,
    too_many_notes,
    within_limits,
)
from training.music.score import TICKS_PER_QUARTER, Metre, Part, Score

__all__ = ["Tune", "read_abc", "read_book", "read_tunes", "write_abc"]

MAX_LINE_LENGTH = 20_000

_WHOLE = 4 * TICKS_PER_QUARTER


@dataclass(frozen=True, slots=True)
class Tune:
    """One tune of a book.

    ``misplaced_bars`` counts the bars that do not add up to the metre, even when the
    pick-ups and short last bars of repeated sections are allowed for. At 0 every bar
    line stands where the metre puts it.
    """

    score: Score
    number: int  # the X: field; the place in the book where it has none
    rhythm: str = ""  # the R: field: "reel", "Jig", ...
    misplaced_bars: int = 0


def read_abc(data: bytes, *, expand_repeats: bool = False) -> Score:
    """The first tune in ``data``; raises ``UnreadableScore`` when there is none."""
    for tune in read_book(decode_text(data), expand_repeats=expand_repeats):
        return within_limits(tune.score)
    raise UnreadableScore(
        "There is no tune in this ABC file. A tune starts with a line such as X:1 "
        "and has a line such as K:G before its notes."
    )


def read_tunes(text: str, *, expand_repeats: bool = False) -> Iterator[Score]:
    """The scores of all tunes in ``text``, in order."""
    for tune in read_book(text, expand_repeats=expand_repeats):
        yield tune.score


def read_book(text: str, *, expand_repeats: bool = False) -> Iterator[Tune]:
    """All tunes in ``text`` that have notes, in order.

    Fields before the first X: hold for every tune. A blank line ends a tune once its
    music has begun.
    """
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    starts = [index for index, line in enumerate(lines) if line.startswith("X:")]
    common = (
        [line for line in lines[: starts[0]] if line[:2] in _COMMON] if starts else []
    )
    starts = starts or [0]
    ends = [*starts[1:], len(lines)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        reader = _TuneReader(number)
        reader.read(common + lines[start:end])
        tune = reader.finish(expand_repeats=expand_repeats)
        if tune is not None:
            yield tune


_COMMON = ("M:", "L:", "Q:", "C:", "R:", "I:")  # fields that may head a book

# What a line of music is made of. A match without a named group is passed over: text
# in quotes, grace notes, ornaments, the second layer of a bar (&). So is whatever does
# not match: spaces, slurs, bowings.
_LENGTH = r"\d*/*\d*"
_NOTE = r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)"
TOKEN = re.compile(
    rf"(?P<note>{_NOTE}({_LENGTH})(-?))"
    r"|(?P<bar>\.?(?:\[\||[|:])[|:\]]*)(?:\s*\[?(?P<ending>[1-9][0-9,.-]*))?"
    r"|(?P<broken>>+|<+)"
    rf"|(?P<rest>[zxy])(?P<rest_length>{_LENGTH})"
    r'|"[^"\n]{0,400}"'
    r"|\{[^}\n]{0,200}\}"
    r"|(?P<fermata>H|!fermata!|\+fermata\+)"
    r"|![^!\s|]{1,30}!"
    r"|(?P<tuplet>\()(?P<p>[2-9])(?::(?P<q>\d?)(?::(?P<r>\d?\d?))?)?"
    r"|\[(?P<field>[A-Za-z]):(?P<value>[^\]\n]{0,200})\]"
    r"|(?P<alone>\[)(?P<numbers>[1-9][0-9,.-]*)"
    r"|(?P<chord>\[)(?P<inside>[^\]|\n]{0,200})\]"
    rf"(?P<chord_length>{_LENGTH})(?P<chord_tie>-?)"
    r"|(?P<plus>\+)(?P<plus_inside>(?:[_^=]{0,2}[A-Ga-g][,'\d/]{0,4}){1,9})\+"
    r"|\+[^+\s|]{1,30}\+"
    r"|(?P<tie>-)"
    r"|(?P<bars_rest>[ZX])(?P<bars>\d{0,3})"
    r"|&[^|\n]*"
)
_NOTE_IN_CHORD = re.compile(rf'"[^"]{{0,200}}"|![^!]{{0,30}}!|{_NOTE}({_LENGTH})(-?)')
_LENGTH_PARTS = re.compile(r"(\d*)(/*)(\d*)")
FIELD = re.compile(r"[H-Zh-z+]:|[A-Ga-g]:(?![|:])")  # a line "A:|" is music
_PITCH_OF_LETTER = {
    letter: start + step
    for start, letters in ((60, "CDEFGAB"), (72, "cdefgab"))
    for letter, step in zip(letters, MAJOR_SCALE, strict=True)
}
_ALTERATION = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_TIME_OF_TUPLET = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # 5, 7 and 9 depend on the metre


class _TuneReader:
    """Reads one tune, line by line."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.title = ""
        self.composer = ""
        self.rhythm = ""
        self.metre: Metre | None = None
        self.unit: Fraction | None = None  # note length, as a fraction of a whole
        self.durations: dict[str, Time] = {}  # length as written -> ticks
        self.signature = dict.fromkeys("ABCDEFG", 0)
        self.shift = 0
        self.is_by_octave = False  # how far accidentals reach
        self.in_header = True
        self.voice = Voice()
        self.voices = {"": self.voice}
        self.start: list[Change] = []  # metre, key and tempo of the header

    def read(self, lines: list[str]) -> None:
        is_text = False
        for line in lines:
            if line.startswith("%%begin"):
                is_text = True
            elif line.startswith("%%end"):
                is_text = False
            elif line.startswith("%"):
                self.read_directive(line)
            elif is_text:
                continue
            elif FIELD.match(line):
                self.read_field(line[0], without_comment(line[2:]))
            elif not line or line.isspace():
                if self.has_music:
                    return
            elif not self.in_header:
                self.read_music(without_comment(line))
            elif "|" in line:  # a tune that has no K:
                self.end_header()
                self.read_music(without_comment(line))

    @property
    def has_music(self) -> bool:
        return any(voice.bars or voice.bar.events for voice in self.voices.values())

    def read_directive(self, line: str) -> None:
        if match := re.match(r"%%MIDI\s+program\s+(?:\d+\s+)?(\d{1,3})", line):
            self.voice.program = min(int(match[1]), 127)

    def read_field(self, letter: str, value: str) -> None:
        match letter:
            case "X":
                digits = re.match(r"\d{1,9}", value)
                self.number = int(digits[0]) if digits else self.number
            case "T" if self.in_header:
                self.title = self.title or _one_line(value)
            case "C" if self.in_header:
                self.composer = self.composer or _one_line(value)
            case "R":
                self.rhythm = self.rhythm or value
            case "M":
                metre = abc_fields.read_metre(value)
                if metre is not None:
                    self.metre = metre
                    self.change(metre)
            case "L":
                self.unit = abc_fields.read_length(value) or self.unit
                self.durations = {}
            case "Q":
                qpm = abc_fields.read_tempo(value, self.unit_length())
                if qpm is not None:
                    self.change(qpm)
            case "K":
                self.read_key(value)
            case "V":
                self.read_voice(value)
            case "P" if self.voice.bars and not self.voice.bar.duration:
                self.voice.bars[-1].is_section_end = True
            case "I" if value.startswith("propagate-accidentals"):
                self.is_by_octave = value.endswith("octave")

    def change(self, change: Change) -> None:
        if self.in_header:
            self.start = [c for c in self.start if type(c) is not type(change)]
            self.start.append(change)
        else:
            self.voice.change(change)

    def read_key(self, value: str) -> None:
        key, signature, shift = abc_fields.read_key(value)
        self.voice.accidentals = {}
        if shift is not None:
            self.shift = shift
        if signature is not None:
            self.signature = signature
        if key is not None:
            self.change(key)
        if self.in_header:
            self.end_header()

    def end_header(self) -> None:
        self.in_header = False
        self.voice = next(iter(self.voices.values()))

    def read_voice(self, value: str) -> None:
        name, _, properties = value.partition(" ")
        if name not in self.voices:
            if list(self.voices) == [""] and not self.has_music:
                self.voices = {name: self.voice}
            else:
                self.voices[name] = Voice()
        self.voice = self.voices[name]
        if match := re.search(r'\b(?:name|nm)\s*=\s*"([^"]*)"', properties):
            self.voice.name = match[1]
        shift = abc_fields.read_shift(properties)
        if shift is not None:
            self.voice.shift = shift

    def unit_length(self) -> Fraction:
        if self.unit is None:
            metre = self.metre or Metre()
            is_short = metre.numerator / metre.denominator < 0.75
            self.unit = Fraction(1, 16 if is_short else 8)
        return self.unit

    def duration_of(self, length: str) -> Time:
        """Ticks of a length as it is written: "", "2", "3/2", "/", "//"."""
        duration = self.durations.get(length)
        if duration is None:
            over, slashes, under = _LENGTH_PARTS.match(length).groups()  # type: ignore[union-attr]
            top = min(int(over[:9] or 1), 9999) or 1
            bottom = min(int(under[:9]), 9999) if under else 2 ** min(len(slashes), 8)
            ticks = self.unit_length() * _WHOLE * Fraction(top, bottom or 1)
            duration = self.durations[length] = exact(ticks)
        return duration

    def pitch_of(self, accidental: str | None, letter: str, octave: str) -> int:
        """The pitch of a note as it is written, after the accidentals of its bar."""
        voice = self.voice
        pitch = _PITCH_OF_LETTER[letter]
        if octave:
            pitch += 12 * (octave.count("'") - octave.count(","))
        name = letter.upper()
        place = f"{pitch}" if self.is_by_octave else name
        if accidental:
            alteration = voice.accidentals[place] = _ALTERATION[accidental]
        elif voice.tied and letter + octave in voice.tied:
            return voice.tied[letter + octave]
        elif place in voice.accidentals:
            alteration = voice.accidentals[place]
        else:
            alteration = self.signature[name]
        pitch += alteration + self.shift + voice.shift
        return pitch if 0 <= pitch <= 127 else min(max(pitch, 0), 127)

    def read_music(self, line: str) -> None:
        if len(line) > MAX_LINE_LENGTH:
            raise UnreadableScore(
                f"Tune {self.number} has a line of {len(line):,} letters. Break it "
                f"into lines of at most {MAX_LINE_LENGTH:,}."
            )
        for token in TOKEN.finditer(line):
            note, accidental, letter, octave, length, tie = token.group(
                1, 2, 3, 4, 5, 6
            )
            if note is not None:
                pitch = self.pitch_of(accidental, letter, octave)
                self.voice.add(self.duration_of(length), (pitch,), tie == "-")
                self.voice.tied = {letter + octave: pitch} if tie else {}
            else:
                self.read_token(token)
        if self.voice.num_events > MAX_NOTES:
            raise too_many_notes(self.voice.num_events)

    def read_token(self, token: re.Match[str]) -> None:
        """Take any token but a single note."""
        voice = self.voice
        if token["bar"]:
            if len(token["bar"]) > 1 or token["bar"] == "|":
                voice.end_bar(token["bar"])
            if token["ending"]:
                voice.start_ending(token["ending"])
        elif token["broken"]:
            voice.break_rhythm(token["broken"])
        elif token["rest"]:
            if token["rest"] != "y":
                voice.add(self.duration_of(token["rest_length"]), (), False)
        elif token["fermata"]:
            voice.has_fermata = True
        elif token["tuplet"]:
            self.start_tuplet(token)
        elif token["field"]:
            self.read_field(token["field"], token["value"].strip())
        elif token["alone"]:
            voice.start_ending(token["numbers"])
        elif token["chord"]:
            self.read_chord(token["inside"], token["chord_length"], token["chord_tie"])
        elif token["plus"]:  # how chords were written before 1997
            self.read_chord(token["plus_inside"], "", "")
        elif token["tie"]:
            voice.tie_last(voice.tied)
        elif token["bars_rest"]:
            bars = min(int(token["bars"] or 1), 999) or 1
            voice.add(bars * (self.metre or Metre()).bar_ticks, (), False)

    def start_tuplet(self, token: re.Match[str]) -> None:
        """``(p:q:r``: the next ``r`` notes, ``p`` of them in the time of ``q``."""
        p = int(token["p"])
        is_compound = self.metre is not None and self.metre.is_compound
        q = int(token["q"] or 0) or _TIME_OF_TUPLET.get(p, 3 if is_compound else 2)
        self.voice.tuplet_factor = Fraction(q, p)
        self.voice.tuplet_left = int(token["r"] or 0) or p

    def read_chord(self, inside: str, length: str, tie: str) -> None:
        pitches: list[int] = []
        spellings: dict[str, int] = {}
        lengths: list[str] = []
        for note in _NOTE_IN_CHORD.finditer(inside):
            accidental, letter, octave, own_length, own_tie = note.groups()
            if letter is None:
                continue
            pitches.append(self.pitch_of(accidental, letter, octave))
            lengths.append(own_length)
            tie = tie or own_tie
            spellings[letter + octave] = pitches[-1]
        if not pitches:
            return
        factor = Fraction(self.duration_of(length)) / self.duration_of("")
        duration = exact(self.duration_of(lengths[0]) * factor)
        self.voice.add(duration, tuple(dict.fromkeys(pitches)), tie == "-")
        self.voice.tied = spellings if tie else {}

    def finish(self, *, expand_repeats: bool) -> Tune | None:
        """The tune, or None when it has no music."""
        for voice in self.voices.values():
            if voice.bar.duration:
                voice.bars.append(voice.bar)
        voices = [voice for voice in self.voices.values() if voice.bars]
        if not voices:
            return None
        try:
            layout = lay_out(
                [voice.bars for voice in voices],
                self.start,
                expand_repeats=expand_repeats,
            )
            score = Score(
                parts=tuple(
                    Part(notes=notes, name=voice.name, program=voice.program)
                    for notes, voice in zip(layout.parts, voices, strict=True)
                ),
                metres=layout.metres,
                keys=layout.keys,
                tempos=layout.tempos,
                pickup_ticks=layout.pickup_ticks,
                phrase_end_ticks=layout.phrase_end_ticks,
                title=self.title,
                composer=self.composer,
            )
        except ValueError as error:
            raise UnreadableScore(
                f"Tune {self.number} cannot be read: {error}"
            ) from error
        return Tune(score, self.number, self.rhythm, layout.misplaced_bars)


def without_comment(line: str) -> str:
    if "%" in line:
        line = re.sub(r"(?<!\\)%.*", "", line).replace("\\%", "%")
    return line.strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
