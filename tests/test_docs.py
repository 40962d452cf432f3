"""What can be set, run or called is mentioned where a person looks for it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from composer_site.children import web_server

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else ""


def settings_from_environment() -> list[str]:
    """First arguments of env(), envbool(), envint() and envlist() calls."""
    names = set()
    for path in (ROOT / "composer_site").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("env", "envbool", "envint", "envlist")
                and isinstance(node.args[0], ast.Constant)
            ):
                names.add(str(node.args[0].value))
    return sorted(names)


def commands() -> list[str]:
    return sorted(
        path.stem
        for app in ("composer_site", "generation", "training")
        for path in (ROOT / app / "management" / "commands").glob("[!_]*.py")
    )


def targets() -> list[str]:
    (phony,) = [
        line.removeprefix(".PHONY:")
        for line in (ROOT / "Makefile").read_text().splitlines()
        if line.startswith(".PHONY:")
    ]
    return phony.split()


def test_there_is_something_to_look_for():
    assert {"PORT", "HOST", "DATABASE_URL"} <= set(settings_from_environment())
    assert {"start", "worker", "generate_dataset", "train_model"} <= set(commands())
    assert {"start", "test"} <= set(targets())


@pytest.mark.parametrize("name", settings_from_environment())
def test_every_setting_is_in_the_readme(name):
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", commands())
def test_every_command_is_in_the_readme(name):
    assert f"manage.py {name}" in README


@pytest.mark.parametrize(
    "path", ["/generate", "/generate_json", "/metrics", "/history"]
)
def test_every_plain_path_is_in_the_readme(path):
    assert re.search(rf"`(GET|POST) {path}`", README)


@pytest.mark.parametrize("name", ["start", "test", "test-servers", "lock", "bench"])
def test_every_make_target_is_in_the_readme(name):
    assert f"make {name}" in README


DEPLOYMENT = (ROOT / "DEPLOYMENT.md").read_text()


def test_what_deployment_asks_for_is_there():
    named = set(re.findall(r"manage\.py ([a-z_]+)", DEPLOYMENT))
    assert named <= {*commands(), *get_commands()}

    variables = set(re.findall(r"^(?:Environment=)?([A-Z_]+)=", DEPLOYMENT, re.M))
    of_others = {"Q_CLUSTER_NAME", "OPENBLAS_NUM_THREADS"}
    assert variables - of_others <= set(settings_from_environment())


def test_deployment_serves_as_start_does():
    """The unit for systemd names the options that the program's own start uses."""
    (line,) = [x for x in DEPLOYMENT.splitlines() if "-m gunicorn" in x]

    command = web_server().command
    options = [word for word in command if word.startswith("--")]

    assert [option for option in options if option not in line] == ["--log-level"]
