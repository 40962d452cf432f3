"""The library of one's own pieces, as one uses it."""

from __future__ import annotations

import re
import zipfile

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage, Troubles
from tests.browser.hearing import (
    player_of,
    wait_until_heard,
    wait_until_silent,
)


def compose(page: Page, *models: str) -> None:
    """A piece of each model; the page has no form of its own to speak of."""
    for model in models:
        page.goto("/")
        page.get_by_label("What to compose").select_option(model)
        page.get_by_role("button", name="Compose").click()
        page.wait_for_url("**/pieces/*/")


@pytest.fixture
def library(open_page: OpenPage) -> Page:
    """Of a visitor with three pieces."""
    page = open_page("/")
    compose(page, "tunes", "chorales", "tunes")
    page.goto("/my/pieces/")
    return page


def cards(page: Page) -> Locator:
    return page.locator("[data-card]")


def titles(page: Page) -> list[str]:
    return page.locator("[data-card] h2").all_inner_texts()


def test_one_searches_and_filters_and_the_address_says_so(library: Page) -> None:
    wanted = titles(library)[1]
    number = re.sub(r".*no\. ", "", wanted)

    library.get_by_label("Title").fill(number)
    library.get_by_label("Title").press("Enter")

    expect(cards(library)).to_have_count(1)
    assert titles(library) == [wanted]
    expect(library).to_have_url(re.compile(rf"\?find={number}$"))

    library.get_by_role("link", name="Clear").click()
    library.get_by_label("Model").select_option("chorales")

    expect(library).to_have_url(re.compile(r"\?model=chorales$"))
    expect(library.get_by_label("Model")).to_be_focused()
    expect(cards(library)).to_have_count(1)
    library.get_by_label("Title").fill("no such thing")
    library.get_by_role("button", name="Search").click()
    expect(library.get_by_text("Nothing matches.")).to_be_visible()
    library.get_by_role("link", name="Clear the filters").click()
    expect(cards(library)).to_have_count(3)


def test_cards_play_while_the_pointer_rests_once_the_sound_is_open(
    library: Page,
) -> None:
    first, second = player_of(library, 0), player_of(library, 1)
    cards(library).nth(1).hover()
    library.wait_for_timeout(800)
    assert not second.evaluate("player => player.isPlaying")  # no click as yet
    first.get_by_role("button", name="Play").click()
    wait_until_heard(first)
    cards(library).nth(1).hover()
    library.wait_for_timeout(800)
    assert first.evaluate("player => player.isPlaying")  # started by hand, it goes on
    first.get_by_role("button", name="Pause").click()
    wait_until_silent(first)

    cards(library).nth(1).locator("h2").hover()

    wait_until_heard(second)
    library.get_by_role("heading", level=1).hover()
    wait_until_silent(second)
    expect(second.get_by_role("button", name="Play")).to_be_visible()

    library.get_by_label("Play on hover").uncheck()
    cards(library).nth(1).locator("h2").hover()
    library.wait_for_timeout(800)
    assert not second.evaluate("player => player.isPlaying")
    library.reload()
    expect(library.get_by_label("Play on hover")).not_to_be_checked()


def test_cards_play_while_the_focus_rests(library: Page) -> None:
    first, second = player_of(library, 0), player_of(library, 1)
    first.get_by_role("button", name="Play").click()
    wait_until_heard(first)
    first.get_by_role("button", name="Pause").click()
    library.get_by_role("heading", level=1).hover()

    cards(library).nth(0).get_by_role("button", name="Delete").focus()
    library.keyboard.press("Tab")

    wait_until_heard(second)
    library.keyboard.press("Shift+Tab")
    wait_until_silent(second)


def test_who_wants_less_motion_is_not_played_to(open_page: OpenPage) -> None:
    page = open_page("/", reduced_motion="reduce")
    compose(page, "tunes")

    page.goto("/my/pieces/")

    expect(page.get_by_label("Play on hover")).not_to_be_checked()


def test_many_are_deleted_at_once_and_come_back(library: Page) -> None:
    before = titles(library)
    library.get_by_label("All on this page").check()
    expect(library.get_by_text("3 chosen")).to_be_visible()
    library.get_by_label(f"Choose {before[0]}").first.uncheck()
    expect(library.get_by_text("2 chosen")).to_be_visible()

    many = library.get_by_role("form", name="Several pieces at once")
    many.get_by_role("button", name="Delete").click()

    expect(library.get_by_text("2 pieces are deleted.")).to_be_visible()
    assert titles(library) == before[:1]
    library.get_by_role("button", name="Undo").click()
    expect(library.get_by_text("2 pieces are back.")).to_be_visible()
    assert titles(library) == before


def test_a_zip_opens_and_holds_the_pieces_chosen(library: Page) -> None:
    boxes = library.locator(".tick input")
    boxes.nth(0).check()
    boxes.nth(1).check()
    library.get_by_label("Format of the download").select_option("mid")

    with library.expect_download() as waiting:
        library.get_by_role("button", name="Download").click()

    download = waiting.value
    assert download.suggested_filename == "pieces.zip"
    with zipfile.ZipFile(download.path()) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 2
        for name in archive.namelist():
            assert name.endswith(".mid")
            assert archive.read(name).startswith(b"MThd")


def test_the_bin_gives_back_and_lets_go(library: Page) -> None:
    kept, gone, _ = titles(library)
    library.get_by_label("All 3").check()
    many = library.get_by_role("form", name="Several pieces at once")
    many.get_by_role("button", name="Delete").click()
    expect(library.get_by_text("What you compose is kept here")).to_be_visible()
    library.get_by_role("link", name="Bin").click()

    library.get_by_role("checkbox", name=kept).first.check()
    library.get_by_role("button", name="Take back").click()
    library.get_by_role("checkbox", name=gone).first.check()
    library.get_by_role("button", name="Delete for good").click()
    library.get_by_role("button", name="Delete for good").click()

    expect(library.get_by_text("1 piece is deleted for good.")).to_be_visible()
    library.get_by_role("link", name="All").click()
    assert titles(library) == [kept]


def test_without_scripts_one_filters_deletes_and_takes_back(
    open_page: OpenPage,
) -> None:
    page = open_page("/", java_script_enabled=False)
    compose(page, "tunes", "chorales")
    page.goto("/my/pieces/")

    page.get_by_label("Model").select_option("tunes")
    page.get_by_role("button", name="Search").click()
    page.locator(".tick input").check()
    many = page.get_by_role("form", name="Several pieces at once")
    many.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("is deleted.")).to_be_visible()
    expect(page).to_have_url(re.compile("model=tunes"))
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-card]")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_library_that_holds_pieces(
    open_page: OpenPage, troubles: Troubles, scheme: str
) -> None:
    page = open_page("/", color_scheme=scheme)
    compose(page, "tunes", "chorales")
    page.goto("/my/pieces/")
    page.locator(".tick input").first.check()
    found = violations(page)
    for width in (390, 768, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        needed = page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width
    many = page.get_by_role("form", name="Several pieces at once")
    many.get_by_role("button", name="Delete").click()
    found += violations(page)
    page.get_by_role("link", name="Bin").click()
    found += violations(page)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Delete for good").click()
    found += violations(page)

    assert found == []
