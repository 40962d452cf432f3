"""A person trains, from a corpus to a piece, past a process that dies on the way."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_accounts import sign_up

LONG_MS = 300_000  # a network is trained meanwhile, on whatever machine this is


def training_children(site: str) -> list[int]:
    """Processes that train for this site, whatever else trains on the machine."""
    port = site.rpartition(":")[2]
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            env = (folder / "environ").read_bytes().split(b"\0")
        except (OSError, NotADirectoryError):
            continue
        if b"train_run" in words and f"PORT={port}".encode() in env:
            found.append(int(folder.name))
    return found


def make_datasets(page: Page) -> None:
    """Random notes, which are drawn and learnt in a moment, and Aird's airs."""
    train = page.get_by_role("navigation", name="Site").get_by_role(
        "link", name="Train"
    )
    train.click()
    page.get_by_role("link", name="of random notes instead").click()
    page.get_by_label("Windows").fill("100")
    page.get_by_role("button", name="Draw the notes").click()
    expect(page.get_by_role("link", name="X_notes.npy")).to_be_visible(timeout=LONG_MS)
    train.click()
    page.get_by_role("button", name="Make a dataset").click()
    page.get_by_role("checkbox", name="Aird's Airs").check()
    page.get_by_role("button", name="Make the dataset").click()
    length = page.get_by_role("img", name=re.compile("^Length"))
    expect(length).to_be_visible(timeout=LONG_MS)
    train.click()


def test_one_trains_promotes_and_composes_though_a_process_dies(
    open_page: OpenPage, site: str
) -> None:
    page = open_page("/")
    sign_up(page)
    make_datasets(page)
    state = page.locator("#run-state")

    page.get_by_role("link", name="Train on Random notes").click()
    page.get_by_label("Name of the new model").fill("Airs of mine")
    page.get_by_role("button", name="Start training").click()
    expect(state).to_contain_text("Finished", timeout=LONG_MS)
    expect(page.get_by_role("button", name="Compose with it")).to_be_visible()

    page.goto("/datasets/")
    page.get_by_role("link", name="Train on Aird's Airs").click()
    page.get_by_role("combobox", name="Model").select_option("Airs of mine")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_role("spinbutton", name="Epochs", exact=True).fill("4")
    page.get_by_role("button", name="Start training").click()

    # The first epoch comes while one watches. Then its process dies.
    expect(state).to_contain_text(re.compile(r"epoch 2 of \d"), timeout=LONG_MS)
    expect(page.locator(".curve canvas")).to_be_visible()
    killed = training_children(site)
    assert len(killed) == 1
    os.kill(killed[0], signal.SIGKILL)

    # It goes on from the epoch that was done, and the page says so.
    expect(state).to_contain_text("interrupted", timeout=LONG_MS)
    expect(state).to_contain_text("Finished", timeout=LONG_MS)
    page.get_by_text("The curve as a table").click()
    numbers = page.locator("#run-epochs td:first-child")
    assert numbers.all_inner_texts() == ["1", "2", "3", "4"]

    page.get_by_role("button", name="Promote version 2").click()
    expect(page.get_by_role("status")).to_contain_text("composes with Airs of mine 2")
    expect(page.get_by_role("columnheader", name="Order-3 n-gram")).to_be_visible()
    page.get_by_role("button", name="Compose with it").click()
    expect(page.get_by_role("radio", name="Airs of mine")).to_be_checked()
    page.locator("main").get_by_role("button", name="Compose").click()
    page.wait_for_url("**/pieces/**")
    expect(page.locator("dl.recipe")).to_contain_text("Airs of mine")
    address = page.url
    page.get_by_role("link", name="My pieces").click()
    page.locator(".cards h2 a").first.click()
    expect(page).to_have_url(address)


def test_a_dataset_is_made_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False)
    sign_up(page)
    page.goto("/datasets/new/random/")

    page.get_by_label("Windows").fill("100000")
    page.get_by_role("button", name="Draw the notes").click()

    # The page asks again by itself.
    files = page.get_by_role("link", name="X_notes.npy")
    expect(files).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Train a model on this").click()
    expect(page.get_by_role("radio", name="Quick")).to_be_checked()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_where_one_trains_fit_their_window(
    open_page: OpenPage, width: int
) -> None:
    page = open_page("/", width=width)
    sign_up(page)
    page.goto("/datasets/new/random/")
    page.get_by_label("Windows").fill("100")
    page.get_by_role("button", name="Draw the notes").click()
    page.get_by_role("button", name="Train a model on this").click(timeout=LONG_MS)
    page.get_by_text("Advanced", exact=True).click()
    expect(page.get_by_label("Learning rate")).to_be_visible()

    lists = ("/datasets/", "/datasets/new/", "/datasets/new/random/", "/runs/")
    for path in ("", *lists):
        if path:
            page.goto(path)
        room = page.evaluate("document.documentElement.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth") <= room, path
        assert page.get_by_role("heading", level=1).count() == 1
