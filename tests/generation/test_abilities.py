"""What can be done with a piece, and the sentence where it cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generation.composing.abilities import NO_MODEL, Piece, abilities, why_not
from generation.composing.repertoire import Repertoire
from generation.composing.wishes import ACTIONS
from training.music.pitch import Key
from training.music.score import Metre

TUNES = Repertoire(
    title="Tunes",
    encoding="melody",
    metres=(Metre(6, 8), Metre(4, 4)),
    modes=("major", "minor"),
    tonics=tuple(range(12)),
    known_tonics=(2, 7),
)
CHORALES = replace(
    TUNES,
    title="Chorales",
    encoding="voices",
    metres=(Metre(4, 4),),
    parts=("Soprano", "Alto", "Tenor", "Bass"),
)
NOTES = replace(TUNES, title="Notes", encoding="pitches", modes=(), tonics=())

JIG = Piece(
    bars=16,
    notes=96,
    num_parts=1,
    melodies=(0,),
    metre=Metre(6, 8),
    key=Key(2, "major"),
    plain_temperature=0.85,
)
BROUGHT = replace(JIG, metre=Metre(4, 4), plain_temperature=None)
HYMN = replace(BROUGHT, num_parts=4, melodies=(0, 1, 2, 3))


def able(piece, model, **kwargs) -> set[str]:
    found = abilities(piece, model, is_own=piece.is_plain, **kwargs)
    assert set(found) == set(ACTIONS)
    return {action for action, reason in found.items() if not reason}


def test_a_tune_can_do_all_but_be_harmonised_by_a_model_of_one_melody():
    assert able(JIG, TUNES) == set(ACTIONS) - {"harmonise"}


def test_a_hymn_can_do_all_but_change_its_metre():
    assert able(HYMN, CHORALES) == set(ACTIONS) - {"metre"}
    assert why_not("metre", HYMN, CHORALES, is_own=False) == (
        "Chorales knows no other metre than 4/4."
    )


@pytest.mark.parametrize("own", [Metre(2, 4), Metre(4, 4), Metre(3, 4), Metre(2, 2)])
def test_a_metre_is_refused_where_no_known_one_stands_for_it(own):
    hymn = replace(HYMN, metre=own)

    assert ("continue" in able(hymn, CHORALES)) == (own != Metre(3, 4))


def test_a_reason_names_the_models_that_can():
    assert (
        why_not("harmonise", BROUGHT, TUNES, is_own=False, others=[CHORALES, NOTES])
        == "Tunes writes one melody. Choose Chorales for this."
    )
    assert (
        why_not("harmonise", JIG, TUNES, is_own=True, others=[CHORALES])
        == "Tunes writes one melody."  # A choir sings no jig.
    )


def test_without_a_model_only_the_notes_can_be_moved():
    assert able(BROUGHT, None) == {"key", "mode"}
    assert why_not("rewrite", BROUGHT, None, is_own=False) == NO_MODEL


@pytest.mark.parametrize(
    ("action", "piece", "model", "sentence"),
    [
        ("rewrite", HYMN, TUNES, "Tunes writes one melody, and this piece has more"),
        ("rewrite", BROUGHT, CHORALES, "Chorales writes 4 parts, and this piece has"),
        ("rewrite", JIG, CHORALES, "writes 4 parts"),
        ("harmonise", JIG, CHORALES, "Chorales knows no music in 6/8."),
        ("harmonise", replace(BROUGHT, melodies=()), CHORALES, "no single melody"),
        ("rewrite", replace(JIG, bars=1), TUNES, "only one bar"),
        ("rewrite", replace(JIG, is_steady=False), TUNES, "metre or the key changes"),
        ("continue", replace(JIG, bars=256), TUNES, "at most 256 bars"),
        ("continue", replace(JIG, has_drums=True), TUNES, "drums"),
        ("continue", replace(JIG, notes=9999), TUNES, "more than 2,048 notes"),
        (
            *("rewrite", replace(JIG, key=Key(2, "lydian")), TUNES),
            "Tunes knows no lydian music.",
        ),
        ("key", replace(BROUGHT, key=None), TUNES, "names no key"),
        ("mode", replace(JIG, is_steady=False, plain_temperature=None), TUNES, "chan"),
        ("calmer", replace(JIG, plain_temperature=0.4), TUNES, "as calm as it gets"),
        ("wilder", replace(JIG, plain_temperature=1.9), TUNES, "as wild as it gets"),
        ("same_rhythm", JIG, NOTES, "writes even notes"),
        ("mode", JIG, replace(TUNES, modes=("major",)), "knows no minor music"),
        ("metre", JIG, replace(TUNES, metres=(Metre(6, 8),)), "no other metre"),
    ],
)
def test_it_says_why_not(action, piece, model, sentence):
    reason = why_not(action, piece, model, is_own=piece.is_plain)

    assert sentence in reason
    assert reason.endswith(".")
