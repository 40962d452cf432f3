from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from generation import services
from generation.composing.composer import compose
from generation.composing.recipe import ComposeRequest, request_from_recipe
from generation.models import Composition
from training.music.score_json import score_to_json
from training.services import load_version_bundle

pytestmark = pytest.mark.django_db

SHORT = ComposeRequest(seed=7, bars=4)


@pytest.fixture
def piece(tunes) -> Composition:
    return services.compose_now(tunes, SHORT, owner=None, session_key="s")


def test_a_piece_is_kept_with_all_that_makes_it_again(tunes, piece):
    composed = compose(load_version_bundle(tunes), SHORT)

    assert piece.as_score() == replace(composed.score, title=piece.title)
    assert piece.recipe["bundle"] == tunes.bundle_hash
    assert piece.recipe["seed"] == piece.seed == 7
    assert len(piece.surprise) == piece.as_score().num_notes
    assert piece.measures["bars"] == 4


def test_a_recipe_is_a_request_again(tunes, piece):
    bundle_hash, request = request_from_recipe(services.recipe_text(piece))

    again = services.compose_now(tunes, request, owner=None, session_key="t")

    assert (bundle_hash, request) == (tunes.bundle_hash, SHORT)
    assert again.score == piece.score


def test_a_piece_belongs_to_the_account_or_else_to_the_session(tunes, alice):
    visitors = services.compose_now(tunes, SHORT, owner=None, session_key="s")
    hers = services.compose_now(tunes, SHORT, owner=alice, session_key="s")

    assert (visitors.owner, visitors.session_key) == (None, "s")
    assert (hers.owner, hers.session_key) == (alice, "")


def test_too_many_at_once_are_told_to_come_back(tunes, settings, monkeypatch):
    settings.COMPOSE_WAIT_SECONDS = 0
    monkeypatch.setattr(services, "_slots", threading.BoundedSemaphore(1))

    with services.composing_slot(), pytest.raises(services.TooBusy):
        services.compose_now(tunes, SHORT, owner=None, session_key="s")

    assert not Composition.objects.filter(session_key="s").exists()
    services.compose_now(tunes, SHORT, owner=None, session_key="s")


def test_house_models_have_finished_pieces_to_show(tunes, chorales):
    for version in (tunes, chorales):
        assert version.compositions.showcases().count() >= 2


def test_a_new_version_shows_its_own_pieces(tunes):
    before = set(Composition.objects.showcases().values_list("pk", flat=True))

    services.write_showcases(tunes)

    showcases = Composition.objects.showcases().filter(version=tunes)
    assert before.isdisjoint(showcases.values_list("pk", flat=True))
    assert showcases.count() == len(services.SHOWCASE_SEEDS["tunes"])


def test_stored_scores_come_back_whole(chorales):
    piece = services.compose_now(
        chorales, ComposeRequest(seed=1, bars=4), owner=None, session_key="s"
    )

    assert score_to_json(piece.as_score()) == piece.score


def test_a_piece_on_show_is_nobodys(tunes):
    piece = services.compose_now(
        tunes, ComposeRequest(seed=5, bars=4), owner=None, session_key="visitor"
    )

    assert services.set_showcase(piece, True)

    piece.refresh_from_db()
    assert (piece.is_showcase, piece.session_key) == (True, "")
