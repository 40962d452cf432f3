from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings

from tests.music.strategies import scores
from tests.music.test_copyist import make_choir, make_part, make_score
from training.music.pianoroll import (
    bars_json,
    notes_json,
    pianoroll_svg,
    playable_json,
    total_seconds,
)
from training.music.score import Note, Part, Score, TempoChange

SVG = "{http://www.w3.org/2000/svg}"


def rectangles(svg: str) -> list[dict[str, float]]:
    return [
        {name: float(value) for name, value in element.attrib.items()}
        for element in ET.fromstring(svg).iter(f"{SVG}rect")
    ]


@settings(max_examples=25)
@given(scores())
def test_every_note_is_inside_the_drawing(score):
    boxes = rectangles(pianoroll_svg(score, width=200, height=80))

    assert len(boxes) == score.num_notes
    for box in boxes:
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 200
        assert box["y"] + box["height"] <= 80


def test_higher_notes_lie_higher():
    low, high = rectangles(pianoroll_svg(make_score(make_part(60, 72))))

    assert high["y"] < low["y"]
    assert high["x"] > low["x"]


def test_each_voice_has_a_class_and_the_first_lies_on_top():
    groups = ET.fromstring(pianoroll_svg(make_choir())).findall(f"{SVG}g")

    assert [group.get("class") for group in groups] == [
        *("voice-3", "voice-2", "voice-1", "voice-0")
    ]


def test_a_drawing_needs_no_style_and_has_a_name():
    svg = pianoroll_svg(make_choir())

    root = ET.fromstring(svg)
    assert "style" not in svg
    assert root.get("viewBox") == "0 0 320 96"
    assert root.get("aria-label") == "16 notes in 1 bars"


def test_a_score_of_nothing_is_an_empty_drawing():
    assert rectangles(pianoroll_svg(Score())) == []


def test_notes_have_times_in_seconds_and_ticks():
    score = Score(
        (Part((Note(0, 60, 480), Note(480, 62, 960, 100))),),
        tempos=(TempoChange(0, 60.0), TempoChange(960, 120.0)),
    )

    notes = notes_json(score)

    assert notes[1] == {
        "id": "n0-1",
        "part": 0,
        "start_seconds": 1.0,
        "duration_seconds": 1.5,
        "start_tick": 480,
        "duration_ticks": 960,
        "pitch": 62,
        "velocity": 100,
    }
    assert total_seconds(score) == 2.5


@settings(max_examples=25)
@given(scores())
def test_notes_come_in_order_of_part_and_place(score):
    notes = notes_json(score)

    assert [(note["part"], note["start_tick"], note["pitch"]) for note in notes] == [
        (number, note.start_tick, note.pitch)
        for number, part in enumerate(score.parts)
        for note in part.notes
    ]
    ends = [note["start_seconds"] + note["duration_seconds"] for note in notes]
    assert max(ends) == pytest.approx(total_seconds(score), abs=2e-4)


def test_bars_start_with_the_pickup():
    part = make_part(60, 62, 64, 65, 67, 69)

    bars = bars_json(make_score(part, pickup_ticks=480))

    assert [(bar["number"], bar["start_tick"]) for bar in bars] == [
        (0, 0),
        (1, 480),
        (2, 2400),
    ]
    assert bars[1]["start_seconds"] == 0.5
    assert [bar["duration_ticks"] for bar in bars] == [480, 1920, 1920]
    assert bars[0]["beat_ticks"] == 480


def test_the_page_can_count_seconds_itself():
    changes = (TempoChange(0, 60.0), TempoChange(960, 120.0))
    score = Score((Part((Note(0, 60, 1920),)),), tempos=changes)

    assert playable_json(score, title="")["tempos"] == [
        {"start_tick": 0, "start_seconds": 0.0, "qpm": 60.0},
        {"start_tick": 960, "start_seconds": 2.0, "qpm": 120.0},
    ]
