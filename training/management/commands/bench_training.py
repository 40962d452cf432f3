"""How fast training is, in ratios measured side by side."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.learning.benchmarks.speed import CONTENDERS, SIZES, Task, ratios
from training.processes import Silenced, answering

ROUNDS = 5
#: (ratio, steps) to what is to be reached at each size; None where nothing was set.
GOALS: dict[tuple[str, int], dict[str, float | None]] = {
    ("keras_fit", 32): {"S": 2.5, "M": 2.0, "L": None},
    ("keras_fit", 256): {"S": 3.0, "M": 3.0, "L": 3.0},
    ("torch", 32): dict.fromkeys(SIZES, 1.0),
    ("torch", 256): dict.fromkeys(SIZES, 1.0),
    ("matrix", 32): dict.fromkeys(SIZES, 0.85),
}
BUSY_GOAL = 0.55
_BUSY = "while True: pass"


class Command(BaseCommand):
    help = "Measure training: against Keras's fit, PyTorch, and the matrix rate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rounds",
            type=int,
            default=ROUNDS,
            help="how often each is timed, %(default)s if not said",
        )
        parser.add_argument(
            "--sizes",
            nargs="+",
            choices=SIZES,
            default=list(SIZES),
            help="of the network: layers and units are S 1x128, M 2x256, L 3x512",
        )
        parser.add_argument(
            "--steps",
            nargs="+",
            type=int,
            default=[32, 256],
            help="notes between two updates, 32 and 256 if not said",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rounds"] < 1 or any(not 1 <= n <= 1024 for n in options["steps"]):
            raise CommandError("--rounds is 1 or more, --steps from 1 to 1024.")
        names = [name for name in CONTENDERS if name != "torch" or has_torch()]
        if "torch" not in names:
            self.stderr.write("PyTorch is not installed; it is left out.")
        found: dict[str, Any] = {}
        self.stdout.write(f"{'times as fast as':24}{'found':>8}{'goal':>8}")
        for steps in options["steps"]:
            for size in options["sizes"]:
                task = Task(size, steps)
                try:
                    found[f"{size}/{steps}"] = self._measure(
                        task, names, options["rounds"]
                    )
                except Silenced as error:
                    raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(found))

    def _measure(self, task: Task, names: list[str], rounds: int) -> dict[str, float]:
        seconds = turns(task, names, rounds)
        found = {name: round(ratio, 2) for name, ratio in ratios(seconds)}
        quiet, busy = min(seconds["ours"]), min(seconds_when_busy(task, rounds))
        found["with a core busy"] = round(quiet / busy, 2)
        layers, units = SIZES[task.size]
        self.stdout.write(f"{task.size}, {layers}x{units}, {task.steps} steps")
        for name, ratio in found.items():
            goal = GOALS.get((name, task.steps), {}).get(task.size)
            if name == "with a core busy":
                goal = BUSY_GOAL
            self.stdout.write(f"  {name:22}{ratio:>8}{goal or '':>8}")
        return found


def has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def turns(task: Task, names: list[str], rounds: int) -> dict[str, list[float]]:
    """Seconds an update of each contender, who all take their turn in every round."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        asked = {name: stack.enter_context(contender(name, task)) for name in names}
        for ask in asked.values():
            ask()  # All compile at once; nobody's first answer counts.
        for _ in range(rounds):
            for name, ask in asked.items():
                seconds[name].append(ask())
    return seconds


def seconds_when_busy(task: Task, rounds: int) -> list[float]:
    """Ours again, beside a process that keeps one core busy."""
    busy = subprocess.Popen([sys.executable, "-c", _BUSY])
    try:
        return turns(task, ["ours"], rounds)["ours"]
    finally:
        busy.kill()
        busy.wait()


@contextmanager
def contender(name: str, task: Task) -> Iterator[Any]:
    function = "training.learning.benchmarks.speed:answer"
    with answering(function, name, task.size, task.steps) as ask:
        yield ask
