"""Notes are edited on the roll, heard as they will be, and kept as a new piece."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.browser.conftest import OpenPage, Troubles
from tests.browser.hearing import (
    player_of,
    seconds,
    wait_until_heard,
    wait_until_silent,
)


def test_one_note_sounds_by_itself_and_ends(piece: Page) -> None:
    player = player_of(piece)
    expect(player.locator(".player-desk").first).to_be_visible()

    player.evaluate("player => player.audition(0, 72, 0.6)")

    wait_until_heard(player)
    wait_until_silent(player)
    assert seconds(player) == 0


def test_the_player_plays_notes_that_are_not_saved(piece: Page) -> None:
    player = player_of(piece)
    expect(player.locator(".player-desk").first).to_be_visible()
    silent = """async player => {
      const notes = player.piece.notes.map(note => ({ ...note, velocity: 1 }));
      await player.play();
      await player.takeNotes({ ...player.piece, notes });
    }"""
    player.evaluate(silent)

    wait_until_silent(player)

    assert player.evaluate("player => player.isPlaying")


# The editor -------------------------------------------------------------------------


@pytest.fixture
def editing(piece: Page) -> Page:
    """A tune's page with its editor open; its first note is selected."""
    expect(piece.locator(".roll-key")).to_be_visible()
    piece.get_by_role("button", name="Edit notes").click()
    expect(piece.get_by_role("button", name="Save as a new piece")).to_be_visible()
    return piece


def roll_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Notes in time")


def notes_of(page: Page) -> list[dict[str, Any]]:
    """The notes as they are edited, in time."""
    found: list[dict[str, Any]] = page.evaluate(
        "document.querySelector('piano-roll').editor.editing.notes"
    )
    return found


def selected(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        "document.querySelector('piano-roll').editor.editing.chosen"
    )
    return found


def box_of(page: Page, number: int) -> dict[str, float]:
    """Where on the page a note is drawn."""
    box = """number => {
      const { drawing, scroller, editor } = document.querySelector("piano-roll");
      const { id } = editor.editing.notes[number];
      const note = editor.piece.notes.find(note => note.id === id);
      const { left, top, right, bottom } = drawing.boxOf(note);
      const edge = scroller.getBoundingClientRect();
      const [x, y] = [edge.left + scroller.clientLeft, edge.top + scroller.clientTop];
      const { row, scale } = drawing;
      return { left: left + x, right: right + x, middle: (top + bottom) / 2 + y,
        centre: (left + right) / 2 + x, row, scale };
    }"""
    found: dict[str, float] = page.evaluate(box, number)
    return found


def said(page: Page) -> Locator:
    return page.locator("#announcer")


def test_notes_move_and_stretch_by_key_and_every_step_is_said(editing: Page) -> None:
    roll = roll_of(editing)
    before = notes_of(editing)
    expect(roll).to_be_focused()
    assert [note["id"] for note in selected(editing)] == [before[0]["id"]]

    roll.press("ArrowUp")
    assert selected(editing)[0]["pitch"] == before[0]["pitch"] + 1
    roll.press("Shift+ArrowUp")
    assert selected(editing)[0]["pitch"] == before[0]["pitch"] + 13
    roll.press("Shift+ArrowDown")
    roll.press("ArrowRight")
    assert selected(editing)[0]["start_tick"] == before[0]["start_tick"] + 240
    roll.press("]")
    assert selected(editing)[0]["duration_ticks"] == before[0]["duration_ticks"] + 240
    roll.press("Shift+ArrowLeft")
    assert selected(editing)[0]["duration_ticks"] == before[0]["duration_ticks"]

    expect(said(editing)).to_contain_text("beat")
    expect(editing.locator(".editor-status")).to_contain_text("1 note changed")


def test_tab_walks_through_the_notes_and_leaves_at_the_end(editing: Page) -> None:
    roll = roll_of(editing)
    roll.press("Tab")
    roll.press("Tab")
    assert selected(editing)[0]["id"] == notes_of(editing)[2]["id"]
    roll.press("Shift+Tab")
    assert selected(editing)[0]["id"] == notes_of(editing)[1]["id"]

    roll.press("Escape")
    assert selected(editing) == []
    roll.press("Tab")
    expect(roll).not_to_be_focused()


def test_undo_and_redo_go_all_the_way(editing: Page) -> None:
    roll = roll_of(editing)
    before = notes_of(editing)
    roll.press("ArrowUp")
    roll.press("Delete")
    assert len(notes_of(editing)) == len(before) - 1
    roll.press("Control+a")
    assert len(selected(editing)) == len(before) - 1
    roll.press("ArrowDown")
    after = notes_of(editing)

    for _ in range(3):
        roll.press("Control+z")
    assert notes_of(editing) == before
    roll.press("Control+y")
    roll.press("Control+Shift+z")
    roll.press("Control+y")
    assert notes_of(editing) == after
    expect(editing.get_by_role("button", name="Redo")).to_have_attribute(
        "aria-disabled", "true"
    )


