"""The whole site as one command starts it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.site.processes import (
    ROOT,
    descendants,
    is_alive,
    manage,
    site_environment,
    wait_for,
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """``manage.py start`` in a folder of its own."""

    def __init__(self, var_dir: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self.env = site_environment(var_dir, PORT=str(port), DEBUG="")
        self.said: list[str] = []
        manage(self.env, "collectstatic", "--noinput", "--verbosity", "0")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "start"],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        wait_for(lambda: any("is ready" in line for line in self.said), 60)

    def _listen(self) -> None:
        assert self.process.stdout
        self.said.extend(self.process.stdout)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return response.read()

    def answers(self) -> bool:
        try:
            return self.get("/healthz") == b"ok\n"
        except OSError:
            return False


def servers_of(site: Site) -> list[int]:
    """gunicorn's processes: the one that listens and its two workers."""
    found = []
    for pid in descendants(site.process.pid):
        with contextlib.suppress(FileNotFoundError):
            if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.process.kill()
    site.process.wait()


def test_it_says_where_to_look_and_hear(site):
    said = "".join(site.said)

    assert f"{site.url}/" in said
    assert f"{site.url}/pieces/" in said
    piece = said.split(f"{site.url}/pieces/")[1].split()[0]
    assert b"<score-player" in site.get(f"/pieces/{piece}")


def test_files_carry_their_hash_and_are_kept_for_ever(site):
    page = site.get("/").decode()
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]

    with urllib.request.urlopen(site.url + sheet) as response:
        assert "immutable" in response.headers["Cache-Control"]


def test_a_piece_can_be_composed_through_the_real_server(site):
    body = json.dumps({"num_notes": 16, "seed": 7}).encode()
    request = urllib.request.Request(
        site.url + "/generate", body, {"Content-Type": "application/json"}
    )

    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.read(4) == b"MThd"
        assert response.headers["X-Seed"] == "7"


def test_a_server_that_dies_is_started_again(site):
    before = set(servers_of(site))

    os.kill(min(before), signal.SIGKILL)

    wait_for(lambda: len(servers_of(site)) == 3 and before.isdisjoint(servers_of(site)))
    wait_for(site.answers, 30)


def test_a_taken_port_is_said_at_once(site):
    done = subprocess.run(
        [sys.executable, "manage.py", "start"],
        cwd=ROOT,
        env=site.env,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 1
    assert "Choose another, for example: PORT=" in done.stderr


def test_stopping_leaves_no_process_behind(tmp_path, request):
    site = Site(tmp_path)
    request.addfinalizer(site.process.kill)
    # It answers before its workers have all begun.
    wait_for(lambda: len(descendants(site.process.pid)) > 10)
    family = descendants(site.process.pid)

    site.process.send_signal(signal.SIGINT)

    assert site.process.wait(timeout=20) == 0
    wait_for(lambda: not any(map(is_alive, family)))
