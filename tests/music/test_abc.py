from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.music.strategies import METRES as ALL_METRES
from tests.music.strategies import changes, keys, lines, metre_changes, tempos, titles
from training.corpora import corpus_root
from training.music.abc import read_abc, read_book, read_tunes, write_abc
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

EIGHTH = 240


def tune(body: str, *, metre: str = "4/4", key: str = "C", fields: str = "") -> Score:
    text = f"X:1\nT:A tune\nM:{metre}\nL:1/8\n{fields}K:{key}\n{body}\n"
    return read_abc(text.encode())


def pitches(score: Score) -> list[int]:
    return [note.pitch for note in score.parts[0].notes]


def eighths(score: Score) -> list[float]:
    return [note.duration_ticks / EIGHTH for note in score.parts[0].notes]


def starts(score: Score) -> list[float]:
    return [note.start_tick / EIGHTH for note in score.parts[0].notes]


# Notes


def test_it_reads_octaves_and_accidentals():
    assert pitches(tune("C, C c c' ^C _C =C ^^C")) == [48, 60, 72, 84, 61, 59, 60, 62]


def test_accidentals_last_to_the_bar_line():
    assert pitches(tune("^F F f F,|F4|")) == [66, 66, 78, 54, 65]


def test_accidentals_reach_one_octave_when_the_tune_says_so():
    score = tune("^F F f4|", fields="I:propagate-accidentals octave\n")

    assert pitches(score) == [66, 66, 77]


def test_a_tie_over_the_bar_line_takes_its_accidental_along():
    score = tune("z6 ^F2-|F4 F4|")

    assert pitches(score) == [66, 65]
    assert eighths(score) == [6, 4]


def test_it_reads_lengths():
    score = tune("A A2 A/2 A/ A// A3/2 A3/ A/4")

    assert eighths(score) == [1, 2, 0.5, 0.5, 0.25, 1.5, 1.5, 0.25]


def test_it_reads_broken_rhythm():
    score = tune("A>B A<B A>>B A<<B A > {g}B")

    assert eighths(score) == [1.5, 0.5, 0.5, 1.5, 1.75, 0.25, 0.25, 1.75, 1.5, 0.5]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("(3ABc d2", [2 / 3] * 3 + [2]),
        ("(3A2Bc/", [4 / 3, 2 / 3, 1 / 3]),
        ("(3:2:2A2B d", [4 / 3, 2 / 3, 1]),
        ("(3::4ABcd e", [2 / 3] * 4 + [1]),
        ("(2AB c", [1.5, 1.5, 1]),
        ("(5ABcde", [0.4] * 5),
        ("(3(ABc) d", [2 / 3] * 3 + [1]),
        ("(3 A z c", [2 / 3, 2 / 3]),
    ],
)
def test_it_reads_tuplets(body, expected):
    assert eighths(tune(body)) == pytest.approx(expected, abs=0.003)


def test_five_in_the_time_of_three_in_compound_metre():
    assert eighths(tune("(5ABcde c3|", metre="6/8")) == [0.6] * 5 + [3]


def test_it_reads_ties_and_takes_ties_between_pitches_for_slurs():
    score = tune("A2-A2 A2-B2|A4- A-AB2|")

    assert pitches(score) == [69, 69, 71, 69, 71]
    assert eighths(score) == [4, 2, 2, 6, 2]


def test_it_reads_rests():
    score = tune("z2 A2 x2 y A2|Z|A8|")

    assert starts(score) == [2, 6, 16]


def test_it_reads_chords():
    score = tune("[CEG]2 [C2E2] [ce]- [ce]2 c|")

    assert pitches(score) == [60, 64, 67, 60, 64, 72, 76, 72]
    assert eighths(score) == [2, 2, 2, 2, 2, 3, 3, 1]


def test_it_leaves_out_what_is_not_a_note():
    score = tune('"Am7"A {gab}B !trill!c .d ~e T(f vg) u"^dolce"a % A B c')

    assert pitches(score) == [69, 71, 72, 74, 76, 77, 79, 81]


def test_fermatas_mark_the_ends_of_phrases():
    assert tune("A2 HB2 c2 !fermata!d2|").phrase_end_ticks == (480, 1440)


