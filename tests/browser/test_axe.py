"""No page has a barrier that a machine can find, in light or dark, wide or narrow."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage, Troubles
from tests.browser.hearing import player_of
from tests.browser.test_pages import PATHS, open_path

UNFOLD = "document.querySelectorAll('main details').forEach(fold => fold.open = true)"
LOOKS = [("light", 320), ("dark", 1280)]


def troubles_of(page: Page, width: int) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    needed: int = page.evaluate("document.documentElement.scrollWidth")
    too_wide = [f"{needed} pixels in a window of {width}"] if needed > width else []
    return too_wide + violations(page)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_axe_finds_nothing(
    open_page: OpenPage, troubles: Troubles, path: str, scheme: str, width: int
) -> None:
    troubles.forgive("404")
    page = open_path(open_page, path, color_scheme=scheme, width=width)
    page.wait_for_load_state("networkidle")

    assert not violations(page), "\n".join(violations(page))


def test_axe_would_see_a_button_without_a_name(page: Page) -> None:
    page.evaluate(
        "document.querySelector('main').append(document.createElement('button'))"
    )

    assert any(found.startswith("button-name") for found in violations(page))


# A page as it opens is not all there is of it.


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_nor_in_the_desk_and_the_list_of_keys(
    open_page: OpenPage, scheme: str, width: int
) -> None:
    page = open_path(open_page, "a piece", color_scheme=scheme, width=width)
    player = player_of(page)
    player.get_by_role("button", name="Repeat", exact=True).click()
    for fold in player.locator(".player-fold-button").all():
        fold.click()
        expect(fold).to_have_attribute("aria-expanded", "true")

        assert troubles_of(page, width) == [], fold.inner_text()

    player.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert troubles_of(page, width) == []


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_nor_in_a_child_with_every_fold_open_and_a_note_asked_about(
    open_page: OpenPage, scheme: str, width: int
) -> None:
    page = open_path(open_page, "a piece", color_scheme=scheme, width=width)
    first = page.url
    page.get_by_role("button", name="Wilder", exact=True).click()
    expect(page).not_to_have_url(first)
    expect(page.get_by_role("button", name="Edit notes")).to_be_visible()

    page.evaluate(UNFOLD)
    page.get_by_role("region", name="Notes in time").press("n")
    expect(page.locator("why-note .why-choices").first).to_be_visible()
    assert troubles_of(page, width) == []

    page.get_by_role("button", name="Edit notes").click()
    expect(page.get_by_role("region", name="Editing notes")).to_be_visible()
    assert troubles_of(page, width) == []


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_nor_while_a_melody_is_played(
    open_page: OpenPage, scheme: str, width: int
) -> None:
    page = open_page("/bring/", color_scheme=scheme, width=width)
    page.get_by_label("Count in a bar").uncheck()
    page.get_by_role("button", name="Record").click()
    recorder = page.locator("melody-recorder")
    expect(recorder).to_have_attribute("data-state", "waiting")
    page.keyboard.press("s")
    expect(recorder).to_have_attribute("data-state", "recording")
    assert troubles_of(page, width) == []

    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Keep it")).to_be_enabled()
    assert troubles_of(page, width) == []
