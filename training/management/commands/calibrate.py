from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.calibration import Sight, measure
from training.models import Dataset


class Command(BaseCommand):
    help = (
        "Measure how fast this machine trains on music like a dataset's. "
        "The worker does so by itself."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", type=int, help="its id")
        parser.add_argument(
            "--parent", type=int, help="process id of the watcher, to end with it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = Dataset.objects.ready().filter(pk=options["dataset"]).first()
        if dataset is None:
            raise CommandError("There is no such dataset that is ready.")
        measure(dataset, parent_pid=options["parent"], report=self.tell)

    def tell(self, sight: Sight) -> None:
        network, timing = sight.network, sight.timing
        events = sight.training.batch_size * sight.training.window
        self.stdout.write(
            f"{network.lstm_layers} x {network.lstm_units}: "
            f"{events / timing.step_seconds:,.0f} events a second, "
            f"held out {1 / timing.valid_seconds:,.0f}, "
            f"ready in {timing.compile_seconds:.1f} s"
        )
