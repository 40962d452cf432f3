"""What the page's player says of itself, and what its loudspeaker would."""

from __future__ import annotations

import time

from playwright.sync_api import Locator, Page

#: Root mean square of a moment's samples; the quietest music is ten times as loud.
AUDIBLE = 0.001

_LOUDNESS = """player => {
  if (!player.analyser) return 0;
  const samples = new Float32Array(player.analyser.fftSize);
  player.analyser.getFloatTimeDomainData(samples);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0);
  return Math.sqrt(power / samples.length);
}"""


def player_of(page: Page, number: int = 0) -> Locator:
    return page.locator("score-player").nth(number)


def loudness(player: Locator) -> float:
    return float(player.evaluate(_LOUDNESS))


def seconds(player: Locator) -> float:
    """Where in the score the music is."""
    return float(player.evaluate("player => player.seconds"))


def speed(player: Locator) -> float:
    """Seconds of the score in one second of sound, by the sound's own clock."""
    places = """async player => {
      const look = () => [player.sound.position, player.sound.context.currentTime];
      const before = look();
      await new Promise(done => setTimeout(done, 1000));
      return [...before, ...look()];
    }"""
    place, moment, later_place, later_moment = player.evaluate(places)
    return float((later_place - place) / (later_moment - moment))


def wait_until_past(player: Locator, place: float, *, within: float = 20.0) -> None:
    """Until the music has come further than ``place`` seconds."""
    started = time.monotonic()
    while time.monotonic() - started < within:
        if seconds(player) > place:
            return
        time.sleep(0.03)
    raise AssertionError(f"After {within} seconds it is at {seconds(player)}.")


def wait_until_heard(player: Locator, *, within: float = 20.0) -> None:
    """It takes half a second on a machine with nothing else to do."""
    started = time.monotonic()
    while time.monotonic() - started < within:
        if loudness(player) > AUDIBLE:
            return
        time.sleep(0.03)
    raise AssertionError(f"Nothing was heard within {within} seconds.")


def wait_until_silent(player: Locator, *, within: float = 20.0) -> None:
    started = time.monotonic()
    while time.monotonic() - started < within:
        if loudness(player) < AUDIBLE:
            return
        time.sleep(0.05)
    raise AssertionError(f"It still sounds after {within} seconds.")
