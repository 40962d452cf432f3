"""The library: search, filters, pages, many pieces at once, and the bin."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
import zipfile
from datetime import timedelta
from itertools import count
from statistics import median

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from generation import services, shelf, zipping
from generation.composing.recipe import ComposeRequest
from generation.keyset import ORDERS, BadCursor, page_of, read_cursor, write_cursor
from generation.library import Wishes
from generation.models import Composition, Rendering, folded
from tests.generation.test_shelf import session_of, urls
from training.models import ModelVersion
from training.music.formats import read_score

pytestmark = pytest.mark.django_db

START = timezone.now() - timedelta(days=1)
seconds = count(1)


def make(title: str = "Reel", **fields: object) -> Composition:
    """A piece, each a second younger than the one before."""
    measures = {"qpm": 120, "key": "D major", "metre": "4/4", "bars": 8, "seconds": 16}
    told = fields.pop("measures", {})
    assert isinstance(told, dict)
    measures |= told
    piece = Composition.objects.create(
        **{"title": title, "recipe": {}, "seed": 1, "score": {"parts": []}, **fields},
        measures=measures,
    )
    piece.created_at = START + timedelta(seconds=next(seconds))
    Composition.objects.filter(pk=piece.pk).update(created_at=piece.created_at)
    return piece


@pytest.fixture
def bob(db) -> User:
    return User.objects.create_user("bob", password="password")


@pytest.fixture
def hers(alice) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def titles(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/my/pieces/{query}")
    assert response.status_code == 200
    return [piece.title for piece in response.context["pieces"]]


# What is looked for


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("reel", ["The Blackthorn Reel"]),
        ("UBER", ["Über den Dächern"]),
        ("dächern über", ["Über den Dächern"]),
        ("reel jig", []),
        ("100%", ["100% jig"]),
        ("%", ["100% jig"]),
        ("_", []),
        ("  ", ["100% jig", "Über den Dächern", "The Blackthorn Reel"]),
        ("x" * 5_000, []),
        ("re\x00el", ["The Blackthorn Reel"]),
    ],
)
def test_titles_are_searched_whatever_the_capitals(hers, alice, find, found):
    for title in ("The Blackthorn Reel", "Über den Dächern", "100% jig"):
        make(title, owner=alice)

    response = hers.get("/my/pieces/", {"find": find})

    assert [piece.title for piece in response.context["pieces"]] == found
    if not found:
        assert "Nothing matches" in response.content.decode()


def test_it_filters_by_model_key_metre_and_origin(hers, alice, tunes, chorales):
    make("a", owner=alice, version=tunes, measures={"key": "G major"})
    make("b", owner=alice, version=chorales, measures={"metre": "6/8"})
    make("c", owner=alice, origin="brought")

    assert titles(hers, "?model=tunes") == ["a"]
    assert titles(hers, "?key=G+major") == ["a"]
    assert titles(hers, "?metre=6/8") == ["b"]
    assert titles(hers, "?origin=brought") == ["c"]
    assert titles(hers, "?key=D+major&metre=4/4") == ["c"]
    assert titles(hers, "?model=quartets") == []
    assert titles(hers, "?model=../x&origin=stolen") == ["c", "b", "a"]


def test_it_offers_only_values_that_ones_own_pieces_have(hers, alice, bob, tunes):
    make(owner=alice, version=tunes, measures={"key": "G major", "metre": "12/8"})
    make(owner=alice, measures={"key": "", "metre": "3/4"})
    make(owner=bob, origin="brought", measures={"key": "A minor", "metre": "2/4"})
    make(owner=alice, deleted_at=START, measures={"key": "E minor"})

    offers = hers.get("/my/pieces/").context["offers"]

    assert offers.model == [("tunes", "Tunes")]
    assert offers.key == [("G major", "G major")]
    assert offers.metre == [("3/4", "3/4"), ("12/8", "12/8")]
    assert offers.origin == [("composed", "Written by a model")]


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("newest", "cba"),
        ("oldest", "abc"),
        ("title", "abc"),
        ("longest", "bca"),
        ("surprising", "cab"),
        ("random", "cba"),
    ],
)
def test_it_sorts(hers, alice, sort, found):
    make("a", owner=alice, measures={"seconds": 1, "bits_per_note": 2.0})
    make("b", owner=alice, measures={"seconds": 9.5})
    make("c", owner=alice, measures={"seconds": 3, "bits_per_note": 3.5})

    assert "".join(titles(hers, f"?sort={sort}")) == found


def test_an_address_says_all_of_it_and_is_read_back():
    wishes = Wishes(
        find="a b",
        model="tunes",
        key="B♭ major",
        metre="6/8",
        origin="edited",
        is_favourite=True,
        sort="title",
    )

    assert Wishes.read(wishes.query()) == wishes
    assert Wishes.read({}) == Wishes()
    assert Wishes().query() == {}
    assert wishes.cleared() == Wishes(is_favourite=True, sort="title")


def test_columns_follow_the_title_and_the_measures(alice):
    piece = make("Élan", owner=alice, measures={"bits_per_note": 2.5})
    shelf.rename(Composition.objects.all(), piece.pk, "Ça ira")
    piece.refresh_from_db()
    assert (piece.folded_title, piece.key, piece.bars) == ("ca ira", "D major", 8)
    assert (piece.metre, piece.seconds, piece.bits_per_note) == ("4/4", 16, 2.5)

    piece.measures["key"] = "A minor"
    piece.save(update_fields=["measures"])

    assert Composition.objects.get(key="A minor") == piece


@pytest.mark.django_db(transaction=True)
def test_pieces_from_before_get_their_columns(django_db_blocker):
    before = [("generation", "0005_rendering_variants")]
    after = [("generation", "0006_library")]
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    try:
        executor.migrate(before)
        old = executor.loader.project_state(before).apps
        piece = old.get_model("generation", "Composition").objects.create(
            title="Übung",
            recipe={},
            seed=1,
            score={"parts": []},
            measures={"key": "B♭ major", "metre": "6/8", "bars": 8, "seconds": 12.5},
        )
        executor = MigrationExecutor(connection)
        executor.migrate(after)
        new = executor.loader.project_state(after).apps
        found = new.get_model("generation", "Composition").objects.get(pk=piece.pk)
        assert (found.folded_title, found.key, found.metre) == (
            folded("Übung"),
            "B♭ major",
            "6/8",
        )
        assert (found.bars, found.seconds, found.bits_per_note) == (8, 12.5, 0.0)
        found.delete()
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(newest)


# Pages


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("size", [1, 3, 4, 10])
def test_pages_there_and_back_hold_every_piece_once(alice, order, size):
    for number in range(10):  # many alike, so that the identifier decides
        measures = {"seconds": number % 3, "bits_per_note": float(number % 2)}
        make("abc"[number % 3], owner=alice, measures=measures)
    mine = Composition.objects.filter(owner=alice)
    sign = "-" if order.is_descending else ""
    rows = mine.order_by(f"{sign}{order.column}", f"{sign}pk")
    expected = list(rows.values_list("pk", flat=True))

    page = page_of(mine, order, size=size)
    there = [page.ids]
    while page.after:
        page = page_of(mine, order, size=size, after=page.after)
        there.append(page.ids)
    back = [page.ids]
    while page.before:
        page = page_of(mine, order, size=size, before=page.before)
        back.append(page.ids)

    assert [id for ids in there for id in ids] == expected
    assert back[-1] == there[0]
    assert {id for ids in back for id in ids} == set(expected)
    assert all(len(ids) == min(size, 10) for ids in there[:-1] + back[1:])


def test_a_page_stays_while_pieces_are_added_and_deleted(hers, alice):
    pieces = [make(str(number), owner=alice) for number in range(60)]
    first = hers.get("/my/pieces/").context["page"]
    expected = urls(hers, f"?after={first.after}")
    make("new", owner=alice)
    shelf.throw_away(Composition.objects.all(), pieces[-1].pk)
    shelf.throw_away(Composition.objects.all(), first.ids[-1])  # the cursor's own

    assert urls(hers, f"?after={first.after}") == expected


def test_past_the_end_stands_the_last_page(hers, alice):
    pieces = [make(str(number), owner=alice) for number in range(26)]
    first = hers.get("/my/pieces/").context["page"]
    for piece in pieces[:2]:
        shelf.throw_away(Composition.objects.all(), piece.pk)

    assert len(urls(hers, f"?after={first.after}")) == 24


def test_the_links_keep_the_filters(hers, alice):
    for number in range(30):
        make(f"Jig {number}", owner=alice, is_favourite=True)
    query = "?show=favourites&find=jig&sort=title"

    first = hers.get(f"/my/pieces/{query}")

    after = first.context["page"].after
    link = f"{query}&after={after}".replace("&", "&amp;")
    assert f'href="{link}"' in first.content.decode()
    assert len(titles(hers, f"{query}&after={after}")) == 6


def forged(*told: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


ID = "0" * 32
NOW = "2026-11-27T00:00:00+00:00"
BAD = [
    *("x", "äöü", "////", "e30", "W10", "bnVsbA", "A" * 5_000),
    forged("newest", NOW, "no id"),
    forged("newest", "yesterday", ID),
    forged("newest", "2026-11-27T00:00:00", ID),
    forged("newest", "0001-01-01T00:00:00+14:00", ID),
    forged("newest", 5, ID),
    forged("newest", NOW, 5),
    forged("oldest", NOW, ID),
    forged(["newest"], NOW, ID),
    forged("newest", NOW, ID, "more"),
    base64.urlsafe_b64encode(b"[" * 900).decode(),
]


@pytest.mark.parametrize("cursor", BAD)
@pytest.mark.parametrize("side", ["after", "before"])
def test_a_cursor_that_is_none_leads_to_the_beginning(hers, alice, side, cursor):
    make("a", owner=alice)

    response = hers.get("/my/pieces/", {side: cursor})

    assert response.status_code == 200
    assert "not to be found any more" in response.content.decode()
    assert [piece.title for piece in response.context["pieces"]] == ["a"]
    assert hers.get("/my/pieces/bin/", {side: cursor}).status_code == 200


@pytest.mark.parametrize(
    ("sort", "value"),
    [("title", "a\0"), ("title", "\ud800"), ("longest", "9"), ("longest", 1e400)],
)
def test_a_cursor_holds_what_its_order_goes_by(sort, value):
    with pytest.raises(BadCursor):
        read_cursor(ORDERS[sort], forged(sort, value, ID))


def test_a_cursor_of_anothers_piece_shows_ones_own(hers, alice, bob):
    mine, theirs = make("mine", owner=alice), make("theirs", owner=bob)
    cursor = write_cursor(ORDERS["newest"], theirs.pk, theirs.created_at)

    assert titles(hers, f"?after={cursor}") == [mine.title]
    assert titles(hers, f"?before={cursor}") == [mine.title]


def test_every_page_takes_as_many_queries_however_many_pieces(
    hers, alice, tunes, django_assert_num_queries
):
    def pages() -> list[tuple[str, int]]:
        page = hers.get("/my/pieces/").context["page"]
        after = page.after or write_cursor(ORDERS["newest"], page.ids[0], START)
        return [
            ("", 7),  # session, user, page, count, cards, what there is, its models
            ("?show=favourites", 7),
            ("?find=reel&key=D+major&metre=4/4&model=tunes&sort=longest", 7),
            (f"?after={after}", 8),  # whether there is something before
            (f"?deleted={batch}", 8),
        ]

    gone = make(owner=alice)
    _, batch = shelf.throw_away_many(Composition.objects.all(), [gone.pk])
    for number in (26, 60):
        while alice.compositions.count() < number:
            make(owner=alice, version=tunes, is_favourite=True, origin="edited")
        for query, num_queries in pages():
            with django_assert_num_queries(num_queries):
                hers.get(f"/my/pieces/{query}")
        with django_assert_num_queries(4):
            hers.get("/my/pieces/bin/")


def test_ten_thousand_pieces_are_as_quick_as_twenty_four(
    alice, bob, tunes, capsys, settings
):
    """p50 of the page in one run, in turns."""
    score = {"parts": [{"notes": [[0, 120, 60, 64]] * 300}]}

    def piece(number: int, owner: User) -> Composition:
        made = Composition(
            title=f"Reel in D major, no. {number}",
            version=tunes,
            recipe={},
            seed=number,
            score=score,
            measures={
                "key": ("D major", "G major", "A minor")[number % 3],
                "metre": "6/8" if number < 24 else "4/4",  # the last of all looked at
                "bars": 8,
                "seconds": number % 97,
                "qpm": 120,
            },
            owner=owner,
        )
        made.copy_columns()
        return made

    many = [piece(number, alice) for number in range(10_000)]
    Composition.objects.bulk_create(many, batch_size=500)
    Composition.objects.bulk_create([piece(number, bob) for number in range(24)])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE generation_composition")
    clients = [Client(), Client()]
    clients[0].force_login(alice)
    clients[1].force_login(bob)
    ratios = {}
    for query in ("", "?find=reel", "?sort=longest", "?sort=title", "?metre=6/8"):
        taken: list[list[float]] = [[], []]
        for _ in range(9):
            for client, times in zip(clients, taken, strict=True):
                started = time.perf_counter()
                assert client.get(f"/my/pieces/{query}").status_code == 200
                times.append(time.perf_counter() - started)
        ratios[query] = median(taken[0]) / median(taken[1])

    with capsys.disabled():
        told = ", ".join(f"{query or 'all'} {r:.2f}" for query, r in ratios.items())
        print(f"\n10,000 pieces beside 24, p50 on {connection.vendor}: {told}")
    assert ratios[""] <= 2
    assert ratios["?find=reel"] <= 2
    assert ratios["?metre=6/8"] <= 2


# Many at once


def choose(client: Client, do: str, pieces=(), **data: object):
    ids = [str(getattr(piece, "pk", piece)) for piece in pieces]
    return client.post(
        "/my/pieces/many/", {"do": do, "piece": ids, **data}, follow=True
    )


def test_many_are_deleted_and_come_back_together(hers, alice):
    pieces = [make(str(number), owner=alice) for number in range(5)]
    alone = make("alone", owner=alice)
    shelf.throw_away(Composition.objects.all(), alone.pk)

    response = choose(hers, "delete", pieces[:3])

    page = response.content.decode()
    assert "3 pieces are deleted." in page
    assert titles(hers) == ["4", "3"]
    batch = response.context["deleted"].batch

    back = hers.post("/my/pieces/take-back/", {"batch": batch}, follow=True)

    assert "3 pieces are back." in back.content.decode()
    assert titles(hers) == ["4", "3", "2", "1", "0"]
    again = hers.post("/my/pieces/take-back/", {"batch": batch}, follow=True)
    assert "nothing to take back" in again.content.decode()


def test_everything_that_matches_is_deleted_and_nothing_else(hers, alice, bob):
    for number in range(30):
        make(f"Reel {number}", owner=alice)
    make("Jig", owner=alice)
    make("Reel of bob", owner=bob)

    choose(hers, "delete", everything="yes", place="find=reel")

    assert titles(hers) == ["Jig"]
    assert bob.compositions.kept().count() == 1


def test_everything_has_a_ceiling(hers, alice, monkeypatch):
    monkeypatch.setattr("generation.views.library.MOST_AT_ONCE", 4)
    for number in range(6):
        make(str(number), owner=alice)

    page = hers.get("/my/pieces/").content.decode()
    choose(hers, "delete", everything="yes")

    assert "The first 4" in page
    assert titles(hers) == ["1", "0"]


def test_many_are_starred_and_unstarred(hers, alice):
    pieces = [make(str(number), owner=alice) for number in range(3)]

    starred = choose(hers, "star", pieces[:2], place="sort=title")

    assert starred.redirect_chain == [("/my/pieces/?sort=title", 302)]
    assert "2 pieces are favourites." in starred.content.decode()
    assert titles(hers, "?show=favourites") == ["1", "0"]
    choose(hers, "unstar", pieces)
    assert titles(hers, "?show=favourites") == []


@pytest.mark.parametrize("sent", [[], ["nonsense"], ["0" * 32]])
@pytest.mark.parametrize("do", ["delete", "star", "burn", ""])
def test_who_chooses_nothing_is_told_what_to_do(hers, alice, do, sent):
    make(owner=alice)

    response = choose(hers, do, sent)

    assert "Choose some pieces first" in response.content.decode()
    assert len(titles(hers)) == 1


@pytest.fixture
def strangers(alice, bob) -> list[Client]:
    bobs, visitor, nobody = Client(), Client(), Client()
    bobs.force_login(bob)
    session_of(visitor)
    return [bobs, visitor, nobody]


def test_nobody_touches_anothers_pieces(alice, strangers):
    pieces = [make("hers", owner=alice), make("gone", owner=alice, deleted_at=START)]
    before = list(Composition.objects.order_by("pk").values())
    ids = [str(piece.pk) for piece in pieces]
    showcase = Composition.objects.showcases().first()
    if showcase:
        ids.append(str(showcase.pk))

    for client in strangers:
        assert titles(client) == []
        assert "gone" not in client.get("/my/pieces/bin/").content.decode()
        batch = shelf.batch_of(START)
        assert client.get(f"/my/pieces/?deleted={batch}").context["deleted"] is None
        for everything in ("", "yes"):
            for do in ("delete", "star", "take-back"):
                data = {"do": do, "piece": ids, "everything": everything}
                client.post("/my/pieces/many/", data)
                client.post("/my/pieces/bin/", {**data, "sure": "yes"})
            zipped = client.post(
                "/my/pieces/download/", {"piece": ids, "everything": everything}
            )
            assert zipped.status_code == 302
        client.post("/my/pieces/take-back/", {"batch": batch})

    assert list(Composition.objects.order_by("pk").values()) == before


def test_what_a_session_composed_is_the_sessions(visitor, other_visitor):
    key = session_of(visitor)
    session_of(other_visitor)
    piece = make("mine", session_key=key)

    assert titles(visitor) == ["mine"]
    assert titles(other_visitor) == []
    choose(other_visitor, "delete", [piece])
    assert titles(visitor) == ["mine"]
    choose(visitor, "delete", [piece])
    assert titles(visitor) == []


@pytest.mark.parametrize("path", ["many", "take-back", "download", "bin"])
def test_no_form_goes_without_its_token_and_none_is_a_link(alice, path):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice)

    assert careful.post(f"/my/pieces/{path}/").status_code == 403
    if path != "bin":
        assert careful.get(f"/my/pieces/{path}/").status_code == 405


@pytest.mark.parametrize("batch", ["", "x", "-1", "9" * 16, "9" * 40, "²"])
def test_a_batch_that_is_none_is_nothing(hers, alice, batch):
    make(owner=alice, deleted_at=START)

    assert hers.get("/my/pieces/", {"deleted": batch}).context["deleted"] is None
    back = hers.post("/my/pieces/take-back/", {"batch": batch}, follow=True)
    assert "nothing to take back" in back.content.decode()


# Zips


def unzip(response) -> dict[str, bytes]:
    assert response["Content-Type"] == "application/zip"
    data = b"".join(response.streaming_content)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len({name.lower() for name in names}) == len(names)
        return {name: archive.read(name) for name in names}


def compose(version: ModelVersion, owner: User, **fields: object) -> Composition:
    piece = services.compose_now(
        version, ComposeRequest(seed=7, bars=2), owner=owner, session_key=""
    )
    if fields:
        Composition.objects.filter(pk=piece.pk).update(**fields)
    return piece


def test_a_zip_holds_each_piece_as_the_page_gives_it(hers, alice, tunes, chorales):
    pieces = [
        compose(tunes, alice, title="Ça ira / ../../etc"),
        compose(tunes, alice, title="Ca ira etc"),
        compose(chorales, alice, title="NUL"),
    ]
    compose(tunes, alice, title="Left alone")

    response = hers.post(
        "/my/pieces/download/", {"piece": [str(piece.pk) for piece in pieces]}
    )

    files = unzip(response)
    bases = ["ca-ira-etc", "ca-ira-etc-2", "piece-nul"]
    formats = ("mid", "musicxml")
    assert set(files) == {f"{base}.{format}" for base in bases for format in formats}
    assert response["Content-Disposition"] == 'attachment; filename="pieces.zip"'
    for piece, base in zip(pieces, bases, strict=True):
        for format in formats:
            alone = hers.get(f"{piece.get_absolute_url()}download/{format}").content
            assert files[f"{base}.{format}"] == alone
            read_score(f"piece.{format}", alone)


def test_a_zip_of_abc_says_what_it_leaves_out(hers, alice, tunes, chorales):
    compose(tunes, alice, title="Tune")
    compose(chorales, alice, title="Hymn")

    files = unzip(
        hers.post("/my/pieces/download/", {"everything": "yes", "format": "abc"})
    )

    assert set(files) == {"tune.abc", "Left out.txt"}
    assert files["Left out.txt"] == b"Hymn: ABC is for one melody.\n"


def test_a_zip_has_ceilings(hers, alice, tunes, monkeypatch):
    pieces = [compose(tunes, alice, title=f"Tune {number}") for number in range(3)]
    ids = [piece.pk for piece in pieces]
    mine = Composition.objects.filter(owner=alice)

    def write(piece: Composition, format: str) -> bytes:
        return b"x" * 40

    data = b"".join(zipping.zipped(mine, ids, ("mid",), max_bytes=100, write=write))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["tune-0.mid", "tune-1.mid", "Left out.txt"]
        assert b"Tune 2 (mid): the zip was full" in archive.read("Left out.txt")
    monkeypatch.setattr("generation.views.library.MAX_ZIPPED_PIECES", 2)
    refused = hers.post("/my/pieces/download/", {"everything": "yes"}, follow=True)
    assert "A zip holds 2 pieces at most" in refused.content.decode()


def test_a_zip_is_written_while_it_is_sent(alice, tunes, django_assert_num_queries):
    for _ in range(3):
        compose(tunes, alice)
    mine = Composition.objects.filter(owner=alice)
    ids = list(mine.values_list("pk", flat=True))

    chunks = zipping.zipped(mine, ids, ("mid",))
    first = next(chunks)

    assert first.startswith(b"PK")
    with django_assert_num_queries(0):
        rest = list(chunks)
    assert len(rest) == 3


def test_who_takes_a_zip_slowly_keeps_nobody_waiting(hers, alice, tunes):
    compose(tunes, alice)
    data = {"everything": "yes", "format": "mid"}
    slow = hers.post("/my/pieces/download/", data)
    assert next(iter(slow.streaming_content)).startswith(b"PK")

    for _ in range(2):
        assert len(unzip(hers.post("/my/pieces/download/", data))) == 1


def test_one_chunk_is_made_at_a_time():
    together, most, lock = 0, 0, threading.Lock()

    def chunks():
        nonlocal together, most
        for _ in range(5):
            with lock:
                together += 1
                most = max(most, together)
            time.sleep(0.002)
            with lock:
                together -= 1
            yield b"."

    def take():
        for _ in zipping.in_its_place(chunks()):
            time.sleep(0.001)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1


def test_a_card_does_not_name_the_parent_that_is_anothers(hers, alice, bob):
    theirs = make("Secret air", owner=bob)
    own, visitors = make("My air", owner=alice), make("Open air")
    for parent in (theirs, own, visitors):
        make("Child", owner=alice, parent=parent)

    page = hers.get("/my/pieces/").content.decode()

    assert "after My air" in page
    assert "after Open air" in page
    assert "Secret air" not in page


def test_names_are_safe_and_never_the_same_twice():
    names = zipping.Names()

    told = [names.name(t) for t in ("Reel", "reel!", "♪", "Con", "x" * 300, "reel 2")]

    assert told[:2] == ["reel", "reel-2"]
    assert told[2:4] == ["piece", "piece-con"]
    assert told[4] == "x" * 80
    assert told[5] == "reel-2-2"


# The bin


def test_the_bin_lists_what_was_deleted_last_first(hers, alice, bob):
    now = timezone.now()
    old = make("old", owner=alice, deleted_at=now - timedelta(days=29, hours=12))
    new = make("new", owner=alice, deleted_at=now - timedelta(hours=1))
    make("kept", owner=alice)
    make("his", owner=bob, deleted_at=START)

    response = hers.get("/my/pieces/bin/")

    assert [piece.pk for piece, _ in response.context["pieces"]] == [new.pk, old.pk]
    assert [days for _, days in response.context["pieces"]] == [30, 1]
    assert "goes for good in 1 day<" in response.content.decode()
    assert "30 days" in response.content.decode()


def test_pieces_come_back_from_the_bin(hers, alice):
    pieces = [make(t, owner=alice, deleted_at=START) for t in "abc"]

    response = hers.post(
        "/my/pieces/bin/",
        {"do": "take-back", "piece": [str(pieces[0].pk), str(pieces[2].pk)]},
        follow=True,
    )

    assert "2 pieces are back." in response.content.decode()
    assert titles(hers) == ["c", "a"]


def test_what_goes_for_good_is_asked_once_more(hers, alice):
    piece, other = (make(t, owner=alice, deleted_at=START) for t in "ab")
    kept = make("kept", owner=alice)
    Rendering.objects.create(composition=piece, format="wav", rung_at=START)
    data = {"do": "delete", "piece": [str(piece.pk), str(kept.pk)]}

    asked = hers.post("/my/pieces/bin/", data)

    assert "Delete for good?" in asked.content.decode()
    assert "1 piece, with its recordings" in asked.content.decode()
    assert alice.compositions.count() == 3

    gone = hers.post("/my/pieces/bin/", {**data, "sure": "yes"}, follow=True)

    assert "1 piece is deleted for good." in gone.content.decode()
    assert set(alice.compositions.all()) == {other, kept}
    assert not Rendering.objects.exists()
    hers.post("/my/pieces/bin/", {"do": "delete", "everything": "yes", "sure": "yes"})
    assert set(alice.compositions.all()) == {kept}


def test_an_empty_bin_says_so(hers):
    page = hers.get("/my/pieces/bin/").content.decode()

    assert "The bin is empty." in page
    nothing = hers.post("/my/pieces/bin/", {"do": "take-back"}, follow=True)
    assert "Choose some pieces first" in nothing.content.decode()


# Cards and drawings


def test_a_card_says_where_its_piece_comes_from(hers, alice, tunes):
    parent = make("Parent", owner=alice, version=tunes)
    make("b", owner=alice, origin="brought")
    make("e", owner=alice, origin="edited", parent=parent, change="bar 2 edited")
    make("r", owner=alice, origin="random")

    page = " ".join(hers.get("/my/pieces/").content.decode().split())
    page = page.replace(" </p>", "</p>")

    assert "By Tunes</p>" in page
    assert "Brought by you</p>" in page
    assert "Edited by you: bar 2 edited, after Parent</p>" in page
    assert "Drawn at random</p>" in page
    shelf.throw_away(Composition.objects.all(), parent.pk)
    assert "after Parent" not in hers.get("/my/pieces/").content.decode()


def test_a_drawing_is_made_once(hers, alice, tunes, django_assert_num_queries):
    piece = compose(tunes, alice)
    url = f"{piece.get_absolute_url()}roll.svg"
    first = hers.get(url)

    with django_assert_num_queries(1):  # whether it is still there
        second = hers.get(url)
    same = hers.get(url, headers={"if-none-match": first["ETag"]})

    assert second.content == first.content
    assert (same.status_code, same.content) == (304, b"")
    shelf.throw_away(Composition.objects.all(), piece.pk)
    assert hers.get(url).status_code == 404
