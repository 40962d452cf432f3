"""A piece is steered in a browser: each action, what it says, and how it sounds."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.hearing import wait_until_heard, wait_until_silent

PIECE = re.compile(r"/pieces/[0-9a-f-]{36}/$")


def compose(open_page: OpenPage, model: str = "Tunes", **options: object) -> Page:
    page = open_page("/compose/", **options)
    page.get_by_label(model, exact=True).check()
    page.get_by_label("Bars", exact=True).fill("8")
    page.get_by_label("Mode").select_option("major")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page).to_have_url(PIECE)
    return page


def press(page: Page, name: str) -> None:
    """Presses a button that makes another piece, and waits for its page."""
    before = page.url
    page.get_by_role("button", name=name, exact=True).click()
    expect(page).not_to_have_url(before)
    expect(page).to_have_url(PIECE)


def bars(page: Page, first: int | str, last: int | str) -> None:
    page.get_by_role("spinbutton", name="From bar").fill(str(first))
    page.get_by_role("spinbutton", name="to bar").fill(str(last))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_every_action_of_a_tune_says_what_it_did(
    open_page: OpenPage, scripts: bool
) -> None:
    page = compose(open_page, java_script_enabled=scripts)
    first = page.url

    for name, change in [
        ("Rewrite", "bars 3 to 4 rewritten"),
        ("Continue from here", "goes on after bar 4, 8 more"),
        ("New ending", "a new ending from bar 3"),
        ("Wilder", "wilder: temperature 0.85 to 1.05"),
        ("Calmer", "calmer: temperature 0.85 to 0.65"),
        ("In minor", "minor"),
        ("Longer", "longer: 8 bars to 12"),
        ("Same rhythm", "the same rhythm, new notes"),
        ("Same start", "the same start: bars 1 to 2 kept"),
        ("A little different", "varied a little"),
        ("Quite different", "varied a lot"),
    ]:
        page.goto(first)
        if name in ("Rewrite", "Continue from here", "New ending"):
            bars(page, 3, 4)
        press(page, name)
        expect(page.locator(".lineage")).to_contain_text(change)
        expect(page.locator(".compare")).to_contain_text(change, ignore_case=True)

    page.get_by_role("link", name=re.compile("^Back to")).click()
    expect(page).to_have_url(first)
    expect(page.locator(".family > li article")).to_have_count(12)


def test_another_key_and_another_metre_are_chosen_from_menus(
    open_page: OpenPage,
) -> None:
    page = compose(open_page)
    first = page.url
    marking = page.locator(".titling .marking")

    page.get_by_text("In another key").click()
    key = page.locator(".action-menu[open] button").first.inner_text()
    press(page, key)
    expect(marking).to_contain_text(f"{key} major")

    page.goto(first)
    page.get_by_text("In another metre").click()
    metre = page.locator(".action-menu[open] button").first.inner_text()
    press(page, metre)
    expect(marking).to_contain_text(f"8 bars in {metre}")


def test_bars_selected_on_the_roll_are_rewritten(open_page: OpenPage) -> None:
    page = compose(open_page)
    roll = page.locator("piano-roll")
    expect(roll.get_by_role("button", name="Select bars")).to_be_visible()
    chosen = page.evaluate(
        """() => new Promise(done => {
          document.addEventListener("barselect", e => done(e.detail.first));
          const field = document.getElementById("first_bar");
          field.value = "5";
          field.dispatchEvent(new Event("input", {bubbles: true}));
        })"""
    )

    assert chosen == 5
    expect(page.get_by_role("spinbutton", name="to bar")).to_have_value("5")
    press(page, "Rewrite")
    expect(page.locator(".lineage")).to_contain_text("bar 5 rewritten")


def test_before_and_now_are_both_heard(open_page: OpenPage) -> None:
    page = compose(open_page, "Chorales")
    bars(page, 2, 3)
    press(page, "Rewrite")

    for part in ("before", "now"):
        player = page.locator(f"score-player[id^={part}-]")
        player.get_by_role("button", name=re.compile("^Play")).click()
        wait_until_heard(player)
        player.get_by_role("button", name=re.compile("^Pause")).click()
        wait_until_silent(player)

    main = page.locator("score-player[data-main]")
    expect(main).to_have_attribute("id", re.compile("^player-"))


def test_a_tune_is_harmonised_by_a_model_of_several_voices(
    open_page: OpenPage,
) -> None:
    page = open_page("/compose/")
    page.get_by_label("Bars", exact=True).fill("4")
    page.get_by_label("Metre").select_option("4/4")
    page.get_by_label("Mode").select_option("major")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page).to_have_url(PIECE)
    harmonise = page.get_by_role("button", name="Harmonise")

    expect(harmonise).to_be_disabled()
    why = page.locator(f"#{harmonise.get_attribute('aria-describedby')}")
    expect(why).to_contain_text("Tunes writes one melody. Choose Chorales")
    page.get_by_label("by", exact=True).select_option("Chorales")
    expect(harmonise).to_be_enabled()
    rewrite = page.get_by_role("button", name="Rewrite")
    expect(rewrite).to_be_disabled()
    why = page.locator(f"#{rewrite.get_attribute('aria-describedby')}")
    expect(why).to_contain_text("Chorales writes 4 parts, and this piece has one.")

    press(page, "Harmonise")
    expect(page.locator(".lineage")).to_contain_text("harmonised: Chorales wrote 3")
    player = page.locator("score-player[data-main]")
    player.get_by_role("button", name=re.compile("^Play")).click()
    wait_until_heard(player)


def test_without_scripts_another_model_shows_what_it_can_do(
    open_page: OpenPage,
) -> None:
    page = open_page("/compose/?model=tunes", java_script_enabled=False)
    page.get_by_label("Bars", exact=True).fill("4")
    page.get_by_label("Metre").select_option("4/4")
    page.get_by_label("Mode").select_option("major")
    page.get_by_role("button", name="Compose", exact=True).click()
    page.get_by_role("link", name="What Chorales can do").click()

    expect(page.get_by_role("button", name="Harmonise")).to_be_enabled()
    expect(page.get_by_role("button", name="Rewrite")).to_be_disabled()
    press(page, "Harmonise")
    expect(page.locator(".lineage")).to_contain_text("harmonised: Chorales wrote 3")


def test_what_is_wrong_is_said_where_it_was_asked(
    open_page: OpenPage, troubles
) -> None:
    troubles.forgive("422")
    page = compose(open_page)

    page.get_by_role("button", name="Rewrite").click()

    alert = page.locator(".steer").get_by_role("alert")
    expect(alert).to_contain_text("Say which bars to rewrite")
    expect(alert).to_be_in_viewport()
    expect(alert).to_be_focused()


def test_the_form_follows_the_model(open_page: OpenPage) -> None:
    page = open_page("/compose/")
    metres = page.get_by_label("Metre").locator("option")

    expect(metres).to_have_count(11)
    page.get_by_label("Metre").select_option("6/8")
    page.get_by_label("Chorales", exact=True).check()

    expect(metres).to_have_text(["The model's choice", "4/4", "3/4", "12/8", "3/2"])
    expect(page.get_by_label("Metre")).to_have_value("")
    expect(page.locator("[data-says]")).to_contain_text("Writes 4 parts: Soprano")
    expect(page.get_by_label("Lowest note")).to_have_attribute("placeholder", "36")
    expect(page.get_by_label("Key note").locator("[value=Bb]")).to_have_text("B♭")
    page.get_by_label("Tunes", exact=True).check()
    expect(metres).to_have_count(11)


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_a_familys_page_holds_its_width(open_page: OpenPage, width: int) -> None:
    page = compose(open_page, width=width)
    press(page, "Wilder")
    press(page, "Wilder")
    page.get_by_text("In another key").click()
    page.get_by_text("How it is done").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(".family score-player")).to_have_count(2)
    expect(page.locator(".family [aria-current=true]")).to_be_visible()
