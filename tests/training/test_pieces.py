"""Pieces of one's own: kept once, thrown away, taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.learning.tiny import tune
from tests.training import files
from training import pieces
from training.models import Piece
from training.music.formats import read_score
from training.music.score import Note, Part, Score
from training.pieces import NotKept, keep_piece, name_of, purge_pieces, throw_away

pytestmark = pytest.mark.django_db


def keep(owner, seed: int = 1, **values) -> Piece:
    return keep_piece(tune(seed), name=f"Tune {seed}", owner=owner, **values).piece


def test_a_list_knows_what_a_piece_is_like_without_its_notes(alice):
    score = read_score("p.mid", files.data("pickup_and_drums.mid"))

    piece = keep_piece(score, name="Beat", owner=alice).piece

    assert piece.has_drums
    assert piece.num_parts == 1
    assert piece.num_notes == 7
    assert piece.length == "0:03"


def test_the_same_music_is_kept_once_an_owner(alice, charlie):
    kept = [
        keep_piece(tune(1), name="Tune", owner=owner)
        for owner in (alice, alice, charlie, None, None)
    ]

    assert [one.is_new for one in kept] == [True, False, True, True, False]
    assert len({one.piece.pk for one in kept}) == 3


def test_the_same_tune_in_another_key_is_like_it(alice):
    low = keep_piece(tune(1, tonic=2), name="In D", owner=alice).piece
    high = keep_piece(tune(1, tonic=7), name="In G", owner=alice).piece

    assert low.pk != high.pk
    assert low.likeness == high.likeness != keep(alice, 2).likeness


@pytest.mark.parametrize(
    ("score", "advice"),
    [
        (Score(parts=(Part(notes=(Note(0, 38, 480),), is_drum=True),)), "drums only"),
        (Score(parts=(Part(),)), "no notes"),
    ],
)
def test_what_nothing_can_be_learnt_from_is_refused(alice, score, advice):
    with pytest.raises(NotKept, match=advice):
        keep_piece(score, name="x", owner=alice)


def test_a_title_holds_nothing_a_database_cannot(alice):
    part = Part(notes=(Note(0, 60, 480),), name="a\0b")
    score = Score(parts=(part,), title="The\x07 black\0rogue\n ")

    piece = keep_piece(score, name=name_of(score, "a.mid"), owner=alice).piece

    assert piece.name == "The black rogue"
    assert piece.as_score().parts[0].name == "a b"
    assert name_of(Score(), "airs/a.mid") == "airs a"
    assert name_of(Score(), "") == "Untitled"


def test_a_person_keeps_only_so_many(alice, charlie, settings):
    settings.PIECES_PER_PERSON = 2
    first, _ = keep(alice, 1), keep(alice, 2)

    with pytest.raises(NotKept, match="Delete some first"):
        keep(alice, 3)
    assert keep(charlie, 3)
    assert keep(alice, 2)  # It is there already.

    throw_away(Piece.objects.of(alice), [first.pk])
    assert keep(alice, 3)


def test_notes_have_a_ceiling_too(alice, monkeypatch):
    monkeypatch.setattr(pieces, "MAX_NOTES_A_PERSON", tune(1).num_notes)
    keep(alice, 1)

    with pytest.raises(NotKept, match="as much as is kept"):
        keep(alice, 2)


def test_what_is_thrown_away_together_comes_back_together(alice, charlie):
    own = Piece.objects.of(alice)
    ids = [keep(alice, seed).pk for seed in range(3)]
    stranger = keep(charlie, 5)
    now = timezone.now()

    assert throw_away(own, [*ids[:2], stranger.pk], now=now) == 2
    assert own.kept().count() == 1
    assert pieces.take_back(Piece.objects.of(charlie), now) == 0
    assert pieces.take_back(own, now) == 2
    assert own.kept().count() == 3


def test_music_that_is_brought_again_is_taken_back(alice):
    piece = keep(alice)
    throw_away(Piece.objects.of(alice), [piece.pk])

    again = keep_piece(tune(1), name="Tune", owner=alice)

    assert again.is_new
    assert again.piece.pk == piece.pk
    assert Piece.objects.of(alice).kept().count() == 1


def test_what_was_thrown_away_long_ago_is_gone_for_good(alice):
    kept, old, new = (keep(alice, seed) for seed in range(3))
    now = timezone.now()
    own = Piece.objects.of(alice)
    throw_away(own, [old.pk], now=now - timedelta(days=31))
    throw_away(own, [new.pk], now=now - timedelta(days=29))

    assert purge_pieces() == 1

    assert set(own) == {kept, new}


def test_words_find_pieces_by_title_and_by_file(alice):
    keep(alice, 1, source="reels.abc")
    keep(alice, 2, source="jigs.abc")
    own = Piece.objects.of(alice)

    assert own.found_by("REELS tune").count() == 1
    assert own.found_by("").count() == 2
    assert own.found_by("tune 2 reels").count() == 0


def test_a_visitor_has_none(db):
    from django.contrib.auth.models import AnonymousUser

    keep(None)

    assert not Piece.objects.of(AnonymousUser()).exists()
