"""One's own pieces: what one may do with them, and what nobody else may."""

from __future__ import annotations

import io
from datetime import timedelta

import mido
import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from composer_site.worker import sweep
from generation import renderings, services, shelf
from generation.composing.recipe import ComposeRequest
from generation.models import Composition, Rendering
from training.music.formats import read_score
from training.music.score import Score
from training.music.score_json import score_to_json

pytestmark = pytest.mark.django_db

VERBS = ("favourite", "rename", "delete")


def make_piece(title: str = "Reel", **whose: object) -> Composition:
    return Composition.objects.create(
        title=title,
        recipe={},
        seed=1,
        score=score_to_json(Score()),
        measures={"qpm": 120},
        **whose,
    )


def session_of(client: Client) -> str:
    """A visitor's session, begun."""
    session = client.session
    session.save()
    key = str(session.session_key)
    client.cookies["sessionid"] = key
    return key


@pytest.fixture
def bob(db) -> User:
    """Who has an account, and nothing to do with alice's pieces."""
    return User.objects.create_user("bob", password="password")


@pytest.fixture
def hers(alice) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def piece(alice) -> Composition:
    return make_piece(owner=alice)


def urls(client: Client, query: str = "") -> list[str]:
    pieces = client.get(f"/my/pieces/{query}").context["pieces"]
    return [piece.get_absolute_url() for piece in pieces]


# Adopting


def test_a_visitors_pieces_move_into_a_new_account(visitor):
    visitor.post("/compose/", {"model": "tunes"})
    piece = Composition.objects.get(is_showcase=False)
    words = "a quiet slow air"

    response = visitor.post(
        "/sign-up/",
        {"username": "dora", "password1": words, "password2": words},
        follow=True,
    )

    piece.refresh_from_db()
    assert (str(piece.owner), piece.session_key) == ("dora", "")
    assert [p.pk for p in response.context["pieces"]] == [piece.pk]
    assert "is in your account now" in response.content.decode()


def test_a_visitors_pieces_move_along_at_login(visitor, alice):
    key = session_of(visitor)
    kept, deleted = (
        make_piece(session_key=key),
        make_piece(session_key=key, deleted_at=timezone.now()),
    )

    visitor.post("/log-in/", {"username": "alice", "password": "password"})

    owners = set(
        Composition.objects.filter(pk__in=[kept.pk, deleted.pk]).values_list("owner")
    )
    assert owners == {(alice.pk,)}


def test_a_login_that_fails_moves_nothing(visitor, alice):
    piece = make_piece(session_key=session_of(visitor))

    visitor.post("/log-in/", {"username": "alice", "password": "wrong"})

    piece.refresh_from_db()
    assert piece.owner is None


def test_what_is_not_this_sessions_stays_where_it_is(visitor, alice, bob):
    session_of(visitor)
    others = [
        make_piece(session_key="another session"),
        make_piece(session_key="", is_showcase=True),
        make_piece(owner=bob),
    ]

    visitor.post("/log-in/", {"username": "alice", "password": "password"})

    assert not Composition.objects.filter(owner=alice).exists()
    assert Composition.objects.get(pk=others[2].pk).owner == bob


def test_a_session_that_has_ended_gives_nothing(visitor, alice):
    piece = make_piece(session_key=session_of(visitor))
    Session.objects.all().delete()

    visitor.post("/log-in/", {"username": "alice", "password": "password"})

    piece.refresh_from_db()
    assert piece.owner is None


def test_adopting_is_one_update(alice, django_assert_num_queries):
    for _ in range(3):
        make_piece(session_key="someone")

    with django_assert_num_queries(1):
        assert shelf.adopt_pieces("someone", alice) == 3
    assert shelf.adopt_pieces("", alice) == 0
    assert shelf.adopt_pieces(None, alice) == 0


# Favourites


def test_a_star_is_lit_and_put_out(hers, piece):
    url = f"/pieces/{piece.pk}/favourite/"

    first = hers.post(url, {"favourite": "yes", "place": ""})
    assert urls(hers, "?show=favourites") == [piece.get_absolute_url()]
    hers.post(url, {"favourite": "yes"})
    second = hers.post(url, {"favourite": "no"})

    assert first["Location"] == "/my/pieces/"
    assert second["Location"] == piece.get_absolute_url()
    assert urls(hers, "?show=favourites") == []
    assert urls(hers) == [piece.get_absolute_url()]


def test_a_script_lights_a_star_where_it_is(hers, piece):
    response = hers.post(
        f"/pieces/{piece.pk}/favourite/",
        {"favourite": "yes"},
        headers={"accept": "application/json"},
    )

    piece.refresh_from_db()
    assert response.status_code == 204
    assert piece.is_favourite


