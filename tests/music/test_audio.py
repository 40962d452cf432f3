from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from tests.music.test_copyist import make_choir, make_part, make_score
from training.music.audio import (
    FORMATS,
    PEAK,
    SAMPLE_RATE,
    NothingSounds,
    UnknownFormat,
    encode,
    render,
)
from training.music.desk import Desk, PartSound
from training.music.score import Note, Part, Score, TempoChange


@pytest.fixture(scope="module")
def choir_sound(soundfont):
    return render(make_choir(), soundfont)


def long_note(program: int, *, pitch: int = 69) -> Score:
    return Score((Part((Note(0, pitch, 1920),), program=program),))


def loudness(samples) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def frequency(samples, *, near: float) -> float:
    """The strongest frequency within a third of ``near``, in hertz."""
    window = samples[4_410 : 4_410 + 65_536].mean(axis=1) * np.hanning(65_536)
    spectrum = np.abs(np.fft.rfft(window, n=8 * 65_536))
    hertz = np.fft.rfftfreq(8 * 65_536, 1 / SAMPLE_RATE)
    close = np.abs(np.log2(hertz + 1e-9) - np.log2(near)) < 4 / 12
    return float(hertz[close][spectrum[close].argmax()])


def test_a_score_sounds(choir_sound):
    assert choir_sound.dtype == np.float32
    assert choir_sound.shape[1] == 2
    assert 2.0 < len(choir_sound) / SAMPLE_RATE < 5.5
    assert loudness(choir_sound) > 0.05
    assert np.abs(choir_sound).max() == pytest.approx(PEAK, abs=1e-4)


def test_the_parts_stand_side_by_side(choir_sound):
    assert not np.allclose(choir_sound[:, 0], choir_sound[:, 1])


def test_instruments_play_in_tune_one_after_another(soundfont):
    # After sixteen parts that rest: the synthesizer has channels enough.
    programs = (0, 40, 52, 73)
    resting = [make_part() for _ in range(16)]
    playing = [
        Part((Note(3840 * place, 69, 3600),), program=program)
        for place, program in enumerate(programs)
    ]

    samples = render(make_score(*resting, *playing), soundfont)

    for place in range(len(programs)):
        sound = samples[4 * place * SAMPLE_RATE :][: 4 * SAMPLE_RATE]
        cents = 1200 * np.log2(frequency(sound, near=440) / 440)
        assert loudness(sound) > 0.02
        assert abs(cents) < 12  # a choir is never nearer


def test_the_desk_chooses_other_instruments(soundfont):
    flute = render(long_note(0), soundfont, desk=Desk((PartSound(program=73),)))

    assert np.array_equal(flute, render(long_note(73), soundfont))
    assert not np.array_equal(flute, render(long_note(0), soundfont))


def test_a_muted_part_is_not_heard(soundfont):
    choir = make_choir()
    alone = Score((choir.parts[0],), metres=choir.metres)
    muted = PartSound(is_muted=True)
    desk = Desk((PartSound(pan=0), muted, muted, muted))

    samples = render(choir, soundfont, desk=desk)

    assert np.allclose(samples, render(alone, soundfont), atol=1e-4)
    solo = Desk((PartSound(pan=0, is_solo=True),))
    assert np.array_equal(samples, render(choir, soundfont, desk=solo))


def test_when_all_is_muted_it_says_so(soundfont):
    with pytest.raises(NothingSounds, match="muted"):
        render(long_note(0), soundfont, desk=Desk((PartSound(is_muted=True),)))


def test_levels_change_how_loud_parts_are_beside_each_other(soundfont):
    score = make_score(make_part(69, ticks=1920), make_part(57, ticks=1920))
    sides = PartSound(pan=-100), PartSound(pan=100, level=40)

    samples = render(score, soundfont, desk=Desk(sides))
    even = render(score, soundfont, desk=Desk((sides[0], PartSound(pan=100))))

    def ratio(sound):
        return loudness(sound[:, 1]) / loudness(sound[:, 0])

    # Half of the usual level is a quarter of the amplitude: 12 dB less.
    assert ratio(samples) / ratio(even) == pytest.approx(0.25, rel=0.02)


def test_pan_moves_a_part_from_side_to_side(soundfont):
    left = render(long_note(73), soundfont, desk=Desk((PartSound(pan=-100),)))

    assert loudness(left[:, 0]) > 10 * loudness(left[:, 1])


def test_the_tempo_changes_how_long_it_is(soundfont):
    slow = render(make_choir(), soundfont, desk=Desk(tempo=50), tail_seconds=0)
    usual = render(make_choir(), soundfont, tail_seconds=0)

    assert len(slow) / len(usual) == pytest.approx(2, abs=0.05)


def test_drums_start_when_the_tempo_says(soundfont):
    beats = (Note(480, 36, 240), Note(960, 38, 240))
    score = Score((Part(beats, is_drum=True),), tempos=(TempoChange(0, 60.0),))

    samples = render(score, soundfont)

    first = np.flatnonzero(np.abs(samples).max(axis=1) > 1e-2)[0]
    assert first / SAMPLE_RATE == pytest.approx(1.0, abs=0.03)
    assert loudness(samples) > 0.02


def test_a_note_struck_again_while_it_sounds_is_not_cut(soundfont):
    notes = (Note(0, 69, 960), Note(480, 69, 1920))

    samples = render(Score((Part(notes, program=73),)), soundfont)

    late = samples[int(1.5 * SAMPLE_RATE) : int(2.2 * SAMPLE_RATE)]
    assert loudness(late) > 0.05


def test_a_long_piece_fades_out(soundfont):
    score = make_score(make_part(*[69] * 40))

    samples = render(score, soundfont, max_seconds=6.0)

    assert len(samples) / SAMPLE_RATE <= 6.0
    half = SAMPLE_RATE // 2
    assert loudness(samples[-half:]) < loudness(samples[:half]) / 4


def test_a_score_without_notes_is_no_sound(soundfont):
    assert render(Score(), soundfont).shape == (0, 2)
    assert render(Score((Part(),)), soundfont).shape == (0, 2)


def test_a_missing_soundfont_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.sf3"):
        render(make_choir(), tmp_path / "none.sf3")


@pytest.mark.parametrize("format", FORMATS)
def test_files_hold_the_sound_and_the_title(choir_sound, format):
    data = encode(choir_sound, format, title="Größer\x00")

    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert (file.samplerate, file.channels) == (SAMPLE_RATE, 2)
        assert file.title == "Größer"
        samples = file.read(dtype="float32")
    assert len(samples) == pytest.approx(len(choir_sound), abs=3_000)
    assert loudness(samples) == pytest.approx(loudness(choir_sound), rel=0.05)


def test_two_minutes_of_ogg_are_written_whole():
    frames = np.arange(120 * SAMPLE_RATE, dtype=np.float32)
    tone = 0.5 * np.sin(frames * np.float32(0.06)).astype(np.float32)
    samples = np.stack([tone, tone], axis=1)

    data = encode(samples, "ogg")

    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert file.frames == len(samples)


def test_it_refuses_a_format_it_does_not_know():
    with pytest.raises(UnknownFormat, match="wav, flac, mp3, ogg"):
        encode(np.zeros((10, 2), np.float32), "wma")
