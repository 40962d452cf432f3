from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import soundfile

from tests.music.test_copyist import make_choir, make_part, make_score
from training.music import stems
from training.music.audio import SAMPLE_RATE, render
from training.music.desk import Desk, PartSound
from training.music.score import Part, Score
from training.music.stems import TooMuchSound, write_stems


@pytest.fixture(scope="module")
def choir_stems(soundfont, tmp_path_factory) -> zipfile.ZipFile:
    target = tmp_path_factory.mktemp("stems") / "choir.zip"
    link = "https://music.example/p/abc"
    write_stems(make_choir(title="A choir"), soundfont, target, link=link)
    return zipfile.ZipFile(target)


def sounds(archive: zipfile.ZipFile) -> dict[str, np.ndarray]:
    return {
        name: soundfile.read(io.BytesIO(archive.read(name)), dtype="float32")[0]
        for name in archive.namelist()
        if name.endswith(".flac")
    }


def loudness(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def test_each_part_has_a_stem_that_sounds(choir_stems):
    found = sounds(choir_stems)

    assert list(found) == [
        *("01 Soprano.flac", "02 Alto.flac", "03 Tenor.flac", "04 Bass.flac")
    ]
    assert all(loudness(stem) > 0.005 for stem in found.values())


def test_the_stems_add_up_to_the_whole(choir_stems, soundfont):
    stem_sum = sum(sounds(choir_stems).values())
    whole = render(make_choir(), soundfont)

    common = min(len(stem_sum), len(whole)) - SAMPLE_RATE // 2  # the whole fades out
    difference = loudness(stem_sum[:common] - whole[:common])
    assert difference < 1e-3 * loudness(whole[:common])


def test_the_read_me_tells_the_tempo_and_what_plays(choir_stems):
    text = choir_stems.read("READ ME.txt").decode()

    assert text.startswith("A choir\r\n")
    assert "120 quarter notes a minute" in text
    assert "02 Alto.flac: Acoustic Grand Piano" in text
    assert "https://music.example/p/abc" in text


def test_part_names_cannot_leave_the_archive(soundfont, tmp_path):
    score = make_score(make_part(60, name="../../x:\\y"), make_part(64, name="\u202e"))
    write_stems(score, soundfont, tmp_path / "a.zip")

    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()

    assert names == ["READ ME.txt", "01 x y.flac", "02 Part.flac"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_muted_parts_have_a_stem_too(soundfont, tmp_path):
    desk = Desk((PartSound(is_muted=True), PartSound(level=40))).unmuted()
    score = make_score(make_part(60), make_part(64))

    write_stems(score, soundfont, tmp_path / "a.zip", desk=desk)

    first, second = sounds(zipfile.ZipFile(tmp_path / "a.zip")).values()
    assert loudness(first) > 2 * loudness(second) > 0


def test_it_refuses_more_sound_than_it_makes(soundfont, tmp_path, monkeypatch):
    monkeypatch.setattr(stems, "MAX_STEM_SECONDS", 12.0)

    with pytest.raises(TooMuchSound, match="MIDI"):
        write_stems(make_choir(), soundfont, tmp_path / "a.zip")
    with pytest.raises(TooMuchSound, match="no notes"):
        write_stems(Score((Part(),)), soundfont, tmp_path / "a.zip")
    assert not list(tmp_path.iterdir())
