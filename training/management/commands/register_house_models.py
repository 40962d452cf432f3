from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from training.services import register_house_models


class Command(BaseCommand):
    help = "Offer the models that come with the program on the site."

    def handle(self, *args: Any, **options: Any) -> None:
        for version in register_house_models():
            self.stdout.write(f"{version}: {version.bundle_hash[:12]}")
