from __future__ import annotations

import sys
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from training.trainer import train_run


class Command(BaseCommand):
    help = "Train a run that has been claimed. Started by the task that watches it."
    # The watcher's process made these checks; here they would cost every start.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run_id", type=int)
        parser.add_argument("token", type=uuid.UUID, help="what the claim gave")
        parser.add_argument(
            "--parent", type=int, help="process id of the watcher, to end with it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(
            train_run(options["run_id"], options["token"], parent_pid=options["parent"])
        )
