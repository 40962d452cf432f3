from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import mido
import pytest
import symusic
from hypothesis import example, given, settings
from hypothesis import strategies as st

from training.music.midi import read_midi, read_midi_recipe, write_midi
from training.music.pitch import MODES, Key
from training.music.reading import MAX_NOTES, UnreadableScore
from training.music.score import (
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

DATA = Path(__file__).parent.parent / "data"


# Any score at all: notes that overlap, empty parts, changes anywhere.
notes = st.builds(
    Note,
    st.integers(0, 5000),
    st.integers(0, 127),
    st.integers(1, 5000),
    st.integers(1, 127),
)
crowded_notes = st.builds(
    Note, st.integers(0, 3), st.integers(60, 61), st.integers(1, 3), st.integers(1, 2)
)
parts = st.builds(
    Part,
    st.lists(notes | crowded_notes, max_size=12).map(tuple),
    st.text(max_size=8),
    st.integers(0, 127),
    st.booleans(),
)
metres = st.builds(Metre, st.integers(1, 32), st.sampled_from((1, 2, 4, 8, 16, 32)))
tempos = st.floats(4, 1000)


@st.composite
def changes(draw, kind, values):
    found = draw(st.lists(values, max_size=3))
    ticks = draw(
        st.lists(
            st.integers(1, 9000),
            min_size=len(found),
            max_size=len(found),
            unique=True,
        )
    )
    ticks = [0, *sorted(ticks)]
    return tuple(kind(tick, value) for tick, value in zip(ticks, found, strict=False))


@st.composite
def wild_scores(draw):
    metre_changes = draw(changes(MetreChange, metres))
    bar_ticks = metre_changes[0].metre.bar_ticks if metre_changes else 1920
    return Score(
        parts=draw(
            st.lists(parts, max_size=20)
            .map(tuple)
            .filter(lambda parts: any(part.notes for part in parts))
        ),
        metres=metre_changes,
        keys=draw(
            changes(
                KeyChange, st.builds(Key, st.integers(0, 11), st.sampled_from(MODES))
            )
        ),
        tempos=draw(changes(TempoChange, tempos)),
        pickup_ticks=draw(st.integers(0, bar_ticks - 1)),
        phrase_end_ticks=tuple(draw(st.lists(st.integers(0, 9000), max_size=3))),
        title=draw(st.text(max_size=8)),
        composer=draw(st.text(max_size=8)),
    )


ONE_NOTE = Score((Part((Note(0, 60, 480),)),))


@settings(max_examples=200, deadline=None)
@given(wild_scores(), st.text(max_size=20))
@example(replace(ONE_NOTE, title='{"ai_music_composer":1,'), '{"seed":1}')
def test_what_is_written_reads_back_the_same(score, recipe):
    data = write_midi(score, recipe=recipe)

    assert read_midi(data) == score
    assert read_midi_recipe(data) == (recipe or None)


@settings(max_examples=30, deadline=None)
@given(wild_scores())
def test_the_same_score_gives_the_same_bytes(score):
    assert write_midi(score, recipe="{}") == write_midi(score, recipe="{}")


def sonata() -> Score:
    return Score(
        parts=(
            Part((Note(0, 62, 240), Note(240, 65, 480, 100)), "Flöte", 73),
            Part((Note(240, 38, 480), Note(240, 38, 480, 9)), "", 0, is_drum=True),
        ),
        metres=(MetreChange(0, Metre(6, 8)), MetreChange(1680, Metre(4, 4))),
        keys=(KeyChange(0, Key(2, "dorian")),),
        tempos=(TempoChange(0, 133.3),),
        pickup_ticks=240,
        title="Sonate für Flöte",
    )


def test_symusic_reads_what_we_write():
    read = symusic.Score.from_midi(write_midi(sonata()))

    assert [(track.program, track.is_drum) for track in read.tracks] == [
        (73, False),
        (0, True),
        (0, True),
    ]
    assert [(n.time, n.duration, n.pitch) for n in read.tracks[0].notes] == [
        (0, 240, 62),
        (240, 480, 65),
    ]


def test_mido_reads_what_we_write():
    read = mido.MidiFile(file=io.BytesIO(write_midi(sonata())), charset="latin-1")

    head = {message.type: message for message in read.tracks[0]}
    assert read.ticks_per_beat == 480
    assert read.tracks[0].name == "Sonate für Flöte"
    assert read.tracks[1].name == "Flöte"
    assert head["set_tempo"].tempo == 450_113
    assert head["key_signature"].key == "Am"  # no sharps, and a minor third
    signatures = [m for m in read.tracks[0] if m.type == "time_signature"]
    assert [(s.numerator, s.denominator) for s in signatures] == [
        (1, 8),
        (6, 8),
        (4, 4),
    ]
    assert [s.clocks_per_click for s in signatures] == [12, 36, 24]


def test_music21_reads_what_we_write():
    from music21 import converter

    flute = Score((Part((Note(0, 62, 240), Note(240, 65, 480)), "Flute", 73),))

    stream = converter.parseData(write_midi(flute), format="midi")

    assert [n.pitch.midi for n in stream.recurse().notes] == [62, 65]


def test_channels_keep_clear_of_the_drums():
    many = Score(tuple(Part((Note(0, 60 + i, 480),)) for i in range(20)))

    read = mido.MidiFile(file=io.BytesIO(write_midi(many)))

    channels = [m.channel for t in read.tracks for m in t if m.type == "note_on"]
    assert 9 not in channels
    assert channels[:16] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 0]


