"""How fast composing is, in ratios measured side by side.

Seconds differ from machine to machine and from minute to minute; what is measured in
turns, on one machine within one run, can be compared.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from generation.composing.composer import ComposeRequest, compose, network_of
from generation.composing.sampler import Draft, sample
from training.learning.bundle import HOUSE_MODELS_ROOT, Bundle, load_bundle
from training.music.encodings import Form
from training.processes import Silenced, answering

EVENTS = 256
KERAS_EVENTS = 24  # enough to time one, at a fiftieth of the speed
KERAS_WINDOW = 32  # events that Keras reads again for every note
ROUNDS = 7
TRIES = 3  # in a turn, of which the quickest counts: neighbours disturb
POSTS = 15


class Command(BaseCommand):
    help = "Measure composing: against reading the weights, and against Keras."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", default="tunes", help="a house model's name")
        parser.add_argument("--rounds", type=int, default=ROUNDS)

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
            # As the web workers run; it is read when NumPy is loaded, so start again.
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
            os.execve(sys.executable, [sys.executable, *sys.argv], environment)
        folder = HOUSE_MODELS_ROOT / options["model"]
        if not (folder / "bundle.json").is_file():
            raise CommandError(f"There is no house model in {folder}.")
        bundle = load_bundle(folder)
        self.stderr.write(
            f"{options['rounds']} rounds with {bundle.name!r}, please wait."
        )
        try:
            seconds = measure(bundle, folder, options["rounds"])
        except Silenced as error:
            raise CommandError(str(error)) from None
        config = bundle.model_config
        size = f"{config.lstm_layers}x{config.lstm_units}"
        for line in table(seconds, size):
            self.stdout.write(line)
        self.stdout.write(json.dumps({"network": size, **figures(seconds)}))


def measure(bundle: Bundle, folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds by what was measured; each round takes its turn at everything."""
    contenders: dict[str, Callable[[], float]] = {
        "floor": lambda: seconds_to_read_weights(bundle) * EVENTS,
        "sampler": lambda: seconds_to_sample(bundle, 1),
        "sampler_4": lambda: seconds_to_sample(bundle, 4),
        "compose": lambda: seconds_to_compose(bundle),
    }
    seconds: dict[str, list[float]] = {
        name: [] for name in (*contenders, "keras", "post")
    }
    with answering(f"{__name__}:answer_with_keras", str(folder)) as seconds_of_keras:
        seconds_of_keras()  # The first answer includes compiling.
        for _ in range(rounds):
            for name, contender in contenders.items():
                seconds[name].append(min(contender() for _ in range(TRIES)))
            keras = min(seconds_of_keras() for _ in range(TRIES))
            seconds["keras"].append(keras * EVENTS)
            seconds["post"] += seconds_to_post(bundle.name)
    return seconds


def seconds_to_read_weights(bundle: Bundle) -> float:
    """One pass over every weight of a step: the bare products of vector and matrix."""
    products = [
        (
            np.ones(len(matrix), np.float32),
            matrix,
            np.empty(matrix.shape[1], np.float32),
        )
        for name, matrix in bundle.weights.items()
        # Of embeddings only a row each is read.
        if matrix.ndim == 2 and not name.startswith("embedding") and "given" not in name
    ]
    started = time.perf_counter()
    for _ in range(EVENTS):
        for vector, matrix, out in products:
            np.dot(vector, matrix, out=out)
    return (time.perf_counter() - started) / EVENTS


def seconds_to_sample(bundle: Bundle, batch: int) -> float:
    """The sampler alone, EVENTS events of ``batch`` drafts."""
    # Long enough that no draft ends first.
    common = max(bundle.forms, key=lambda counted: counted[1])[0]
    form = Form(EVENTS * common.metre.bar_ticks, common.metre, common.key)
    drafts = [Draft(bundle.encoding.walk(form)) for _ in range(batch)]
    network = network_of(bundle)
    started = time.perf_counter()
    sample(network, drafts, seed=1, max_events=EVENTS)
    return time.perf_counter() - started


def seconds_to_compose(bundle: Bundle) -> float:
    """A piece of EVENTS notes with the usual number of candidates."""
    started = time.perf_counter()
    compose(bundle, ComposeRequest(seed=1, num_notes=EVENTS))
    return time.perf_counter() - started


def seconds_to_post(slug: str) -> list[float]:
    """POST /generate through all of Django but the socket; empty before `migrate`.

    What is written is taken back.
    """
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return []
    host = settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost"
    client = Client(SERVER_NAME=host)
    found = []
    with transaction.atomic():
        for seed in range(POSTS):
            body = {"num_notes": EVENTS, "model": slug, "seed": seed}
            started = time.perf_counter()
            response = client.post("/generate", body)
            found.append(time.perf_counter() - started)
            if response.status_code != 200:
                raise CommandError(f"/generate answered {response.status_code}.")
        transaction.set_rollback(True)
    return found


def answer_with_keras(folder: str) -> None:
    """For every line that comes in, print the seconds a note takes by ``predict``.

    One call for each field, because the second field is rated in the light of the
    first, over a window of the events before it.
    """
    from training.learning.model import build_model

    bundle = load_bundle(Path(folder))
    model = build_model(bundle.encoding, bundle.model_config, bundle.weights)
    contexts = bundle.golden["contexts"][None, :KERAS_WINDOW]
    events = bundle.golden["events"][None, :KERAS_WINDOW]
    for _ in sys.stdin:
        started = time.perf_counter()
        for _ in range(KERAS_EVENTS * len(bundle.encoding.fields)):
            model.predict([contexts, events], verbose=0)
        print((time.perf_counter() - started) / KERAS_EVENTS, flush=True)


def figures(seconds: dict[str, list[float]]) -> dict[str, float | None]:
    """The medians of each round's ratios, and of milliseconds."""

    def ratio(a: str, b: str) -> float:
        return median(x / y for x, y in zip(seconds[a], seconds[b], strict=True))

    def milliseconds(name: str) -> float:
        return round(median(seconds[name]) * 1000, 1)

    return {
        "share_of_floor": round(ratio("floor", "sampler"), 3),
        "times_keras_predict": round(ratio("keras", "sampler"), 1),
        "four_drafts_cost": round(ratio("sampler_4", "sampler"), 2),
        "sampler_ms": milliseconds("sampler"),
        "compose_p50_ms": milliseconds("compose"),
        "post_generate_p50_ms": milliseconds("post") if seconds["post"] else None,
    }


def table(seconds: dict[str, list[float]], size: str) -> Iterator[str]:
    found = figures(seconds)
    post = found["post_generate_p50_ms"]
    rows = [
        (f"{EVENTS} events, {size}, one draft", f"{found['sampler_ms']} ms", ""),
        (
            "  of the floor (reading the weights)",
            f"{found['share_of_floor']:.0%}",
            "45%",
        ),
        ("  times as fast as Keras predict", f"{found['times_keras_predict']}", "20"),
        ("four drafts cost as much as", f"{found['four_drafts_cost']}", ""),
        (f"composing {EVENTS} notes, p50", f"{found['compose_p50_ms']} ms", ""),
        ("POST /generate, p50", f"{post} ms" if post else "no database", "60 ms"),
    ]
    yield f"{'':38} {'found':>12} {'goal':>8}"
    for what, value, goal in rows:
        yield f"{what:38} {value:>12} {goal:>8}"