# Fields


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("C", Key(0)),
        ("F#m", Key(6, "minor")),
        ("Bb", Key(10)),
        ("Ador", Key(9, "dorian")),
        ("A Dorian % as printed", Key(9, "dorian")),
        ("Gmix", Key(7, "mixolydian")),
        ("E MINOR", Key(4, "minor")),
        ("EM", Key(4)),
        ("D lyd", Key(2, "lydian")),
        ("Bphr", Key(11, "phrygian")),
        ("HP", Key(9, "mixolydian")),
        ("G treble", Key(7)),
        ("D exp ^f", Key(2, "mixolydian")),
        ("D =c", Key(2, "mixolydian")),
    ],
)
def test_it_reads_keys(text, key):
    assert tune("A8|", key=text).key == key


def test_the_key_sharpens_notes():
    assert pitches(tune("F c f|", key="D")) == [66, 73, 78]
    assert pitches(tune("F c f|", key="D exp _c")) == [65, 71, 77]


def test_a_tune_in_no_key_has_none():
    assert tune("A8|", key="none").keys == ()


def test_it_reads_metres():
    assert tune("A8|", metre="C").metre == Metre(4, 4)
    assert tune("A8|", metre="C|").metre == Metre(2, 2)
    assert tune("A7|", metre="2+2+3/8").metre == Metre(7, 8)
    assert tune("A7 B3|", metre="none").metres == ()


def test_the_unit_of_length_follows_from_the_metre():
    assert read_abc(b"X:1\nM:2/4\nK:C\nA4|").end_tick == 480
    assert read_abc(b"X:1\nM:6/8\nK:C\nA4|").end_tick == 960


@pytest.mark.parametrize(
    ("text", "qpm"),
    [
        ("1/4=96", 96.0),
        ('"Allegro" 3/8=80', 120.0),
        ("1/2=60", 120.0),
        ("100", 50.0),
        ("1/4 1/8=80 ", 120.0),
    ],
)
def test_it_reads_tempos(text, qpm):
    assert tune("A8|", fields=f"Q:{text}\n").tempos == (TempoChange(0, qpm),)


def test_key_metre_and_tempo_change_inside_a_tune():
    score = tune("A8|[M:3/4][K:Dm]B6|[Q:1/4=90]B6|\nM:2/4\nB4|")

    assert score.metres == (
        MetreChange(0, Metre(4, 4)),
        MetreChange(1920, Metre(3, 4)),
        MetreChange(4800, Metre(2, 4)),
    )
    assert score.keys[1] == KeyChange(1920, Key(2, "minor"))
    assert score.tempos[-1] == TempoChange(3360, 90.0)
    assert pitches(score) == [69, 70, 70, 70]


def test_it_reads_title_composer_number_and_rhythm():
    text = "X:17\nT:The first\nT:The other\nC:Trad.\nR:reel\nM:C\nK:G\nG8|"

    [found] = read_book(text)

    assert (found.score.title, found.score.composer) == ("The first", "Trad.")
    assert (found.number, found.rhythm) == (17, "reel")


def test_several_voices_become_parts():
    score = tune(
        "[V:1] c4 d4|e8|\n[V:2] C4 D4|E8|",
        fields='V:1 name="Upper"\nV:2 name="Lower" octave=-1\n',
    )

    assert [part.name for part in score.parts] == ["Upper", "Lower"]
    assert [note.pitch for note in score.parts[1].notes] == [48, 50, 52]
    assert score.parts[1].notes[2].start_tick == 1920


def test_a_book_holds_many_tunes():
    text = (
        "M:2/4\n\nX:1\nK:G\nGABc|d4|]\n\nNot a tune: A B C|\n\nX:2\nK:C\nC8|\n"
        "X:3\nT:No music\nK:C\n"
    )

    scores = list(read_tunes(text))

    assert [pitches(score) for score in scores] == [[67, 69, 71, 72, 74], [60]]
    assert scores[0].metre == Metre(2, 4)


def test_it_refuses_text_without_a_tune():
    with pytest.raises(UnreadableScore, match="X:1"):
        read_abc(b"Dear composer, thank you for the music.")


# Repeats and the grid


def bar_lines(score: Score) -> list[float]:
    return [bar.start_tick / EIGHTH for bar in score.bars()]


