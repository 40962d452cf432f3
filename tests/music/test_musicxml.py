from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

from hypothesis import given, settings

from tests.music.strategies import scores
from tests.music.test_copyist import make_choir, make_part, make_score
from training.music.musicxml import write_musicxml
from training.music.musicxml_reader import read_musicxml, read_musicxml_recipe
from training.music.pitch import Key
from training.music.score import (
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)


def written(score: Score, **options) -> ET.Element:
    return ET.fromstring(write_musicxml(score, **options))


def texts(root: ET.Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(path)]


@settings(max_examples=50)
@given(scores())
def test_what_is_written_reads_back_the_same(score):
    assert read_musicxml(write_musicxml(score).encode()) == score


def test_a_triplet_pickup_reads_back_the_same():
    part = Part((Note(0, 67, 160), Note(160, 72, 480), Note(640, 74, 160)))
    score = make_score(part, pickup_ticks=160)

    assert read_musicxml(write_musicxml(score).encode()) == score


def test_music21_reads_the_same_notes():
    from music21 import converter

    score = make_choir(pickup_ticks=480, key=Key(10, "major"))

    stream = converter.parseData(write_musicxml(score), format="musicxml")

    for part, read in zip(score.parts, stream.parts, strict=True):
        notes = [
            (round(note.offset * 480), note.pitch.midi, round(note.quarterLength * 480))
            for note in read.stripTies().flatten().notes
        ]
        assert notes == [(n.start_tick, n.pitch, n.duration_ticks) for n in part.notes]
        assert read.partName == part.name
    signature = stream.parts[0].flatten().getElementsByClass("Key")[0]
    assert (signature.sharps, signature.mode) == (-2, "major")
    assert [bar.number for bar in stream.parts[0].getElementsByClass("Measure")] == [
        *(0, 1)
    ]


def test_the_same_score_gives_the_same_text():
    score = make_choir(title="Twice")

    assert write_musicxml(score) == write_musicxml(score)


def test_the_recipe_travels_in_the_file():
    recipe = json.dumps({"seed": 7, "title": "<Mixed> & “quoted”"})

    text = write_musicxml(make_choir(), recipe=recipe)

    assert read_musicxml_recipe(text.encode()) == recipe
    assert read_musicxml_recipe(write_musicxml(make_choir()).encode()) is None


def test_any_title_makes_a_sound_file():
    title = "]]><script>&amp;\x00\x0b\ud800 é"
    part = make_part(60, name="\x1b<b>&")

    score = read_musicxml(write_musicxml(make_score(part, title=title)).encode())

    assert score.title == "]]><script>&amp; é"
    assert score.parts[0].name == "<b>&"


def test_a_pickup_bar_is_called_implicit():
    part = Part((Note(0, 67, 480), Note(480, 72, 1920)))

    measures = written(make_score(part, pickup_ticks=480)).findall("part/measure")

    assert [(m.get("number"), m.get("implicit")) for m in measures] == [
        ("0", "yes"),
        ("1", None),
    ]


def test_the_tempo_counts_beats_of_the_metre():
    jig = Score(
        (make_part(67),),
        metres=(MetreChange(0, Metre(6, 8)),),
        tempos=(TempoChange(0, 165.0),),
    )

    mark = written(jig).find(".//metronome")

    assert [element.tag for element in mark] == [
        *("beat-unit", "beat-unit-dot", "per-minute")
    ]
    assert mark.findtext("per-minute") == "110"
    assert written(jig).find(".//sound").get("tempo") == "165"


def test_a_tempo_that_beats_cannot_say_is_given_in_quarters():
    jig = Score(
        (make_part(67),),
        metres=(MetreChange(0, Metre(6, 8)),),
        tempos=(TempoChange(0, 100.0),),
    )

    mark = written(jig).find(".//metronome")

    assert mark.findtext("beat-unit") == "quarter"
    assert mark.findtext("per-minute") == "100"


def test_parts_are_joined_by_a_bracket_and_abbreviated():
    root = written(make_choir())

    assert texts(root, ".//group-symbol") == ["bracket"]
    assert texts(root, ".//part-name") == ["Soprano", "Alto", "Tenor", "Bass"]
    assert texts(root, ".//part-abbreviation") == ["S.", "A.", "T.", "B."]


def test_strings_are_abbreviated_as_players_know_them():
    names = ["Violin I", "Violin 2", "Viola", "Cello", "Kazoo"]
    root = written(Score(tuple(make_part(60, name=name) for name in names)))

    short = texts(root, ".//part-abbreviation")

    assert short == ["Vln. I", "Vln. 2", "Vla.", "Vc.", "Kaz."]


def test_a_closed_choir_has_stems_up_and_down():
    root = written(make_choir(), closed=True)

    assert len(root.findall("part")) == 2
    notes = root.find("part").findall("measure/note")
    stems = {(note.findtext("voice"), note.findtext("stem")) for note in notes}
    assert stems == {("1", "up"), ("2", "down")}


def test_a_closed_choir_shows_each_fermata_twice():
    score = make_choir(phrase_end_ticks=(1440,))

    fermatas = written(score, closed=True).findall(".//fermata")

    assert [fermata.get("type") for fermata in fermatas] == ["upright", "inverted"]
    assert len(written(score).findall(".//fermata")) == 4


def test_the_last_bar_line_is_final_and_a_new_key_has_a_double_one():
    keys = (KeyChange(0, Key(0)), KeyChange(1920, Key(7)))
    score = replace(make_score(make_part(*[60] * 8)), keys=keys)

    root = written(score)

    assert texts(root, ".//bar-style") == ["light-light", "light-heavy"]


def test_drums_go_to_the_tenth_channel_and_only_they():
    drums = Part((Note(0, 36, 480),), is_drum=True)
    parts = [make_part(60)] * 12 + [drums]

    channels = texts(written(make_score(*parts)), ".//midi-channel")

    assert channels == [*"123456789", "11", "12", "13", "10"]


def test_a_score_of_nothing_is_an_empty_bar():
    root = written(Score())

    (note,) = root.findall("part/measure/note")
    assert note.find("rest").get("measure") == "yes"
