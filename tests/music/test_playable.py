from __future__ import annotations

from hypothesis import given, settings

from tests.music.strategies import scores
from tests.music.test_encodings import check_laws, polyphony
from training.music.encodings import NotEncodable, PolyphonyEncoding
from training.music.playable import PlayableScores, playable
from training.music.score import MetreChange, Note, Part, Score


@settings(deadline=None, max_examples=40)
@given(scores(max_parts=10))
def test_doing_it_twice_changes_nothing_more(score):
    once = playable(score)

    twice = playable(once.score)

    assert twice.score == once.score
    assert not twice.changes
    assert twice.remarks == ()


@settings(deadline=None, max_examples=40)
@given(scores(max_parts=10))
def test_what_is_playable_comes_back_from_its_events(score):
    made = playable(score).score
    if not made.num_notes or len(made.metres) > 1:
        return
    if not made.metres:
        made = Score(parts=made.parts, metres=(MetreChange(0, made.metre),))
    try:
        check_laws(PolyphonyEncoding(), made)
    except NotEncodable as reason:
        assert "bar" in str(reason).lower()  # noqa: PT017 -- pick-ups off the grid


@settings(deadline=None, max_examples=30)
@given(polyphony())
def test_what_is_playable_already_stays(score):
    made = playable(score)

    assert made.score.num_notes == score.num_notes
    assert not made.changes


def test_drums_are_left_out_with_a_word():
    drums = Part(notes=(Note(0, 36, 240), Note(240, 38, 240)), is_drum=True)
    piano = Part(notes=(Note(0, 60, 480),))

    made = playable(Score(parts=(drums, piano)))

    assert made.score.parts == (piano,)
    assert made.remarks == (
        "2 drum notes were left out: drums have no pitches to learn.",
    )


def test_a_pitch_is_let_go_before_it_is_struck_again():
    part = Part(notes=(Note(0, 60, 480), Note(0, 60, 960), Note(480, 60, 480)))

    made = playable(Score(parts=(part,)))

    assert made.score.parts[0].notes == (Note(0, 60, 480), Note(480, 60, 480))
    assert dict(made.changes) == {"doubled": 1, "cut": 1}


def test_parts_beyond_eight_are_joined_to_their_like():
    parts = tuple(
        Part(notes=(Note(0, 40 + 5 * i, 480),), program=40 if i in (2, 5) else 50 + i)
        for i in range(9)
    )

    made = playable(Score(parts=parts))

    assert len(made.score.parts) == 8
    assert [note.pitch for note in made.score.parts[2].notes] == [50, 65]
    assert made.remarks == ("1 part was joined to others, so that there are 8.",)


def test_played_notes_go_to_sixteenths_and_triplets():
    part = Part(notes=tuple(Note(123 * i, 60 + i, 110) for i in range(16)))

    made = playable(Score(parts=(part,)))

    assert made.score.num_notes == 16
    assert all(note.start_tick % 40 in (0, 20) for note in made.score.parts[0].notes)
    assert made.remarks == ("16 notes were moved to the nearest place on the grid.",)


def test_notes_no_piano_has_are_moved_by_octaves():
    made = playable(Score(parts=(Part(notes=(Note(0, 5, 480), Note(0, 120, 480))),)))

    assert [note.pitch for note in made.score.parts[0].notes] == [29, 108]
    assert dict(made.changes) == {"folded": 2}


def test_changes_of_many_scores_are_added_up():
    drums = Part(notes=(Note(0, 36, 240),), is_drum=True)
    many = PlayableScores([Score(parts=(drums,))] * 3)

    assert [score.parts for score in many] == [()] * 3
    assert many.changes == {"drums": 3}
