from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.music.strategies import scores
from training.music.copyist import is_choir, notate
from training.music.notation import ALTO, BASS, HIGH, LOW, TENOR, TREBLE, Sign
from training.music.pitch import Key
from training.music.score import KeyChange, Metre, MetreChange, Note, Part, Score


def make_part(*pitches: int, ticks: int = 480, name: str = "") -> Part:
    """Notes of one length, one after another."""
    notes = (Note(i * ticks, pitch, ticks) for i, pitch in enumerate(pitches))
    return Part(tuple(notes), name=name)


def make_score(*parts: Part, key: Key | None = None, **fields) -> Score:
    keys = (KeyChange(0, key),) if key else ()
    return Score(parts, metres=(MetreChange(0, Metre(4, 4)),), keys=keys, **fields)


def make_choir(**fields) -> Score:
    return make_score(
        make_part(72, 74, 76, 77, name="Soprano"),
        make_part(67, 67, 67, 69, name="Alto"),
        make_part(64, 59, 60, 60, name="Tenor"),
        make_part(48, 43, 48, 41, name="Bass"),
        **fields,
    )


def signs(score: Score, staff: int = 0, *, closed: bool = False) -> list[Sign]:
    """The signs of one staff, bar by bar and voice by voice."""
    bars = notate(score, closed=closed).staves[staff].bars
    return [sign for voices in bars for _, voice in voices for sign in voice]


def accidentals(score: Score) -> list[str]:
    return [head.accidental for sign in signs(score) for head in sign.heads]


@settings(max_examples=40)
@given(scores())
def test_every_note_is_on_the_page_once_at_its_place(score):
    notation = notate(score)

    for number, part in enumerate(score.parts):
        sounding = {}
        for voices in notation.staves[number].bars:
            for _, voice in voices:
                for sign in voice:
                    for head in sign.heads:
                        start, ticks = sounding.get(head.index, (sign.start_tick, 0))
                        assert head.ends_tie == (ticks > 0)
                        sounding[head.index] = (start, ticks + sign.duration_ticks)
        written = [sounding[index] for index in range(len(part.notes))]
        assert written == [(n.start_tick, n.duration_ticks) for n in part.notes]


@settings(max_examples=40)
@given(scores())
def test_voices_fill_the_bars_they_are_in(score):
    notation = notate(score)

    for staff in notation.staves:
        for bar, voices in zip(notation.bars, staff.bars, strict=True):
            for _, voice in voices:
                ends = [bar.start_tick, *(sign.end_tick for sign in voice)]
                assert [sign.start_tick for sign in voice] == ends[:-1]
                assert ends[-1] == bar.end_tick


def test_a_note_over_the_bar_line_is_tied():
    score = make_score(Part((Note(1440, 60, 960),)))

    heads = [sign.heads[0] for sign in signs(score) if sign.heads]

    assert [(head.starts_tie, head.ends_tie) for head in heads] == [
        (True, False),
        (False, True),
    ]
    assert [head.id for head in heads] == ["n0-0", "n0-0-1"]


def test_the_last_bar_is_short_when_it_completes_the_pickup():
    part = Part((Note(0, 67, 480), Note(480, 72, 1440)))
    score = make_score(part, pickup_ticks=480)

    bars = notate(score).bars

    assert [(bar.number, bar.duration_ticks) for bar in bars] == [(0, 480), (1, 1440)]


def test_the_last_bar_is_whole_when_the_music_fills_it():
    part = Part((Note(0, 67, 480), Note(480, 72, 1920)))

    bars = notate(make_score(part, pickup_ticks=480)).bars

    assert bars[-1].duration_ticks == 1920


@pytest.mark.parametrize(
    ("pitches", "name", "clef"),
    [
        ((60, 64, 67, 72), "", TREBLE),
        ((55, 62, 74), "Fiddle", TREBLE),
        ((48, 52, 55), "", BASS),
        ((41, 60), "Bassoon", BASS),
        ((52, 57, 64), "Tenor", TENOR),
        ((52, 57, 64), "Viola", ALTO),
        ((91, 96, 98), "", HIGH),
        ((24, 28, 31), "", LOW),
        ((), "", TREBLE),
    ],
)
def test_the_clef_fits_the_range(pitches, name, clef):
    score = make_score(make_part(*pitches, name=name), make_part(60))

    assert notate(score).staves[0].clef == clef


def test_the_key_signature_spares_accidentals():
    score = make_score(make_part(62, 66, 69, 73), key=Key(2, "major"))

    assert accidentals(score) == ["", "", "", ""]


def test_an_accidental_holds_to_the_end_of_the_bar():
    score = make_score(make_part(66, 66, 65, 67, 66), key=Key(0, "major"))

    assert accidentals(score) == ["sharp", "", "natural", "", "sharp"]


