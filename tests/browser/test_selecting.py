"""Bars are selected on the roll, on the score, with the keyboard and in forms alike."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.hearing import player_of, seconds

FORM = """<form data-bars><input name="first_bar" type="number" min="1" max="99">
<input name="last_bar" type="number" min="1" max="99"></form>"""


@pytest.fixture
def bars(piece: Page) -> Page:
    """A piece's page with a form that asks for bars, and ears for what is told."""
    expect(piece.locator(".roll-key")).to_be_visible()
    piece.evaluate(
        """form => {
          const others = document.querySelectorAll("form[data-bars]");
          for (const other of others) other.remove();
          document.querySelector("main").insertAdjacentHTML("beforeend", form);
          window.told = [];
          const hear = ({ detail }) => window.told.push(detail);
          document.addEventListener("barselect", hear);
        }""",
        FORM,
    )
    return piece


def roll_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Notes in time")


def selected(page: Page) -> tuple[Any, Any]:
    first, last = page.evaluate(
        """() => {
          const { first, last } = document.querySelector("piano-roll").selection;
          return [first, last];
        }"""
    )
    return first, last


def x_of_bar(page: Page, number: int, share: float = 0.5) -> float:
    """Where on the roll a bar lies."""
    place = """([number, share]) => {
      const { drawing, piece } = document.querySelector("piano-roll");
      const bar = piece.bars.find(bar => bar.number === number);
      const length = bar.end_seconds - bar.start_seconds;
      return drawing.x(bar.start_seconds + share * length);
    }"""
    return float(page.evaluate(place, [number, share]))


def drag(page: Page, roll: Locator, start: tuple[float, float], x: float) -> None:
    box = roll.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + start[0], box["y"] + start[1])
    page.mouse.down()
    page.mouse.move(box["x"] + x, box["y"] + start[1] + 3, steps=4)
    page.mouse.up()


def test_one_drags_along_the_bar_numbers(bars: Page) -> None:
    drag(bars, roll_of(bars), (x_of_bar(bars, 2), 10), x_of_bar(bars, 4))

    assert selected(bars) == (2, 4)
    expect(bars.locator("#announcer")).to_have_text("Bars 2 to 4 selected")
    told = bars.evaluate("window.told.at(-1)")
    piece_bars = bars.evaluate("document.querySelector('piano-roll').piece.bars")
    by_number = {bar["number"]: bar for bar in piece_bars}
    assert told["first"] == 2
    assert told["last"] == 4
    assert told["start_seconds"] == by_number[2]["start_seconds"]
    assert told["end_seconds"] == by_number[5]["start_seconds"]
    assert seconds(player_of(bars)) == 0


def test_a_click_among_the_notes_still_leads_there(bars: Page) -> None:
    roll_of(bars).click(position={"x": x_of_bar(bars, 3), "y": 80})

    assert selected(bars) == (None, None)
    assert seconds(player_of(bars)) > 0


def test_in_select_mode_one_drags_anywhere(bars: Page) -> None:
    bars.get_by_role("button", name="Select bars").click()

    drag(bars, roll_of(bars), (x_of_bar(bars, 3), 90), x_of_bar(bars, 1))

    assert selected(bars) == (1, 3)
    assert seconds(player_of(bars)) == 0


def test_a_shift_click_extends_and_a_second_click_lets_go(bars: Page) -> None:
    roll = roll_of(bars)
    roll.click(position={"x": x_of_bar(bars, 2), "y": 10})
    assert selected(bars) == (2, 2)

    roll.click(position={"x": x_of_bar(bars, 4), "y": 10}, modifiers=["Shift"])
    assert selected(bars) == (2, 4)
    roll.click(position={"x": x_of_bar(bars, 1), "y": 10}, modifiers=["Shift"])
    assert selected(bars) == (1, 2)

    roll.click(position={"x": x_of_bar(bars, 3), "y": 10})
    roll.click(position={"x": x_of_bar(bars, 3), "y": 10})
    assert selected(bars) == (None, None)
    expect(bars.locator("#announcer")).to_have_text("No bars selected")
    assert bars.evaluate("window.told.at(-1)")["first"] is None


def test_the_keyboard_selects(bars: Page) -> None:
    roll = roll_of(bars)
    roll.focus()

    roll.press("ArrowRight")
    start = bars.evaluate(
        """() => {
          const { piece, drawing } = document.querySelector("piano-roll");
          const here = bar => bar.start_seconds <= drawing.seconds + 0.01;
          return piece.bars.findLast(here).number;
        }"""
    )
    for _ in range(3):
        roll.press("Shift+ArrowRight")
    assert selected(bars) == (start, start + 2)
    roll.press("Shift+ArrowLeft")
    assert selected(bars) == (start, start + 1)

    roll.press("Escape")
    assert selected(bars) == (None, None)


