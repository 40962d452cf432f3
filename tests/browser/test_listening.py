"""Play, pause, seek, tempo, repeat, instruments; the roll and the score go along."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Troubles
from tests.browser.hearing import (
    loudness,
    player_of,
    seconds,
    speed,
    wait_until_heard,
    wait_until_past,
    wait_until_silent,
)


def test_a_visitor_presses_play_and_hears_a_piece(page: Page) -> None:
    player = player_of(page)

    player.get_by_role("button", name="Play").click()

    wait_until_heard(player)
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    wait_until_past(player, 0.5)
    expect(player.locator(".player-status")).to_have_text("")


def test_only_one_piece_sounds_at_a_time(open_page: OpenPage) -> None:
    page = open_page("/models/")
    page.get_by_role("link", name="How well it knows its music").first.click()
    first, second = player_of(page, 0), player_of(page, 1)
    first.get_by_role("button", name="Play").click()
    wait_until_heard(first)

    second.get_by_role("button", name="Play").click()

    expect(second.get_by_role("button", name="Pause")).to_be_visible()
    expect(first.get_by_role("button", name="Play")).to_be_visible()


def test_pause_keeps_the_place_and_play_goes_on_from_it(piece: Page) -> None:
    player = player_of(piece)
    player.get_by_role("button", name="Play").click()
    wait_until_heard(player)

    player.get_by_role("button", name="Pause").click()

    wait_until_silent(player)
    place = seconds(player)
    assert place > 0
    assert seconds(player) == place
    player.get_by_role("button", name="Play").click()
    wait_until_heard(player)
    assert seconds(player) > place - 0.3  # what is heard lags behind what is made


def test_one_can_seek_before_and_while_it_plays(piece: Page) -> None:
    player = player_of(piece)
    bar = player.get_by_role("slider", name="Place in the piece")
    expect(player.locator(".player-desk")).to_be_visible()
    whole = float(player.evaluate("player => player.piece.duration"))

    bar.fill("500")
    assert abs(seconds(player) - whole / 2) < 0.1
    player.get_by_role("button", name="Play").click()
    wait_until_heard(player)
    bar.fill("100")

    assert seconds(player) < whole / 4
    assert bar.get_attribute("aria-valuetext") is not None


def test_the_tempo_knob_makes_it_faster(piece: Page) -> None:
    player = player_of(piece)
    knob = player.get_by_role("slider", name="Tempo, percent")
    player.get_by_role("button", name="Play").click()
    wait_until_heard(player)

    assert 0.9 < speed(player) < 1.1

    knob.fill("200")
    piece.wait_for_timeout(300)

    assert 1.8 < speed(player) < 2.2
    shown = player.locator(".player-tempo .player-number")
    expect(shown).to_have_text(re.compile(r"♩ = \d+"))


def test_it_repeats_the_bars_that_are_chosen(piece: Page) -> None:
    player = player_of(piece)
    player.get_by_role("button", name="Repeat").click()
    player.get_by_label("Repeat from bar").select_option("2")
    player.get_by_label("Repeat to bar").select_option("2")
    loop = player.evaluate("player => player.loop")
    player.get_by_role("slider", name="Tempo, percent").fill("200")

    player.get_by_role("button", name="Play").click()
    wait_until_heard(player)
    places = []
    for _ in range(20):
        piece.wait_for_timeout(150)
        places.append(seconds(player))

    assert all(loop["start"] - 0.3 <= place <= loop["end"] + 0.3 for place in places)
    assert any(
        later < earlier for earlier, later in zip(places, places[1:], strict=False)
    )


def test_another_instrument_goes_on_sounding(piece: Page) -> None:
    player = player_of(piece)
    player.get_by_role("button", name="Play").click()
    wait_until_heard(player)
    player.get_by_role("button", name=re.compile("^Instruments?$")).click()

    with piece.expect_response("**/programs/019*.sf3"):
        player.get_by_label(re.compile("^Instrument of")).first.select_option("19")

    piece.wait_for_timeout(500)
    wait_until_heard(player)
    expect(player.locator(".player-fallback")).to_be_hidden()


def test_it_stops_at_the_end_and_starts_again_from_the_start(piece: Page) -> None:
    player = player_of(piece)
    expect(player.locator(".player-desk")).to_be_visible()
    player.get_by_role("slider", name="Place in the piece").fill("985")
    player.evaluate(
        """player => {
          window.states = [];
          player.addEventListener("scoretime", () => window.states.push(player.state));
        }"""
    )

    player.get_by_role("button", name="Play").click()

    for _ in range(100):
        states = piece.evaluate("window.states")
        if "playing" in states and states[-1] == "paused":
            break
        piece.wait_for_timeout(100)
    assert states[-1] == "paused"
    assert seconds(player) == 0


def test_the_score_marks_what_sounds_and_a_click_on_a_note_leads_there(
    piece: Page,
) -> None:
    player = player_of(piece)
    notes = piece.locator("sheet-music .note")
    expect(notes.first).to_be_visible()
    assert notes.count() > 10

    notes.nth(8).scroll_into_view_if_needed()
    box = notes.nth(8).bounding_box()
    assert box is not None
    piece.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert seconds(player) > 0
    player.get_by_role("button", name="Play").click()

    expect(piece.locator("sheet-music .is-sounding").first).to_be_visible()


def test_a_click_in_the_roll_leads_there(piece: Page) -> None:
    player = player_of(piece)
    roll = piece.get_by_role("region", name="Notes in time")
    expect(piece.locator(".roll-key")).to_be_visible()

    roll.click(position={"x": 400, "y": 60})
    there = seconds(player)
    roll.press("ArrowLeft")

    assert there > 0
    assert seconds(player) < there


def test_the_roll_can_be_read_as_a_table(piece: Page) -> None:
    piece.get_by_text("The notes as a table").click()

    rows = piece.locator("piano-roll tbody tr")
    expect(rows.first).to_be_visible()
    assert rows.count() == len(
        piece.evaluate("document.querySelector('score-player').piece.notes")
    )


def test_when_the_instruments_do_not_come_the_server_plays_and_says_why(
    open_page: OpenPage, troubles: Troubles
) -> None:
    troubles.forgive("404")
    page = open_page("/")
    page.route("**/soundfont/**", lambda route: route.fulfill(status=404))
    page.get_by_role("link", name="Open the score").first.click()
    player = player_of(page)

    player.get_by_role("button", name="Play").click()

    fallback = player.locator(".player-fallback")
    expect(fallback).to_contain_text(
        "The instruments could not be fetched (error 404)."
    )
    expect(fallback.locator("audio")).to_be_visible(timeout=60_000)
    expect(fallback).to_contain_text("the server's recording")
    fallback.locator("audio").evaluate("audio => audio.play()")
    wait_until_past(player, 0.3)
    assert fallback.locator("audio").evaluate("audio => audio.duration") > 3


def test_when_the_instruments_come_after_all_they_play(
    open_page: OpenPage, troubles: Troubles
) -> None:
    troubles.forgive("net::ERR_FAILED")
    page = open_page("/")
    page.route("**/soundfont/**", lambda route: route.abort())
    player = player_of(page)
    player.get_by_role("button", name="Play").click()
    expect(player.locator(".player-fallback")).to_contain_text(
        "The instruments could not be fetched"
    )

    page.unroute_all()
    player.get_by_role("button", name="Try again").click()

    wait_until_heard(player)
    assert loudness(player) > 0
    expect(player.locator(".player-fallback")).to_be_hidden()
