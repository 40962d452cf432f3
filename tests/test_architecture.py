"""The line of imports, and what a process of the site must never load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# django-q2 forks its workers, and a fork of a process that has used JAX hangs. The rest
# would cost every page its memory.
HEAVY = ["jax", "keras", "music21", "scipy", "tensorflow", "typst", "verovio"]

START_UP = """
import importlib, pkgutil, sys
import django
django.setup()
from django.core.management import get_commands
from django.urls import get_resolver
get_resolver().url_patterns
for app in ("composer_site", "generation", "training"):
    for module in ("admin", "api.views", "tasks", "forms", "views", "worker"):
        name = f"{app}.{module}"
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not name.startswith(error.name):
                raise
    commands = importlib.import_module(f"{app}.management.commands")
    for command in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{command.name}")
"""

# What manage.py start has done before there is a web process.
PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("register_house_models", verbosity=0)
"""

COMPOSE = """
from django.test import Client
client = Client()
for path in ("/", "/compose/", "/models/"):
    assert client.get(path).status_code == 200, path
for model in ("tunes", "chorales", "tunes"):
    body = {"model": model, "num_notes": 64}
    response = client.post("/compose/", body)
    assert response.status_code == 302, response.content
    piece = response["Location"]
    for path in ("", "notes.json", "download/mid", "download/musicxml"):
        assert client.get(piece + path).status_code == 200, path
    assert client.post("/generate", body).status_code == 200
"""

REPORT = """
import json, sys
heavy = [name for name in {heavy} if name in sys.modules]
# Not getrusage(), which counts what the process that forked us held.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak_mb = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({{"heavy": heavy, "peak_mb": peak_mb}}))
"""


def probe(code: str, var_dir: Path) -> dict:
    """Run ``code`` in a fresh process of the site; what it then has in memory."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "composer_site.settings",
        "ALLOWED_HOSTS": "testserver",
        "DEBUG": "true",
        "LOG_LEVEL": "ERROR",
        "OPENBLAS_NUM_THREADS": "1",
        "VAR_DIR": str(var_dir),
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        env.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT.format(heavy=HEAVY)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_imports_run_one_way():
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


def test_nothing_django_loads_at_start_up_is_heavy(tmp_path):
    assert probe(START_UP, tmp_path)["heavy"] == []


def test_composing_stays_light(tmp_path):
    probe("import django; django.setup()" + PREPARE, tmp_path)

    found = probe("import django; django.setup()" + COMPOSE, tmp_path)

    assert found["heavy"] == []
    assert found["peak_mb"] <= 150


@pytest.mark.parametrize("name", ["keras", "jax", "music21"])
def test_what_is_heavy_is_imported_inside_functions(name):
    """Only the modules of a training process and of a reader may begin with it."""
    allowed = {"training/learning", "training/music", "training/corpora.py"}
    offenders = [
        path
        for app in ("composer_site", "generation", "training")
        for path in (ROOT / app).rglob("*.py")
        if any(
            line.startswith((f"import {name}", f"from {name}"))
            for line in path.read_text().splitlines()
        )
        and not any(str(path.relative_to(ROOT)).startswith(a) for a in allowed)
    ]

    assert offenders == []
