"""Looking after real processes in tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.site.stores import servers_of

ROOT = Path(__file__).resolve().parents[2]


def site_environment(var_dir: Path, **more: str) -> dict[str, str]:
    """The environment of a site of its own, with the settings people have."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "Q_CLUSTER_NAME")
    }
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "composer_site.settings",
        "VAR_DIR": str(var_dir),
        **servers_of(var_dir),
        **more,
    }


def manage(env: dict[str, str], *args: str) -> str:
    """Run manage.py to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    return _state_and_parent(pid)[0] not in ("", "Z")


def descendants(pid: int) -> list[int]:
    """Every process that ``pid`` started, and those that they started."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parents[int(entry.name)] = _state_and_parent(int(entry.name))[1]
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        children = [child for child, its in parents.items() if its == parent]
        found += children
        todo += children
    return found


def _state_and_parent(pid: int) -> tuple[str, int]:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    return words[0], int(words[1])