def test_one_comes_back_to_the_same_place_and_nowhere_else(hers, piece):
    url = f"/pieces/{piece.pk}/favourite/"

    def leads(place: str) -> str:
        return hers.post(url, {"favourite": "no", "place": place})["Location"]

    assert leads("after=Wy0&show=favourites&find=Ö") == (
        "/my/pieces/?show=favourites&find=%C3%96&after=Wy0"
    )
    assert leads("page=3&show=all&sort=random") == "/my/pieces/"
    assert leads("//elsewhere.example/?page=2") == "/my/pieces/"
    assert leads("next=https://elsewhere.example") == "/my/pieces/"


# Renaming


def test_a_new_title_is_everywhere(hers, alice, tunes):
    piece = services.compose_now(
        tunes, ComposeRequest(seed=7, bars=4), owner=alice, session_key=""
    )

    response = hers.post(
        f"/pieces/{piece.pk}/rename/", {"title": "  Über\tden <b>Dächern</b> & ♪ "}
    )

    title = "Über den <b>Dächern</b> & ♪"
    assert response["Location"] == piece.get_absolute_url()
    page = hers.get(piece.get_absolute_url()).content.decode()
    assert "Über den &lt;b&gt;Dächern&lt;/b&gt; &amp; ♪" in page
    for format in ("musicxml", "abc"):
        data = hers.get(f"/pieces/{piece.pk}/download/{format}").content
        assert read_score(f"piece.{format}", data).title == title
    midi = hers.get(f"/pieces/{piece.pk}/download/mid")
    mido.MidiFile(file=io.BytesIO(midi.content))
    assert 'filename="uber-den-bdachernb.mid"' in midi["Content-Disposition"]
    assert hers.get(f"/pieces/{piece.pk}/score/1.svg").status_code == 200


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("", "Give the piece a title."),
        (" \t\n ", "Give the piece a title."),
        ("\x07\x1b", "Give the piece a title."),
        ("x" * 121, "at most 120 characters; this one has 121"),
    ],
)
def test_a_title_must_be_one(hers, piece, title, sentence):
    response = hers.post(f"/pieces/{piece.pk}/rename/", {"title": title})

    piece.refresh_from_db()
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert piece.title == "Reel"


def test_the_form_of_a_title_begins_with_the_title(hers, piece):
    response = hers.get(f"/pieces/{piece.pk}/rename/?place=after%3DWy0")

    page = response.content.decode()
    assert 'value="Reel"' in page
    assert 'name="place" value="after=Wy0"' in page
    assert 'href="/my/pieces/?after=Wy0"' in page


# Deleting


def test_what_is_deleted_can_be_taken_back(hers, piece):
    response = hers.post(
        f"/pieces/{piece.pk}/delete/", {"place": "show=favourites"}, follow=True
    )

    piece.refresh_from_db()
    batch = shelf.batch_of(piece.deleted_at)
    assert response.redirect_chain == [
        (f"/my/pieces/?show=favourites&deleted={batch}", 302)
    ]
    assert "Reel is deleted." in response.content.decode()
    assert urls(hers) == []

    back = hers.post("/my/pieces/take-back/", {"batch": batch}, follow=True)

    assert "Reel is back." in back.content.decode()
    assert urls(hers) == [piece.get_absolute_url()]


def test_what_is_deleted_is_gone_for_everyone(hers, visitor, alice, tunes):
    piece = services.compose_now(
        tunes, ComposeRequest(seed=7, bars=4), owner=alice, session_key=""
    )
    child = make_piece(owner=alice, parent=piece)
    rendering = renderings.request_rendering(piece, "wav")
    Rendering.objects.filter(pk=rendering.pk).update(state="queued")
    paths = ["", "notes.json", "timemap.json", "score/1.svg", "roll.svg"]
    paths += ["download/mid", "renderings/wav/"]
    for path in paths:
        assert visitor.get(piece.get_absolute_url() + path).status_code == 200, path

    hers.post(f"/pieces/{piece.pk}/delete/")

    for path in paths:
        assert visitor.get(piece.get_absolute_url() + path).status_code == 404, path
        assert hers.get(piece.get_absolute_url() + path).status_code == 404, path
    assert visitor.post(piece.get_absolute_url() + "again/").status_code == 404
    assert (
        piece.get_absolute_url()
        not in hers.get(child.get_absolute_url()).content.decode()
    )
    assert hers.get("/history").json()["results"][0]["id"] == str(child.pk)


