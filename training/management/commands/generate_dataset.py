from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from training.random_notes import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    NUM_SAMPLES,
    WINDOW,
    BadOptions,
    RandomOptions,
    draw_windows,
    write_windows,
)


class Command(BaseCommand):
    help = "Write windows of random notes, and the note after each, as .npy and .csv."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--samples", type=int, default=NUM_SAMPLES, help="how many windows"
        )
        parser.add_argument(
            "--window", type=int, default=WINDOW, help="notes in each window"
        )
        parser.add_argument("--lowest", type=int, default=LOWEST_PITCH)
        parser.add_argument("--highest", type=int, default=HIGHEST_PITCH)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--out", type=Path, default=settings.SEED_ROOT, help="folder to write to"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("samples", "window", "lowest", "highest", "seed")
        try:
            wanted = RandomOptions(**{name: options[name] for name in names})
        except BadOptions as error:
            raise CommandError(str(error)) from None
        windows = draw_windows(wanted)
        write_windows(options["out"], windows)
        self.stdout.write(
            f"X {windows.x.shape}, y {windows.y.shape}: X_notes and y_notes, .npy and "
            f".csv, in {options['out']}"
        )
