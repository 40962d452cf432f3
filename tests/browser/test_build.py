"""What the front-end build makes, before any browser sees it."""

from __future__ import annotations

import gzip
import json

from tests.browser.conftest import ROOT

BUILD = ROOT / "var" / "static_build"


def test_the_scripts_are_light() -> None:
    scripts = list((BUILD / "build").glob("*.js"))

    assert {"player.js", "sound_worklet.js"} <= {script.name for script in scripts}
    weight = sum(len(gzip.compress(script.read_bytes())) for script in scripts)
    print(f"JavaScript without the soundfont: {weight:,} bytes gzipped")
    assert weight <= 250_000


def test_every_instrument_has_a_small_file_of_its_own() -> None:
    programs = BUILD / "soundfont" / "programs"
    names = {f"{program:03}.sf3" for program in range(128)} | {"drums.sf3"}

    files = {file.name: file.stat().st_size for file in programs.iterdir()}

    assert files.keys() == names
    assert max(files.values()) < 1_000_000
    for file in programs.iterdir():
        assert file.read_bytes()[:4] == b"RIFF"


def test_the_lock_has_hashes_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())

    packages = [package for path, package in lock["packages"].items() if path]
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert not any("resolved" in package for package in packages)
