from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
import verovio
from hypothesis import given, settings

from tests.music.strategies import scores
from tests.music.test_copyist import make_choir, make_part, make_score
from training.music.copyist import notate
from training.music.drawing import Page, _load
from training.music.engrave import TooLongToEngrave, engrave
from training.music.musicxml import plain_score, write_page_musicxml
from training.music.score import Metre, MetreChange, Note, Part, Score, TempoChange

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>%s\x00\x1b𝄞\u202e" * 3


def make_jig() -> Score:
    """Two bars of 6/8 with a pick-up, a triplet and a tie."""
    lengths = (240, 360, 120, 240, 80, 80, 80, 480, 240, 720, 240)
    notes, tick = [], 0
    for number, ticks in enumerate(lengths):
        notes.append(Note(tick, 67 + number % 5, ticks))
        tick += ticks
    return Score(
        (Part(tuple(notes), name="Flute", program=73),),
        metres=(MetreChange(0, Metre(6, 8)),),
        tempos=(TempoChange(0, 165.0),),
        pickup_ticks=240,
        title="A jig",
    )


def ids_in(pages: tuple[str, ...]) -> set[str]:
    names = (
        element.get("id", "")
        for page in pages
        for element in ET.fromstring(page).iter()
    )
    return {name for name in names if re.match(r"n\d", name)}


@settings(max_examples=16)
@given(scores())
def test_every_note_of_any_score_is_drawn_and_can_be_found(score):
    engraving = engrave(score, width=600)

    notes = {
        (number, index)
        for number, part in enumerate(score.parts)
        for index in range(len(part.notes))
    }
    named = {name for names in engraving.note_ids.values() for name in names}
    assert set(engraving.note_ids) == notes
    assert ids_in(engraving.svg_pages) == named


@settings(max_examples=10)
@given(scores(max_parts=2))
def test_verovio_hears_the_notes_when_we_do(score):
    plain = plain_score(score)
    text = write_page_musicxml(plain, notate(plain, closed=True))
    toolkit = _load(text, breaks="none", adjustPageWidth=True)

    heard = {
        name: round(moment["qstamp"] * 480)
        for moment in toolkit.renderToTimemap()
        for name in moment.get("on", [])
    }

    for head, sign in Page(score).heads():
        if not head.ends_tie:
            assert heard[head.id] == pytest.approx(sign.start_tick, abs=2)


def test_the_time_map_lists_what_sounds():
    score = make_score(
        Part((Note(0, 60, 960), Note(480, 64, 480), Note(1440, 62, 480)))
    )

    moments = engrave(score).timemap

    assert [(m["start_tick"], m["note_ids"]) for m in moments] == [
        (0, ["n0-0"]),
        (480, ["n0-0", "n0-1"]),
        (960, []),
        (1440, ["n0-2"]),
        (1920, []),
    ]
    assert [m["start_seconds"] for m in moments] == [0, 0.5, 1.0, 1.5, 2.0]


def test_a_tied_note_has_several_heads():
    engraving = engrave(make_score(Part((Note(1440, 60, 960),))))

    assert engraving.note_ids == {(0, 0): ("n0-0", "n0-0-1")}
    assert [m["note_ids"] for m in engraving.timemap] == [["n0-0"], ["n0-0-1"], []]


def test_a_drawing_fits_a_strict_page():
    (page,) = engrave(make_jig(), label="A jig").svg_pages

    root = ET.fromstring(page)
    names = {element.tag for element in root.iter()}
    assert f"{SVG}style" not in names
    assert f"{SVG}script" not in names
    assert " style=" not in page
    assert "font-face" not in page
    assert "Leipzig" not in page
    assert "xlink" not in page
    assert root.get("viewBox")
    assert root.get("width") is root.get("height") is None
    assert root.get("role") == "img"
    assert root.get("aria-label") == "A jig"


def test_ink_takes_the_colour_of_the_page():
    (page,) = engrave(make_jig()).svg_pages

    colours = set(re.findall(r'(?:fill|stroke|color)="([^"]*)"', page))
    assert colours == {"currentColor"}


def test_a_bar_knows_where_it_starts():
    (page,) = engrave(make_jig()).svg_pages

    bars = [
        (group.get("data-bar"), group.get("data-start-tick"))
        for group in ET.fromstring(page).iter(f"{SVG}g")
        if group.get("class") == "measure"
    ]
    assert bars[:2] == [("0", "0"), ("1", "240")]


def test_a_long_piece_is_drawn_on_several_pages():
    score = make_score(make_part(*[60, 62, 64, 65] * 100))

    engraving = engrave(score, width=400)

    assert len(engraving.svg_pages) > 1
    pages = [moment["page"] for moment in engraving.timemap]
    assert pages == sorted(pages)
    assert pages[-1] == len(engraving.svg_pages) - 1
    assert "page 2 of" in engraving.svg_pages[1]


def test_a_narrow_column_holds_less_in_a_line():
    score = make_score(make_part(*[60, 62, 64, 65] * 12))

    def lines(width: int) -> int:
        return sum(
            page.count('class="system"')
            for page in engrave(score, width=width).svg_pages
        )

    assert lines(360) > lines(1000)


def test_the_same_score_is_drawn_the_same():
    assert engrave(make_choir()) == engrave(make_choir())


def test_names_of_parts_cannot_harm_the_engraver():
    parts = [make_part(60, name=HOSTILE), make_part(48, name="Bass (deep)")]
    score = make_score(*parts, title=HOSTILE, composer=HOSTILE)

    page = engrave(score, label=HOSTILE).svg_pages[0]

    assert "<script" not in page
    assert "Bass (deep)" in "".join(ET.fromstring(page).itertext())


def test_a_score_of_nothing_is_a_drawing_too():
    engraving = engrave(Score())

    assert engraving.timemap == []
    assert "staff" in engraving.svg_pages[0]


def test_it_refuses_what_takes_too_long_to_draw():
    notes = tuple(Note(30 * place, 60, 30) for place in range(6_001))

    with pytest.raises(TooLongToEngrave, match="6,000 notes"):
        engrave(make_score(Part(notes)))
    with pytest.raises(TooLongToEngrave, match="2,000 bars"):
        engrave(make_score(Part((Note(1920 * 2_000, 60, 480),))))


def test_it_draws_in_a_thread_that_has_never_drawn():
    from concurrent.futures import ThreadPoolExecutor

    engrave(make_jig())

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(engrave, make_jig()).result() == engrave(make_jig())


def test_verovio_is_the_one_we_know():
    # Its drawings are taken apart by class and place: look again at a new one.
    assert verovio.toolkit(False).getVersion().startswith("6.4")


def test_importing_loads_no_engraver_and_no_synthesizer():
    heavy = ("verovio", "typst", "tinysoundfont", "soundfile", "music21")
    code = (
        "import sys, training.music.engrave, training.music.audio, "
        "training.music.printing, training.music.stems, "
        "training.music.pianoroll; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "[]"


def test_a_pick_up_does_not_stand_on_a_line_of_its_own():
    notes = tuple(Note(240 * i, 67 + i % 5, 240) for i in range(2 + 16 * 8 - 2))
    score = Score(parts=(Part(notes=notes),), pickup_ticks=480)

    page = Page(score)

    assert page.notation.bars[0].number == 0
    assert 0 not in page._good_line_ends
    assert 4 in page._good_line_ends
