from __future__ import annotations

import numpy as np
import pytest

from generation.composing.constraints import (
    ConstrainedDraft,
    PitchLimits,
    pitch_masks,
    usual_limits,
)
from training.music.encodings import (
    Form,
    MelodyEncoding,
    PitchesEncoding,
    VoicesEncoding,
)
from training.music.encodings.base import allow
from training.music.pitch import Key

FORM = Form(4 * 1920, key=Key(7, "major"))
G_MAJOR = frozenset(Key(7, "major").scale)


def wished_pitches(encoding, limits, *, field, transposition=0):
    """What sounds in the end when the mask of ``field`` is kept."""
    mask = pitch_masks(
        encoding, FORM, [limits] * len(encoding.fields), transposition=transposition
    )[field]
    assert mask is not None
    pitches = [
        encoding.pitch_of(field, v, FORM) for v in np.flatnonzero(mask.wished == 0)
    ]
    return [pitch + transposition for pitch in pitches if pitch is not None]


@pytest.mark.parametrize("transposition", [0, -3, 12])
def test_a_range_keeps_the_pitches_inside_it(transposition):
    limits = PitchLimits(lowest=62, highest=74)

    pitches = wished_pitches(
        MelodyEncoding(), limits, field=1, transposition=transposition
    )

    assert pitches == list(range(62, 75))


def test_a_scale_keeps_the_notes_of_the_key():
    limits = PitchLimits(lowest=60, highest=72, classes=G_MAJOR)

    pitches = wished_pitches(MelodyEncoding(), limits, field=1)

    assert pitches == [60, 62, 64, 66, 67, 69, 71, 72]


def test_rests_and_holds_are_never_taken_away():
    encoding = VoicesEncoding()

    masks = pitch_masks(encoding, FORM, [PitchLimits(60, 72)] * 4)

    for mask in masks:
        assert mask is not None
        assert (mask.wished[:2] == 0).all()


def test_fields_without_pitches_are_left_alone():
    masks = pitch_masks(MelodyEncoding(), FORM, [PitchLimits(60, 72)] * 2)

    assert masks[0] is None


def test_no_limits_are_no_masks():
    assert pitch_masks(VoicesEncoding(), FORM, [PitchLimits()] * 4) == (None,) * 4


def test_limits_that_no_pitch_meets_are_let_go():
    assert pitch_masks(PitchesEncoding(60, 71), FORM, [PitchLimits(80, 90)]) == (None,)


def test_a_draft_narrows_what_is_legal():
    encoding = PitchesEncoding(60, 71)
    form = Form(4 * 480)
    masks = pitch_masks(encoding, form, [PitchLimits(62, 64)])
    draft = ConstrainedDraft(encoding, form, masks)

    allowed = draft.allowed(0, (), allow(12, [1, 2, 3, 9]))

    assert np.flatnonzero(allowed == 0).tolist() == [2, 3]


def test_where_no_legal_pitch_is_wished_for_the_legal_ones_stand():
    encoding = MelodyEncoding()
    masks = pitch_masks(encoding, FORM, [PitchLimits(60, 62)] * 2)
    draft = ConstrainedDraft(encoding, FORM, masks)
    high = encoding.fields[1].size - 1
    legal = allow(encoding.fields[1].size, [0, high])  # a rest or a very high note

    # The rest alone would meet the wish, and would be a dead end of silence.
    assert draft.allowed(1, (11,), legal) is legal


def test_masks_that_exclude_each_other_leave_the_first():
    draft = ConstrainedDraft(PitchesEncoding(), FORM, (None,))
    first, second = allow(4, [0, 1]), allow(4, [2])

    assert draft.narrowed(first, second) is first
    assert np.flatnonzero(draft.narrowed(first, allow(4, [1, 2])) == 0).tolist() == [1]


def test_voices_are_kept_to_what_can_be_sung():
    soprano, bass, alto, tenor = usual_limits(VoicesEncoding())

    assert 81 in soprano and 82 not in soprano
    assert 36 in bass and 65 not in bass
    assert 74 in alto and 69 in tenor
    assert [limits.is_free for limits in usual_limits(MelodyEncoding())] == [True, True]