def test_an_accidental_in_another_octave_is_cleared():
    score = make_score(make_part(66, 77, 67, 72), key=Key(0, "major"))

    assert accidentals(score) == ["sharp", "natural", "", ""]


def test_a_tied_note_needs_no_second_accidental_but_the_next_does():
    notes = (Note(1440, 66, 960), Note(2400, 66, 480))

    score = make_score(Part(notes), key=Key(0, "major"))

    assert accidentals(score) == ["sharp", "", "sharp"]


def test_the_leading_note_of_a_minor_key_is_raised():
    score = make_score(make_part(69, 68, 69, 69), key=Key(9, "minor"))

    assert [sign.heads[0].letter for sign in signs(score)] == ["A", "G", "A", "A"]
    assert accidentals(score) == ["", "sharp", "", ""]


def test_voices_on_one_staff_share_accidentals():
    score = make_choir()
    sharp = Part((Note(0, 78, 480), *score.parts[0].notes[1:]), name="Soprano")
    alto = Part((Note(0, 66, 480), Note(480, 78 - 12, 480)), name="Alto")
    score = make_score(sharp, alto, *score.parts[2:])

    heads = {
        (head.part, head.index): head.accidental
        for sign in signs(score, closed=True)
        for head in sign.heads
    }

    assert (heads[0, 0], heads[1, 0], heads[1, 1]) == ("sharp", "sharp", "")


def test_notes_that_start_and_end_together_are_one_chord():
    chord = Part(tuple(Note(0, pitch, 1920) for pitch in (60, 64, 67)))

    (sign,) = signs(make_score(chord))

    assert [head.letter for head in sign.heads] == ["C", "E", "G"]


def test_overlapping_notes_get_voices_of_their_own():
    part = Part((Note(0, 72, 480), Note(0, 60, 1920), Note(480, 74, 1440)))

    voices = notate(make_score(part)).staves[0].bars[0]

    assert [[len(sign.heads) for sign in voice] for _, voice in voices] == [[1, 1], [1]]


def test_rests_of_a_second_voice_are_hidden():
    part = Part((Note(0, 72, 1920), Note(0, 60, 480)))

    voices = dict(notate(make_score(part)).staves[0].bars[0])

    assert [sign.is_hidden for sign in voices[1]] == [False, True, True]


def test_a_bar_of_silence_is_one_rest():
    score = make_score(make_part(60), make_part(*[60] * 5))

    assert signs(score)[-1].fills_bar


def test_a_choir_stands_on_two_staves_when_closed():
    score = make_choir()

    closed = notate(score, closed=True)

    assert [staff.parts for staff in closed.staves] == [(0, 1), (2, 3)]
    assert [staff.clef for staff in closed.staves] == [TREBLE, BASS]
    assert len(notate(score).staves) == 4


def test_a_choir_is_known_by_its_ranges():
    parts = (Part(part.notes) for part in make_choir().parts)

    assert is_choir(make_score(*parts))


def test_four_fiddles_are_no_choir():
    assert not is_choir(make_score(*[make_part(76, 88, 79)] * 4))


def test_a_fermata_stands_on_the_note_and_on_its_last_head():
    part = Part((Note(0, 60, 480), Note(480, 62, 2400)))

    score = make_score(part, phrase_end_ticks=(480,))

    assert [sign.has_fermata for sign in signs(score) if sign.heads] == [
        False,
        False,
        True,
    ]


def test_a_key_that_changes_inside_a_note_ties_it_over():
    keys = (KeyChange(0, Key(0)), KeyChange(960, Key(7)))
    score = Score((Part((Note(0, 67, 1920),)),), keys=keys)

    assert [sign.duration_ticks for sign in signs(score)] == [960, 960]


def test_played_music_is_written_at_the_nearest_place():
    part = Part((Note(3, 60, 471), Note(482, 62, 490), Note(951, 64, 5)))

    score = make_score(part)

    starts = [sign.start_tick for sign in signs(score) if sign.heads]
    assert starts == [0, 480, 960]


def test_a_very_short_note_does_not_vanish():
    score = make_score(Part((Note(481, 60, 1),)))

    assert sum(len(sign.heads) for sign in signs(score)) == 1


def test_a_triplet_on_a_beam_of_its_own_has_no_bracket():
    eighths = signs(make_score(make_part(*[60] * 12, ticks=160)))
    quarters = signs(make_score(make_part(*[60] * 6, ticks=320)))

    assert not any(sign.has_bracket for sign in eighths)
    assert all(sign.has_bracket for sign in quarters)
    assert [s.starts_triplet for s in quarters] == [True, False, False] * 2
    assert [s.stops_triplet for s in quarters] == [False, False, True] * 2
