"""Swagger UI, under the same policy as every page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Troubles

# It draws all of the API at once.
PATIENCE = 30_000


def test_the_api_is_tried_out_on_its_own_page_and_no_other_host_is_asked(
    open_page: OpenPage, troubles: Troubles, site: str
) -> None:
    asked: list[str] = []
    troubles.forgive("404")  # A browser may ask for the icon of a page that is JSON.
    page = open_page("/api/v1/")
    page.set_default_timeout(PATIENCE)
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/docs/")
    models = page.locator("#operations-models-models_list")

    models.locator(".opblock-summary-control").click()
    models.get_by_role("button", name="Try it out").click()
    models.get_by_role("button", name="Execute").click()

    answered = models.locator(".live-responses-table")
    expect(answered).to_contain_text("chorales", timeout=PATIENCE)
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
