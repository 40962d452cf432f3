from __future__ import annotations

from hypothesis import given, settings

from tests.music.strategies import scores
from training.music.musicxml import write_musicxml
from training.music.musicxml_reader import read_musicxml


@settings(max_examples=300, deadline=None)
@given(scores().filter(lambda s: s.keys))
def test_what_is_written_reads_back_the_same(score):
    assert read_musicxml(write_musicxml(score).encode()) == score