def test_a_note_is_dragged_and_its_edge_drawn_out(editing: Page) -> None:
    editing.get_by_role("combobox", name="Grid").select_option("240")
    before = notes_of(editing)[1]
    box = box_of(editing, 1)
    eighth = (
        240
        * 60
        / (
            480
            * editing.evaluate(
                "player => player.piece.qpm",
                editing.locator("score-player").element_handle(),
            )
        )
    )

    editing.mouse.move(box["left"] + 4, box["middle"])
    editing.mouse.down()
    editing.mouse.move(
        box["left"] + 4 + eighth * box["scale"], box["middle"] - 2 * box["row"], steps=6
    )
    editing.mouse.up()
    moved = selected(editing)[0]
    assert moved["id"] == before["id"]
    assert moved["pitch"] == before["pitch"] + 2
    assert moved["start_tick"] == before["start_tick"] + 240

    place = [n["id"] for n in notes_of(editing)].index(before["id"])
    box = box_of(editing, place)
    editing.mouse.move(box["right"] - 2, box["middle"])
    editing.mouse.down()
    editing.mouse.move(box["right"] - 2 + eighth * box["scale"], box["middle"], steps=6)
    editing.mouse.up()
    assert selected(editing)[0]["duration_ticks"] == before["duration_ticks"] + 240

    roll_of(editing).press("Control+z")
    roll_of(editing).press("Control+z")
    assert notes_of(editing)[1]["pitch"] == before["pitch"]
    expect(editing.get_by_role("button", name="Undo")).to_have_attribute(
        "aria-disabled", "true"
    )


def test_a_box_catches_and_a_click_on_nothing_lets_go(editing: Page) -> None:
    first, third = box_of(editing, 0), box_of(editing, 2)
    roll = roll_of(editing)
    frame = roll.bounding_box()
    assert frame is not None

    editing.mouse.move(first["left"] - 3, frame["y"] + 30)
    editing.mouse.down()
    editing.mouse.move(third["right"] - 3, frame["y"] + frame["height"] - 20, steps=5)
    editing.mouse.up()
    assert len(selected(editing)) == 3
    expect(said(editing)).to_have_text("3 notes selected")

    editing.mouse.click(third["centre"], frame["y"] + 32)
    assert selected(editing) == []


def test_notes_are_added_by_double_click_and_by_key(editing: Page) -> None:
    roll = roll_of(editing)
    count = len(notes_of(editing))
    frame = roll.bounding_box()
    assert frame is not None
    editing.mouse.dblclick(frame["x"] + 200, frame["y"] + 34)
    assert len(notes_of(editing)) == count + 1
    expect(said(editing)).to_contain_text("Added")

    roll.press("Escape")
    roll.press("ArrowRight")
    roll.press("ArrowUp")
    roll.press("Enter")
    roll.press("n")
    assert len(notes_of(editing)) == count + 3
    roll.press("Control+d")
    assert len(notes_of(editing)) == count + 4


def test_everything_can_be_done_with_buttons_and_fields(editing: Page) -> None:
    """Not by the canvas: the table chooses a note, fields and buttons change it."""
    editing.get_by_text("The notes as a table").click()
    row = editing.locator("piano-roll tbody tr").nth(3)
    row.get_by_role("button").click()
    note = selected(editing)[0]
    desk = editing.get_by_role("region", name="Editing notes")

    desk.get_by_label("Note", exact=True).fill("F#5")
    desk.get_by_label("Note", exact=True).press("Enter")
    desk.get_by_label("Quarters long").fill("0.25")
    desk.get_by_label("Quarters long").press("Enter")
    desk.get_by_label("Bar", exact=True).fill("2")
    desk.get_by_label("Bar", exact=True).press("Tab")

    changed = selected(editing)[0]
    assert changed["id"] == note["id"]
    assert changed["pitch"] == 78
    assert changed["duration_ticks"] == 120
    expect(editing.locator("piano-roll tbody [aria-pressed=true]")).to_have_text("F♯5")
    desk.get_by_label("Note", exact=True).fill("H9")
    desk.get_by_label("Note", exact=True).press("Enter")
    expect(editing.locator(".editor-status")).to_contain_text("Try C5")
    count = len(notes_of(editing))
    desk.get_by_role("button", name="Duplicate").click()
    desk.get_by_role("button", name="Higher").click()
    desk.get_by_role("button", name="Shorter").click()
    desk.get_by_role("button", name="Delete").click()
    assert len(notes_of(editing)) == count
    desk.get_by_label("Transpose by").fill("-3")
    desk.get_by_role("button", name="All", exact=True).click()
    moved = next(n for n in notes_of(editing) if n["id"] == note["id"])
    assert moved["pitch"] == 75


