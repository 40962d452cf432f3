from __future__ import annotations

import pytest

from training.music.pitch import Key
from training.music.score import (
    MAX_TICK,
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Note(-1, 60, 480),
        lambda: Note(0, 128, 480),
        lambda: Note(0, 60, 0),
        lambda: Note(0, 60, 480, velocity=0),
        lambda: Note(MAX_TICK, 60, 1),
        lambda: Part(program=128),
        lambda: Metre(4, 5),
        lambda: Metre(0, 4),
        lambda: TempoChange(0, 0.0),
        lambda: Score(metres=(MetreChange(480, Metre()),)),
        lambda: Score(keys=(KeyChange(0, Key()), KeyChange(0, Key(2)))),
        lambda: Score(pickup_ticks=1920),
    ],
)
def test_nonsense_never_exists(make):
    with pytest.raises(ValueError, match=r"\.$"):
        make()


def test_the_notes_of_a_part_stand_in_order():
    part = Part(notes=(Note(480, 60, 480), Note(0, 64, 480), Note(0, 60, 240)))

    assert [(n.start_tick, n.pitch) for n in part.notes] == [
        (0, 60),
        (0, 64),
        (480, 60),
    ]
    assert part.end_tick == 960
    assert not part.is_monophonic


def bars(score: Score) -> list[tuple[int, int, int]]:
    return [(bar.number, bar.start_tick, bar.duration_ticks) for bar in score.bars()]


def test_a_pick_up_is_bar_nought():
    score = Score(parts=(Part((Note(0, 60, 480 * 5),)),), pickup_ticks=480)

    assert bars(score) == [(0, 0, 480), (1, 480, 1920)]


def test_the_last_bar_is_whole():
    score = Score(parts=(Part((Note(0, 60, 2000),)),))

    assert bars(score) == [(1, 0, 1920), (2, 1920, 1920)]


def test_a_change_of_metre_starts_a_bar():
    score = Score(
        parts=(Part((Note(0, 60, 1920 + 1440),)),),
        metres=(MetreChange(0, Metre(4, 4)), MetreChange(1920, Metre(3, 4))),
    )

    assert bars(score) == [(1, 0, 1920), (2, 1920, 1440)]


def test_a_score_without_notes_has_no_bars():
    assert bars(Score()) == []
    assert Score().key is None


def test_time_follows_the_tempos():
    score = Score(tempos=(TempoChange(0, 60.0), TempoChange(480, 120.0)))

    assert score.seconds_at(0) == 0.0
    assert score.seconds_at(480) == 1.0
    assert score.seconds_at(960) == 1.5
    assert Score().seconds_at(960) == 1.0  # two quarters at 120


@pytest.mark.parametrize(
    ("metre", "beat", "is_compound"),
    [
        (Metre(4, 4), 480, False),
        (Metre(2, 2), 960, False),
        (Metre(6, 8), 720, True),
        (Metre(3, 8), 240, False),
        (Metre(9, 8), 720, True),
    ],
)
def test_the_beat_is_the_one_that_is_felt(metre, beat, is_compound):
    assert metre.beat_ticks == beat
    assert metre.is_compound == is_compound
