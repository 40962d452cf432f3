"""A bucket lets through exactly as many as there is room for."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.test import RequestFactory

from composer_site.accounts.models import Bucket
from composer_site.accounts.throttle import (
    Limit,
    client_address,
    give_back,
    in_words,
    purge_buckets,
    take,
    take_all,
)
from tests.site.processes import ROOT, site_environment

FIVE = Limit("test", tries=5, seconds=50)
NOW = 1_800_000_000.0


@pytest.mark.django_db
def test_five_go_through_and_the_sixth_waits_for_one_step():
    waits = [take(FIVE.of("alice"), now=NOW) for _ in range(6)]

    assert waits[:5] == [0.0] * 5
    assert waits[5] == pytest.approx(10)


@pytest.mark.django_db
def test_after_each_step_there_is_room_for_one():
    for _ in range(6):
        take(FIVE.of("alice"), now=NOW)

    assert take(FIVE.of("alice"), now=NOW + 9) > 0
    assert take(FIVE.of("alice"), now=NOW + 10) == 0
    assert take(FIVE.of("alice"), now=NOW + 10) > 0
    assert [take(FIVE.of("alice"), now=NOW + 1000) for _ in range(5)] == [0.0] * 5


@pytest.mark.django_db
def test_everyone_has_a_bucket_of_their_own():
    for _ in range(5):
        take(FIVE.of("alice"), now=NOW)

    assert take(FIVE.of("alice", "here"), now=NOW) == 0
    assert take(FIVE.of("bob"), now=NOW) == 0
    assert take(Limit("other", 5, 50).of("alice"), now=NOW) == 0


@pytest.mark.django_db
def test_what_is_given_back_can_be_taken_again():
    counted = FIVE.of("alice")
    for _ in range(5):
        take(counted, now=NOW)

    give_back([counted])

    assert take(counted, now=NOW) == 0
    assert take(counted, now=NOW) > 0


@pytest.mark.django_db
def test_whoever_is_stopped_by_a_narrow_limit_uses_up_no_wide_one():
    narrow, wide = Limit("narrow", 1, 60).of("x"), FIVE.of("y")

    for _ in range(20):
        take_all([narrow, wide], now=NOW)

    assert [take(wide, now=NOW) for _ in range(5)] == [0, 0, 0, 0, pytest.approx(10)]


@pytest.mark.django_db
def test_a_try_is_one_update(django_assert_num_queries):
    take(FIVE.of("alice"))

    with django_assert_num_queries(1) as queries:
        take(FIVE.of("alice"))
    assert queries.captured_queries[0]["sql"].startswith("UPDATE")


@pytest.mark.django_db
def test_empty_buckets_go_and_no_name_is_kept():
    take(FIVE.of("alice"), now=NOW)
    take(FIVE.of("bob"), now=NOW + 100)
    assert not Bucket.objects.filter(key__contains="alice").exists()

    assert purge_buckets(now=NOW + 50) == 1
    assert Bucket.objects.count() == 1


RACE = """
import threading
import django
django.setup()
from django.db import connection
from composer_site.accounts.models import Bucket
from composer_site.accounts.throttle import Limit, take
with connection.schema_editor() as editor:
    editor.create_model(Bucket)
limit = Limit("race", tries=10, seconds=10_000)
gate, through = threading.Barrier(8), []
def knock():
    gate.wait()
    for _ in range(10):
        if not take(limit.of("alice")):
            through.append(1)
    connection.close()
threads = [threading.Thread(target=knock) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(through))
"""


def test_of_eighty_at_once_exactly_ten_get_through(tmp_path):
    env = site_environment(tmp_path)

    done = subprocess.run(
        [sys.executable, "-c", RACE],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "10"
    assert "Traceback" not in done.stderr


# Where a request comes from


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "address"),
    [
        (0, "203.0.113.1", "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.1", "127.0.0.1", "203.0.113.1"),
        (1, "10.0.0.1, 203.0.113.1", "127.0.0.1", "203.0.113.1"),
        (2, "6.6.6.6, 203.0.113.1, 10.1.1.1", "127.0.0.1", "203.0.113.1"),
        (2, "203.0.113.1", "127.0.0.1", "127.0.0.1"),
        (1, "", "127.0.0.1", ""),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, "", "::ffff:203.0.113.1", "203.0.113.1"),
        (0, "", "", ""),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies, forwarded, peer, address):
    settings.NUM_PROXIES = proxies
    request = RequestFactory().get(
        "/", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR=peer
    )

    assert client_address(request) == address


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "a minute"), (60, "a minute"), (61, "2 minutes"), (600, "10 minutes")],
)
def test_how_long_to_wait_is_said_in_minutes(seconds, words):
    assert in_words(seconds) == words
