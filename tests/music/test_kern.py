from __future__ import annotations

from pathlib import Path

import pytest

from training.corpora import corpus_root
from training.music.kern import read_kern
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


def test_it_reads_a_small_score_whole():
    score = read_kern((DATA / "two_bars.krn").read_bytes())

    assert score == Score(
        parts=(
            Part(
                (Note(0, 69, 480), Note(480, 74, 960), Note(1440, 76, 480))
                + (Note(1920, 77, 1440),),
                name="Soprano",
            ),
            Part(
                (Note(0, 57, 480), Note(480, 50, 960), Note(1440, 48, 480))
                + (Note(1920, 50, 1440),),
                name="Bass",
            ),
        ),
        metres=(MetreChange(0, Metre(3, 4)),),
        keys=(KeyChange(0, Key(2, "dorian")),),
        tempos=(TempoChange(0, 96.0),),
        pickup_ticks=480,
        phrase_end_ticks=(1920,),
        title="Two Bars",
        composer="Trad.",
    )


def test_a_chorale_has_the_same_soprano_in_kern_and_musicxml():
    folder = corpus_root() / "bach"

    in_kern = read_kern((folder / "bwv281.krn").read_bytes())
    in_xml = read_musicxml((folder / "bwv281.mxl").read_bytes())

    def soprano(score):
        return [(n.start_tick, n.pitch) for n in score.parts[0].notes]

    assert len(in_kern.parts) == 4
    assert soprano(in_kern) == soprano(in_xml)
    assert in_kern.phrase_end_ticks == in_xml.phrase_end_ticks
    assert in_kern.key == in_xml.key == Key(5)


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"Dear composer", "no kern file"),
        (b"**kern\n" + b"4c\n" * 60_000 + b"*-\n", "60,000 notes"),
        (b"**kern\n4c\t4d\t4e\n", "could not be read"),
    ],
)
def test_it_refuses_bad_files_with_advice(data, advice):
    with pytest.raises(UnreadableScore, match=advice):
        read_kern(data)
