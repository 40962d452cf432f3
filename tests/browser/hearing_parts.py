"""Both ears, and when each note begins: what a desk changes, measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from playwright.sync_api import Locator

#: Two analysers behind the volume knob, one for each ear.
_EARS = """player => {
  const { volume, context } = player.sound;
  const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
  volume.connect(splitter);
  window.ears = [0, 1].map(side => {
    const ear = new AnalyserNode(context, { fftSize: 2048 });
    splitter.connect(ear, side);
    return ear;
  });
}"""
_LISTEN = """async seconds => {
  const sums = [0, 0];
  let count = 0;
  const end = performance.now() + seconds * 1000;
  const samples = new Float32Array(2048);
  while (performance.now() < end) {
    window.ears.forEach((ear, side) => {
      ear.getFloatTimeDomainData(samples);
      for (const sample of samples) sums[side] += sample * sample;
    });
    count += samples.length;
    await new Promise(done => setTimeout(done, 40));
  }
  return sums.map(sum => Math.sqrt(sum / count));
}"""
_TELL = """player => {
  window.told = [];
  window.hear = ({ detail }) => window.told.push(detail);
  player.sound.addEventListener("note", window.hear);
  player.sound.tell("tellNotes", { isOn: true });
}"""
_SILENCE = """player => {
  player.sound.removeEventListener("note", window.hear);
  player.sound.tell("tellNotes", { isOn: false });
}"""


class Told(TypedDict, total=False):
    """A note or a click that the audio thread started, at a second of its clock."""

    at: float
    channel: int
    pitch: int
    velocity: int
    isClick: bool
    isStrong: bool


def open_sound(player: Locator) -> None:
    """The synthesizer holds the piece, and does not play."""
    player.evaluate("async p => { await p.audition(0, 60, 0.01); }")
    player.evaluate(_EARS)


def both_ears(player: Locator, *, for_seconds: float = 1.5) -> tuple[float, float]:
    """Root mean square of what the left and the right loudspeaker get."""
    left, right = player.page.evaluate(_LISTEN, for_seconds)
    return float(left), float(right)


@contextmanager
def told_notes(player: Locator) -> Iterator[list[Told]]:
    """Fills, when it is left, with what began meanwhile."""
    found: list[Told] = []
    player.evaluate(_TELL)
    yield found
    player.evaluate(_SILENCE)
    found += player.page.evaluate("window.told")


def desk(player: Locator, **values: Any) -> None:
    player.evaluate("(player, values) => player.set(values)", values)
    player.page.wait_for_timeout(200)


def strip(player: Locator, part: int, **values: Any) -> None:
    player.evaluate("(player, [part, v]) => player.setPart(part, v)", [part, values])
    player.page.wait_for_timeout(200)
