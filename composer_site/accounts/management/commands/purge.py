from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from composer_site.accounts.throttle import purge_buckets
from generation.shelf import KEPT_AFTER_DELETION, purge_thrown_away
from training.pieces import purge_pieces
from training.services import purge_bundles


class Command(BaseCommand):
    help = (
        f"Delete for good what was deleted over {KEPT_AFTER_DELETION.days} days ago, "
        "bundles of deleted versions, and sessions that have ended. The worker sees "
        "to the pieces by itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        pieces = 0
        for purge in (purge_thrown_away, purge_pieces):
            while gone := purge():
                pieces += gone
        buckets = purge_buckets()
        call_command("clearsessions")
        bundles = purge_bundles()
        self.stdout.write(
            f"{pieces} deleted pieces, {buckets} counters and {bundles} bundles "
            "are gone."
        )
