"""Every page: fits its window, keeps its policy, can be used without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Troubles
from tests.browser.hearing import player_of, wait_until_heard

# 320 and 640 are a page of 1,280 pixels at 400% and at 200%.
WIDTHS = (320, 390, 640, 768, 1280, 1920)
PATHS = (
    "/",
    "/compose/",
    "/bring/",
    "/models/",
    "/models/tunes/",
    "/datasets/",
    "/my/pieces/",
    "/my/pieces/bin/",
    "/log-in/",
    "/sign-up/",
    "/reset/",
    "/no-such-page",
    "a piece",
)


def open_path(open_page: OpenPage, path: str, **options: object) -> Page:
    if path != "a piece":
        return open_page(path, **options)
    page = open_page("/", **options)
    page.get_by_role("link", name="Open the score").first.click()
    expect(page.locator("sheet-music svg").first).to_be_visible()
    return page


@pytest.mark.parametrize("path", PATHS)
def test_it_fits_every_window_and_the_browser_has_nothing_to_complain_of(
    open_page: OpenPage, troubles: Troubles, path: str
) -> None:
    troubles.forgive("404")
    page = open_path(open_page, path)

    page.wait_for_load_state("networkidle")

    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)

        room = page.evaluate("document.documentElement.clientWidth")
        needed = page.evaluate("document.documentElement.scrollWidth")
        assert needed <= room, f"{path} is {needed} wide in a window of {width}"


@pytest.mark.parametrize("path", PATHS)
def test_it_has_one_heading_and_every_control_has_a_name(
    open_page: OpenPage, troubles: Troubles, path: str
) -> None:
    troubles.forgive("404")
    page = open_path(open_page, path)

    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("heading", level=1).count() == 1
    assert "AI Music Composer" in page.title()
    for role in (
        "button",
        "link",
        "textbox",
        "combobox",
        "slider",
        "spinbutton",
        "img",
    ):
        elements = page.get_by_role(role)  # type: ignore[arg-type]
        named = page.get_by_role(role, name="")  # type: ignore[arg-type]
        names = [e.aria_snapshot() for e in elements.all()]
        nameless = [name for name in names if '"' not in name.splitlines()[0]]
        assert not nameless, f"{path} has a {role} without a name"
        assert named.count() == elements.count()


def test_everything_can_be_reached_with_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the music")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.get_by_role("button", name="Compose").evaluate(
            "button => button === document.activeElement"
        ):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/pieces/**")

    page.keyboard.press("Space")
    wait_until_heard(player_of(page))
    page.keyboard.press("Space")

    expect(player_of(page).get_by_role("button", name="Play")).to_be_visible()


def test_what_has_the_focus_shows_it(open_page: OpenPage) -> None:
    page = open_page("/compose/")

    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
              const element = document.activeElement;
              const shown = element.closest('.choice') ?? element;
              const style = getComputedStyle(shown);
              return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
            }"""
        )
        assert outline, page.evaluate("document.activeElement.outerHTML")


def test_the_lamp_turns_the_page_dark_and_it_stays_so(open_page: OpenPage) -> None:
    page = open_page("/", color_scheme="light")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)

    page.get_by_role("button", name="Dark page").click()
    page.wait_for_timeout(300)

    dark = page.evaluate(paper)
    assert dark != light
    page.get_by_role("link", name="Models").first.click()
    assert page.evaluate(paper) == dark
    expect(page.get_by_role("button", name="Dark page")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_dark_system_gets_dark_pages(open_page: OpenPage) -> None:
    page = open_page("/", color_scheme="dark")

    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert sum(int(part) for part in colour[4:-1].split(",")) < 150


def test_no_script_stands_in_a_page_and_nothing_comes_from_other_hosts(
    open_page: OpenPage, site: str
) -> None:
    page = open_page("/my/pieces/")
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))

    for path in ("/", "/compose/", "/models/", "/models/tunes/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.locator("script:not([src], [type='application/json'])").count() == 0

    assert all(address.startswith((site, "data:", "blob:")) for address in addresses)
