"""A browser that runs no scripts composes, reads the score and hears a recording."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage


def test_one_composes_reads_and_listens_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False, color_scheme="dark")

    page.get_by_role("button", name="Compose").click()

    expect(page).to_have_url(re.compile(r"/pieces/"))
    score = page.get_by_role("img", name="First page of the score")
    expect(score).to_be_visible()
    box = score.bounding_box()
    assert box is not None
    assert box["height"] > 50  # one line of music at least
    paper = score.evaluate("score => getComputedStyle(score).backgroundColor")
    assert paper == "rgb(255, 255, 255)"  # its ink is black whatever the page is
    page.get_by_role("button", name="Make a recording").click()
    for _ in range(60):
        if page.locator("audio").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.locator("audio")).to_be_visible()


def test_the_full_form_works_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/compose/", java_script_enabled=False)
    page.get_by_label("Bars").fill("8")

    page.get_by_role("button", name="Compose").click()

    expect(page.locator(".titling .marking")).to_contain_text("8 bars")


def test_what_takes_a_while_can_be_asked_for_without_scripts(
    open_page: OpenPage,
) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("link", name="Open the score").first.click()

    page.get_by_role("button", name="FLAC").click()

    expect(page).to_have_url(re.compile("#downloads$"))
    for _ in range(60):
        if page.get_by_role("link", name="FLAC").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_role("link", name="FLAC")).to_be_visible()
