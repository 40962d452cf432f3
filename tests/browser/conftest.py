"""The site as a visitor meets it: the real server, its worker, a real browser."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS_TO_START = 120
PATIENCE_MS = 20_000  # a busy machine is not a broken page
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OpenPage = Callable[..., Page]
expect.set_options(timeout=PATIENCE_MS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of a site of its own, empty, as `make start` starts it."""
    if not (ROOT / "var" / "static_build" / "build" / "site.css").exists():
        pytest.fail("The front end is not built. Run `make test`, or `npm run build`.")
    with tempfile.TemporaryDirectory(prefix="composer-browser-") as folder:
        port = free_port()
        names = (
            "DJANGO_SETTINGS_MODULE",
            "DEBUG",
            "HTTPS",
            "DATABASE_URL",
            "REDIS_URL",
        )
        env = {name: v for name, v in os.environ.items() if name not in names}
        env |= {"VAR_DIR": folder, "PORT": str(port), "WEB_WORKERS": "1"}
        env["HOST"] = "127.0.0.1"
        log = Path(folder) / "log.txt"
        manage = [sys.executable, str(ROOT / "manage.py")]
        with log.open("wb") as output:
            collect = [*manage, "collectstatic", "--noinput", "--verbosity", "0"]
            subprocess.run(collect, env=env, check=True, stdout=output, stderr=output)
            server = subprocess.Popen(
                [*manage, "start"], env=env, stdout=output, stderr=output
            )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_it_answers(address, server, log)
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=30)
            server.kill()
            server.wait()


def wait_until_it_answers(
    address: str, server: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{address}/healthz", timeout=2).close()
            return
        time.sleep(0.2)
    pytest.fail(f"The site did not start:\n{log.read_text()[-3000:]}")


# Not for the whole session: while Playwright is open, Django takes this thread for an
# asynchronous one and refuses to touch a database.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is needed: on Debian, apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(CHROMIUM_FLAGS)
        )
        yield browser
        browser.close()


class Troubles(list[str]):
    """What the browser complained of. ``forgive(words)`` expects a complaint."""

    def __init__(self) -> None:
        super().__init__()
        self.forgiven: tuple[str, ...] = ()

    def forgive(self, *words: str) -> None:
        self.forgiven += words

    def unforgiven(self) -> list[str]:
        return [one for one in self if not any(word in one for word in self.forgiven)]


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """Whatever page a test opens, it must not leave an error or a refused script."""
    found = Troubles()
    yield found
    assert not found.unforgiven()


@pytest.fixture
def open_page(site: str, browser: Browser, troubles: Troubles) -> Iterator[OpenPage]:
    """Opens a path of the site in a browser of its own, as a new visitor."""
    contexts = []

    def open_page(path: str = "/", *, width: int = 1280, **options: object) -> Page:
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": 844 if width < 500 else 900},
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on(
            "console",
            lambda message: (
                troubles.append(f"console: {message.text}")
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page("/")


@pytest.fixture
def piece(open_page: OpenPage) -> Page:
    """The page of a finished piece."""
    page = open_page("/")
    page.get_by_role("link", name="Open the score").first.click()
    return page
