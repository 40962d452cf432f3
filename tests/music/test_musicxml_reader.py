from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.corpora import corpus_root
from training.music import reading
from training.music.formats import read_recipe
from training.music.musicxml import write_musicxml
from training.music.musicxml_reader import read_musicxml
from training.music.pitch import Key
from training.music.reading import UnreadableScore
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
TWO_BARS = (DATA / "two_bars.musicxml").read_bytes()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def measures(*bodies: str, attributes: str = "", parts: int = 1) -> Score:
    """A score in 4/4 with one division a quarter and these measures in each part."""
    first = (
        "<attributes><divisions>1</divisions><time><beats>4</beats>"
        f"<beat-type>4</beat-type></time>{attributes}</attributes>"
    )
    body = "".join(
        f"<measure>{'' if index else first}{body}</measure>"
        for index, body in enumerate(bodies)
    )
    text = "".join(f'<part id="P{i}">{body}</part>' for i in range(parts))
    return read_musicxml(f"<score-partwise>{text}</score-partwise>".encode())


def note(step: str, quarters: float = 1, extra: str = "") -> str:
    return (
        f"<note><pitch><step>{step}</step><octave>4</octave></pitch>"
        f"<duration>{quarters}</duration>{extra}</note>"
    )


WHOLE = note("C", 4)


def test_it_reads_a_small_score_whole():
    assert read_musicxml(TWO_BARS) == Score(
        parts=(
            Part(
                notes=(
                    Note(0, 69, 480),
                    Note(480, 74, 960),
                    Note(1440, 76, 960),
                    Note(2400, 74, 960),
                    Note(2400, 78, 960, 90),
                ),
                name="Flute",
                program=73,
            ),
        ),
        metres=(MetreChange(0, Metre(3, 4)),),
        keys=(KeyChange(0, Key(2, "dorian")),),
        tempos=(TempoChange(0, 96.0),),
        pickup_ticks=480,
        phrase_end_ticks=(2400,),
        title="Two Bars",
        composer="Trad.",
    )


def test_a_compressed_file_reads_like_a_plain_one():
    container = (
        b'<container><rootfiles><rootfile full-path="a/score.xml"/></rootfiles>'
        b"</container>"
    )
    packed = zipped(
        {
            "cover.xml": b"<cover/>",
            "META-INF/container.xml": container,
            "a/score.xml": TWO_BARS,
        }
    )

    assert read_musicxml(packed) == read_musicxml(TWO_BARS)
    assert read_musicxml(zipped({"score.xml": TWO_BARS})) == read_musicxml(TWO_BARS)
    assert read_recipe("a.mxl", packed) == '{"seed":7,"note":"<&>"}'


def test_a_measurewise_score_reads_like_a_partwise_one():
    text = (
        "<score-timewise><measure>"
        '<part id="A"><attributes><divisions>1</divisions></attributes>'
        f'{note("C", 4)}</part><part id="B">{note("D", 4)}</part>'
        "</measure></score-timewise>"
    )

    score = read_musicxml(text.encode())

    assert [part.notes[0].pitch for part in score.parts] == [60, 62]


def test_voices_of_one_staff_sound_together():
    [part] = measures(
        f"{note('E', 4)}<backup><duration>4</duration></backup>"
        f"<forward><duration>2</duration></forward>{note('C', 2)}"
    ).parts

    assert part.notes == (Note(0, 64, 1920), Note(960, 60, 960))


def test_grace_and_cue_notes_are_left_out_but_cues_take_time():
    [part] = measures(
        note("D", 1, "<cue/>") + note("C") + note("C", 0, "<grace/>") + note("C", 2)
    ).parts

    assert [n.start_tick for n in part.notes] == [480, 960]


def test_transposing_instruments_are_read_as_they_sound():
    score = measures(
        WHOLE,
        attributes="<key><fifths>2</fifths></key>"
        "<transpose><chromatic>-2</chromatic></transpose>",
    )

    assert score.parts[0].notes[0].pitch == 58
    assert score.keys[0].key.fifths == 0


@pytest.mark.parametrize(
    ("fifths", "last", "key"),
    [(0, "C", Key(0)), (0, "A", Key(9, "minor")), (-1, "D", Key(2, "minor"))],
)
def test_a_signature_without_a_mode_is_taken_by_the_last_bass(fifths, last, key):
    score = measures(
        WHOLE, note(last, 4), attributes=f"<key><fifths>{fifths}</fifths></key>"
    )

    assert score.key == key


def test_of_two_endings_the_last_is_kept():
    def ending(number: int) -> str:
        return (
            f'<barline location="left"><ending number="{number}" type="start"/>'
            "</barline>"
        )

    backward = '<barline location="right"><repeat direction="backward"/></barline>'

    score = measures(
        WHOLE, ending(1) + note("D", 4) + backward, ending(2) + note("E", 4), WHOLE
    )

    assert [n.pitch for n in score.parts[0].notes] == [60, 64, 60]
    assert score.end_tick == 3 * 1920


