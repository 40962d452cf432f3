"""Tasks are doorbells: each carries an id, and the row says what there is to do."""

from __future__ import annotations

from generation import measuring, renderings


def render(rendering_id: int) -> None:
    renderings.perform_rendering(rendering_id)


def measure_music(version_id: int) -> None:
    measuring.measure_music(version_id)
