"""The page of a piece as one instrument: its keys, its voice, what one press makes."""

from __future__ import annotations

import json
import zipfile

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.hearing import (
    player_of,
    seconds,
    wait_until_heard,
    wait_until_past,
    wait_until_silent,
)


def roll_of(page: Page) -> None:
    page.get_by_role("region", name="Notes in time").focus()


def edit(page: Page) -> None:
    page.get_by_role("button", name="Edit notes").click()
    expect(page.get_by_role("region", name="Notes in time")).to_be_focused()


def held(page: Page, key: str, *, repeats: int) -> None:
    for _ in range(1 + repeats):
        page.keyboard.down(key)
    page.keyboard.up(key)


def test_the_space_bar_plays_once_wherever_the_focus_is(piece: Page) -> None:
    player = player_of(piece)
    top = piece.evaluate("scrollY")

    for place in ("body", ".roll-scroller", ".player-seek", "sheet-music"):
        piece.evaluate("place => document.querySelector(place).focus()", place)
        held(piece, " ", repeats=3)
        wait_until_heard(player)
        held(piece, " ", repeats=3)
        wait_until_silent(player)
        expect(player.get_by_role("button", name="Play")).to_be_visible()
    assert piece.evaluate("scrollY") == top

    # On a button it presses the button, and nothing else.
    player.get_by_role("button", name="Play").focus()
    piece.keyboard.press(" ")
    wait_until_heard(player)


def test_in_the_roll_an_arrow_leads_one_bar_on_and_not_two(piece: Page) -> None:
    player = player_of(piece)
    bars = player.evaluate("player => player.piece.bars.map(b => b.start_seconds)")
    roll_of(piece)

    piece.keyboard.press("ArrowRight")
    assert seconds(player) == bars[1]
    piece.keyboard.press("ArrowLeft")
    assert seconds(player) == 0


def test_while_editing_the_editors_keys_are_not_the_players(piece: Page) -> None:
    player = player_of(piece)
    expect(piece.get_by_role("button", name="Edit notes")).to_be_visible()
    edit(piece)

    for key in (".", "]", "[", "ArrowRight", "ArrowLeft", "p", "d", "Delete"):
        piece.keyboard.press(key)

    assert player.evaluate("player => player.loop") is None
    assert player.evaluate("player => player.setting.tempo") == 100
    assert seconds(player) == 0
    piece.keyboard.press(" ")
    wait_until_past(player, 0.2)


def test_a_change_in_the_editor_is_said_once(piece: Page) -> None:
    expect(piece.get_by_role("button", name="Edit notes")).to_be_visible()
    edit(piece)
    piece.evaluate(
        """() => {
          window.said = [];
          const live = "[role=status], [role=alert], [aria-live=polite]";
          const placeOf = (node) =>
            (node.nodeType === 1 ? node : node.parentElement).closest(live);
          const hear = (changes) => {
            const places = new Set(changes.map(({ target }) => placeOf(target)));
            for (const place of places) if (place) said.push(place.textContent);
          };
          const whole = { subtree: true, childList: true, characterData: true };
          new MutationObserver(hear).observe(document.body, whole);
        }"""
    )

    piece.keyboard.press(".")
    piece.keyboard.press("ArrowUp")
    piece.wait_for_timeout(300)

    # A slow machine may say meanwhile that the instruments are on their way.
    said = [w for w in piece.evaluate("said") if w and "instruments" not in w]
    assert len(said) == 2, said


def test_keys_rest_behind_the_list_of_them(piece: Page) -> None:
    player = player_of(piece)
    expect(player.locator(".player-desk")).to_be_visible()
    piece.keyboard.press("?")
    expect(piece.get_by_role("dialog", name="Keys")).to_be_visible()

    piece.evaluate("document.activeElement.blur()")
    piece.keyboard.press("m")
    piece.keyboard.press("ArrowRight")

    assert player.evaluate("player => player.setting.metronome") is False
    assert seconds(player) == 0


def test_two_quick_presses_make_one_piece(piece: Page) -> None:
    first = piece.url

    piece.get_by_role("button", name="Wilder", exact=True).dblclick()
    expect(piece).not_to_have_url(first)
    piece.goto("/my/pieces/")

    expect(piece.locator("[data-card]")).to_have_count(1)


def test_one_comes_back_to_a_page_that_works(piece: Page) -> None:
    first = piece.url
    piece.get_by_role("button", name="Calmer", exact=True).click()
    expect(piece).not_to_have_url(first)

    piece.go_back()

    expect(piece).to_have_url(first)
    calmer = piece.get_by_role("button", name="Calmer", exact=True)
    expect(calmer).not_to_have_attribute("aria-busy", "true")
    player = player_of(piece)
    player.get_by_role("button", name="Play").click()
    wait_until_heard(player)
    calmer.click()
    expect(piece).not_to_have_url(first)


def test_a_tune_is_taken_home_in_every_form(open_page: OpenPage) -> None:
    page = open_page("/")
    page.get_by_label("What to compose").select_option("tunes")
    page.get_by_role("button", name="Compose").click()
    page.wait_for_url("**/pieces/*/")
    home = page.get_by_role("region", name="Take it home")
    starts = {"ABC": b"X:", "Recipe": b"{", "PDF": b"%PDF", "PNG": b"\x89PNG"}
    starts |= {"WAV": b"RIFF", "FLAC": b"fLaC", "Ogg Vorbis": b"OggS"}

    for name, start in starts.items():
        role = "link" if name in ("ABC", "Recipe") else "button"
        with page.expect_download(timeout=60_000) as file:
            home.get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]
        assert file.value.path().read_bytes().startswith(start), name
        if name == "Recipe":
            assert "seed" in json.dumps(json.loads(file.value.path().read_text()))
    with page.expect_download(timeout=60_000) as file:
        home.get_by_role("button", name="Stems").click()
    with zipfile.ZipFile(file.value.path()) as stems:
        assert stems.testzip() is None
        assert stems.namelist()


def test_notes_that_no_model_judged_have_no_empty_column(open_page: OpenPage) -> None:
    page = open_page("/bring/")
    field = page.get_by_label("The tune")
    field.fill("X:1\nM:3/4\nL:1/4\nK:G\nGAB|d3|")
    page.locator("form", has=field).get_by_role("button", name="Bring it").click()
    page.get_by_text("The notes as a table").click()

    table = page.get_by_role("region", name="Notes", exact=True)
    expect(table.get_by_role("columnheader")).to_have_count(5)
    expect(table.locator("tbody tr").first.get_by_role("cell")).to_have_count(5)
