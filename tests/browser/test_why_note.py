"""Why this note? A note is explained, heard otherwise, and taken otherwise."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage
from tests.browser.hearing import (
    loudness,
    player_of,
    seconds,
    wait_until_heard,
    wait_until_silent,
)

GO_ON = re.compile("^Choose this and go on from here")
PIECE = re.compile(r"/pieces/[0-9a-f-]{36}/$")


@pytest.fixture
def why(piece: Page) -> Page:
    """A piece's page, its second note chosen by key."""
    roll = piece.get_by_role("region", name="Notes in time")
    expect(piece.get_by_role("button", name="Edit notes")).to_be_visible()
    roll.focus()
    roll.press("n")
    roll.press("n")
    expect(panel_of(piece).locator(".why-choices").first).to_be_visible()
    return piece


def panel_of(page: Page) -> Locator:
    return page.locator("why-note")


def note_of(page: Page) -> Locator:
    return panel_of(page).locator(".why-note")


def test_a_note_that_is_clicked_is_explained(piece: Page) -> None:
    expect(piece.get_by_role("button", name="Edit notes")).to_be_visible()
    expect(panel_of(piece)).to_be_hidden()
    place = piece.evaluate(
        """() => {
          const { drawing, piece } = document.querySelector("piano-roll");
          const { left, right, top, bottom } = drawing.boxOf(piece.notes[4]);
          return { x: (left + right) / 2, y: (top + bottom) / 2 };
        }"""
    )

    piece.get_by_role("region", name="Notes in time").click(position=place)

    expect(note_of(piece)).to_contain_text("beat")
    expect(panel_of(piece).locator(".why-verdict")).to_contain_text("bits")
    expect(panel_of(piece).locator(".is-chosen").first).to_contain_text("In the piece")
    assert seconds(player_of(piece)) > 0


def test_one_walks_from_note_to_note_and_the_table_chooses_too(why: Page) -> None:
    first = note_of(why).inner_text()

    panel_of(why).get_by_role("button", name="Note after").click()
    expect(note_of(why)).not_to_have_text(first)
    panel_of(why).get_by_role("button", name="Note before").click()
    expect(note_of(why)).to_have_text(first)

    why.get_by_text("The notes as a table").click()
    row = why.locator("piano-roll tbody tr").nth(6)
    row.get_by_role("button").click()
    expect(note_of(why)).not_to_have_text(first)
    expect(row.get_by_role("button")).to_have_attribute("aria-pressed", "true")

    panel_of(why).get_by_role("button", name="Close").click()
    expect(panel_of(why)).to_be_hidden()
    expect(why.get_by_role("region", name="Notes in time")).to_be_focused()


def test_alternatives_are_heard_alone_and_in_place(why: Page) -> None:
    player = player_of(why)
    line = panel_of(why).locator("li[data-pitch]").nth(1)

    line.get_by_role("button", name=re.compile("^Hear it")).click()
    wait_until_heard(player)
    wait_until_silent(player)
    line.get_by_role("button", name=re.compile("^In place")).click()
    wait_until_heard(player)

    assert loudness(player) > 0
    assert player.evaluate("player => !player.isPlaying")


def test_another_note_is_chosen_and_the_piece_goes_on_from_it(why: Page) -> None:
    old = why.url
    before = why.evaluate("document.querySelector('piano-roll').piece.notes")
    line = panel_of(why).locator("li:has(button[name=go_on])").first
    pitch = int(line.get_attribute("data-pitch") or 0)

    line.get_by_role("button", name=GO_ON).click()

    expect(why).not_to_have_url(old)
    expect(why).to_have_url(PIECE)
    expect(why.locator(".lineage")).to_contain_text("and on from there")
    expect(why.get_by_role("button", name="Edit notes")).to_be_visible()
    after = why.evaluate("document.querySelector('piano-roll').piece.notes")
    assert after[0]["pitch"] == before[0]["pitch"]
    assert after[1]["pitch"] == pitch
    assert after[1]["start_tick"] == before[1]["start_tick"]


def test_only_the_note_is_changed(why: Page) -> None:
    old = why.url
    before = why.evaluate("document.querySelector('piano-roll').piece.notes")
    line = panel_of(why).locator("li:has(button[name=only])").first

    line.get_by_role("button", name=re.compile("^Only change this note")).click()

    expect(why).not_to_have_url(old)
    expect(why.locator(".lineage")).to_contain_text("1 note edited")
    after = why.evaluate("document.querySelector('piano-roll').piece.notes")
    changed = [
        (a["pitch"], b["pitch"])
        for a, b in zip(before, after, strict=True)
        if a["pitch"] != b["pitch"]
    ]
    assert len(changed) == 1


def test_a_hymn_may_be_judged_by_another_model(open_page: OpenPage) -> None:
    page = open_page("/")
    page.get_by_role("link", name="Open the score").nth(1).click()
    expect(page.get_by_role("button", name="Edit notes")).to_be_visible()
    page.get_by_role("region", name="Notes in time").press("n")
    verdict = panel_of(page).locator(".why-verdict")
    expect(verdict).to_contain_text("To Chorales")

    panel_of(page).get_by_role("link", name="Quartets").click()

    expect(verdict).to_contain_text("To Quartets")
    expect(panel_of(page).get_by_text("And for how long")).to_be_visible()


def test_it_works_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("link", name="Open the score").first.click()
    page.get_by_role("link", name="The notes, one by one").click()
    page.locator("tbody a").nth(3).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why this note?")
    page.get_by_role("link", name="The note after").click()

    page.get_by_role("button", name=GO_ON).first.click()

    expect(page).to_have_url(PIECE)
    expect(page.locator(".lineage")).to_contain_text("and on from there")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_panel_and_the_editor(
    open_page: OpenPage, theme: str
) -> None:
    page = open_page("/", color_scheme=theme, bypass_csp=True)
    page.get_by_role("link", name="Open the score").nth(1).click()
    expect(page.get_by_role("button", name="Edit notes")).to_be_visible()
    page.get_by_role("region", name="Notes in time").press("n")
    expect(panel_of(page).locator(".why-choices")).to_be_visible()
    page.get_by_text("The notes as a table").click()
    page.get_by_label("Surprise").check()
    assert violations(page) == []

    page.get_by_role("button", name="Edit notes").click()
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 640, 768, 1280, 1920])
def test_it_fits_every_width(open_page: OpenPage, width: int) -> None:
    """640 is a page of 1,280 pixels at 200%."""
    page = open_page("/", width=width)
    page.get_by_role("link", name="Open the score").nth(1).click()
    expect(page.get_by_role("button", name="Edit notes")).to_be_visible()
    page.get_by_role("region", name="Notes in time").press("n")
    expect(panel_of(page).locator(".why-choices")).to_be_visible()
    page.get_by_role("button", name="Edit notes").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
