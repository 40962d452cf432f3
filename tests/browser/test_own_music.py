"""A person brings music of their own, and comes to where it can be trained on."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Troubles
from tests.browser.test_accounts import sign_up
from tests.learning.tiny import tune
from training.music.midi import write_midi

LONG_MS = 120_000  # the machine may be at something else

DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, bytes] of files)
    transfer.items.add(new File([new Uint8Array(bytes)], name));
  const event = (kind) =>
    new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event("dragenter"));
  document.body.dispatchEvent(event("drop"));
}"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dozen tunes, two of them as files and the others in a zip, and a bad one."""
    for number in range(12):
        (tmp_path / f"air-{number}.mid").write_bytes(write_midi(tune(number)))
    with zipfile.ZipFile(tmp_path / "airs.zip", "w") as archive:
        for number in range(2, 12):
            archive.write(tmp_path / f"air-{number}.mid", f"airs/air-{number}.mid")
    (tmp_path / "broken.mid").write_bytes(b"MThd nonsense")
    return tmp_path


def open_my_music(page: Page) -> None:
    page.get_by_role("navigation", name="Site").get_by_role(
        "link", name="Train"
    ).click()
    page.get_by_role("link", name="My music").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My music")


def bring(page: Page, *files: Path) -> None:
    page.get_by_label("Bring files").set_input_files(list(files))
    page.get_by_role("button", name="Bring them in").click()
    page.wait_for_url("**/my/music/uploads/**")


def fits(page: Page) -> None:
    room = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= room, page.url


@pytest.mark.parametrize("width", [390, 1280])
def test_one_brings_music_and_comes_to_train_on_it(
    open_page: OpenPage, folder: Path, width: int
) -> None:
    page = open_page("/", width=width)
    sign_up(page)
    open_my_music(page)
    fits(page)

    bring(page, folder / "air-0.mid", folder / "air-1.mid", folder / "broken.mid")
    facts = page.locator("#upload-state")
    expect(facts).to_contain_text("2 imported", timeout=LONG_MS)
    expect(facts).to_contain_text("1 not imported")
    expect(page.locator("#upload-files")).to_contain_text("broken.mid")
    fits(page)

    # Two are too few, and the page says so.
    page.get_by_role("button", name="Make a dataset of these").click()
    expect(page.locator("main")).to_contain_text("10 is the least")
    page.get_by_role("button", name="Bring more music").click()

    bring(page, folder / "airs.zip")
    expect(facts).to_contain_text("10 imported", timeout=LONG_MS)
    page.get_by_role("link", name="All my music").click()
    expect(page.locator(".ledger.music > li")).to_have_count(12)
    fits(page)

    page.get_by_role("button", name="Make a dataset of all 12").click()
    fits(page)
    page.get_by_label("Name").fill("Airs of my own")
    page.get_by_role("button", name="Make the dataset").click()
    train = page.get_by_role("button", name="Train a model on this")
    expect(train).to_be_visible(timeout=LONG_MS)
    train.click()
    expect(page.locator("main")).to_contain_text("Airs of my own")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()


def test_files_can_be_dropped_on_the_page(open_page: OpenPage, folder: Path) -> None:
    page = open_page("/")
    sign_up(page)
    page.goto("/my/music/")
    names = ("air-3.mid", "air-4.mid")
    sent = [[name, list((folder / name).read_bytes())] for name in names]

    page.evaluate(DROP, [["notes.txt", [1]]])
    expect(page.locator(".drop-status")).to_contain_text("There is no music in that")
    page.evaluate(DROP, [*sent, ["notes.txt", [1]]])

    page.wait_for_url("**/my/music/uploads/**")
    expect(page.locator("#upload-state")).to_contain_text("2 imported", timeout=LONG_MS)


def test_what_is_too_much_is_told_before_it_is_sent(
    open_page: OpenPage, folder: Path
) -> None:
    page = open_page("/")
    sign_up(page)
    page.goto("/my/music/")
    page.locator("music-drop").evaluate("drop => { drop.dataset.mostFiles = 2; }")
    names = [str(folder / f"air-{number}.mid") for number in range(3)]

    page.get_by_label("Bring files").set_input_files(names)
    page.get_by_role("button", name="Bring them in").click()

    expect(page.locator(".drop-status")).to_contain_text("Send at most 2 at a time")


def test_what_the_server_refuses_is_told_on_the_page(
    open_page: OpenPage, troubles: Troubles, folder: Path
) -> None:
    troubles.forgive("422")
    page = open_page("/")
    sign_up(page)
    page.goto("/my/music/")
    page.route(
        "**/my/music/upload/",
        lambda route: route.fulfill(
            status=422, body=json.dumps({"error": "Wait until one is done."})
        ),
    )

    page.get_by_label("Bring files").set_input_files(str(folder / "air-1.mid"))
    page.get_by_role("button", name="Bring them in").click()

    expect(page.locator(".drop-status")).to_have_text("Wait until one is done.")
    button = page.get_by_role("button", name="Bring them in")
    expect(button).not_to_have_attribute("aria-busy", "true")


def test_music_is_brought_heard_deleted_and_taken_back(
    open_page: OpenPage, folder: Path
) -> None:
    page = open_page("/")
    sign_up(page)
    page.goto("/my/music/")
    bring(page, folder / "air-5.mid")
    page.get_by_role("link", name="air-5").click(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator("piano-roll canvas")).to_be_visible()

    page.get_by_role("button", name="Delete this piece").click()
    expect(page.locator("main")).to_contain_text("A piece is deleted.")
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".ledger.music > li")).to_have_count(1)


def test_it_works_without_scripts(open_page: OpenPage, folder: Path) -> None:
    page = open_page("/", java_script_enabled=False)
    sign_up(page)
    page.goto("/my/music/")

    bring(page, folder / "airs.zip")

    # The page asks again by itself.
    expect(page.locator("#upload-state")).to_contain_text(
        "10 imported", timeout=LONG_MS
    )
    page.get_by_role("link", name="All my music").click()
    page.get_by_role("checkbox", name="air-3", exact=True).check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".ledger.music > li")).to_have_count(9)
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Make a dataset of all 10").click()
    page.get_by_role("button", name="Make the dataset").click()
    train = page.get_by_role("button", name="Train a model on this")
    expect(train).to_be_visible(timeout=LONG_MS)
