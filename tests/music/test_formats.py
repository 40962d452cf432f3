from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.music import formats
from training.music.pitch import Key
from training.music.reading import MAX_BYTES, UnreadableScore
from training.music.score import KeyChange, Metre, MetreChange, Note, Part, Score

DATA = Path(__file__).parent.parent / "data"
TUNE = Score(
    parts=(Part((Note(0, 67, 480), Note(480, 69, 960))),),
    metres=(MetreChange(0, Metre(3, 4)),),
    keys=(KeyChange(0, Key(7)),),
    title="Tune",
)


@pytest.mark.parametrize("suffix", sorted(formats.WRITERS))
def test_every_format_we_write_reads_back_the_same(suffix):
    data = formats.write_score(f"tune{suffix}", TUNE)

    assert formats.read_score(f"TUNE{suffix.upper()}", data) == TUNE


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(sorted(formats.WRITERS)),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=8)),
)
def test_the_recipe_travels_inside(suffix, recipe):
    text = json.dumps(recipe, indent=1)

    data = formats.write_score(f"tune{suffix}", TUNE, recipe=text)

    assert json.loads(formats.read_recipe(f"tune{suffix}", data) or "") == recipe
    assert formats.read_score(f"tune{suffix}", data) == TUNE


@pytest.mark.parametrize("suffix", sorted(formats.WRITERS))
def test_there_need_not_be_a_recipe(suffix):
    data = formats.write_score(f"tune{suffix}", TUNE)

    assert formats.read_recipe(f"tune{suffix}", data) is None


@pytest.mark.parametrize(
    "name", ["two_bars.abc", "two_bars.krn", "two_bars.musicxml", "ticks_96.mid"]
)
def test_a_file_is_known_by_its_contents_when_its_name_says_nothing(name):
    data = (DATA / name).read_bytes()

    assert formats.read_score("upload", data) == formats.read_score(name, data)


@pytest.mark.parametrize(
    ("name", "data", "advice"),
    [
        ("tune.mid", b"", "empty"),
        ("tune.mid", b"x" * (MAX_BYTES + 1), "too big"),
        ("tune.pdf", b"%PDF-1.4", "We cannot read .pdf"),
        ("tune", b"la la la", "without a suffix"),
        ("tune.mid", b"la la la", "not a MIDI file"),
        ("tune.abc", b"la la la", "no tune"),
    ],
)
def test_it_refuses_bad_files_with_advice(name, data, advice):
    with pytest.raises(UnreadableScore, match=advice):
        formats.read_score(name, data)


def test_it_refuses_to_write_what_it_cannot():
    with pytest.raises(ValueError, match="Choose one of"):
        formats.write_score("tune.pdf", TUNE)
