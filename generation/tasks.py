"""Tasks are doorbells: each carries an id, and the row says what there is to do."""

from __future__ import annotations

from generation import services


def render(rendering_id: int) -> None:
    services.perform_rendering(rendering_id)
