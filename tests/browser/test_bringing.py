"""A melody is brought: played, dropped as a file, pasted; and a recipe comes back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Troubles
from tests.browser.hearing import wait_until_heard, wait_until_silent
from training.music.midi import write_midi
from training.music.score import Note, Part, Score

PIECE = re.compile(r"/pieces/[0-9a-f-]{36}/(#steer)?$")

DROP = """([name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name));
  const event = (kind) =>
    new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event("dragenter"));
  document.body.dispatchEvent(event("drop"));
}"""

# Keys go down and up at moments of the recorder's own clock, in seconds.
PLAY = """async (recorder, keys) => {
  const pause = () => new Promise((done) => setTimeout(done, 4));
  while (recorder.state !== "recording") await pause();
  const moments = keys.flatMap(([code, on, off]) => [
    [on, "keydown", code], [off, "keyup", code],
  ]);
  moments.sort((a, b) => a[0] - b[0]);
  for (const [at, kind, code] of moments) {
    while (recorder.secondsAt(performance.now()) < at) await pause();
    document.body.dispatchEvent(new KeyboardEvent(kind, { code, bubbles: true }));
  }
}"""

UNTIL = """async (recorder, seconds) => {
  while (recorder.secondsAt(performance.now()) < seconds)
    await new Promise((done) => setTimeout(done, 10));
}"""

FAKE_MIDI = """() => {
  window.fakeInput = { name: "A small keyboard", state: "connected" };
  const inputs = new Map([["1", window.fakeInput]]);
  navigator.requestMIDIAccess = async () => (window.fakeAccess = { inputs });
}"""
MIDI_KEY = """([status, pitch, velocity]) => window.fakeInput.onmidimessage(
  { data: [status, pitch, velocity], timeStamp: performance.now() })"""


def recorder_of(page: Page) -> Locator:
    return page.locator("melody-recorder")


def written(page: Page) -> list[tuple[int, int, int]]:
    notes: list[dict[str, int]] = recorder_of(page).evaluate("r => r.written.notes")
    return [(n["start_tick"], n["pitch"], n["duration_ticks"]) for n in notes]


def pitches(page: Page) -> list[int]:
    return [pitch for _, pitch, _ in written(page)]


def notes_of(page: Page) -> Any:
    """The notes of the piece whose page this is."""
    address = page.url.split("#")[0] + "notes.json"
    found = page.request.get(address).json()["notes"]
    return [(n["start_tick"], n["pitch"], n["duration_ticks"]) for n in found]


def record(page: Page, *, counts_in: bool = False, **settings: str) -> None:
    page.get_by_label("Tempo").fill(settings.get("tempo", "60"))
    page.get_by_label("Shortest note").select_option(settings.get("grid", "Eighth"))
    page.get_by_label("Metre").select_option(settings.get("metre", "4/4"))
    page.get_by_label("Count in a bar").set_checked(counts_in)
    page.get_by_role("button", name="Record").click()
    state = "recording" if counts_in else "waiting"
    expect(recorder_of(page)).to_have_attribute("data-state", state)


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop", exact=True).click()


def keep(page: Page) -> None:
    page.get_by_role("button", name="Keep it").click()
    expect(page).to_have_url(PIECE)


# Playing ------------------------------------------------------------------------------


def test_what_the_computers_keys_play_is_written_in_time_and_kept(
    open_page: OpenPage,
) -> None:
    page = open_page("/bring/")
    record(page, counts_in=True, metre="3/4")

    # A pick-up of a quarter; then D, F sharp that overlaps with A, and a rest between.
    recorder_of(page).evaluate(
        PLAY,
        [
            ["KeyA", -1.02, -0.2],
            ["KeyS", 0.03, 0.97],
            ["KeyT", 1.02, 2.2],
            ["KeyH", 1.95, 2.95],
            ["KeyK", 3.55, 4.02],
        ],
    )
    stop(page)

    played = [
        *[(0, 60, 480), (480, 62, 480), (960, 66, 480)],
        *[(1440, 69, 480), (2160, 72, 240)],
    ]
    assert written(page) == played
    expect(page.locator(".recorder-status")).to_contain_text("5 notes in 2 bars")
    expect(page.locator(".recorder-notes")).to_have_text("C4 D4 F♯4 A4 C5")
    keep(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Melody in")
    expect(page.locator(".lineage")).to_contain_text("Brought by you")
    assert notes_of(page) == played
    expect(page.locator(".titling .marking")).to_contain_text("2 bars in 3/4")


def test_the_first_note_begins_where_nothing_is_counted_in(page: Page) -> None:
    page.goto("/bring/")
    record(page, tempo="120")

    page.keyboard.down("s")
    page.wait_for_timeout(600)
    page.keyboard.up("s")
    stop(page)

    [(start, pitch, duration)] = written(page)
    assert (start, pitch) == (0, 62)
    assert duration >= 480


def test_the_count_in_is_heard_and_the_metronome_can_be_silent(page: Page) -> None:
    page.goto("/bring/")
    recorder = recorder_of(page)
    page.get_by_label("Metronome").uncheck()

    record(page, counts_in=True, tempo="200")
    wait_until_heard(recorder)
    expect(page.locator(".recorder-beat")).not_to_be_empty()
    recorder.evaluate(UNTIL, 0.3)

    wait_until_silent(recorder)
    stop(page)
    expect(page.locator(".recorder-status")).to_have_text("Nothing was played.")


def test_the_count_in_clicks_once_a_beat(page: Page) -> None:
    page.goto("/bring/")
    record(page, counts_in=True, tempo="120", metre="3/4")

    heard = recorder_of(page).evaluate(
        """async (recorder) => {
          // Moments at which it grows loud after silence, in beats before the bar line.
          const samples = new Float32Array(256);
          const starts = [];
          let isLoud = false;
          for (;;) {
            const seconds = recorder.secondsAt(performance.now());
            if (seconds > 0.4) return starts;
            recorder.analyser.getFloatTimeDomainData(samples);
            const loudest = Math.max(...samples.map(Math.abs));
            if (loudest > 0.03 && !isLoud) starts.push(seconds * 2);
            isLoud = loudest > 0.005;
            await new Promise((done) => setTimeout(done, 3));
          }
        }"""
    )
    stop(page)

    assert [round(beat) for beat in heard] == [-3, -2, -1, 0]
    assert max(abs(beat - round(beat)) for beat in heard) < 0.3


def test_it_plays_back_what_was_played_and_stops_at_its_end(page: Page) -> None:
    page.goto("/bring/")
    record(page, tempo="240")
    page.keyboard.press("d", delay=300)
    stop(page)

    page.get_by_role("button", name="Play back").click()

    wait_until_heard(recorder_of(page))
    expect(recorder_of(page)).to_have_attribute("data-state", "idle")
    assert pitches(page) == [64]


def test_notes_are_undone_one_by_one_and_cleared(page: Page) -> None:
    page.goto("/bring/")
    record(page, tempo="240")
    for key in "asd":
        page.keyboard.press(key, delay=200)
        page.wait_for_timeout(100)
    stop(page)
    assert pitches(page) == [60, 62, 64]

    page.get_by_role("button", name="Undo last note").click()
    assert pitches(page) == [60, 62]
    page.get_by_role("button", name="Clear").click()

    assert pitches(page) == []
    expect(page.get_by_role("button", name="Keep it")).to_be_disabled()


def test_a_new_take_that_stays_empty_loses_nothing(page: Page) -> None:
    page.goto("/bring/")
    record(page, tempo="240")
    page.keyboard.press("f", delay=200)
    stop(page)

    page.get_by_role("button", name="Record again").click()
    page.get_by_role("button", name="Stop", exact=True).click()

    assert pitches(page) == [65]


def test_keys_that_are_typed_into_a_field_do_not_sound(page: Page) -> None:
    page.goto("/bring/")
    record(page)

    page.get_by_label("The tune").press_sequentially("adx")

    assert pitches(page) == []
    expect(page.get_by_label("The tune")).to_have_value("adx")
    stop(page)


def test_octaves_are_changed_by_keys_and_buttons(page: Page) -> None:
    page.goto("/bring/")
    record(page, tempo="240")

    page.keyboard.press("x")
    page.keyboard.press("a", delay=200)
    page.keyboard.press("z")
    page.get_by_role("button", name="Octave down").click()
    page.keyboard.press("a", delay=200)
    stop(page)

    assert pitches(page) == [72, 48]


def test_the_piano_is_played_with_the_mouse_and_slid_over(page: Page) -> None:
    page.goto("/bring/")
    record(page, tempo="120")
    places = [
        page.get_by_role("button", name=name, exact=True).bounding_box()
        for name in ("C4", "D4", "E4")
    ]

    for place in places:
        assert place
        page.mouse.move(
            place["x"] + place["width"] / 2, place["y"] + place["height"] - 9
        )
        if place is places[0]:
            page.mouse.down()
        expect(page.locator(".piano .is-down")).to_have_count(1)
        page.wait_for_timeout(400)
    page.mouse.up()
    expect(page.locator(".piano .is-down")).to_have_count(0)
    stop(page)

    assert pitches(page) == [60, 62, 64]


def test_the_piano_is_played_with_a_finger(open_page: OpenPage) -> None:
    page = open_page("/bring/", width=390, has_touch=True)
    record(page, tempo="120")
    keys = page.locator(".piano .white")
    assert keys.count() == 14

    keys.nth(4).tap()
    page.wait_for_timeout(300)
    page.locator(".piano .black").nth(0).tap()
    stop(page)

    assert pitches(page) == [67, 61]


def test_the_piano_is_played_with_the_keyboard(page: Page) -> None:
    page.goto("/bring/")
    record(page, tempo="120")
    page.get_by_role("button", name="C4", exact=True).focus()

    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="C♯4", exact=True)).to_be_focused()
    page.keyboard.press("Enter", delay=300)
    page.wait_for_timeout(100)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space", delay=300)
    stop(page)

    assert pitches(page) == [61, 62]
    # One key of all is in the order of Tab.
    expect(page.locator(".piano [tabindex='0']")).to_have_count(1)


def test_a_midi_keyboard_is_heard_and_recorded(page: Page) -> None:
    page.goto("/bring/")
    page.evaluate(FAKE_MIDI)
    page.get_by_role("button", name="Connect a MIDI keyboard").click()
    said = page.locator(".recorder-midi")
    expect(said).to_have_text("A small keyboard: play.")
    record(page, tempo="120")

    page.evaluate(MIDI_KEY, [0x90, 64, 101])
    wait_until_heard(recorder_of(page))
    page.wait_for_timeout(300)
    page.evaluate(MIDI_KEY, [0x90, 64, 0])  # How some say that a key goes up.
    page.wait_for_timeout(200)
    page.evaluate(MIDI_KEY, [0x95, 67, 40])
    page.wait_for_timeout(300)
    page.evaluate(MIDI_KEY, [0x85, 67, 0])
    stop(page)

    assert pitches(page) == [64, 67]
    velocities = recorder_of(page).evaluate("r => r.written.notes.map(n => n.velocity)")
    assert velocities == [101, 40]

    page.evaluate("""() => {
      window.fakeInput.state = "disconnected";
      window.fakeAccess.onstatechange();
    }""")
    expect(said).to_contain_text("No MIDI keyboard is plugged in")


@pytest.mark.parametrize(
    ("access", "sentence"),
    [
        ("undefined", "does not speak with MIDI keyboards"),
        ("() => Promise.reject(new Error('no'))", "does not allow it"),
    ],
)
def test_without_midi_it_says_so_plainly(
    page: Page, access: str, sentence: str
) -> None:
    page.goto("/bring/")
    page.evaluate(f"() => {{ navigator.requestMIDIAccess = {access}; }}")

    page.get_by_role("button", name="Connect a MIDI keyboard").click()

    expect(page.locator(".recorder-midi")).to_contain_text(sentence)


def test_no_header_forbids_midi(page: Page) -> None:
    answer = page.goto("/bring/")
    assert answer

    policy = answer.headers.get("permissions-policy", "")
    assert "midi=()" not in policy.replace(" ", "")


def test_triplets_are_not_offered_where_they_fill_no_bar(page: Page) -> None:
    page.goto("/bring/")
    triplets = page.get_by_label("Shortest note").locator("option", has_text="triplets")
    page.get_by_label("Shortest note").select_option("Eighth in triplets")

    page.get_by_label("Metre").select_option("6/8")

    expect(triplets).to_be_disabled()
    expect(page.get_by_label("Shortest note")).to_have_value("120")


def test_without_a_synthesizer_one_records_all_the_same(
    open_page: OpenPage, troubles: Troubles
) -> None:
    troubles.forgive("sound_worklet", "ERR_FAILED", "404")
    page = open_page("/log-in/")
    page.route("**/sound_worklet.js", lambda route: route.abort())
    page.goto("/bring/")

    record(page, tempo="240")
    expect(page.locator(".recorder-status")).to_contain_text("Play")
    page.keyboard.press("g", delay=200)
    stop(page)

    assert pitches(page) == [67]


# Files and text -----------------------------------------------------------------------


def melody(*pitches: int, name: str = "") -> Part:
    return Part(tuple(Note(480 * i, p, 480) for i, p in enumerate(pitches)), name)


@pytest.fixture
def air(tmp_path: Path) -> Path:
    path = tmp_path / "air.mid"
    path.write_bytes(write_midi(Score((melody(62, 66, 69, 74),), title="An air")))
    return path


@pytest.fixture
def duet(tmp_path: Path) -> Path:
    path = tmp_path / "duet.mid"
    parts = (melody(72, 74, name="Flute"), melody(48, 50, name="Cello"))
    path.write_bytes(write_midi(Score(parts)))
    return path


def choose(page: Page, path: Path) -> None:
    page.get_by_label("MIDI, MusicXML or ABC").set_input_files(path)
    page.locator("melody-drop").get_by_role("button", name="Bring it").click()


def test_a_file_is_chosen_and_becomes_a_piece(page: Page, air: Path) -> None:
    page.goto("/bring/")

    choose(page, air)

    expect(page).to_have_url(PIECE)
    expect(page.get_by_role("heading", level=1)).to_have_text("An air")
    expect(page.locator(".messages")).to_contain_text("by its notes it is in D major")
    assert [pitch for _, pitch, _ in notes_of(page)] == [62, 66, 69, 74]


def test_a_file_is_dropped_and_one_part_is_chosen(page: Page, duet: Path) -> None:
    page.goto("/bring/")

    page.evaluate(DROP, [duet.name, list(duet.read_bytes())])
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose what to keep")
    page.get_by_role("checkbox", name="Flute").uncheck()
    page.get_by_label("Title").fill("The lower part")
    page.get_by_role("button", name="Keep it").click()

    expect(page).to_have_url(PIECE)
    expect(page.get_by_role("heading", level=1)).to_have_text("The lower part")
    assert [pitch for _, pitch, _ in notes_of(page)] == [48, 50]


def test_what_is_no_music_or_too_much_is_told(
    page: Page, tmp_path: Path, troubles: Troubles
) -> None:
    troubles.forgive("422")
    page.goto("/bring/")

    page.evaluate(DROP, ["big.mid", [0] * (2**20 + 1)])
    expect(page.locator("melody-drop")).to_contain_text("big.mid is too big")
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"MThd nonsense")
    choose(page, broken)

    expect(page.get_by_role("alert")).to_contain_text("MIDI file")


def test_abc_is_corrected_line_by_line(page: Page, troubles: Troubles) -> None:
    troubles.forgive("422")
    page.goto("/bring/")
    page.get_by_text("An example to start from").click()
    page.get_by_role("button", name="Use it").click()
    field = page.get_by_label("The tune")
    tune = field.input_value()
    bring = page.locator("form", has=field).get_by_role("button", name="Bring it")

    field.fill(tune.replace("GAB", "GkB", 1))
    bring.click()
    expect(page.get_by_role("alert")).to_contain_text("Line 6: “k” is no note of ABC")
    expect(field).to_have_value(tune.replace("GAB", "GkB", 1))
    field.fill(tune)
    bring.click()

    expect(page).to_have_url(PIECE)
    expect(page.get_by_role("heading", level=1)).to_have_text("A tune of mine")


def test_files_and_text_work_without_scripts(open_page: OpenPage, air: Path) -> None:
    page = open_page("/bring/", java_script_enabled=False)
    assert "Playing needs scripts" in page.locator("noscript").inner_text()
    expect(recorder_of(page)).to_be_hidden()

    page.get_by_label("The tune").fill("X:1\nT:By hand\nK:C\nCDEF|")
    page.get_by_role("button", name="Bring it").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("By hand")
    page.goto("/bring/")
    choose(page, air)

    expect(page.get_by_role("heading", level=1)).to_have_text("An air")


# Recipes ------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["mid", "musicxml", "abc", "recipe"])
def test_a_file_that_was_composed_here_brings_its_recipe_back(
    page: Page, format: str
) -> None:
    page.goto("/compose/")
    page.get_by_label("Bars").fill("4")
    page.get_by_label("Metre").select_option("6/8")
    page.get_by_text("Range, seed and finer controls").click()
    page.get_by_label("Seed").fill("1234")
    page.get_by_role("button", name="Compose").click()
    expect(page).to_have_url(PIECE)
    composed = notes_of(page)
    file = page.request.get(f"{page.url}download/{format}").body()
    name = "tune.recipe.json" if format == "recipe" else f"tune.{format}"

    page.goto("/bring/")
    page.evaluate(DROP, [name, list(file)])
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "This file comes from here"
    )
    page.get_by_role("button", name="Compose it again").click()
    expect(page).to_have_url(PIECE)
    assert notes_of(page) == composed

    page.goto("/bring/")
    page.evaluate(DROP, [name, list(file)])
    page.get_by_role("button", name="Restore its recipe and change it").click()
    expect(page.get_by_label("Bars")).to_have_value("4")
    expect(page.get_by_label("Metre")).to_have_value("6/8")
    page.get_by_role("button", name="Compose").click()
    expect(page).to_have_url(PIECE)
    assert notes_of(page) == composed
