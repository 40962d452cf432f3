"""No page has a barrier that a machine can find, in light or dark, wide or narrow."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage, Troubles
from tests.browser.test_pages import PATHS, open_path


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
