"""A visitor composes, signs up, and finds the pieces again, with scripts or without."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

PASSWORD = "a quiet slow air"
names = (f"dora{number}" for number in itertools.count())


def sign_up(page: Page) -> str:
    name = next(names)
    page.goto("/sign-up/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign up").click()
    expect(page).to_have_url(re.compile("/my/pieces/$"))
    return name


@pytest.mark.parametrize("with_scripts", [True, False])
def test_one_finds_in_the_account_what_one_composed_before(
    open_page: OpenPage, with_scripts: bool
) -> None:
    page = open_page("/", java_script_enabled=with_scripts)
    page.get_by_role("button", name="Compose").click()
    page.wait_for_url("**/pieces/**")

    name = sign_up(page)

    expect(page.locator(".messages")).to_contain_text("in your account now")
    expect(page.locator(".cards > li")).to_have_count(1)
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Log out").click()
    page.goto("/my/pieces/")
    expect(page.locator(".cards > li")).to_have_count(0)
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".cards > li")).to_have_count(1)


@pytest.mark.parametrize("with_scripts", [True, False])
def test_one_stars_renames_deletes_and_takes_back(
    open_page: OpenPage, with_scripts: bool
) -> None:
    page = open_page("/", java_script_enabled=with_scripts)
    page.get_by_role("button", name="Compose").click()
    page.wait_for_url("**/pieces/**")
    page.goto("/my/pieces/")

    page.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("link", name="Favourites").click()
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Title").fill("The black rogue")
    page.get_by_role("button", name="Rename").click()
    expect(page).to_have_url(re.compile("show=favourites"))
    page.get_by_role("button", name="Delete The black rogue").click()
    expect(page.locator(".cards > li")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("link", name="The black rogue").last).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_of_an_account_fit_their_window(
    open_page: OpenPage, width: int
) -> None:
    page = open_page("/", width=width)
    page.get_by_role("button", name="Compose").click()
    page.wait_for_url("**/pieces/**")
    sign_up(page)

    for path in (
        "/my/pieces/",
        "/account/",
        "/account/password/",
        "/account/delete/",
    ):
        page.goto(path)
        room = page.evaluate("document.documentElement.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth") <= room, path
        assert page.get_by_role("heading", level=1).count() == 1
