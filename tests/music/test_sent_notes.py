"""Notes from strangers are looked at before they are believed."""

from __future__ import annotations

import copy
import json
import math

import pytest
from hypothesis import given

from tests.music.strategies import scores
from training.music.pitch import Key
from training.music.reading import UnreadableScore
from training.music.score import Metre, Note
from training.music.score_json import score_to_json
from training.music.sent_notes import melody_from_json, score_from_stranger

SENT = {
    "notes": [[0, 60, 480], [480, 62, 480, 100]],
    "metre": [3, 4],
    "qpm": 90,
    "pickup_ticks": 480,
}
WHOLE = {
    "format_version": 1,
    "title": "Air",
    "composer": "",
    "parts": [
        {"name": "", "program": 0, "is_drum": False, "notes": [[0, 60, 480, 80]]}
    ],
    "metres": [[0, 4, 4]],
    "keys": [[0, 2, "major"]],
    "tempos": [[0, 120.0]],
    "pickup_ticks": 0,
    "phrase_end_ticks": [],
}


def test_a_melody_is_read_as_it_was_sent():
    score = melody_from_json(SENT, most_notes=10)

    assert score.parts[0].notes == (Note(0, 60, 480), Note(480, 62, 480, 100))
    assert (score.metre, score.qpm, score.pickup_ticks) == (Metre(3, 4), 90, 480)
    assert score.key is None


def test_what_is_left_out_is_the_usual():
    score = melody_from_json({"notes": [[0, 60, 480]]}, most_notes=10)

    assert (score.metre, score.qpm, score.pickup_ticks) == (Metre(4, 4), 120, 0)


def test_metre_and_key_may_be_words():
    sent = {"notes": [[0, 60, 480]], "metre": "6/8", "key": [2, "dorian"]}

    score = melody_from_json(sent, most_notes=10)

    assert (score.metre, score.key) == (Metre(6, 8), Key(2, "dorian"))


@given(scores())
def test_whatever_we_wrote_is_read_back(score):
    stored = json.loads(json.dumps(score_to_json(score)))

    assert score_from_stranger(stored, most_notes=50_000) == score


@pytest.mark.parametrize(
    "sent",
    [
        *(None, [], "notes", 7, {}, {"notes": None}, {"notes": {}}),
        *({"notes": [note]} for note in ([], [0], [0, 60], 7, "abc", None)),
        *({"notes": [[0, 60, value]]} for value in (0, -1, 1.5, True, "1", None)),
        *({"notes": [[0, value, 480]]} for value in (-1, 128, 60.0, math.nan)),
        *({"notes": [[value, 60, 480]]} for value in (-1, 10**9, 10**400)),
        {"notes": [[0, 60, 480, 0]]},
        {"notes": [[0, 60, 480, 80, 1]]},
        *({**SENT, "metre": metre} for metre in ("x", [3], [3, 5], "3/4/5", 7)),
        *({**SENT, "qpm": qpm} for qpm in (1, 1e9, math.nan, math.inf, "90", True)),
        *({**SENT, "pickup_ticks": ticks} for ticks in (-1, 1440, 0.5, "1")),
        *({**SENT, "key": key} for key in ("D", [12, "major"], [0, []], [0, "blue"])),
        *({**SENT, "title": title} for title in (7, "x" * 201, "\ud800", ["x"])),
    ],
    ids=repr,
)
def test_what_is_no_melody_is_refused_with_a_sentence(sent):
    with pytest.raises(UnreadableScore, match="notes"):
        melody_from_json(sent, most_notes=10)


def places(value, path=()):
    """Every place in nested lists and dicts."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, found in inner:
        if isinstance(found, dict | list):
            yield from places(found, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(places(WHOLE)), ids=str)
@pytest.mark.parametrize("instead", [None, -1, 1e300, "x" * 300, [[[]]], {"a": 1}])
def test_no_place_takes_what_does_not_belong_there(path, instead):
    stored = copy.deepcopy(WHOLE)
    at = stored
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = instead

    with pytest.raises(UnreadableScore):
        score_from_stranger(stored, most_notes=10)


def test_too_many_are_counted_before_they_are_read():
    with pytest.raises(UnreadableScore, match="at most 2"):
        melody_from_json({"notes": [None, None, None]}, most_notes=2)