def test_a_repeated_section_stands_once():
    assert pitches(tune("|:C8:|:D8:|")) == [60, 62]
    assert pitches(tune("|:C8::D8:|")) == [60, 62]


def test_of_two_endings_the_last_is_kept():
    assert pitches(tune("|:C8|1 D8:|2 E8:|F8|]")) == [60, 64, 65]
    assert pitches(tune("C8|[1 D8:|[2 E8||F8|[1 G8:|[2 A8|]")) == [60, 64, 65, 69]
    assert pitches(tune("C4 [1 D4:|[2 E4|]")) == [60, 64]


def test_repeats_can_be_played_out():
    text = "X:1\nM:4/4\nL:1/8\nK:C\n|:C8|1 D8:|2 E8||F8:|\n"

    [score] = read_tunes(text, expand_repeats=True)

    assert pitches(score) == [60, 62, 60, 64, 65, 65]


def test_a_short_first_bar_is_a_pickup():
    score = tune("AB|c8|d6|]")

    assert score.pickup_ticks == 480
    assert bar_lines(score) == [0, 2, 10]


def test_a_short_bar_and_the_next_pickup_make_one_bar():
    text = "X:1\nM:4/4\nL:1/8\nK:C\nAB|c8|d6:|\nGA|B8|c6:|\n"

    [found] = read_book(text)

    assert found.misplaced_bars == 0
    assert bar_lines(found.score) == [0, 2, 10, 18, 26]


def test_a_short_bar_before_a_section_without_pickup_is_filled():
    score = tune("A|B8|c7:|\nd8|e8|]")

    assert starts(score) == [0, 1, 9, 17, 25]
    assert eighths(score) == [1, 8, 8, 8, 8]


def test_a_long_gap_before_a_section_stays_silent():
    score = tune("ABcd|B8|c4:|\nd8|]")

    assert eighths(score) == [1, 1, 1, 1, 8, 4, 8]
    assert starts(score)[-1] == 20


def test_a_pickup_after_a_full_bar_shortens_its_last_note():
    score = tune("A8|B4 c4|]\nd|e8|f7|]")

    assert eighths(score) == [8, 4, 3, 1, 8, 7]
    assert starts(score) == [0, 8, 12, 15, 16, 24]


def test_a_longer_pickup_than_the_gap_takes_from_the_note_before():
    score = tune("A|B8|c7:|\nde|f8|]")

    assert eighths(score) == [1, 8, 6, 1, 1, 8]
    assert starts(score) == [0, 1, 9, 15, 16, 17]


def test_a_bar_that_does_not_add_up_has_its_own_metre_and_is_counted():
    text = "X:1\nM:4/4\nL:1/8\nK:C\nA8|B4 c3|d8|e8|]"

    [found] = read_book(text)

    assert found.misplaced_bars == 1
    assert [str(c.metre) for c in found.score.metres] == ["4/4", "7/8", "4/4"]
    assert bar_lines(found.score) == [0, 8, 15, 23]


def test_a_tune_without_a_metre_is_laid_end_to_end():
    score = read_abc(b"X:1\nL:1/8\nK:C\nA3|B7|c2|]")

    assert score.metres == ()
    assert starts(score) == [0, 3, 10]


# Corpora


@pytest.mark.parametrize(
    ("folder", "tunes", "on_grid"),
    [
        ("oneills1850", 2009, 1868),
        ("ryansMammoth", 1059, 1019),
        ("airdsAirs", 1180, 1170),
    ],
)
def test_it_reads_every_tune_of_the_corpora(folder, tunes, on_grid):
    found = [
        tune
        for path in sorted((corpus_root() / folder).glob("*.abc"))
        for tune in read_book(path.read_text(encoding="latin-1"))
    ]

    assert len(found) == tunes
    whole = [tune for tune in found if not tune.misplaced_bars]
    assert len(whole) >= on_grid  # the others have bars that do not add up in print


def test_written_corpus_tunes_read_back_the_same():
    paths = sorted((corpus_root() / "ryansMammoth").glob("*.abc"))[::20]
    for path in paths:
        for found in read_book(path.read_text(encoding="latin-1")):
            if found.score.parts[0].is_monophonic:
                assert read_abc(write_abc(found.score).encode()) == found.score


# Writing