def test_ten_thousand_notes_are_written_quickly():
    notes = tuple(Note(i * 10, 40 + i % 50, 10) for i in range(10_000))

    assert read_midi(write_midi(Score((Part(notes),)))).num_notes == 10_000


def test_a_file_edited_elsewhere_is_read_as_it_is_now():
    file = mido.MidiFile(file=io.BytesIO(write_midi(sonata(), recipe='{"seed":1}')))
    for message in file.tracks[1]:
        if message.type in ("note_on", "note_off"):
            message.note += 1
    buffer = io.BytesIO()
    file.save(file=buffer)

    score = read_midi(buffer.getvalue())

    assert [note.pitch for note in score.parts[0].notes] == [63, 66]
    assert score.key == Key(9, "minor")
    assert score.pickup_ticks == 240
    assert read_midi_recipe(buffer.getvalue()) == '{"seed":1}'


def test_ticks_are_rescaled_to_480_a_quarter():
    score = read_midi((DATA / "ticks_96.mid").read_bytes())

    assert [note.start_tick for note in score.parts[0].notes] == [0, 480, 960, 1440]
    assert (score.metres, score.keys, score.tempos) == ((), (), ())


def test_it_reads_pickups_drums_names_and_programs_of_other_programs():
    score = read_midi((DATA / "pickup_and_drums.mid").read_bytes())

    flute, drums = score.parts
    assert (flute.name, flute.program, flute.is_drum) == ("Flöte", 73, False)
    assert (drums.name, drums.is_drum) == ("Trommel", True)
    assert score.title == "Größe"
    assert score.pickup_ticks == 480
    assert score.metres == (MetreChange(0, Metre(4, 4)),)
    assert score.keys == (KeyChange(0, Key(2, "minor")),)
    assert score.tempos == (TempoChange(0, 100.0),)


def test_overlapping_notes_of_one_pitch_stay_two_and_short_ones_last_a_tick():
    score = read_midi((DATA / "overlapping_and_unended.mid").read_bytes())

    assert score.parts[0].notes == (
        Note(0, 60, 480, 64),
        Note(240, 60, 480, 50),
        Note(720, 61, 1, 64),
    )


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("empty.mid", "no notes"),
        ("broken.mid", "damaged"),
        ("truncated.mid", "cut short"),
        ("type2.mid", "type 0 or 1"),
        ("film_frames.mid", "ticks per quarter"),
        ("months_long.mid", "too long"),
        ("two_bars.abc", "not a MIDI file"),
    ],
)
def test_it_refuses_bad_files_with_advice(name, advice):
    with pytest.raises(UnreadableScore, match=advice):
        read_midi((DATA / name).read_bytes())


def test_it_refuses_too_many_notes():
    file = mido.MidiFile()
    track = mido.MidiTrack()
    for _ in range(MAX_NOTES + 1):
        track.append(mido.Message("note_on", note=60, time=0))
        track.append(mido.Message("note_off", note=60, time=1))
    file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)

    with pytest.raises(UnreadableScore, match="notes"):
        read_midi(buffer.getvalue())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_but_nothing_else(data):
    whole = bytearray(write_midi(sonata(), recipe="{}"))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(1, len(whole)))])

    try:
        assert isinstance(read_midi(damaged), Score)
    except UnreadableScore as error:
        assert str(error).endswith(".")
