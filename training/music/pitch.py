"""Pitches, pitch classes, modes and keys.

A *pitch* is a MIDI note number, 0 to 127, middle C = 60. A *pitch class* is a pitch
modulo 12, C = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

LOWEST_PITCH = 0  # Inclusive.
HIGHEST_PITCH = 127  # Inclusive.

#: Each mode's place on the circle of fifths, as the number of sharps its key signature
#: has when the tonic is C (flats are negative).
FIFTHS_OF_MODE = {
    "lydian": 1,
    "major": 0,
    "mixolydian": -1,
    "dorian": -2,
    "minor": -3,
    "phrygian": -4,
    "locrian": -5,
}
MODES = tuple(FIFTHS_OF_MODE)

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)  # Semitones above the tonic.

_LETTERS_BY_FIFTHS = "FCGDAEB"
_PRINTED = str.maketrans("#b", "\u266f\u266d")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A tonic and a mode: ``Key(2, "dorian")`` is D dorian.

    ``tonic`` is a pitch class, 0 to 11. Enharmonic keys (C sharp and D flat major) are
    one value; the spelling is the one with fewer sharps or flats, flats when equal.
    """

    tonic: int = 0
    mode: str = "major"

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise ValueError(
                f"A tonic is a pitch class from 0 to 11, not {self.tonic}."
            )
        if self.mode not in FIFTHS_OF_MODE:
            raise ValueError(
                f"There is no mode {self.mode!r}. Choose one of {', '.join(MODES)}."
            )

    @classmethod
    def from_fifths(cls, fifths: int, mode: str = "major") -> Key:
        """The key of ``mode`` with ``fifths`` sharps (negative: flats)."""
        if mode not in FIFTHS_OF_MODE:
            raise ValueError(
                f"There is no mode {mode!r}. Choose one of {', '.join(MODES)}."
            )
        return cls(tonic=(fifths - FIFTHS_OF_MODE[mode]) * 7 % 12, mode=mode)

    @property
    def fifths(self) -> int:
        """Sharps in the key signature, -6 to 5 (six flats rather than six sharps)."""
        fifths = self.tonic * 7 % 12 + FIFTHS_OF_MODE[self.mode]
        return (fifths + 6) % 12 - 6

    @property
    def tonic_name(self) -> str:
        """The tonic's letter and accidental: ``"F#"``, ``"Bb"``."""
        return spell_fifths(self.fifths - FIFTHS_OF_MODE[self.mode])

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes of the key, from the tonic up."""
        shift = (self.fifths * 7) % 12  # the tonic of the major key of this signature
        classes = {(shift + step) % 12 for step in MAJOR_SCALE}
        return tuple(sorted(classes, key=lambda pc: (pc - self.tonic) % 12))

    def transposed(self, semitones: int) -> Key:
        return Key((self.tonic + semitones) % 12, self.mode)

    def __str__(self) -> str:
        """As it is printed: ``F\u266f minor``, ``B\u266d major``."""
        return f"{self.tonic_name.translate(_PRINTED)} {self.mode}"


def spell_fifths(fifths: int) -> str:
    """The note name ``fifths`` steps from C on the circle of fifths: 6 is ``"F#"``."""
    accidentals, letter = divmod(fifths + 1, 7)
    sign = "#" if accidentals > 0 else "b"
    return _LETTERS_BY_FIFTHS[letter] + sign * abs(accidentals)


def spell_pitch(pitch: int, key: Key) -> tuple[str, int, int]:
    """Name ``pitch`` as a musician in ``key`` would.

    Returns ``(letter, alteration, octave)``; the alteration is in semitones and the
    octave is scientific (middle C is octave 4, and B sharp 3 sounds as C4). Twelve
    neighbours on the circle of fifths serve as names: the seven notes of the scale and
    five round them. In C major those are E flat to G sharp; modes with a minor third
    reach one step further up, for their raised leading note.
    """
    has_minor_third = FIFTHS_OF_MODE[key.mode] <= -2
    lowest = key.fifths - (2 if has_minor_third else 3)
    fifths = lowest + (pitch * 7 - lowest) % 12
    name = spell_fifths(fifths)
    alteration = name.count("#") - name.count("b")
    octave = (pitch - alteration) // 12 - 1
    return name[0], alteration, octave