@st.composite
def monophonic_scores(draw):
    notes = draw(lines())
    notes = tuple(replace(note, velocity=80) for note in notes)
    end = notes[-1].end_tick
    metre = draw(st.sampled_from(ALL_METRES))
    pickup = draw(st.sampled_from((0, 0, 120, 240, 480, 160)))
    if pickup >= min(metre.bar_ticks, end):
        pickup = 0
    note_starts = st.sampled_from([note.start_tick for note in notes])
    return Score(
        parts=(
            Part(
                notes=notes,
                name=draw(st.sampled_from(("", "Flute", "Größe & <b>", "100 %"))),
                program=draw(st.sampled_from((0, 73))),
            ),
        ),
        metres=draw(metre_changes(metre, pickup, end)),
        keys=draw(changes(KeyChange, keys, end)),
        tempos=draw(changes(TempoChange, tempos, end)),
        pickup_ticks=pickup,
        phrase_end_ticks=tuple(sorted(draw(st.sets(note_starts, max_size=2)))),
        title=draw(titles),
        composer=draw(titles),
    )


@settings(max_examples=300, deadline=None)
@given(monophonic_scores())
def test_what_is_written_reads_back_the_same(score):
    assert read_abc(write_abc(score).encode()) == score


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 200)), min_size=1, max_size=9)
)
def test_any_rhythm_in_twenty_fourths_of_a_quarter_can_be_written(rhythm):
    notes, tick = [], 0
    for rest, length in rhythm:
        notes.append(Note(tick + rest * 20, 69, length * 20))
        tick = notes[-1].end_tick
    score = Score((Part(tuple(notes)),), (MetreChange(0, Metre(3, 4)),))

    assert read_abc(write_abc(score).encode()) == score


def test_it_writes_as_a_musician_would():
    score = tune(
        "E>F G2 (3GAB c2|d6 ^c/d/e|[M:3/4]f4- f2|]", key="G", fields="Q:1/4=100\n"
    )

    text = write_abc(score, recipe='{"seed": 1}')

    assert text.splitlines() == [
        "X:1",
        "T:A tune",
        '%%recipe {"seed": 1}',
        "M:4/4",
        "L:1/8",
        "Q:1/4=100",
        "K:G",
        "E>F G2 (3GAB c2 | d6 ^c/d/e | [M:3/4]f6 |]",
    ]


def test_bars_of_a_score_without_a_metre_are_common_time():
    score = Score((Part(tuple(Note(480 * i, 60, 480) for i in range(8))),))

    assert write_abc(score).splitlines()[-1] == "C2 C2 C2 C2 | C2 C2 C2 C2 |]"


def test_it_refuses_to_write_two_voices():
    note = Note(0, 60, 480)

    with pytest.raises(ValueError, match="one voice"):
        write_abc(Score((Part((note,)), Part((note,)))))
    with pytest.raises(ValueError, match="one voice"):
        write_abc(Score((Part((note, Note(240, 64, 480))),)))


def test_ticks_never_run_backwards():
    score = tune("(5ABcde (7ABcdefg (9ABcdefgab (3abc|")

    notes = score.parts[0].notes
    assert all(a.end_tick == b.start_tick for a, b in pairwise(notes))


# Hostile files


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ABcz,'^_=/23()[]{}|:>-<&!+\"%XMKLQTVH \n", max_size=200))
def test_any_text_is_read_or_refused_but_nothing_else(body):
    try:
        for score in read_tunes(f"X:1\nK:C\n{body}", expand_repeats=True):
            assert isinstance(score, Score)
    except UnreadableScore as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("sign", ['"', "{", "[", "[K:", "!", "+", "(3", "[1", "&", "^"])
def test_signs_that_never_close_take_no_time(sign):
    body = (sign * 15_000)[:15_000]

    assert list(read_tunes("X:1\nK:C\n" + f"{body}\nC|")) != []


def test_it_refuses_too_much():
    with pytest.raises(UnreadableScore, match="notes"):
        list(read_tunes("X:1\nK:C\n" + "CDEFGABc|\n" * 7000))
    with pytest.raises(UnreadableScore, match="letters"):
        list(read_tunes("X:1\nK:C\n" + "C" * 30_000))
    with pytest.raises(UnreadableScore, match="cannot be read"):
        list(read_tunes("X:1\nL:1/1\nK:C\n" + "C9999|\n" * 100))