def test_what_was_deleted_long_ago_goes_for_good(alice):
    now = timezone.now()
    old = make_piece(owner=alice, deleted_at=now - timedelta(days=31))
    young = make_piece(owner=alice, deleted_at=now - timedelta(days=29))
    kept = make_piece(owner=alice, parent=old)

    assert shelf.purge_thrown_away(now=now) == 1
    assert shelf.purge_thrown_away(now=now) == 0
    kept.refresh_from_db()
    assert kept.parent is None
    assert set(alice.compositions.all()) == {young, kept}


def test_the_worker_purges_by_itself(alice, monkeypatch):
    # It begins with a connection of its own; here that is the test's.
    monkeypatch.setattr("composer_site.worker.db.close_old_connections", lambda: None)
    make_piece(owner=alice, deleted_at=timezone.now() - timedelta(days=31))

    sweep()

    assert not alice.compositions.exists()


def test_the_command_purges_all_there_is(alice, capsys, monkeypatch):
    monkeypatch.setattr(shelf, "PURGED_AT_ONCE", 2)
    for _ in range(5):
        make_piece(owner=alice, deleted_at=timezone.now() - timedelta(days=31))

    call_command("purge")

    assert "5 deleted pieces" in capsys.readouterr().out
    assert not alice.compositions.exists()


# Alice owns it, bob has an account, charlie has none


def clients(alice: User, bob: User) -> dict[str, Client]:
    found = {"alice": Client(), "bob": Client(), "charlie": Client()}
    found["alice"].force_login(alice)
    found["bob"].force_login(bob)
    session_of(found["charlie"])
    return found


@pytest.mark.parametrize(
    ("method", "path", "answers"),
    [
        ("get", "", {"alice": 200, "bob": 200, "charlie": 200}),
        ("get", "rename/", {"alice": 200, "bob": 404, "charlie": 404}),
        ("post", "rename/", {"alice": 302, "bob": 404, "charlie": 404}),
        ("post", "favourite/", {"alice": 302, "bob": 404, "charlie": 404}),
        ("post", "delete/", {"alice": 302, "bob": 404, "charlie": 404}),
        ("get", "favourite/", {"alice": 405, "bob": 405, "charlie": 405}),
        ("get", "delete/", {"alice": 405, "bob": 405, "charlie": 405}),
    ],
)
def test_only_the_owner_changes_a_piece(alice, bob, tunes, method, path, answers):
    given = {}
    for who, client in clients(alice, bob).items():
        piece = services.compose_now(
            tunes, ComposeRequest(seed=1, bars=1), owner=alice, session_key=""
        )
        before = Composition.objects.filter(pk=piece.pk).values().get()

        data = {"title": "Mine", "favourite": "yes"}
        response = getattr(client, method)(piece.get_absolute_url() + path, data)

        given[who] = response.status_code
        after = Composition.objects.filter(pk=piece.pk).values().get()
        assert (after != before) == (method == "post" and who == "alice"), who
    assert given == answers


@pytest.mark.parametrize("verb", VERBS)
def test_a_visitors_piece_is_the_sessions(alice, verb):
    mine, others, hers = Client(), Client(), Client()
    key = session_of(mine)
    session_of(others)
    hers.force_login(alice)
    piece = make_piece(session_key=key)
    url = f"/pieces/{piece.pk}/{verb}/"
    data = {"title": "Mine", "favourite": "yes"}

    answers = [
        client.post(url, data).status_code for client in (others, Client(), hers, mine)
    ]

    assert answers == [404, 404, 404, 302]


@pytest.mark.parametrize("verb", VERBS)
def test_a_showcase_is_nobodys(visitor, alice, verb):
    showcase = Composition.objects.showcases().first()
    assert showcase is not None
    session_of(visitor)
    hers = Client()
    hers.force_login(alice)

    for client in (visitor, hers, Client()):
        url = f"{showcase.get_absolute_url()}{verb}/"
        assert client.post(url, {"title": "Mine"}).status_code == 404
        assert "Rename" not in client.get(showcase.get_absolute_url()).content.decode()


@pytest.mark.parametrize("verb", VERBS)
def test_no_form_goes_without_its_token(alice, piece, verb):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice)

    assert careful.post(f"/pieces/{piece.pk}/{verb}/").status_code == 403


def test_the_page_of_a_piece_shows_its_verbs_to_its_owner_alone(
    hers, visitor, alice, tunes
):
    piece = services.compose_now(
        tunes, ComposeRequest(seed=1, bars=1), owner=alice, session_key=""
    )

    assert "/rename/" in hers.get(piece.get_absolute_url()).content.decode()
    assert "/rename/" not in visitor.get(piece.get_absolute_url()).content.decode()
