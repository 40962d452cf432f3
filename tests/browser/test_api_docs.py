"""Swagger UI, under the same policy as every page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Troubles


def test_the_api_is_tried_out_on_its_own_page(
    open_page: OpenPage, troubles: Troubles
) -> None:
    page = open_page("/api/docs/")
    models = page.locator("#operations-models-models_list")

    models.locator(".opblock-summary-control").click()
    models.get_by_role("button", name="Try it out").click()
    models.get_by_role("button", name="Execute").click()

    answered = models.locator(".live-responses-table")
    expect(answered).to_contain_text("200")
    expect(answered).to_contain_text("chorales")


def test_the_api_s_page_asks_no_other_host(open_page: OpenPage, site: str) -> None:
    page = open_page("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{site}/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible()

    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
