from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.composing.constraints import PitchLimits, pitch_masks
from generation.composing.counting import CountedMelody, CountedVoices, planned_bars
from generation.composing.network import Network
from generation.composing.sampler import Sampling, sample
from tests.generation.toys import CHORALE_FORMS, TINY, random_weights
from training.music.encodings import Form, MelodyEncoding, VoicesEncoding
from training.music.pitch import Key
from training.music.score import Metre

MELODY, VOICES = MelodyEncoding(), VoicesEncoding()
MELODY_NETWORK = Network(random_weights(MELODY, TINY))
VOICES_NETWORK = Network(random_weights(VOICES, TINY))
FREE = (None, None)


def written(draft, network, *, seed=0, temperature=1.0, max_events=20_000):
    (line,) = sample(
        network,
        [draft],
        seed=seed,
        sampling=Sampling(temperature),
        max_events=max_events,
    )
    assert line.is_finished
    return line


@given(
    num_notes=st.integers(1, 150),
    metre=st.sampled_from([Metre(4, 4), Metre(6, 8), Metre(2, 4), Metre(9, 8)]),
    pickup_eighths=st.integers(0, 3),
    lacks_pickup=st.booleans(),
    per_bar=st.floats(0.5, 20),
    temperature=st.sampled_from([0.2, 1.0, 4.0]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_a_melody_has_exactly_the_asked_notes_and_ends_on_a_bar_line(
    num_notes, metre, pickup_eighths, lacks_pickup, per_bar, temperature, seed
):
    pickup = pickup_eighths * 240
    length = 16 * metre.bar_ticks + (0 if lacks_pickup else pickup)
    form = Form(length, metre, Key(2, "major"), pickup_ticks=pickup)
    draft = CountedMelody(MELODY, form, FREE, num_notes=num_notes, per_bar=per_bar)

    line = written(draft, MELODY_NETWORK, seed=seed, temperature=temperature)

    score = MELODY.decode(line.events, draft.form)
    missing = pickup if lacks_pickup else 0
    assert score.num_notes == num_notes
    assert score.end_tick == draft.form.length_ticks == draft.walk.tick
    assert (score.end_tick - pickup + missing) % metre.bar_ticks == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_counted_melody_ends_on_a_tonic_of_at_least_a_beat(seed):
    form = Form(16 * 1920, Metre(4, 4), Key(9, "dorian"), pickup_ticks=480)
    draft = CountedMelody(MELODY, form, FREE, num_notes=64, per_bar=7.0)

    line = written(draft, MELODY_NETWORK, seed=seed)

    last = MELODY.decode(line.events, draft.form).parts[0].notes[-1]
    assert last.pitch % 12 == 9
    assert last.duration_ticks >= 480


def test_a_counted_melody_keeps_its_range():
    form = Form(16 * 1920, Metre(4, 4), Key(2, "major"))
    masks = pitch_masks(MELODY, form, [PitchLimits(60, 67)] * 2)
    draft = CountedMelody(MELODY, form, masks, num_notes=80, per_bar=7.0)

    line = written(draft, MELODY_NETWORK)

    pitches = [
        note.pitch for note in MELODY.decode(line.events, draft.form).parts[0].notes
    ]
    assert set(pitches) <= set(range(60, 68))


def test_the_network_saw_the_true_end_coming():
    form = Form(16 * 1920, Metre(4, 4), Key(2, "major"))
    draft = CountedMelody(MELODY, form, FREE, num_notes=120, per_bar=7.0)

    line = written(draft, MELODY_NETWORK)

    names = [field.name for field in MELODY.context_fields]
    left = line.contexts[:, names.index("eighths_left")]
    true_left = -(-(draft.form.length_ticks - line.ticks) // 240)
    assert (left[-4:] == true_left[-4:].clip(max=32)).all()


@pytest.mark.parametrize(
    ("notes", "per_bar", "bars"),
    [(1, 7, 1), (5, 7, 1), (52, 7, 8), (64, 7, 8), (64, 5.2, 12), (256, 7, 40)],
)
def test_notes_are_placed_in_whole_phrases_where_they_fit(notes, per_bar, bars):
    assert planned_bars(notes, per_bar, 0) == bars


def test_a_phrase_is_completed_rather_than_a_bar():
    # Six bars are written, ten notes are left: two bars make eight.
    assert planned_bars(10, 7.0, 6) == 2


@given(
    num_notes=st.integers(1, 300),
    per_bar=st.floats(2, 40),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=15, deadline=None)
def test_voices_end_at_the_first_bar_line_with_enough_notes(num_notes, per_bar, seed):
    form = CHORALE_FORMS[0][0]
    draft = CountedVoices(
        VOICES, form, (None,) * 4, num_notes=num_notes, per_bar=per_bar
    )

    line = written(draft, VOICES_NETWORK, seed=seed)

    score = VOICES.decode(line.events, draft.form)
    end, bar = draft.form.length_ticks, form.metre.bar_ticks
    starts = sorted(note.start_tick for part in score.parts for note in part.notes)
    assert len(starts) >= num_notes
    # The last bar lacks the pick-up, or it is a whole one.
    assert (end - form.pickup_ticks) % bar == 0 or end % bar == 0
    bar_line = (starts[num_notes - 1] - form.pickup_ticks) // bar * bar
    assert end <= bar_line + bar + form.pickup_ticks
    assert all(tick < end for tick in score.phrase_end_ticks)
