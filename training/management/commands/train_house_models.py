from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from training.house import (
    HOUSE_MODELS,
    HouseModel,
    OtherMusic,
    measure_house_model,
    train_house_model,
)
from training.learning.bundle import HOUSE_MODELS_ROOT, UnreadableBundle, load_bundle
from training.learning.process import prepare_to_train


class Command(BaseCommand):
    help = "Train the models that come with the program from their corpora again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only", choices=sorted(HOUSE_MODELS), help="just this one"
        )
        parser.add_argument(
            "--quick", action="store_true", help="a smaller network, ready in minutes"
        )
        parser.add_argument(
            "--measure-only",
            action="store_true",
            help="train nothing; measure the held-out pieces anew, beside the bundles "
            "that are there",
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--epochs", type=int, help="instead of the usual number")
        parser.add_argument(
            "--out",
            type=Path,
            help="folder to write to; with --quick it is var/models, otherwise the "
            "program's own house_models",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slugs = [options["only"]] if options["only"] else sorted(HOUSE_MODELS)
        if options["epochs"] is not None and options["epochs"] < 1:
            raise CommandError("--epochs must be 1 or more.")
        home = settings.VAR_DIR / "models" if options["quick"] else HOUSE_MODELS_ROOT
        if options["measure_only"]:
            root = options["out"] or home
            for slug in slugs:
                if options["only"] or (root / slug).is_dir():
                    self._measure(HOUSE_MODELS[slug], root)
            return
        prepare_to_train(settings.VAR_DIR / "cache" / "jax")
        for slug in slugs:
            model = HOUSE_MODELS[slug]
            if options["quick"]:
                model = model.quick()
            self._train(model, options["out"] or home, options)

    def _measure(self, model: HouseModel, root: Path) -> None:
        self.stdout.write(f"{model.title}: reading {', '.join(model.corpora)} ...")
        try:
            reference = measure_house_model(
                model, root / model.slug, report=self.stdout.write
            )
        except (UnreadableBundle, OtherMusic) as error:
            raise CommandError(str(error)) from None
        if bits := reference.adaptive:
            self.stdout.write(
                f"{bits.alone:.3f} bits a note on {bits.pieces} held-out pieces; "
                f"{bits.adaptive:.3f} when it may learn from the piece at hand; in "
                f"their second halves {bits.late_alone:.3f} and "
                f"{bits.late_adaptive:.3f}."
            )
        pieces = reference.held_out.pieces
        runs = sum(len(known.hashes) for known in reference.known)
        self.stdout.write(
            f"{root / model.slug}: {pieces} held-out pieces measured "
            f"beside {runs} runs of intervals of its training pieces"
        )

    def _train(self, model: HouseModel, root: Path, options: dict[str, Any]) -> None:
        self.stdout.write(f"{model.title}: reading {', '.join(model.corpora)} ...")
        folder = train_house_model(
            model,
            root,
            seed=options["seed"],
            epochs=options["epochs"],
            report=self.stdout.write,
        )
        bundle = load_bundle(folder)
        ours = bundle.metrics["test"]["bits_per_note"]
        ngram = bundle.metrics["baselines"]["ngram"]["bits_per_note"]
        self.stdout.write(
            f"{folder}: {ours:.3f} bits per note on held-out pieces, "
            f"{ours / ngram:.3f} of the order-3 n-gram's {ngram:.3f}"
        )
