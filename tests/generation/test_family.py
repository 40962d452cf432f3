"""Who sees what of a piece's family."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from generation.family import MAX_ANCESTORS, MAX_DESCENDANTS, everyone, family_of
from generation.models import Composition

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()


def make(tunes, parent=None, **kwargs) -> Composition:
    values = {"title": "Jig", "session_key": "me", "seed": 1, **kwargs}
    return Composition.objects.create(
        version=tunes, recipe={}, score={}, parent=parent, **values
    )


def seen(family) -> list[tuple[int, str]]:
    return [
        (depth, one.piece.title if one.piece else "gone" if one.is_gone else "hidden")
        for depth, one in everyone(family)
    ]


def test_it_tells_the_chain_up_and_two_levels_down(tunes):
    root = make(tunes, title="root")
    older = make(tunes, root, title="older")
    this = make(tunes, older, title="this")
    child = make(tunes, this, title="child")
    grandchild = make(tunes, child, title="grandchild")
    make(tunes, grandchild, title="too far")
    make(tunes, older, title="a sister")

    family = family_of(this, NOBODY, "me")

    assert seen(family) == [
        (0, "root"),
        (1, "older"),
        (2, "this"),
        (3, "child"),
        (4, "grandchild"),
    ]
    assert family.parent == older
    assert family.has_others


def test_a_piece_without_family_has_none(tunes):
    family = family_of(make(tunes), NOBODY, "me")

    assert not family.has_others
    assert family.parent is None


def test_what_was_deleted_is_gone_and_what_stands_behind_it_is_not(tunes):
    root = make(tunes, title="root")
    older = make(tunes, root, deleted_at=timezone.now())
    this = make(tunes, older, title="this")
    child = make(tunes, this, deleted_at=timezone.now())
    make(tunes, child, title="grandchild")
    make(tunes, this, deleted_at=timezone.now(), title="a deleted leaf")

    family = family_of(this, NOBODY, "me")

    assert seen(family) == [
        (0, "root"),
        (1, "gone"),
        (2, "this"),
        (3, "gone"),
        (4, "grandchild"),
    ]
    assert family.parent is None


def test_anothers_private_piece_is_not_told_of(tunes, alice, charlie):
    private = make(tunes, owner=alice, session_key="", title="Alice's secret")
    this = make(tunes, private, owner=charlie, session_key="", title="this")
    make(tunes, this, owner=alice, session_key="", title="Alice's answer")
    make(tunes, this, session_key="someone", title="a visitor's")

    assert seen(family_of(this, charlie, None)) == [(0, "hidden"), (1, "this")]
    assert seen(family_of(this, NOBODY, "me")) == [(0, "hidden"), (1, "this")]
    assert seen(family_of(this, alice, None)) == [
        (0, "Alice's secret"),
        (1, "this"),
        (2, "Alice's answer"),
    ]


def test_visitors_do_not_see_what_others_made_of_a_showcase(tunes):
    showcase = make(tunes, is_showcase=True, session_key="", title="showcase")
    make(tunes, showcase, title="mine")
    make(tunes, showcase, session_key="another", title="another's")

    assert seen(family_of(showcase, NOBODY, "me")) == [(0, "showcase"), (1, "mine")]
    assert seen(family_of(showcase, NOBODY, None)) == [(0, "showcase")]


def test_a_large_family_is_bounded_and_takes_as_many_queries(
    tunes, django_assert_num_queries
):
    piece = make(tunes)
    for _ in range(MAX_ANCESTORS + 3):
        piece = make(tunes, piece)
    for _ in range(MAX_DESCENDANTS + 3):
        make(tunes, piece)

    with django_assert_num_queries(5):
        family = family_of(piece, NOBODY, "me")
        everybody = seen(family)

    assert family.goes_on
    assert len(family.ancestors) == MAX_ANCESTORS
    assert len(everybody) == MAX_ANCESTORS + 1 + MAX_DESCENDANTS
