"""The laws that every encoding keeps, over random scores."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.learning.bundle import form_from_json, form_to_json
from training.music.encodings import (
    MelodyEncoding,
    NotEncodable,
    PitchesEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
    from_spec,
)
from training.music.encodings.base import EncodedPiece, Encoding
from training.music.encodings.context import METRES
from training.music.pitch import MODES, Key
from training.music.score import (
    TICKS_PER_QUARTER,
    KeyChange,
    Metre,
    MetreChange,
    Note,
    Part,
    Score,
)

KEYS = st.builds(Key, st.integers(0, 11), st.sampled_from(MODES))


@st.composite
def lines(draw, step_ticks: int, start_tick: int = 0, low: int = 55, high: int = 81):
    """A monophonic part on a grid, with rests."""
    notes = []
    tick = start_tick
    for _ in range(draw(st.integers(1, 24))):
        tick += step_ticks * draw(st.sampled_from([0, 0, 0, 1, 5, 48]))
        length = step_ticks * draw(st.integers(1, 60))
        notes.append(Note(tick, draw(st.integers(low, high)), length))
        tick += length
    return tuple(notes)


@st.composite
def forms(draw, step_ticks: int):
    metre = draw(st.sampled_from([*METRES, Metre(5, 4), Metre(7, 8)]))
    steps = metre.bar_ticks // step_ticks
    pickup = draw(st.sampled_from([0, step_ticks * draw(st.integers(0, steps - 1))]))
    key = draw(st.none() | KEYS)
    return {
        "metres": (MetreChange(0, metre),),
        "keys": (KeyChange(0, key),) if key else (),
        "pickup_ticks": pickup,
    }


@st.composite
def melodies(draw):
    part = Part(notes=draw(lines(20)), name="Melody")
    return Score(parts=(part,), **draw(forms(20)))


@st.composite
def chorales(draw):
    names = ("Soprano", "Alto", "Tenor", "Bass")
    parts = tuple(Part(notes=draw(lines(120)), name=name) for name in names)
    fermatas = sorted(draw(st.sets(st.integers(0, 40), max_size=3)))
    return Score(
        parts=parts,
        phrase_end_ticks=tuple(120 * step for step in fermatas),
        **draw(forms(120)),
    )


@st.composite
def pitch_rows(draw):
    pitches = draw(st.lists(st.integers(60, 71), min_size=1, max_size=40))
    notes = (
        Note(i * TICKS_PER_QUARTER, pitch, TICKS_PER_QUARTER)
        for i, pitch in enumerate(pitches)
    )
    return Score(parts=(Part(notes=tuple(notes), name="Melody"),))


@st.composite
def chords(draw, low: int, high: int):
    """Notes on a grid of 24ths, several at once, no pitch struck while it sounds."""
    notes = []
    tick = 0
    ends: dict[int, int] = {}
    for _ in range(draw(st.integers(0, 24))):
        tick += 20 * draw(st.sampled_from([0, 0, 0, 6, 12, 25, 400]))
        pitch = draw(st.integers(low, high))
        if ends.get(pitch, 0) <= tick:
            length = 20 * draw(st.sampled_from([1, 6, 24, 25, 49, 192, 193, 700]))
            ends[pitch] = tick + length
            notes.append(Note(tick, pitch, length))
    return tuple(notes)


@st.composite
def polyphony(draw, max_parts: int = 8):
    parts = [
        Part(
            notes=draw(chords(*draw(st.sampled_from([(60, 64), (21, 108), (40, 50)])))),
            name=draw(st.sampled_from(["", "Violin I", "Größe & <b>"])),
            program=draw(st.integers(0, 127)),
        )
        for _ in range(draw(st.integers(1, max_parts)))
    ]
    if not any(part.notes for part in parts):
        parts[-1] = Part(notes=(Note(480, 60, 480),))
    return Score(parts=tuple(parts), **draw(forms(20)))


def check_laws(encoding: Encoding, score: Score) -> EncodedPiece:
    piece = encoding.encode(score)  # raises unless every event is legal and all fit

    assert encoding.decode(piece.events, piece.form) == score
    for values, fields in (
        (piece.events, encoding.fields),
        (piece.contexts, encoding.context_fields),
    ):
        assert values.shape[1] == len(fields)
        assert values.min() >= 0
        assert all(values[:, k].max() < f.size for k, f in enumerate(fields))
    return piece


@settings(deadline=None)
@given(melodies())
def test_a_melody_comes_back_from_its_events(score):
    check_laws(MelodyEncoding(), score)


@settings(deadline=None, max_examples=40)
@given(chorales())
def test_four_voices_come_back_from_their_events(score):
    check_laws(VoicesEncoding(), score)


@settings(deadline=None, max_examples=150)
@given(polyphony())
def test_polyphony_comes_back_from_its_events(score):
    check_laws(PolyphonyEncoding(), score)


@settings(deadline=None, max_examples=60)
@given(forms(20), st.integers(1, 3), st.integers(0, 2**32))
def test_whatever_is_legal_leads_to_the_end_of_the_form(barred, num_parts, seed):
    """Chance instead of a network: some value is always legal, and it ends exactly."""
    encoding = PolyphonyEncoding(3)
    parts = (Part(notes=(Note(0, 60, 480),)),) * num_parts
    form = encoding.form_of(Score(parts=parts, **barred))
    walk = encoding.walk(form)
    rng = np.random.default_rng(seed)
    events = []
    while not walk.is_done:
        context = walk.context()
        assert all(
            0 <= value < field.size
            for value, field in zip(context, encoding.context_fields, strict=True)
        )
        event = ()
        for field in range(4):
            legal = np.flatnonzero(walk.legal(field, event) == 0.0)
            # The first and the last are where a dead end would be.
            event += (int(rng.choice([legal[0], legal[-1], rng.choice(legal)])),)
        walk.advance(event)
        events.append(event)
    piece = encoding.decode(np.array(events, np.int16), form)

    assert walk.tick == form.length_ticks
    assert piece.end_tick <= form.length_ticks
    assert not any(note.duration_ticks < 1 for p in piece.parts for note in p.notes)
    sounding = sum(event[0] >= 2 for event in events)
    assert sounding == piece.num_notes
    if piece.num_notes:
        again = encoding.encode(piece)
        assert encoding.decode(again.events, again.form) == piece


@given(pitch_rows())
def test_a_row_of_pitches_comes_back_from_its_events(score):
    check_laws(PitchesEncoding(), score)


PIECES = melodies().map(lambda score: (MelodyEncoding(), score)) | polyphony().map(
    lambda score: (PolyphonyEncoding(), score)
)


@settings(deadline=None, max_examples=60)
@given(PIECES, st.data())
def test_the_context_of_an_event_does_not_know_what_follows(given_piece, data):
    encoding, score = given_piece
    piece = encoding.encode(score)
    cut = data.draw(st.integers(0, len(piece.events) - 1))

    walk = encoding.walk(piece.form)
    for event in piece.events[:cut].tolist():
        walk.advance(tuple(event))

    assert walk.context() == tuple(piece.contexts[cut].tolist())


@settings(deadline=None, max_examples=40)
@given(PIECES, st.data())
def test_a_copied_walk_goes_its_own_way(given_piece, data):
    encoding, score = given_piece
    piece = encoding.encode(score)
    walk = encoding.walk(piece.form)
    events = [tuple(event) for event in piece.events.tolist()]
    cut = data.draw(st.integers(0, len(events) - 1))
    for event in events[:cut]:
        walk.advance(event)

    before = walk.context()
    walk.copy().advance(events[cut])

    assert walk.context() == before


def test_transposing_a_tune_changes_only_its_tonic():
    def tune(shift: int) -> Score:
        notes = tuple(Note(480 * i, 62 + shift + 2 * i, 480) for i in range(8))
        key = KeyChange(0, Key(2 + shift, "dorian"))
        return Score(parts=(Part(notes=notes),), keys=(key,))

    in_d, in_f = MelodyEncoding().encode(tune(0)), MelodyEncoding().encode(tune(3))

    assert (in_d.events == in_f.events).all()
    names = [field.name for field in MelodyEncoding.context_fields]
    differs = (in_d.contexts != in_f.contexts).any(axis=0)
    assert [n for n, d in zip(names, differs, strict=True) if d] == ["tonic"]


def test_echoes_repeat_what_sounded_bars_ago():
    pitches = [60, 62, 64, 65] * 4  # the same bar of 4/4 four times
    notes = tuple(Note(480 * i, pitch, 480) for i, pitch in enumerate(pitches))
    piece = MelodyEncoding().encode(Score(parts=(Part(notes=notes),)))

    names = [field.name for field in MelodyEncoding.context_fields]
    echo = piece.contexts[:, names.index("sounding_1_bars_ago")]

    assert (echo[:4] == 0).all()
    assert (echo[4:] == piece.events[4:, 1] + 1).all()


def test_the_last_bar_lacks_what_the_pick_up_holds():
    notes = tuple(Note(480 * i, 60, 480) for i in range(8))  # 1 + 4 + 3 quarters
    score = Score(parts=(Part(notes=notes),), pickup_ticks=480)

    form = MelodyEncoding().form_of(score)

    assert form.length_ticks == 8 * 480
    assert form.bars == 2


@pytest.mark.parametrize(
    ("encoding", "score"),
    [
        (MelodyEncoding(), Score()),
        (MelodyEncoding(), Score(parts=(Part(),))),
        (MelodyEncoding(), Score(parts=(Part((Note(0, 60, 7),)),))),
        (MelodyEncoding(), Score(parts=(Part((Note(0, 127, 480),)),))),
        (MelodyEncoding(), Score(parts=(Part((Note(0, 60, 480), Note(0, 64, 480))),))),
        (VoicesEncoding(), Score(parts=(Part((Note(0, 60, 480),)),))),
        (PolyphonyEncoding(), Score(parts=(Part(),))),
        (PolyphonyEncoding(), Score(parts=(Part((Note(0, 60, 7),)),))),
        (PolyphonyEncoding(), Score(parts=(Part((Note(0, 20, 480),)),))),
        (PolyphonyEncoding(), Score(parts=(Part((Note(0, 60, 480),)),) * 9)),
        (PolyphonyEncoding(), Score(parts=(Part((Note(0, 60, 480),) * 2),))),
        (PolyphonyEncoding(), Score(parts=(Part((Note(0, 60, 20),) * 50_001),))),
        (PolyphonyEncoding(), Score(parts=(Part((Note(0, 60, 480),), is_drum=True),))),
        (PitchesEncoding(), Score(parts=(Part((Note(0, 80, 480),)),))),
        (PitchesEncoding(), Score(parts=(Part((Note(0, 60, 240),)),))),
    ],
)
def test_it_says_why_a_score_cannot_be_encoded(encoding, score):
    with pytest.raises(NotEncodable, match=r"\.$"):
        encoding.encode(score)


@pytest.mark.parametrize(
    "encoding",
    [
        MelodyEncoding(),
        VoicesEncoding(3),
        PitchesEncoding(48, 72),
        PolyphonyEncoding(4),
    ],
)
def test_an_encoding_is_made_again_from_its_spec(encoding):
    spec = json.loads(json.dumps(encoding.spec()))

    again = from_spec(spec)

    assert again.spec() == encoding.spec()
    assert again.fields == encoding.fields
    assert again.context_fields == encoding.context_fields


def test_polyphony_knows_what_sounds_when_a_note_is_chosen():
    """A chord over two parts, seen by the note that follows it."""
    violin = Part(notes=(Note(0, 72, 240), Note(240, 74, 240)))
    cello = Part(notes=(Note(0, 48, 960), Note(0, 55, 960)))
    encoding = PolyphonyEncoding(2)

    piece = encoding.encode(Score(parts=(violin, cello)))

    nobody = 2
    assert piece.events[:, 3].tolist() == [0, 1, 1, 0, nobody]
    seen = dict(
        zip(
            [field.name for field in encoding.context_fields],
            piece.contexts[4].tolist(),
            strict=True,
        )
    )
    assert (seen["place"], seen["part"], seen["last_part"]) == (12, 0, 1)
    assert seen["last_shift"] == 13
    assert seen["own_pitch"] == seen["part_1_pitch"]
    assert seen["part_2_pitch"] == seen["last_pitch"]
    classes = [seen[f"sounding_classes_{i}"] for i in (1, 2, 3)]
    assert classes == [0b0001, 0b1000, 0]  # C and G; the violin's C has just ended
    assert seen["part_1_left"] < seen["part_2_left"]


def test_a_part_hears_what_it_played_bars_ago():
    bar = (Note(0, 60, 240), Note(0, 64, 240), Note(960, 62, 960))
    notes = tuple(
        Note(n.start_tick + 1920 * i, n.pitch, n.duration_ticks)
        for i in range(3)
        for n in bar
    )
    encoding = PolyphonyEncoding(1)
    piece = encoding.encode(Score(parts=(Part(notes=notes),)))
    names = [field.name for field in encoding.context_fields]

    for bars, silent in ((1, 3), (2, 6)):
        echo = piece.contexts[1:, names.index(f"own_pitch_{bars}_bars_ago")]
        shift = piece.contexts[1:, names.index(f"own_shift_{bars}_bars_ago")]

        assert (echo[:silent] == 0).all()
        assert (echo[silent:] == piece.events[1 + silent :, 0]).all()
        assert (shift[silent:-1] == piece.events[1 + silent : -1, 2] + 1).all()


def test_instruments_travel_with_the_form():
    score = Score(
        parts=(
            Part(notes=(Note(0, 72, 480),), name="Flute", program=73),
            Part(notes=(Note(0, 48, 480),), name="Cello", program=42),
        ),
        metres=(MetreChange(0, Metre()),),
    )
    encoding = PolyphonyEncoding()
    piece = encoding.encode(score)

    form = form_from_json(json.loads(json.dumps(form_to_json(piece.form))))

    assert form == piece.form
    assert encoding.decode(piece.events, form) == score


def test_an_unknown_encoding_is_refused():
    with pytest.raises(ValueError, match="Choose one of"):
        from_spec({"name": "tabla"})


def test_notes_held_for_hours_are_refused_before_they_fill_the_memory():
    hours = 36_000 * TICKS_PER_QUARTER
    part = Part(notes=tuple(Note(0, pitch, hours) for pitch in range(40, 70)))

    with pytest.raises(NotEncodable, match="held for too long"):
        PolyphonyEncoding().encode(Score(parts=(part,)))
