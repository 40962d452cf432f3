from __future__ import annotations

import numpy as np
import tinysoundfont

from training.music.soundfont import load_presets


def play(font, program: int, *, pitch: int = 60) -> np.ndarray:
    synth = tinysoundfont.Synth()
    synth.program_select(0, synth.sfload(font), 0, program)
    synth.noteon(0, pitch, 100)
    return np.frombuffer(synth.generate(22_050), np.float32)


def test_chosen_instruments_sound_as_in_the_whole_font(soundfont):
    whole = play(str(soundfont), 73)

    part = play(load_presets(soundfont, {(0, 73)}), 73)

    assert np.abs(whole).max() > 0.01
    assert np.allclose(part, whole, atol=1e-4)


def test_other_instruments_are_silent(soundfont):
    data = load_presets(soundfont, {(0, 73)})

    # The synthesizer plays the first frame of a sample even when it is empty.
    assert np.abs(play(data, 40)[100:]).max() == 0


def test_a_file_of_another_kind_is_left_alone(tmp_path):
    file = tmp_path / "other.sf2"
    file.write_bytes(b"RIFF\x08\x00\x00\x00sfbkLISTx")

    assert load_presets(file, {(0, 0)}) == file.read_bytes()
