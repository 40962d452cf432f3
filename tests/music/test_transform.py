from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.music.strategies import scores
from training.music import transform
from training.music.abc import read_tunes
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


def tune(body: str) -> Score:
    [score] = read_tunes(f"X:1\nM:4/4\nL:1/4\nQ:1/4=100\nK:C\n{body}")
    return score


def pitches(part: Part) -> list[int]:
    return [note.pitch for note in part.notes]


REEL = tune("G|CDEF|[K:G]GABc|[M:3/4]def|[Q:1/4=50]gab|]")


@settings(max_examples=50, deadline=None)
@given(scores(), st.integers(-20, 20))
def test_transposing_back_changes_nothing(score, semitones):
    assert (
        transform.transpose(transform.transpose(score, semitones), -semitones) == score
    )


def test_transposing_moves_notes_and_keys_but_no_drums():
    score = Score(
        (Part((Note(0, 60, 1),)), Part((Note(0, 38, 1),), is_drum=True)),
        keys=(KeyChange(0, Key(2, "dorian")),),
    )

    higher = transform.transpose(score, 3)

    assert [p.notes[0].pitch for p in higher.parts] == [63, 38]
    assert higher.key == Key(5, "dorian")


def test_it_refuses_to_transpose_out_of_range():
    with pytest.raises(ValueError, match="smaller interval"):
        transform.transpose(REEL, 60)


@pytest.mark.parametrize(("tonic", "first"), [(0, 67), (6, 73), (7, 62), (11, 66)])
def test_a_tonic_is_reached_by_the_nearest_way(tonic, first):
    moved = transform.transpose_to(REEL, tonic)

    assert moved.key == Key(tonic)
    assert moved.parts[0].notes[0].pitch == first


def test_it_refuses_a_tonic_for_music_without_a_key():
    with pytest.raises(ValueError, match="no key"):
        transform.transpose_to(Score(), 0)


def test_trimming_cuts_notes_and_takes_along_what_holds():
    trimmed = transform.trim(REEL, 480 + 1920 + 240, 480 + 3840 + 240)

    assert pitches(trimmed.parts[0]) == [67, 69, 71, 72, 74]
    assert trimmed.parts[0].notes[0] == Note(0, 67, 240)
    assert trimmed.end_tick == 1920
    assert trimmed.keys == (KeyChange(0, Key(7)),)
    assert trimmed.metres == (
        MetreChange(0, Metre(4, 4)),
        MetreChange(1680, Metre(3, 4)),
    )
    assert trimmed.pickup_ticks == 1680


@settings(max_examples=50, deadline=None)
@given(scores())
def test_trimming_to_the_whole_changes_nothing(score):
    assert transform.trim(score, 0, score.end_tick + 1) == score


@settings(max_examples=50, deadline=None)
@given(scores(), st.data())
def test_trimmed_bars_are_bars_of_the_whole(score, data):
    bars = list(score.bars())
    first = data.draw(st.sampled_from(bars))

    trimmed = transform.take_bars(score, first.number, bars[-1].number)

    assert trimmed.end_tick == score.end_tick - first.start_tick
    kept = [bar for bar in bars if bar.number >= first.number]
    assert [bar.metre for bar in trimmed.bars()][: len(kept)] == [b.metre for b in kept]


def test_bars_are_taken_by_their_numbers():
    assert pitches(transform.take_bars(REEL, 0, 0).parts[0]) == [67]
    assert pitches(transform.take_bars(REEL, 2, 3).parts[0]) == [
        67,
        69,
        71,
        72,
        74,
        76,
        78,
    ]
    with pytest.raises(ValueError, match="no bars"):
        transform.take_bars(REEL, 9, 10)


def test_merged_parts_keep_every_note():
    flute = Part((Note(0, 72, 480),), "Flute", 73)
    viola = Part((Note(0, 60, 480), Note(480, 62, 480)), "Viola", 41)

    assert transform.merge_parts([flute, viola]) == Part(
        (Note(0, 60, 480), Note(0, 72, 480), Note(480, 62, 480)), "Flute", 73
    )
    assert transform.merge_parts([Part(is_drum=True)]).is_drum


@settings(max_examples=60, deadline=None)
@given(scores())
def test_split_voices_are_lines_that_merge_into_the_part_again(score):
    for part in score.parts:
        voices = transform.split_voices(part)

        assert all(voice.is_monophonic for voice in voices)
        assert transform.merge_parts(voices).notes == part.notes


def test_split_voices_follow_the_nearest_line():
    [score] = read_tunes("X:1\nM:4/4\nL:1/4\nK:C\n[CEG][DFA] F [CEG]|")

    top, middle, low = transform.split_voices(score.parts[0])

    assert pitches(top) == [67, 69, 67]
    assert pitches(middle) == [64, 65, 65, 64]
    assert pitches(low) == [60, 62, 60]


@settings(max_examples=60, deadline=None)
@given(scores())
def test_the_skyline_is_one_line_of_notes_of_the_piece(score):
    melody = transform.skyline(score)

    [part] = melody.parts
    assert part.is_monophonic
    sounding = {
        (n.start_tick, n.pitch) for p in score.parts if not p.is_drum for n in p.notes
    }
    assert {(n.start_tick, n.pitch) for n in part.notes} <= sounding
    if sounding:
        assert max(n.pitch for n in part.notes) == max(pitch for _, pitch in sounding)


def test_the_skyline_leaves_out_what_goes_on_below_a_long_note():
    right = Part((Note(0, 72, 960), Note(960, 74, 480)), "Right")
    left = Part(tuple(Note(240 * i, 48 + i, 240) for i in range(8)), "Left")

    melody = transform.skyline(Score((right, left)))

    assert pitches(melody.parts[0]) == [72, 74, 54, 55]
    assert melody.parts[0].name == "Right"


def test_a_choir_is_found_among_instruments():
    names = ("Horn 1", "Soprano", "Alto", "Tenor", "Bass", "Timpani")
    parts = tuple(Part((Note(480 * i, 60, 480),), name) for i, name in enumerate(names))
    score = Score(parts, phrase_end_ticks=(0, 480))

    choir = transform.choir(score)

    assert choir is not None
    assert [part.name for part in choir.parts] == list(names[1:5])
    assert choir.phrase_end_ticks == (480,)
    assert transform.choir(Score(parts[:4])) is None


def test_a_new_tempo_keeps_later_ones_in_proportion():
    faster = transform.with_tempo(REEL, 150)

    assert faster.tempos == (TempoChange(0, 150), TempoChange(5760, 75))
    assert transform.with_tempo(Score(), 90).tempos == (TempoChange(0, 90),)


def test_a_metre_and_a_program_can_be_chosen():
    waltz = transform.with_metre(REEL, Metre(3, 4), pickup_ticks=480)

    assert waltz.metres == (MetreChange(0, Metre(3, 4)),)
    assert transform.with_program(REEL, 0, 73).parts[0].program == 73
