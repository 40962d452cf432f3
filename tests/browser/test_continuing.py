"""A piece goes on from a bar, with scripts and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

PIECE = re.compile(r"/pieces/[0-9a-f-]{36}/$")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_piece_goes_on_from_a_bar(open_page: OpenPage, scripts: bool) -> None:
    page = open_page("/compose/", java_script_enabled=scripts)
    page.get_by_label("Bars").fill("8")
    page.get_by_role("button", name="Compose").click()
    expect(page).to_have_url(PIECE)
    first, title = page.url, page.get_by_role("heading", level=1).inner_text()

    page.get_by_role("link", name="Go on").click()
    page.get_by_label("Continue from bar").fill("4")
    page.get_by_label("More bars").fill("8")
    page.get_by_label("Stay with its ideas").select_option("Strongly")
    page.get_by_role("button", name="Continue").click()

    expect(page).not_to_have_url(re.compile(re.escape(first)))
    expect(page).to_have_url(PIECE)
    expect(page.locator(".lineage")).to_contain_text(f"going on from {title}")
    expect(page.locator(".titling .marking")).to_contain_text("12 bars")
