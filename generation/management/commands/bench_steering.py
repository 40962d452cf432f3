"""How long each action takes on a piece of 32 bars, from the button to the new page.

Through all of Django but the socket. Neighbours on the machine lengthen the wait and
less so the processor's own time, which stands beside it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse

from generation.composing.recipe import ComposeRequest
from generation.composing.wishes import ACTIONS, IN_KEY, IN_METRE, REWRITE
from generation.models import Composition
from generation.services import compose_now
from training.models import ModelVersion

BARS = 32
ROUNDS = 9
SEED = 3
#: What "rewrite 4 bars of 32" may take.
GOAL_MS = 400


class Command(BaseCommand):
    help = f"Measure each action on a piece of {BARS} bars, through its page's door."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", default="chorales", help="a house model's name")
        parser.add_argument("--rounds", type=int, default=ROUNDS)

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
            # As the web workers run; it is read when NumPy is loaded, so start again.
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
            os.execve(sys.executable, [sys.executable, *sys.argv], environment)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(
                "Bring the database up to date first: manage.py migrate."
            )
        version = ModelVersion.objects.default().filter(model__slug=options["model"])
        found = version.select_related("model").first()
        if found is None:
            raise CommandError("There is no such model. Run register_house_models.")
        with transaction.atomic():
            seconds = measure(found, options["rounds"])
            transaction.set_rollback(True)  # What is written is taken back.
        for line in table(seconds):
            self.stdout.write(line)
        p50 = {
            name: [round(1000 * median(kind)) for kind in zip(*taken, strict=True)]
            for name, taken in seconds.items()
        }
        self.stdout.write(json.dumps({"model": options["model"], "p50_ms": p50}))


def measure(version: ModelVersion, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds by action, of the clock and of the processor.

    Each round takes its turn at everything that can be done.
    """
    piece = compose_now(
        version, ComposeRequest(seed=SEED, bars=BARS), owner=None, session_key="bench"
    )
    host = settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost"
    client = Client(SERVER_NAME=host)
    address = reverse("steer", args=[piece.pk])
    seconds: dict[str, list[tuple[float, float]]] = {}
    for number in range(rounds):
        for action in ACTIONS:
            body = {**wishes_of(action, piece), "seed": 1000 + number}
            started = time.perf_counter(), time.process_time()
            response = client.post(address, body)
            taken = (
                time.perf_counter() - started[0],
                time.process_time() - started[1],
            )
            if response.status_code == 302:
                seconds.setdefault(action, []).append(taken)
    return seconds


def wishes_of(action: str, piece: Composition) -> dict[str, Any]:
    body: dict[str, Any] = {"action": action}
    if action == REWRITE:
        body |= {"first_bar": 13, "last_bar": 16}
    if action == IN_KEY:
        body["tonic"] = "D" if not piece.measures["key"].startswith("D ") else "G"
    if action == IN_METRE:
        body["metre"] = "3/4" if piece.measures["metre"] != "3/4" else "4/4"
    return body


def table(seconds: dict[str, list[tuple[float, float]]]) -> Iterator[str]:
    yield f"{f'on {BARS} bars':24} {'p50':>9} {'processor':>9} {'goal':>9}"
    for action, taken in seconds.items():
        goal = f"{GOAL_MS} ms" if action == REWRITE else ""
        waited, computed = (1000 * median(kind) for kind in zip(*taken, strict=True))
        yield f"{action:24} {waited:>6.0f} ms {computed:>6.0f} ms {goal:>9}"
