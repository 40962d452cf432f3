"""Notes are edited on the roll, heard as they will be, and kept as a new piece."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.hearing import (
    player_of,
    seconds,
    wait_until_heard,
    wait_until_silent,
)


def test_one_note_sounds_by_itself_and_ends(piece: Page) -> None:
    player = player_of(piece)
    expect(player.locator(".player-desk label").first).to_be_visible()

    player.evaluate("player => player.audition(0, 72, 0.6)")

    wait_until_heard(player)
    wait_until_silent(player)
    assert seconds(player) == 0


def test_the_player_plays_notes_that_are_not_saved(piece: Page) -> None:
    player = player_of(piece)
    expect(player.locator(".player-desk label").first).to_be_visible()
    silent = """async player => {
      const notes = player.piece.notes.map(note => ({ ...note, velocity: 1 }));
      await player.play();
      await player.takeNotes({ ...player.piece, notes });
    }"""
    player.evaluate(silent)

    wait_until_silent(player)

    assert player.evaluate("player => player.isPlaying")
