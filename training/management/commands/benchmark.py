"""How good learning is, by published protocols: see the README's Benchmarks."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from training.learning.process import prepare_to_train

BENCHMARKS = ("chorales-16", "melody-8")


class Command(BaseCommand):
    help = "Measure learning by a published benchmark; the last line is JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("benchmark", choices=BENCHMARKS)
        parser.add_argument(
            "--data", type=Path, required=True, help="the folder with the data"
        )
        parser.add_argument(
            "--seed",
            type=int,
            default=0,
            help="the same number gives the same network, and with melody-8 the same "
            "folds; 0 if not said",
        )
        parser.add_argument(
            "--quick", action="store_true", help="a smaller network, in ten minutes"
        )
        parser.add_argument(
            "--split",
            choices=("valid", "test"),
            default="valid",
            help="chorales-16: what to rate",
        )
        parser.add_argument(
            "--bundle",
            nargs="+",
            metavar="PATH",
            help="chorales-16: rate trained networks ('best': the one shipped) "
            "instead of training; several are rated together too",
        )
        parser.add_argument(
            "--all",
            action="store_true",
            help="chorales-16: also read every piece in all keys, and learning as it "
            "goes; rows of their own, some minutes more",
        )
        parser.add_argument(
            "--save", type=Path, help="chorales-16: keep the trained network here"
        )
        parser.add_argument(
            "--task",
            choices=("A", "B"),
            default="A",
            help="melody-8: pitches alone, or with the present note's time and key",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seed"] < 0:
            raise CommandError("--seed must be 0 or more.")
        if not options["data"].is_dir():
            raise CommandError(
                f"There is no folder {options['data']}. Name the one with the data."
            )
        prepare_to_train(settings.VAR_DIR / "cache" / "jax")
        run = self._chorales if options["benchmark"] == "chorales-16" else self._melody
        self.stdout.write(json.dumps(run(**options)))

    def _chorales(self, **options: Any) -> dict[str, Any]:
        from training.learning.benchmarks.chorales16.bundle import (
            BEST,
            UnreadableFrameModel,
            load_frame_model,
            save_frame_model,
        )
        from training.learning.benchmarks.chorales16.protocol import (
            UnreadableBenchmark,
        )
        from training.learning.benchmarks.chorales16.run import (
            run_chorales16,
            train_chorales16,
        )

        data = options["data"]
        try:
            if options["bundle"]:
                models = [
                    load_frame_model(BEST if name == "best" else Path(name))
                    for name in options["bundle"]
                ]
            else:
                model = train_chorales16(
                    data,
                    seed=options["seed"],
                    quick=options["quick"],
                    report=self.stdout.write,
                )
                if options["save"]:
                    save_frame_model(options["save"], model)
                models = [model]
            result = run_chorales16(
                data,
                split=options["split"],
                models=models,
                everything=options["all"],
                report=self.stdout.write,
            )
        except (UnreadableBenchmark, UnreadableFrameModel) as error:
            raise CommandError(str(error)) from None
        return result.as_json()

    def _melody(self, **options: Any) -> dict[str, Any]:
        from training.learning.benchmarks.melody8.data import MissingData
        from training.learning.benchmarks.melody8.run import run_melody8

        try:
            result = run_melody8(
                options["data"],
                task=options["task"],
                seed=options["seed"],
                quick=options["quick"],
                report=self.stdout.write,
            )
        except MissingData as error:
            raise CommandError(str(error)) from None
        return result.as_json()
