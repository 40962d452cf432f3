from __future__ import annotations

import pytest

from tests.learning.tiny import tune
from training.music.arranging import arranged, count_voices
from training.music.books import count_tunes, split_book, title_of_tune
from training.music.encodings import MelodyEncoding, VoicesEncoding
from training.music.quantize import is_on_grid
from training.music.score import Note, Part, Score
from training.music.transform import skyline

HELD_OVER = Part(notes=(Note(0, 60, 500), Note(480, 62, 470)))  # legato, off the grid
CHORDS = Part(notes=(Note(0, 60, 480), Note(0, 64, 480), Note(480, 62, 480)))
BASS = Part(notes=(Note(0, 40, 960),))
DRUMS = Part(notes=(Note(0, 38, 240),), is_drum=True)


@pytest.mark.parametrize(
    ("parts", "voices"),
    [
        ((HELD_OVER,), 1),
        ((HELD_OVER, DRUMS, Part()), 1),
        ((HELD_OVER, BASS), 0),
        ((Part(notes=(Note(0, 60, 480), Note(480, 62, 480))), BASS), 2),
        ((Part(notes=(Note(0, 60, 160), Note(160, 62, 320))), BASS), 0),
        ((CHORDS,), 0),
        ((CHORDS, BASS), 0),
    ],
)
def test_voices_are_parts_with_one_note_at_a_time(parts, voices):
    assert count_voices(Score(parts=parts)) == voices


@pytest.mark.parametrize("parts", [(HELD_OVER,), (BASS, CHORDS, DRUMS), (CHORDS,)])
def test_whatever_was_brought_has_a_melody_that_can_be_learnt(parts):
    score = arranged(Score(parts=parts), "melody")

    assert MelodyEncoding().encode(score).events.size
    assert [note.pitch for note in score.parts[0].notes][-1] == 62


def test_what_is_a_melody_already_stays_as_it_is():
    assert arranged(tune(3), "melody") == tune(3)


def test_triplets_stay_triplets():
    thirds = Part(notes=tuple(Note(160 * n, 60 + n, 160) for n in range(3)))

    assert arranged(Score(parts=(thirds,)), "melody").parts == (thirds,)


def test_voices_are_put_on_sixteenths_and_drums_left_out():
    score = arranged(Score(parts=(HELD_OVER, DRUMS, BASS)), "voices")

    assert is_on_grid(score, 4)
    assert VoicesEncoding(2).encode(score).events.size


def test_the_melody_of_several_parts_is_their_highest_line():
    score = Score(parts=(BASS, CHORDS))

    assert arranged(score, "melody").parts[0].notes == skyline(score).parts[0].notes


def test_the_tunes_of_a_book_are_texts_of_their_own():
    text = "M:3/4\nL:1/8\n\nX:1\nT:One\nK:C\nCDE\n\nX:2\nK:D\nDEF\n"

    first, second = split_book(text, 10)

    assert "M:3/4" in first and "M:3/4" in second
    assert (title_of_tune(first), title_of_tune(second)) == ("One", "Tune 2")
    assert "DEF" not in first


def test_a_file_of_one_tune_is_no_book():
    text = "X:1\nT:One\nK:C\nCDE\n"

    assert split_book(text, 10) == [text]
    assert split_book("", 10) == [""]


def test_a_long_head_is_not_written_before_every_tune():
    head = "M:3/4\n" * 10_000 + "C:" + "a" * 10_000 + "\n"
    text = head + "X:1\n" * 5_000

    tunes = split_book(text, 1_000)

    assert count_tunes(text) == 5_000
    assert len(tunes) == 1_000
    assert sum(map(len, tunes)) < 5 * len(text)
