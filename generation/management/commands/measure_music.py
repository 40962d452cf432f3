"""What a model's pieces are like, beside pieces that it never saw."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.composing.recipe import MAX_SEED
from generation.measuring import FIRST_SEED, write_pieces
from training.house import HOUSE_MODELS
from training.learning.bundle import (
    HOUSE_MODELS_ROOT,
    Bundle,
    UnreadableBundle,
    load_bundle,
)
from training.learning.reference import Reference, load_reference
from training.models import ModelVersion
from training.music.profile import (
    Profile,
    Spread,
    compare,
    overlaps,
    profile,
    profile_to_json,
)

MAX_PIECES = 1000


class Command(BaseCommand):
    help = "Measure pieces that a model writes, beside real ones that it never saw."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", default="chorales", help="its name on the site")
        parser.add_argument("--bundle", type=Path, help="a bundle's folder instead")
        parser.add_argument("--pieces", type=int, default=50)
        parser.add_argument(
            "--seed", type=int, default=FIRST_SEED, help="of the first piece"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count, seed = options["pieces"], options["seed"]
        if not 1 <= count <= MAX_PIECES:
            raise CommandError(f"--pieces must be from 1 to {MAX_PIECES}.")
        if not 0 <= seed <= MAX_SEED - count:
            raise CommandError("--seed must be a whole number from 0 on.")
        folder = options["bundle"] or folder_of(options["model"])
        try:
            bundle = load_bundle(folder)
        except UnreadableBundle as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"{bundle.name!r} writes {count} pieces, please wait.")
        reference = load_reference(
            folder, data_hash=bundle.provenance.get("data_hash", "")
        )
        own = measure(bundle, reference, count, seed)
        real = reference.held_out if reference else None
        for line in table(own, real):
            self.stdout.write(line)
        self.stdout.write(json.dumps(figures(bundle, own, real, seed)))


def folder_of(slug: str) -> Path:
    """The bundle that ``slug`` composes with; a house model's need no database."""
    if slug in HOUSE_MODELS:
        return HOUSE_MODELS_ROOT / slug
    version = ModelVersion.objects.default().filter(model__slug=slug).first()
    if version is None:
        known = ", ".join(HOUSE_MODELS)
        raise CommandError(
            f"No model is called {slug!r}. Name one of {known}, or one of the site's."
        )
    return version.bundle_folder


def measure(
    bundle: Bundle, reference: Reference | None, count: int, seed: int
) -> Profile:
    scores = write_pieces(bundle, count, seed=seed)
    if not scores:
        raise CommandError("None of its pieces came to an end.")
    return profile(scores, reference.known if reference else ())


def table(own: Profile, real: Profile | None) -> list[str]:
    """A line for each measure: means, and the band of nine in ten real pieces."""
    head = f"{own.pieces} generated"
    if real is None:
        rows = [f"{name:24}{s.mean:12.4f}" for name, s in own.measures.items()]
        return [f"{'':24}{head:>14}", *rows, "Nothing real to compare with."]
    lines = [f"{'':24}{head:>14}{f'{real.pieces} held out':>14}  nine in ten of those"]
    for row in compare(own, real):
        verdict = ("", "  above", "  below")[row.side]
        lines.append(
            f"{row.name:24}{row.generated.mean:14.4f}{row.held_out.mean:14.4f}"
            f"  {band(row.held_out)}{verdict}"
        )
    lines += [
        f"{f'overlap of {name}':24}{area:14.4f}"
        for name, area in overlaps(own, real).items()
    ]
    return lines


def band(spread: Spread) -> str:
    return f"{spread.low:.4f} to {spread.high:.4f}"


def figures(
    bundle: Bundle, own: Profile, real: Profile | None, seed: int
) -> dict[str, Any]:
    return {
        "model": bundle.name,
        "bundle": bundle.hash,
        "seed": seed,
        "generated": profile_to_json(own),
        "held_out": profile_to_json(real) if real else None,
        "overlap": overlaps(own, real) if real else {},
    }
