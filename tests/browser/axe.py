"""What axe, the accessibility checker, finds wrong with a page."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

from tests.browser.conftest import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# All of WCAG 2.2 up to AA, and what axe calls good practice.
FIND = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 4).map(({ target, failureSummary }) => {
      const [, ...what] = failureSummary.split("\\n");
      return `  ${target.join(" ")}: ${what.join(" ").trim()}`;
    });
    return [`${id}: ${help} (${nodes.length})`, ...where].join("\\n");
  });
}"""


@cache
def script() -> str:
    return AXE.read_text()


def violations(page: Page) -> list[str]:
    """One paragraph for each rule that is broken, with the first places."""
    page.evaluate(script())
    found: list[str] = page.evaluate(FIND)
    return found
