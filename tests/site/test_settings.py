from __future__ import annotations

import stat

import pytest
from django.core.exceptions import ImproperlyConfigured

from composer_site.settings import (
    database_from_url,
    envbool,
    envint,
    envlist,
    keep_secret_key,
)


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


def test_sqlite_really_runs_in_wal_mode(db):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")

        assert cursor.fetchone() == (1,)