def test_a_bar_in_two_halves_round_a_repeat_is_one_bar():
    repeat = '<barline location="right"><repeat direction="backward"/></barline>'

    score = measures(WHOLE, note("D", 3) + repeat, note("E", 1), WHOLE, WHOLE)

    assert [bar.start_tick for bar in score.bars()] == [0, 1920, 3840, 5760]
    assert score.pickup_ticks == 0


def test_a_bar_without_its_rests_keeps_its_length():
    score = measures(WHOLE, note("D", 1), note("E", 4), WHOLE)

    assert [n.start_tick for n in score.parts[0].notes] == [0, 1920, 3840, 5760]


def test_unpitched_notes_are_drums():
    text = (
        '<score-partwise><part-list><score-part id="P"><part-name>Kit</part-name>'
        '<midi-instrument id="I"><midi-channel>10</midi-channel>'
        "<midi-unpitched>39</midi-unpitched></midi-instrument></score-part></part-list>"
        '<part id="P"><measure><attributes><divisions>1</divisions></attributes><note>'
        "<unpitched><display-step>C</display-step><display-octave>5</display-octave>"
        '</unpitched><duration>4</duration><instrument id="I"/></note></measure></part>'
        "</score-partwise>"
    )

    [part] = read_musicxml(text.encode()).parts

    assert part == Part((Note(0, 38, 1920),), "Kit", 0, is_drum=True)


# Chorales


@pytest.fixture(scope="module")
def chorales():
    paths = sorted((corpus_root() / "bach").glob("*.mxl"))
    return {path.stem: read_musicxml(path.read_bytes()) for path in paths[::8]}


def test_chorales_have_four_singable_parts(chorales):
    in_four_parts = [s for s in chorales.values() if len(s.parts) == 4]

    assert len(in_four_parts) > 40
    for score in in_four_parts:
        names = [part.name for part in score.parts]
        assert names == ["Soprano", "Alto", "Tenor", "Bass"]
        assert all(part.is_monophonic for part in score.parts)
        assert score.phrase_end_ticks


def test_a_chorale_reads_like_music21_reads_it():
    from music21 import converter

    path = corpus_root() / "bach" / "bwv253.mxl"

    score = read_musicxml(path.read_bytes())

    stream = converter.parse(path, forceSource=True, storePickle=False)
    for part, other in zip(score.parts, stream.parts, strict=True):
        assert [(n.start_tick, n.pitch, n.duration_ticks) for n in part.notes] == [
            (n.offset * 480, n.pitch.midi, n.quarterLength * 480)
            for n in other.stripTies().flatten().notes
        ]
    assert score.key == Key(9)
    assert score.pickup_ticks == 480


def test_written_chorales_read_back_the_same(chorales):
    for score in chorales.values():
        if len(score.parts) == 4:
            assert read_musicxml(write_musicxml(score).encode()) == score


# Hostile files


@pytest.mark.parametrize("name", ["billion_laughs.musicxml", "reads_a_secret.musicxml"])
def test_entities_are_refused(name):
    with pytest.raises(UnreadableScore, match="entities"):
        read_musicxml((DATA / name).read_bytes())


def test_a_zip_bomb_is_refused_by_what_comes_out_of_it():
    bomb = zipped({"score.xml": b"<score-partwise>" + b" " * 2**27})
    assert len(bomb) < 2**18

    with pytest.raises(UnreadableScore, match="too big when unpacked"):
        read_musicxml(bomb)


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"<score-partwise>", "well-formed"),
        (b"<html></html>", "no MusicXML score"),
        (b"<score-partwise/>", "no part"),
        (b"PK\x03\x04rubbish", "damaged"),
        (zipped({"readme.txt": b"hello"}), "holds no score"),
        (zipped({"score.xml": TWO_BARS})[:-30], "damaged"),
        (TWO_BARS.replace(b"<octave>4", b"<octave>400"), "make sense"),
        (TWO_BARS.replace(b"<divisions>2", b"<divisions>1e-9"), "make sense"),
        (TWO_BARS.replace(b"<duration>2", b"<duration>99999999"), "make sense"),
        (TWO_BARS.replace(b"<step>A", b"<step>Q"), "make sense"),
        (TWO_BARS.replace(b"UTF-8", b"klingon"), "well-formed"),
    ],
)
def test_it_refuses_bad_files_with_advice(data, advice):
    with pytest.raises(UnreadableScore, match=advice):
        read_musicxml(data)


def test_it_refuses_too_many_notes():
    with pytest.raises(UnreadableScore, match="notes"):
        read_musicxml(b"<score-partwise>" + b"<note/>" * (4 * reading.MAX_NOTES + 1))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_but_nothing_else(data):
    whole = bytearray(TWO_BARS)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.sampled_from(b"0123456789<>/-.eE &x"))

    try:
        assert isinstance(read_musicxml(bytes(whole)), Score)
    except UnreadableScore as error:
        assert str(error).endswith(".")
