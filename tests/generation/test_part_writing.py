from __future__ import annotations

import numpy as np
import pytest

from generation.composing.part_writing import VoicesDraft
from training.music.encodings import Form, VoicesEncoding
from training.music.encodings.voices import FIRST_PITCH, HOLD, LOWEST, REST
from training.music.pitch import Key
from training.music.score import Metre

ENCODING = VoicesEncoding(4)
FORM = Form(length_ticks=1920, metre=Metre(4, 4), key=Key(0), phrase_end_ticks=(1440,))
C_MAJOR = (72, 48, 67, 64)  # soprano, bass, alto, tenor: the order of the fields


def symbol(pitch: int) -> int:
    return FIRST_PITCH + pitch - 60 - LOWEST


def after(*chords: tuple[int, ...]) -> VoicesDraft:
    draft = VoicesDraft(ENCODING, FORM, (None,) * 4)
    for chord in chords:
        draft.advance(tuple(symbol(pitch) for pitch in chord))
    return draft


def may(draft: VoicesDraft, field: int, chosen: tuple[int, ...], value: int) -> bool:
    legal = draft.walk.legal(field, chosen)
    return bool(draft.allowed(field, chosen, legal)[value] == 0.0)


def test_octaves_between_soprano_and_bass_are_avoided():
    draft = after(C_MAJOR)
    chosen = (symbol(74),)  # the soprano rises to D

    assert not may(draft, 1, chosen, symbol(50))
    assert not may(draft, 1, chosen, symbol(62))
    assert may(draft, 1, chosen, symbol(47))
    assert may(draft, 1, chosen, symbol(38))  # in contrary motion to the same class
    assert may(draft, 1, chosen, HOLD)
    assert may(draft, 1, chosen, REST)


def test_fifths_between_bass_and_alto_are_avoided():
    draft = after(C_MAJOR)  # the alto is a twelfth above the bass
    chosen = (HOLD, symbol(50))  # the bass rises to D

    assert not may(draft, 2, chosen, symbol(69))  # A
    assert may(draft, 2, chosen, symbol(65))


def test_a_voice_that_stays_makes_no_parallel():
    draft = after(C_MAJOR)

    assert may(draft, 1, (HOLD,), symbol(50))
    assert may(draft, 1, (symbol(72),), symbol(60))  # the soprano repeats its note


def test_a_fourth_is_not_a_fifth():
    draft = after((72, 55, 67, 64))  # bass G below alto G: soprano C is a fourth above

    assert may(draft, 1, (symbol(74),), symbol(57))


def test_the_bass_of_the_last_chord_is_the_tonic():
    draft = after(*[C_MAJOR] * 11, (71, 43, 67, 62))  # the dominant, at the last beat

    assert draft.walk.tick == 1440
    assert may(draft, 1, (symbol(72),), symbol(48))
    assert not may(draft, 1, (symbol(72),), HOLD)
    assert not may(draft, 1, (symbol(72),), symbol(50))

    draft.advance(tuple(map(symbol, C_MAJOR)))
    assert may(draft, 1, (HOLD,), HOLD)


@pytest.mark.parametrize("seed", range(5))
def test_there_is_always_something_to_sing(seed):
    rng = np.random.default_rng(seed)
    draft = VoicesDraft(ENCODING, FORM, (None,) * 4)

    while not draft.walk.is_done:
        chosen: tuple[int, ...] = ()
        for field in range(4):
            mask = draft.allowed(field, chosen, draft.walk.legal(field, chosen))
            chosen += (int(rng.choice(np.flatnonzero(mask == 0.0))),)
        draft.advance(chosen)
