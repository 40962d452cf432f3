"""Ask for a piece, see it, take it home."""

from __future__ import annotations

import re
from pathlib import Path

import symusic
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Troubles
from tests.browser.hearing import player_of, wait_until_heard

PIECE = re.compile(r"/pieces/[0-9a-f-]{36}/$")


def test_compose_on_the_first_page_gives_a_new_piece_that_sounds(page: Page) -> None:
    page.get_by_role("button", name="Compose").click()

    expect(page).to_have_url(PIECE)
    expect(page.locator("sheet-music svg").first).to_be_visible()
    expect(page.locator("piano-roll canvas")).to_be_visible()
    player_of(page).get_by_role("button", name="Play").click()
    wait_until_heard(player_of(page))


def test_the_form_is_obeyed(open_page: OpenPage) -> None:
    page = open_page("/compose/")
    page.get_by_label("Bars").fill("8")
    page.get_by_label("Key note").select_option("G")
    page.get_by_label("Mode").select_option("major")
    page.get_by_label("Metre").select_option("6/8")

    page.get_by_role("button", name="Compose").click()

    expect(page).to_have_url(PIECE)
    expect(page.locator(".titling")).to_contain_text("8 bars in 6/8, G major")


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    open_page: OpenPage, troubles: Troubles
) -> None:
    troubles.forgive("422")
    page = open_page("/compose/")
    page.get_by_label("Bars").fill("12")
    page.get_by_label("Temperature").fill("-3")
    # The browser would stop it; the server must do without the browser's help.
    page.locator("form").evaluate("form => { form.noValidate = true; }")

    page.get_by_role("button", name="Compose").click()

    expect(page.get_by_role("alert")).to_contain_text("temperature")
    expect(page.get_by_label("Bars")).to_have_value("12")


def test_again_gives_another_piece_and_again_but_changes_what_is_asked(
    piece: Page,
) -> None:
    first = piece.url
    title = piece.get_by_role("heading", level=1).inner_text()

    piece.get_by_role("button", name="Again", exact=True).click()
    expect(piece).not_to_have_url(first)
    expect(piece.locator(".lineage")).to_contain_text(f"after {title}")
    piece.get_by_text("Change the recipe").click()
    piece.get_by_label("Bars", exact=True).fill("4")
    piece.get_by_role("button", name="Compose again").click()

    expect(piece.locator(".titling .marking")).to_contain_text("4 bars")


def test_midi_and_musicxml_are_there_at_once(piece: Page, tmp_path: Path) -> None:
    with piece.expect_download() as midi:
        piece.get_by_role("link", name="MIDI").click()
    with piece.expect_download() as musicxml:
        piece.get_by_role("link", name="MusicXML").click()

    assert midi.value.suggested_filename.endswith(".mid")
    midi.value.save_as(tmp_path / "piece.mid")
    assert symusic.Score(tmp_path / "piece.mid").note_num() > 10
    text = musicxml.value.path().read_text()
    assert "<score-partwise" in text


def test_a_recording_is_made_while_one_stays_on_the_page(piece: Page) -> None:
    address = piece.url

    with piece.expect_download(timeout=60_000) as recording:
        piece.get_by_role("button", name="MP3").click()
        expect(piece.get_by_text("MP3: being made…")).to_be_visible()

    assert recording.value.path().stat().st_size > 10_000
    assert piece.url == address
    expect(piece.get_by_text("MP3 is ready.")).to_be_visible()
    piece.reload()
    expect(piece.get_by_role("link", name="MP3")).to_be_visible()


def test_what_one_composed_is_listed(page: Page) -> None:
    page.get_by_role("button", name="Compose").click()
    expect(page).to_have_url(PIECE)
    title = page.get_by_role("heading", level=1).inner_text()

    page.get_by_role("link", name="My pieces").click()
    page.get_by_role("link", name=title, exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(title)
