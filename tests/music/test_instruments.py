from __future__ import annotations

import pytest

from training.music.instruments import (
    FAMILIES,
    PROGRAM_NAMES,
    default_program,
    family_of,
)


def test_there_are_128_programs_in_16_families_of_8():
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
    assert [len(names) for names in FAMILIES.values()] == [8] * 16


def test_programs_count_from_0():
    assert PROGRAM_NAMES[0] == "Acoustic Grand Piano"
    assert PROGRAM_NAMES[73] == "Flute"
    assert PROGRAM_NAMES[127] == "Gunshot"


def test_a_program_knows_its_family():
    assert family_of(0) == "Piano"
    assert family_of(40) == "Strings"
    assert family_of(127) == "Sound effects"


@pytest.mark.parametrize(
    ("part_name", "instrument"),
    [
        ("Violin II", "Violin"),
        ("Soprano 1", "Choir Aahs"),
        ("bass", "Choir Aahs"),
        ("Double Bass", "Acoustic Bass"),
        ("Alto Sax", "Alto Sax"),
        ("Horn in F", "French Horn"),
        ("English Horn", "English Horn"),
        ("Tin Whistle", "Whistle"),
        ("Klavier (rechte Hand)", "Acoustic Grand Piano"),
        ("", "Acoustic Grand Piano"),
        ("!?", "Acoustic Grand Piano"),
    ],
)
def test_a_part_gets_the_instrument_it_is_named_for(part_name, instrument):
    assert PROGRAM_NAMES[default_program(part_name)] == instrument
