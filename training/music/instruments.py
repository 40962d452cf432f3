"""The 128 instruments of General MIDI, and which one a part is likely to want."""

from __future__ import annotations

import re

_NAMES_BY_FAMILY = {
    "Piano": (
        "Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, "
        "Honky-tonk Piano, Electric Piano 1, Electric Piano 2, Harpsichord, Clavinet"
    ),
    "Chromatic percussion": (
        "Celesta, Glockenspiel, Music Box, Vibraphone, Marimba, Xylophone, "
        "Tubular Bells, Dulcimer"
    ),
    "Organ": (
        "Drawbar Organ, Percussive Organ, Rock Organ, Church Organ, Reed Organ, "
        "Accordion, Harmonica, Tango Accordion"
    ),
    "Guitar": (
        "Acoustic Guitar (nylon), Acoustic Guitar (steel), Electric Guitar (jazz), "
        "Electric Guitar (clean), Electric Guitar (muted), Overdriven Guitar, "
        "Distortion Guitar, Guitar Harmonics"
    ),
    "Bass": (
        "Acoustic Bass, Electric Bass (finger), Electric Bass (pick), Fretless Bass, "
        "Slap Bass 1, Slap Bass 2, Synth Bass 1, Synth Bass 2"
    ),
    "Strings": (
        "Violin, Viola, Cello, Contrabass, Tremolo Strings, Pizzicato Strings, "
        "Orchestral Harp, Timpani"
    ),
    "Ensemble": (
        "String Ensemble 1, String Ensemble 2, Synth Strings 1, Synth Strings 2, "
        "Choir Aahs, Voice Oohs, Synth Choir, Orchestra Hit"
    ),
    "Brass": (
        "Trumpet, Trombone, Tuba, Muted Trumpet, French Horn, Brass Section, "
        "Synth Brass 1, Synth Brass 2"
    ),
    "Reed": (
        "Soprano Sax, Alto Sax, Tenor Sax, Baritone Sax, Oboe, English Horn, Bassoon, "
        "Clarinet"
    ),
    "Pipe": (
        "Piccolo, Flute, Recorder, Pan Flute, Blown Bottle, Shakuhachi, Whistle, "
        "Ocarina"
    ),
    "Synth lead": (
        "Lead 1 (square), Lead 2 (sawtooth), Lead 3 (calliope), Lead 4 (chiff), "
        "Lead 5 (charang), Lead 6 (voice), Lead 7 (fifths), Lead 8 (bass + lead)"
    ),
    "Synth pad": (
        "Pad 1 (new age), Pad 2 (warm), Pad 3 (polysynth), Pad 4 (choir), "
        "Pad 5 (bowed), Pad 6 (metallic), Pad 7 (halo), Pad 8 (sweep)"
    ),
    "Synth effects": (
        "FX 1 (rain), FX 2 (soundtrack), FX 3 (crystal), FX 4 (atmosphere), "
        "FX 5 (brightness), FX 6 (goblins), FX 7 (echoes), FX 8 (sci-fi)"
    ),
    "World": "Sitar, Banjo, Shamisen, Koto, Kalimba, Bagpipe, Fiddle, Shanai",
    "Percussive": (
        "Tinkle Bell, Agogo, Steel Drums, Woodblock, Taiko Drum, Melodic Tom, "
        "Synth Drum, Reverse Cymbal"
    ),
    "Sound effects": (
        "Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet, Telephone Ring, "
        "Helicopter, Applause, Gunshot"
    ),
}

#: Families in the standard's order, eight programs each.
FAMILIES: dict[str, tuple[str, ...]] = {
    family: tuple(names.split(", ")) for family, names in _NAMES_BY_FAMILY.items()
}
#: What General MIDI calls its programs, counted from 0.
PROGRAM_NAMES: tuple[str, ...] = sum(FAMILIES.values(), ())

PIANO, CHOIR = 0, 52

_VOICES = {"soprano", "alto", "tenor", "bass", "baritone", "mezzo", "voice", "choir"}
_OTHER_NAMES = {  # as parts are called, where the standard's names differ
    "acoustic grand piano": ("piano", "pianoforte", "klavier", "keyboard"),
    "church organ": ("organ", "orgel"),
    "acoustic guitar (nylon)": ("guitar",),
    "acoustic bass": ("double bass", "upright bass"),
    "electric bass (finger)": ("electric bass", "bass guitar", "e-bass"),
    "violin": ("violine", "violino"),
    "cello": ("violoncello",),
    "orchestral harp": ("harp",),
    "string ensemble 1": ("strings",),
    "french horn": ("horn", "corno"),
    "soprano sax": ("soprano saxophone",),
    "alto sax": ("alto saxophone", "saxophone"),
    "tenor sax": ("tenor saxophone",),
    "baritone sax": ("baritone saxophone",),
    "english horn": ("cor anglais",),
    "whistle": ("tin whistle", "penny whistle"),
    "bagpipe": ("pipes",),
}
_PROGRAM_OF_NAME = {name.casefold(): n for n, name in enumerate(PROGRAM_NAMES)} | {
    other: [name.casefold() for name in PROGRAM_NAMES].index(name)
    for name, others in _OTHER_NAMES.items()
    for other in others
}


def family_of(program: int) -> str:
    """The family of a program from 0 to 127."""
    return tuple(FAMILIES)[program // 8]


def default_program(part_name: str) -> int:
    """The program a part of this name is likely to want; a piano when it says nothing.

    ``"Violin II"`` is a violin, ``"Alto"`` sings. The longest known name in it counts.
    """
    words = " ".join(re.findall(r"[^\W\d_()]+", part_name.casefold()))
    if set(words.split()) and set(words.split()) <= _VOICES:
        return CHOIR
    known = [
        (len(name), program)
        for name, program in _PROGRAM_OF_NAME.items()
        if re.search(rf"\b{re.escape(name)}\b", words)
    ]
    return max(known)[1] if known else PIANO
