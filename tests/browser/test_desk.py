"""The desk of the main player: what it does to the sound, measured."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.hearing import (
    player_of,
    seconds,
    speed,
    wait_until_heard,
    wait_until_past,
)
from tests.browser.hearing_parts import (
    both_ears,
    desk,
    open_sound,
    strip,
    told_notes,
)


@pytest.fixture
def choir(open_page: OpenPage) -> Page:
    """A finished chorale: four parts that sound together."""
    return piece_of(open_page, "Chorale")


@pytest.fixture
def tune(open_page: OpenPage) -> Page:
    return piece_of(open_page, "Tune")


def piece_of(open_page: OpenPage, kind: str) -> Page:
    page = open_page("/")
    card = page.locator("article, li, section").filter(
        has=page.get_by_role("heading", name=re.compile(kind))
    )
    card.last.get_by_role("link", name="Open the score").click()
    expect(page.locator(".player-desk")).to_be_visible()
    return page


def fold(player: Locator, name: str) -> None:
    player.get_by_role("button", name=name, exact=True).click()


def play_from(player: Locator, place: float) -> None:
    player.evaluate("(player, place) => player.seek(place)", place)
    player.evaluate("player => player.play()")


# The mixer ----------------------------------------------------------------------------


def test_one_note_can_be_heard_beside_the_piece(piece: Page) -> None:
    player = player_of(piece)

    player.evaluate("player => player.audition(0, 72, 0.5)")

    wait_until_heard(player)
    assert seconds(player) == 0
    assert player.evaluate("player => player.state") != "playing"


def test_pan_moves_a_part_from_ear_to_ear(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    strip(player, 0, is_solo=True, pan=-100)
    play_from(player, 0)
    wait_until_heard(player)

    left, right = both_ears(player)
    strip(player, 0, pan=100)
    choir.wait_for_timeout(1500)  # what sounds keeps some of its place
    later_left, later_right = both_ears(player)

    assert left > 3 * right
    assert later_right > 3 * later_left


def test_level_mute_and_solo_change_how_loud_a_part_is(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    for part in range(4):
        strip(player, part, pan=-100 if part == 0 else 100)
    player.evaluate("player => player.desk.loop.setRange(0, 4)")
    play_from(player, 0)
    wait_until_heard(player)
    usual = both_ears(player, for_seconds=4)

    fold(player, "Instruments")
    player.get_by_role("slider", name="Level of Soprano").fill("40")
    choir.wait_for_timeout(800)
    softer = both_ears(player, for_seconds=4)
    player.get_by_role("button", name="Mute Soprano").click()
    choir.wait_for_timeout(800)
    muted = both_ears(player, for_seconds=4)
    player.get_by_role("button", name="Mute Soprano").click()
    player.get_by_role("button", name="Solo Soprano").click()
    choir.wait_for_timeout(800)
    alone = both_ears(player, for_seconds=4)

    # Half the level is a quarter of the amplitude; the rest is the room's.
    assert softer[0] < 0.6 * usual[0]
    assert softer[1] > 0.7 * usual[1]
    assert muted[0] < 0.5 * usual[0]
    assert muted[1] > 0.7 * usual[1]
    assert alone[1] < 0.4 * usual[1]
    assert alone[0] > muted[0]


def test_what_is_set_is_there_on_the_next_visit_for_whose_piece_it_is(
    open_page: OpenPage,
) -> None:
    page = open_page("/compose/")
    page.get_by_role("button", name=re.compile("Compose")).last.click()
    player = player_of(page)
    fold(player, "Instrument")
    menu = player.get_by_label(re.compile("^Instrument of"))
    with page.expect_response(re.compile("/sound/$")) as answer:
        menu.select_option("73")
        player.get_by_role("slider", name=re.compile("^Level of")).fill("55")

    page.reload()
    player = player_of(page)
    fold(player, "Instrument")

    assert answer.value.status == 200
    expect(player.get_by_label(re.compile("^Instrument of"))).to_have_value("73")
    expect(player.get_by_role("slider", name=re.compile("^Level of"))).to_have_value(
        "55"
    )
    expect(page.get_by_role("link", name="MIDI as it is played")).to_be_visible()


def test_a_guest_finds_it_in_this_browser_alone(choir: Page) -> None:
    player = player_of(choir)
    asked: list[str] = []
    choir.on("request", lambda request: asked.append(request.url))
    desk(player, swing=40)
    choir.wait_for_timeout(900)

    choir.reload()
    expect(choir.locator(".player-desk")).to_be_visible()

    assert player_of(choir).evaluate("player => player.setting.swing") == 40
    assert not [url for url in asked if url.endswith("/sound/")]


# The performance ----------------------------------------------------------------------


def onsets(player: Locator, page: Page, part: int) -> list[float]:
    """When the notes of a part begin, in seconds after the first of the piece."""
    player.evaluate("player => player.seek(0)")
    with told_notes(player) as told:
        player.evaluate("player => player.play()")
        page.wait_for_timeout(6_000)
    player.evaluate("player => player.pause()")
    first = told[0]["at"]
    return [note["at"] - first for note in told if note.get("channel") == part]


def test_swing_moves_the_notes_off_the_beat_and_no_others(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    notes = player.evaluate("player => player.piece.notes")
    start = notes[0]["start_tick"]
    early = [note for note in notes if note["start_seconds"] < 5]
    off_beat = [n for n in early if (n["start_tick"] - start) % 480 == 240]
    part = off_beat[0]["part"]
    ticks = [note["start_tick"] for note in early if note["part"] == part]

    straight = onsets(player, choir, part)
    desk(player, swing=100)
    swung = onsets(player, choir, part)

    # The second of two eighths comes a third of an eighth later.
    shift = 10 / player.evaluate("player => player.piece.qpm")
    for tick, before, after in zip(ticks, straight, swung, strict=False):
        is_off = (tick - start) % 480 == 240
        assert after - before == pytest.approx(shift if is_off else 0, abs=0.01)


def test_humanised_playing_leaves_the_notes_alone(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    before = player.evaluate("player => JSON.stringify(player.piece.notes)")
    exact = player.evaluate("player => player.stand.performed")

    fold(player, "Feel")
    player.get_by_role("slider", name="Humanise, percent").fill("100")
    choir.wait_for_timeout(300)

    human = player.evaluate("player => player.stand.performed")
    late = [h["start"] - e["start"] for h, e in zip(human, exact, strict=True)]
    assert len({note["velocity"] for note in human}) > 5
    assert 0.001 < max(map(abs, late)) <= 0.015
    assert player.evaluate("player => JSON.stringify(player.piece.notes)") == before
    url = player.get_attribute("data-notes")
    fetched = choir.request.get(str(url)).json()
    assert len(fetched["notes"]) == len(human)
    assert {note["velocity"] for note in fetched["notes"]} == {
        note["velocity"] for note in exact
    }


def test_it_is_written_for_an_instrument_and_can_sound_so(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    note = choir.locator("piano-roll tbody tr button").first
    choir.get_by_text("The notes as a table").click()
    concert = note.inner_text()
    signature = choir.locator("sheet-music svg").first.inner_html()
    fold(player, "My instrument")

    with choir.expect_response(re.compile(r"score/1\.svg.*for=octave-up")):
        player.get_by_label("Score written for").select_option("octave-up")

    expect(note).to_have_text(re.sub(r"\d", lambda o: str(int(o[0]) + 1), concert))
    expect(choir.locator("#written-for")).to_have_value("octave-up")
    link = choir.get_by_role("link", name="MusicXML")
    expect(link).to_have_attribute("href", re.compile("for=octave-up"))
    assert choir.locator("sheet-music svg").first.inner_html() != signature
    pitches = "player => player.stand.performed.map(n => n.pitch)"
    sounding = player.evaluate(pitches)
    player.get_by_role("switch", name="Sound it as written").check()
    choir.wait_for_timeout(300)
    assert player.evaluate(pitches) == [pitch + 12 for pitch in sounding]


# Practice -----------------------------------------------------------------------------


def test_a_bar_is_counted_in_and_then_the_piece_starts(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    fold(player, "Practice")
    player.get_by_role("switch", name="Count-in").check()

    with told_notes(player) as told:
        player.get_by_role("button", name="Play", exact=False).first.click()
        wait_until_heard(player)
        while_counting = seconds(player)
        wait_until_past(player, 0.2)
    player.evaluate("player => player.pause()")

    clicks = [note["at"] for note in told if note.get("isClick")]
    notes = [note["at"] for note in told if not note.get("isClick")]
    beat = 60 / player.evaluate("player => player.piece.qpm")
    assert while_counting == 0
    assert len(clicks) >= 3
    assert max(clicks) < min(notes)
    gaps = [later - earlier for earlier, later in zip(clicks, clicks[1:], strict=False)]
    assert gaps == pytest.approx([beat] * len(gaps), abs=0.01)
    assert min(notes) - max(clicks) == pytest.approx(beat, abs=0.02)
    assert told[0].get("isStrong")


def test_the_metronome_clicks_on_every_beat_while_it_plays(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    choir.keyboard.press("m")
    desk(player, tempo=200)

    with told_notes(player) as told:
        play_from(player, 0)
        choir.wait_for_timeout(3000)
    player.evaluate("player => player.pause()")

    clicks = [note["at"] for note in told if note.get("isClick")]
    beat = 30 / player.evaluate("player => player.piece.qpm")
    gaps = [later - earlier for earlier, later in zip(clicks, clicks[1:], strict=False)]
    assert len(clicks) >= 4
    assert gaps == pytest.approx([beat] * len(gaps), abs=0.01)


def test_a_loop_is_set_where_one_listens_and_repeats(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    player.evaluate("player => player.seek(2.0)")
    choir.keyboard.press("[")
    player.evaluate("player => player.seek(3.1)")
    choir.keyboard.press("]")
    loop = player.evaluate("player => player.loop")
    assert loop == {"start": 2.0, "end": 3.1}

    player.evaluate("player => player.play()")
    places = []
    for _ in range(30):
        choir.wait_for_timeout(100)
        places.append(seconds(player))

    assert all(1.7 <= place <= 3.4 for place in places)
    assert sum(b < a - 0.3 for a, b in zip(places, places[1:], strict=False)) >= 1
    choir.keyboard.press("l")
    assert player.evaluate("player => player.loop") is None


def test_bars_that_are_selected_are_what_repeats(choir: Page) -> None:
    player = player_of(choir)
    choir.keyboard.press("l")
    player.evaluate(
        """player => player.dispatchEvent(new CustomEvent("barselect", { detail: {
          first: 2, last: 3, start_seconds: player.piece.bars[2].start_seconds,
          end_seconds: player.piece.bars[3].end_seconds } }))"""
    )

    loop = player.evaluate("player => player.loop")
    bars = player.evaluate("player => player.piece.bars")
    assert loop == {"start": bars[2]["start_seconds"], "end": bars[3]["end_seconds"]}


def test_a_loop_grows_faster_each_round(choir: Page) -> None:
    player = player_of(choir)
    open_sound(player)
    player.evaluate("player => player.desk.loop.setRange(0, 0.8)")
    fold(player, "Practice")
    player.get_by_label("Start at, percent of the tempo").fill("50")
    player.get_by_label("Faster each round by, percent").fill("25")
    player.get_by_role("button", name="Grow faster").click()
    slow = player.evaluate("player => player.setting.tempo")

    play_from(player, 0)
    tempi = []
    for _ in range(40):
        choir.wait_for_timeout(150)
        tempi.append(player.evaluate("player => player.setting.tempo"))

    assert slow == 50
    assert sorted(set(tempi)) == [50, 75, 100]
    assert tempi == sorted(tempi)
    assert 0.9 < speed(player) < 1.1 or seconds(player) < 0.9


def test_the_tempo_can_be_typed(choir: Page) -> None:
    player = player_of(choir)
    number = player.get_by_label("Tempo in percent, as a number")

    number.fill("83")
    number.press("Enter")

    assert player.evaluate("player => player.rate") == 0.83
    number.fill("900")
    number.press("Enter")
    expect(number).to_have_value("200")


# Keys ---------------------------------------------------------------------------------


def test_keys_play_and_lead_through_the_piece(choir: Page) -> None:
    player = player_of(choir)
    bars = player.evaluate("player => player.piece.bars.map(b => b.start_seconds)")

    choir.keyboard.press("ArrowRight")
    assert seconds(player) == pytest.approx(bars[1])
    choir.keyboard.press("ArrowRight")
    choir.keyboard.press("ArrowRight")
    choir.keyboard.press("ArrowLeft")
    assert seconds(player) == pytest.approx(bars[2])
    choir.keyboard.press("Home")
    assert seconds(player) == 0
    choir.keyboard.press("+")
    choir.keyboard.press("-")
    choir.keyboard.press("-")
    assert player.evaluate("player => player.setting.tempo") == 95
    choir.keyboard.press(" ")
    wait_until_heard(player)
    choir.keyboard.press(" ")
    expect(player.get_by_role("button", name=re.compile("^Play"))).to_be_visible()


def test_the_keys_are_listed_and_can_be_switched_off(choir: Page) -> None:
    player = player_of(choir)

    choir.keyboard.press("?")

    listed = choir.get_by_role("dialog", name="Keys")
    expect(listed).to_contain_text("Count-in")
    listed.get_by_role("switch", name="Single keys work here").uncheck()
    listed.get_by_role("button", name="Close").click()
    choir.keyboard.press("m")
    assert player.evaluate("player => player.setting.metronome") is False
    player.get_by_role("button", name="Keys").click()
    expect(listed).to_be_visible()
    choir.keyboard.press("Escape")
    expect(listed).to_be_hidden()


def test_keys_are_letters_while_someone_types(choir: Page) -> None:
    player = player_of(choir)
    field = player.get_by_label("Tempo in percent, as a number")

    field.focus()
    for key in ("m", "l", " ", "ArrowRight", "?"):
        choir.keyboard.press(key)

    assert player.evaluate("player => player.setting.metronome") is False
    assert player.evaluate("player => player.loop") is None
    assert seconds(player) == 0
    expect(choir.get_by_role("dialog", name="Keys")).to_be_hidden()
