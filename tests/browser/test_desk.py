"""The desk of the main player: what it does to the sound, measured."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.hearing import player_of, seconds, wait_until_heard


def test_one_note_can_be_heard_beside_the_piece(piece: Page) -> None:
    player = player_of(piece)

    player.evaluate("player => player.audition(0, 72, 0.5)")

    wait_until_heard(player)
    assert seconds(player) == 0
    assert player.evaluate("player => player.state") != "playing"