def test_forms_and_the_selection_follow_each_other(bars: Page) -> None:
    first = bars.locator("form[data-bars] [name=first_bar]")
    last = bars.locator("form[data-bars] [name=last_bar]")

    drag(bars, roll_of(bars), (x_of_bar(bars, 2), 10), x_of_bar(bars, 3))
    expect(first).to_have_value("2")
    expect(last).to_have_value("3")

    last.fill("5")
    assert selected(bars) == (2, 5)
    first.fill("4")
    assert selected(bars) == (4, 5)
    first.fill("7")  # and the last is about to follow
    assert selected(bars) == (4, 5)
    last.fill("8")
    assert selected(bars) == (7, 8)


def test_the_score_shows_it_and_selects_too(bars: Page) -> None:
    expect(bars.locator("sheet-music .note").first).to_be_visible()
    roll = roll_of(bars)
    drag(bars, roll, (x_of_bar(bars, 2), 10), x_of_bar(bars, 3))
    expect(bars.locator("sheet-music .bar-tint")).to_have_count(2)

    # Below its staff a bar has room without notes.
    place = """() => {
      const sheet = document.querySelector("sheet-music");
      const measures = [...sheet.querySelectorAll("g.measure")];
      measures[5].scrollIntoView({ block: "center", behavior: "instant" });
      const staves = measures[5].querySelectorAll(":scope > .staff");
      const lines = staves[staves.length - 1].querySelectorAll(":scope > path");
      const { left, bottom } = lines[lines.length - 1].getBoundingClientRect();
      const number = sheet.selection.bars[5].number;
      return { x: left + 3, y: bottom + 11, number };
    }"""
    there = bars.evaluate(place)
    bars.mouse.click(there["x"], there["y"])

    assert selected(bars) == (there["number"], there["number"])
    expect(bars.locator("sheet-music .bar-tint")).to_have_count(1)


def test_a_shift_click_on_a_note_of_the_score_selects_up_to_its_bar(bars: Page) -> None:
    notes = bars.locator("sheet-music .note")
    expect(notes.first).to_be_visible()
    roll_of(bars).click(position={"x": x_of_bar(bars, 1), "y": 10})

    note = bars.locator("sheet-music g.measure").nth(3).locator(".note").first
    note.scroll_into_view_if_needed()
    box = note.bounding_box()
    assert box is not None
    bars.keyboard.down("Shift")
    bars.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    bars.keyboard.up("Shift")

    numbers = bars.evaluate(
        "document.querySelector('piano-roll').piece.bars.map(bar => bar.number)"
    )
    assert selected(bars) == (1, numbers[3])
    assert seconds(player_of(bars)) == 0


def test_a_finger_taps_the_first_bar_and_the_last(open_page: OpenPage) -> None:
    page = open_page("/", width=390, has_touch=True)
    page.get_by_role("link", name="Open the score").first.click()
    expect(page.locator(".roll-key")).to_be_visible()
    roll = roll_of(page)

    roll.tap(position={"x": x_of_bar(page, 1), "y": 12})
    assert selected(page) == (1, 1)
    roll.tap(position={"x": x_of_bar(page, 2), "y": 12})
    assert selected(page) == (1, 2)
    touch = roll.evaluate("roll => getComputedStyle(roll).touchAction")
    assert touch in ("auto", "manipulation", "pan-x pan-y")  # it still scrolls


def test_colours_tell_voices_or_surprise(bars: Page) -> None:
    look = """() => {
      const canvas = document.querySelector("piano-roll canvas");
      return canvas.toDataURL();
    }"""
    expect(bars.locator(".roll-swatches").nth(1)).to_be_hidden()
    before = bars.evaluate(look)

    bars.get_by_label("Surprise").check()

    expect(bars.get_by_text("The model held this note")).to_be_visible()
    assert bars.evaluate(look) != before


def test_the_keyboard_walks_from_note_to_note(bars: Page) -> None:
    roll = roll_of(bars)
    roll.focus()
    chosen = "document.querySelector('piano-roll').chosen"

    roll.press("n")
    first = bars.evaluate(chosen)
    roll.press("n")
    second = bars.evaluate(chosen)
    roll.press("p")

    assert second["start_seconds"] >= first["start_seconds"]
    assert second["id"] != first["id"]
    assert bars.evaluate(chosen)["id"] == first["id"]
    expect(bars.locator("#announcer")).to_contain_text("beat")
