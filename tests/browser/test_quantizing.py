"""From what hands did to written notes: exact numbers, in the browser itself."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ROOT, OpenPage

MODULE = (ROOT / "static" / "js" / "quantizing.js").read_text()
FOUR = [4, 4]


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    page = open_page("/log-in/")
    # Bundled, its functions have no names of their own.
    page.route(
        "**/static/quantizing.js",
        lambda route: route.fulfill(body=MODULE, content_type="text/javascript"),
    )
    return page


def ask(page: Page, function: str, *arguments: Any) -> Any:
    return page.evaluate(
        """async ([name, values]) => {
          const module = await import("/static/quantizing.js");
          return module[name](...values);
        }""",
        [function, list(arguments)],
    )


def hand(on: float, off: float | None, pitch: int = 60, velocity: float = 80) -> Any:
    return {"on": on, "off": off, "pitch": pitch, "velocity": velocity}


def quantized(page: Page, *hands: Any, **settings: Any) -> Any:
    usual = {"qpm": 120, "metre": FOUR, "grid": 240}
    return ask(page, "quantized", list(hands), {**usual, **settings})


def notes(written: Any) -> list[tuple[int, int, int]]:
    return [
        (note["start_tick"], note["pitch"], note["duration_ticks"])
        for note in written["notes"]
    ]


def test_notes_go_to_the_nearest_place_on_the_grid(page: Page) -> None:
    # At 120 an eighth lasts a quarter of a second.
    played = (hand(0.02, 0.23), hand(0.27, 0.74, 62), hand(0.76, 1.9, 64))

    written = quantized(page, *played)

    assert notes(written) == [(0, 60, 240), (240, 62, 480), (720, 64, 1200)]
    assert (written["pickup_ticks"], written["dropped"]) == (0, 0)


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        (240, [(0, 60, 240), (240, 64, 240)]),
        (160, [(0, 60, 160), (160, 62, 160), (320, 64, 160)]),
        (120, [(0, 60, 120), (120, 62, 240), (360, 64, 120)]),
    ],
)
def test_each_grid_hears_three_in_a_quarter_in_its_own_way(
    page: Page, grid: int, expected: list[tuple[int, int, int]]
) -> None:
    third = 0.5 / 3
    played = [hand(third * i, third * (i + 1), 60 + 2 * i) for i in range(3)]

    assert notes(quantized(page, *played, grid=grid)) == expected


def test_a_note_ends_where_the_next_begins(page: Page) -> None:
    written = quantized(page, hand(0, 0.8), hand(0.5, 1.0, 62))

    assert notes(written) == [(0, 60, 480), (480, 62, 480)]


def test_a_rest_stays_a_rest(page: Page) -> None:
    written = quantized(page, hand(0, 0.25), hand(1.0, 1.25, 62))

    assert notes(written) == [(0, 60, 240), (960, 62, 240)]


def test_of_notes_that_fall_together_the_last_stays(page: Page) -> None:
    written = quantized(page, hand(0, 0.2), hand(0.05, 0.5, 64), hand(0.1, 0.5, 67))

    assert notes(written) == [(0, 67, 480)]
    assert written["dropped"] == 2


def test_the_shortest_tap_lasts_a_step(page: Page) -> None:
    assert notes(quantized(page, hand(0.5, 0.51))) == [(480, 60, 240)]


def test_a_key_that_is_held_sounds_until_now(page: Page) -> None:
    assert notes(quantized(page, hand(0, None), now=1.02)) == [(0, 60, 960)]
    assert notes(quantized(page, hand(0, None), now=0)) == [(0, 60, 240)]


def test_notes_before_the_first_bar_line_are_a_pick_up(page: Page) -> None:
    played = (hand(-0.51, -0.02, 57), hand(0.01, 1.0))

    written = quantized(page, *played, metre=[3, 4])

    assert notes(written) == [(0, 57, 480), (480, 60, 960)]
    assert written["pickup_ticks"] == 480


def test_a_first_note_that_is_a_little_early_is_no_pick_up(page: Page) -> None:
    written = quantized(page, hand(-0.1, 0.5))

    assert notes(written) == [(0, 60, 480)]
    assert written["pickup_ticks"] == 0


def test_a_whole_bar_before_is_a_bar(page: Page) -> None:
    written = quantized(page, hand(-2.0, -1.0), hand(0, 1, 62))

    assert notes(written) == [(0, 60, 960), (1920, 62, 960)]
    assert written["pickup_ticks"] == 0


def test_what_lies_between_two_steps_goes_up_on_both_sides(page: Page) -> None:
    assert [
        ask(page, "snapped", ticks, 240) for ticks in (-360, -120, 0, 120, 360)
    ] == [-240, 0, 0, 240, 480]


def test_velocities_are_whole_and_midis(page: Page) -> None:
    played = (hand(0, 0.2, velocity=0), hand(0.5, 0.7, velocity=99.6))
    more = hand(1.0, 1.2, velocity=300)

    written = quantized(page, *played, more)

    assert [note["velocity"] for note in written["notes"]] == [1, 100, 127]


def test_silence_is_no_notes(page: Page) -> None:
    assert quantized(page) == {"notes": [], "pickup_ticks": 0, "dropped": 0}


@pytest.mark.parametrize(
    ("metre", "bar", "beat"),
    [
        (FOUR, 1920, 480),
        ([3, 4], 1440, 480),
        ([6, 8], 1440, 720),
        ([9, 8], 2160, 720),
        ([3, 8], 720, 240),
        ([2, 2], 1920, 960),
        ([12, 8], 2880, 720),
    ],
    ids=str,
)
def test_bars_and_beats_are_those_of_the_server(
    page: Page, metre: list[int], bar: int, beat: int
) -> None:
    from training.music.score import Metre

    assert ask(page, "barTicks", metre) == bar == Metre(*metre).bar_ticks
    assert ask(page, "beatTicks", metre) == beat == Metre(*metre).beat_ticks


def test_bars_are_counted_without_the_pick_up(page: Page) -> None:
    def bars(pickup: int, *ends: int) -> Any:
        played = [{"start_tick": 0, "duration_ticks": end} for end in ends]
        return ask(page, "barsOf", {"notes": played, "pickup_ticks": pickup}, FOUR)

    assert [bars(0), bars(0, 1920), bars(0, 1921), bars(480, 2400)] == [0, 1, 2, 1]


def test_the_server_takes_what_is_sent(page: Page) -> None:
    from training.music.sent_notes import melody_from_json

    written = quantized(page, hand(-0.5, 0, 57), hand(0, 1.0), metre=[3, 4])
    sent = ask(page, "asSent", written, {"qpm": 120, "metre": [3, 4]})

    score = melody_from_json(sent, most_notes=10)
    assert (score.pickup_ticks, score.qpm, str(score.metre)) == (480, 120, "3/4")
    assert [
        (n.start_tick, n.pitch, n.duration_ticks) for n in score.parts[0].notes
    ] == (notes(written))
