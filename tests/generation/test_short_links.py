from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.short_links import ids_of, short_of, short_path
from tests.generation.test_shelf import make_piece


@given(st.uuids())
def test_the_letters_lead_back_to_the_identifier(id):
    first, last = ids_of(short_of(id))

    assert first <= id <= last
    assert last.int - first.int < 2**48


@given(st.text(max_size=16))
def test_any_letters_are_an_answer(short):
    assert ids_of(short) is None or ids_of(short)[0] <= ids_of(short)[1]


def test_identifiers_beyond_the_last_are_none():
    assert ids_of("z" * 14) is None
    assert ids_of(short_of(UUID(int=2**128 - 1))) is not None


@pytest.mark.django_db
def test_a_short_address_leads_to_the_piece(client):
    piece = make_piece()
    path = short_path(piece)

    answer = client.get(path)

    assert len(path) <= 18
    assert answer.status_code == 302
    assert answer["Location"] == piece.get_absolute_url()


@pytest.mark.django_db
def test_it_leads_nowhere_when_the_piece_is_gone(client):
    piece = make_piece()
    path = short_path(piece)
    type(piece).objects.filter(pk=piece.pk).update(deleted_at="2026-01-01T00:00Z")

    assert client.get(path).status_code == 404
    assert client.get("/p/nothing").status_code == 404
    assert client.get("/p/" + "1" * 14).status_code == 404
