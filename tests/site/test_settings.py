from __future__ import annotations

import stat

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import ConnectionHandler

from composer_site.settings import (
    database_from_url,
    envbool,
    envint,
    envlist,
    keep_secret_key,
    mail_from_url,
)
from tests.site.processes import manage, site_environment


def test_the_secret_key_is_made_once_and_kept_to_its_owner(tmp_path):
    path = tmp_path / "var" / "secret_key"

    key = keep_secret_key(path)

    assert len(key) >= 50
    assert keep_secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["secret_key"]


def test_sqlite_is_told_not_to_lose_writes():
    database = database_from_url("sqlite:////srv/music/db.sqlite3")

    assert database["NAME"] == "/srv/music/db.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_a_relative_sqlite_path_stays_relative():
    assert database_from_url("sqlite:///db.sqlite3")["NAME"] == "db.sqlite3"


def test_postgresql_is_read_from_its_url():
    database = database_from_url("postgresql://ann:p%40ss@db.example:5433/music")

    assert database["ENGINE"].endswith("postgresql")
    assert (database["USER"], database["PASSWORD"]) == ("ann", "p@ss")
    assert (database["HOST"], database["PORT"]) == ("db.example", 5433)
    assert database["NAME"] == "music"


def test_other_databases_are_refused_with_an_example():
    with pytest.raises(ImproperlyConfigured, match="postgresql://user"):
        database_from_url("mysql://db/music")


def test_mail_goes_to_the_console_until_a_server_is_named():
    assert mail_from_url("console:")["EMAIL_BACKEND"].endswith("console.EmailBackend")


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp+tls://ann:p%40ss@mail.example", 587, True, False),
        ("smtps://ann:p%40ss@mail.example:4650", 4650, False, True),
    ],
)
def test_a_mail_server_is_read_from_its_url(url, port, tls, ssl):
    mail = mail_from_url(url)

    assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"]) == ("mail.example", port)
    assert (mail["EMAIL_USE_TLS"], mail["EMAIL_USE_SSL"]) == (tls, ssl)
    assert mail["EMAIL_HOST_PASSWORD"] in ("", "p@ss")


@pytest.mark.parametrize("url", ["mail.example", "smtp://", "imap://mail.example"])
def test_other_mail_is_refused_with_an_example(url):
    with pytest.raises(ImproperlyConfigured, match="smtp\\+tls://user"):
        mail_from_url(url)


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("0", False), ("", True)])
def test_yes_and_no_are_read(monkeypatch, text, value):
    monkeypatch.setenv("ANSWER", text)

    assert envbool("ANSWER", True) is value


def test_what_cannot_be_read_is_refused(monkeypatch):
    monkeypatch.setenv("ANSWER", "perhaps")

    with pytest.raises(ImproperlyConfigured, match="true or false"):
        envbool("ANSWER", True)
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        envint("ANSWER", 2)


def test_lists_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("NAMES", " a.example , b.example,")

    assert envlist("NAMES") == ["a.example", "b.example"]
    assert envlist("OTHERS", "x") == ["x"]


def test_sqlite_really_runs_in_wal_mode(tmp_path, db):
    database = database_from_url(f"sqlite:///{tmp_path}/db.sqlite3")
    connection = ConnectionHandler({"default": database})["default"]

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (1,)
    connection.close()


def test_django_finds_nothing_to_warn_of_behind_https(tmp_path):
    env = site_environment(
        tmp_path, HTTPS="true", ALLOWED_HOSTS="music.example", DEBUG="", SECRET_KEY=""
    )

    said = manage(env, "check", "--deploy", "--fail-level", "WARNING")

    assert "no issues" in said