def test_what_is_touched_is_heard_and_played_before_it_is_saved(editing: Page) -> None:
    player = player_of(editing)
    roll_of(editing).press("ArrowUp")
    wait_until_heard(player)

    pitch = selected(editing)[0]["pitch"]
    editing.wait_for_function(
        """pitch => document.querySelector("score-player")
          .piece.notes[0].pitch === pitch""",
        arg=pitch,
    )
    player.get_by_role("button", name="Play").click()
    wait_until_heard(player)


def test_all_of_the_editors_desk_is_in_view_at_once(editing: Page) -> None:
    expect(
        editing.get_by_role("button", name="Save as a new piece")
    ).to_be_in_viewport()
    expect(editing.get_by_text("N and P go from note to note")).to_be_hidden()


def test_edits_are_saved_as_a_new_piece(editing: Page) -> None:
    old = editing.url
    title = editing.get_by_role("heading", level=1).inner_text()
    roll_of(editing).press("ArrowUp")
    notes = notes_of(editing)

    editing.get_by_role("button", name="Save as a new piece").click()

    expect(editing.locator(".lineage")).to_contain_text("1 note edited")
    heading = editing.get_by_role("heading", level=1)
    expect(heading).to_have_text(f"{title} (1 note edited)")
    expect(editing.get_by_role("button", name="Edit notes")).to_be_visible()
    assert editing.url != old
    kept = editing.evaluate("document.querySelector('piano-roll').piece.notes")
    assert [note["pitch"] for note in kept] == [note["pitch"] for note in notes]


def test_leaving_with_edits_asks_and_cancelling_gives_the_piece_back(
    editing: Page,
) -> None:
    before = notes_of(editing)
    roll_of(editing).press("ArrowUp")
    asked = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss() if len(asked) == 1 else dialog.accept()

    editing.on("dialog", answer)
    editing.evaluate("setTimeout(() => location.reload())")
    editing.wait_for_timeout(300)
    editing.get_by_role("button", name="Cancel").click()

    expect(editing.get_by_role("button", name="Edit notes")).to_be_focused()
    assert asked == ["beforeunload", "confirm"]
    notes = editing.evaluate("document.querySelector('piano-roll').piece.notes")
    assert [n["pitch"] for n in notes] == [n["pitch"] for n in before]


def test_what_cannot_be_saved_is_said_and_kept_on_the_page(
    editing: Page, troubles: Troubles
) -> None:
    troubles.forgive("422")
    button = editing.get_by_role("button", name="Save as a new piece")
    button.click()
    expect(editing.locator(".editor-status")).to_have_text("Nothing is changed yet.")
    roll_of(editing).press("ArrowUp")
    editing.route(
        "**/edit/",
        lambda route: route.fulfill(
            status=422, json={"error": "A sentence of the server."}
        ),
    )
    button.click()

    expect(editing.locator(".editor-status")).to_have_text("A sentence of the server.")
    assert len(selected(editing)) == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_piece_is_transposed_as_a_whole(open_page: OpenPage, scripts: bool) -> None:
    page = open_page("/", java_script_enabled=scripts)
    page.get_by_role("link", name="Open the score").first.click()
    old = page.url
    page.get_by_text("Transpose the piece").click()
    page.get_by_label("By how many semitones?").fill("-5")
    page.get_by_role("button", name="Transpose", exact=True).click()

    expect(page.locator(".lineage")).to_contain_text("transposed down by 5 semitones")
    assert page.url != old


def test_a_finger_moves_a_selected_note_and_scrolls_elsewhere(
    open_page: OpenPage,
) -> None:
    page = open_page("/", width=390, has_touch=True)
    page.get_by_role("link", name="Open the score").first.click()
    page.get_by_role("button", name="Edit notes").click()
    before = selected(page)[0]
    box = box_of(page, 0)
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = box["left"] + 3, box["middle"]
    finger("touchStart", x, y)
    for step in range(1, 6):
        finger("touchMove", x, y - step * box["row"] * 2 / 5)
    finger("touchEnd", x, y)

    assert selected(page)[0]["pitch"] == before["pitch"] + 2


def test_a_roll_of_four_thousand_notes_is_drawn_in_a_frame(editing: Page) -> None:
    spent = editing.evaluate(
        """() => {
          const roll = document.querySelector("piano-roll");
          const { editor } = roll;
          const many = Array.from({ length: 4096 }, (_, n) => ({
            part: 0, start_tick: 60 * n, pitch: 48 + (n * 7) % 30,
            duration_ticks: 120, velocity: 80,
          }));
          const Editing = editor.editing.constructor;
          editor.editing = new Editing(many, { limit: 480 * 600 });
          editor.editing.selectAll();
          const times = [];
          for (let n = 0; n < 12; n += 1) {
            const started = performance.now();
            editor.editing.move(0, n % 2 ? -1 : 1);
            editor.sketch();
            times.push(performance.now() - started);
          }
          return times.sort((a, b) => a - b)[6];
        }"""
    )

    print(f"a step of 4,096 notes takes {spent:.1f} ms")
    assert spent < 100  # twice what it takes beside a busy machine
