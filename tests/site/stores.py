"""The database and the queue of a site of its own, asked from outside.

Each is what the tests run with: SQLite in the site's folder, or a database of its own
on PostgreSQL and a numbered one on Redis (see tests/with_servers.sh).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from functools import cache
from pathlib import Path

import psycopg
import redis

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "")
REDIS = os.environ.get("TEST_REDIS_URL", "")
REDIS_DATABASES = 16
_numbers: dict[Path, int] = {}


def servers_of(var_dir: Path) -> dict[str, str]:
    """What its environment says of the servers it uses; nothing without servers."""
    urls = {}
    if POSTGRESQL:
        urls["DATABASE_URL"] = _database_url(var_dir)
    if REDIS:
        urls["REDIS_URL"] = _redis_url(var_dir)
    return urls


def ask(var_dir: Path, query: str, *values: object) -> list[tuple]:
    """The rows that ``query`` finds, if it asks for any; ? stands for a value."""
    if POSTGRESQL:
        with psycopg.connect(_database_url(var_dir)) as server:
            cursor = server.execute(query.replace("?", "%s"), values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []
    with sqlite3.connect(var_dir / "db.sqlite3", timeout=20) as database:
        return database.execute(query, values).fetchall()


def unix_time(column: str) -> str:
    """SQL for a time as time.time() has it."""
    if POSTGRESQL:
        return f"extract(epoch from {column})::float"
    return f"(julianday({column}) - 2440587.5) * 86400"


def empty_queues(var_dir: Path) -> None:
    """As if every doorbell had been lost."""
    ask(var_dir, "DELETE FROM django_q_ormq")
    if REDIS:
        redis.from_url(_redis_url(var_dir)).flushdb()


def queue_length(var_dir: Path) -> int:
    if REDIS:
        return redis.from_url(_redis_url(var_dir)).llen("django_q:composer:q")
    ((length,),) = ask(var_dir, "SELECT count(*) FROM django_q_ormq")
    return length


@cache
def _database_url(var_dir: Path) -> str:
    name = f"site_{hashlib.sha256(str(var_dir).encode()).hexdigest()[:16]}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return f"{POSTGRESQL.rpartition('/')[0]}/{name}"


def _redis_url(var_dir: Path) -> str:
    # The first is for the tests' own process.
    number = _numbers.setdefault(var_dir, 1 + len(_numbers) % (REDIS_DATABASES - 1))
    return f"{REDIS.rpartition('/')[0]}/{number}"
