from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from training.learning.bundle import save_bundle
from training.learning.process import prepare_to_train
from training.random_control import (
    TRAIN_CONFIG,
    TooFewWindows,
    TrainedControl,
    train_control,
)
from training.random_notes import (
    NUM_SAMPLES,
    BadOptions,
    RandomOptions,
    UnreadableWindows,
    Windows,
    draw_windows,
    read_windows,
    write_windows,
)
from training.services import register_version

if TYPE_CHECKING:
    from training.learning.train import Epoch, TrainState

SLUG, TITLE = "random-lstm", "Random notes"
DESCRIPTION = (
    "An LSTM that learnt from notes drawn at random, where there is nothing to learn: "
    "the control beside which the other models are measured."
)


class Command(BaseCommand):
    help = "Train an LSTM to foretell the note after a window; print R2, MSE and RMSE."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data",
            type=Path,
            default=settings.SEED_ROOT,
            help="folder with X_notes.npy and y_notes.npy; made if they are not there",
        )
        parser.add_argument(
            "--out", type=Path, help="folder for the model and metrics; else --data"
        )
        parser.add_argument(
            "--samples",
            type=int,
            default=NUM_SAMPLES,
            help="use at most so many windows",
        )
        parser.add_argument("--epochs", type=int, default=TRAIN_CONFIG.epochs)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--register", action="store_true", help="offer the model on the site"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["epochs"] < 1:
            raise CommandError("--epochs must be 1 or more.")
        out = options["out"] or options["data"]
        prepare_to_train(settings.VAR_DIR / "cache" / "jax")
        try:
            windows = self.load_or_make(options)
            trained = train_control(
                windows,
                epochs=options["epochs"],
                seed=options["seed"],
                on_epoch=self.report,
            )
        except (BadOptions, TooFewWindows, UnreadableWindows) as error:
            raise CommandError(str(error)) from None
        self.save(out, trained)
        self.print_metrics(trained.metrics)
        self.stdout.write(f"Saved model.keras and metrics.json in {out}")
        if options["register"]:
            self.register(trained, options)

    def report(self, epoch: Epoch, state: TrainState) -> None:
        self.stdout.write(
            f"epoch {epoch.number:2d}  train {epoch.train_bits:.3f}  "
            f"held out {epoch.valid_bits:.3f} bits a note  {epoch.seconds:.0f} s"
        )

    def load_or_make(self, options: dict[str, Any]) -> Windows:
        try:
            windows = read_windows(options["data"])
        except FileNotFoundError:
            self.stdout.write("No X_notes.npy and y_notes.npy yet: making them.")
            wanted = RandomOptions(samples=options["samples"], seed=options["seed"])
            windows = draw_windows(wanted)
            write_windows(options["data"], windows)
        samples = max(0, options["samples"])
        return Windows(windows.x[:samples], windows.y[:samples])

    def save(self, out: Path, trained: TrainedControl) -> None:
        # Keras is loaded in this process alone.
        from training.learning.model import build_model

        out.mkdir(parents=True, exist_ok=True)
        model = build_model(trained.encoding, trained.model_config, trained.weights)
        model.save(out / ".model.keras")
        os.replace(out / ".model.keras", out / "model.keras")
        (out / ".metrics.json").write_text(json.dumps(trained.metrics, indent=2) + "\n")
        os.replace(out / ".metrics.json", out / "metrics.json")

    def print_metrics(self, metrics: dict[str, Any]) -> None:
        self.stdout.write(f"\n{'':20}{'R2':>9}{'MSE':>9}{'RMSE':>9}{'bits a note':>13}")
        rows = {"the LSTM": metrics["test"], **metrics["baselines"]}
        for name, scores in rows.items():
            bits = scores.get("bits_per_note")
            self.stdout.write(
                f"{name.replace('_', ' '):20}{scores['r2']:9.4f}{scores['mse']:9.3f}"
                f"{scores['rmse']:9.3f}" + (f"{bits:13.4f}" if bits else "")
            )
        self.stdout.write("")

    def register(self, trained: TrainedControl, options: dict[str, Any]) -> None:
        folder = save_bundle(
            settings.BUNDLES_ROOT,
            name=SLUG,
            encoding=trained.encoding,
            model_config=trained.model_config,
            train_config=trained.train_config,
            weights=trained.weights,
            forms=trained.forms,
            metrics=trained.metrics,
            provenance={
                "corpora": ["Notes drawn at random"],
                "sources": ["manage.py generate_dataset"],
                "command": "manage.py train_model --register",
                "seed": options["seed"],
            },
            golden=trained.golden,
        )
        version = register_version(
            folder, slug=SLUG, title=TITLE, description=DESCRIPTION
        )
        self.stdout.write(f"{version} is on the site: {version.get_absolute_url()}")
