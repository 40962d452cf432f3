from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.music.test_copyist import make_choir, make_part, make_score
from tests.music.test_engrave import HOSTILE, make_jig
from training.music.drawing import TooLongToEngrave
from training.music.pitch import Key
from training.music.printing import Lettering, write_pdf, write_png
from training.music.score import Score


def pages(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type/Page/")


def long_choir(bars: int) -> Score:
    """Four voices, two in quarters and two in eighths."""
    lines = ((72, 74, 76, 77), (67, 67, 67, 69), (64, 59, 60, 60), (48, 43, 48, 41))
    names = ("Soprano", "Alto", "Tenor", "Bass")
    return make_score(
        *(
            make_part(*line * (bars * 480 // ticks), ticks=ticks, name=name)
            for line, name, ticks in zip(lines, names, (480, 240) * 2, strict=True)
        ),
        title="A choir",
    )


def pixels(png: bytes) -> np.ndarray:
    """Grey values (height, width)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_a_short_piece_is_one_sheet_of_paper():
    letters = Lettering(subtitle="for choir", footer="A footer")

    pdf = write_pdf(make_choir(key=Key(7)), letters)

    assert pdf.startswith(b"%PDF-")
    assert pages(pdf) == 1


@pytest.mark.parametrize("bars", [16, 32])
def test_a_chorale_of_32_bars_is_one_sheet_of_paper(bars):
    assert pages(write_pdf(long_choir(bars))) == 1


def test_a_tune_of_32_bars_is_one_sheet_of_paper():
    tune = make_score(make_part(*[60, 62, 64, 65] * 64, ticks=240))

    assert pages(write_pdf(tune)) == 1


def test_a_long_piece_is_several_sheets():
    assert pages(write_pdf(make_score(make_part(*[60, 62, 64, 65] * 100)))) > 1


def test_the_same_score_is_printed_the_same():
    assert write_pdf(make_jig()) == write_pdf(make_jig())
    assert write_png(make_jig()) == write_png(make_jig())


def test_the_link_can_be_pressed():
    pdf = write_pdf(make_jig(), Lettering(link="https://music.example/p/abc"))

    assert b"https://music.example/p/abc" in pdf


def test_a_title_is_never_read_as_typst():
    code = '#read("/etc/passwd") #panic("no") $x$ *b* \\ ]' + HOSTILE

    pdf = write_pdf(make_jig(), Lettering(code, code, code, code))

    assert pdf.startswith(b"%PDF-")


def test_a_picture_is_white_paper_with_notes_on_it_and_no_higher_than_needed():
    picture = pixels(write_png(make_jig(), Lettering(footer="A footer")))
    higher = write_png(make_score(make_part(*[60, 62, 64, 65] * 32, ticks=240)))

    assert picture.shape[1] == 1654
    assert picture.shape[0] < 600 < int.from_bytes(higher[20:24], "big")
    assert picture[0, 0] == 255
    assert 0.01 < (picture < 128).mean() < 0.2


def test_a_score_too_long_for_a_picture_says_what_to_take():
    with pytest.raises(TooLongToEngrave, match="PDF"):
        write_png(long_choir(160))
