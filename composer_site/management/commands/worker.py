from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from composer_site.worker import Worker


class Command(BaseCommand):
    help = (
        "Serve a queue of tasks: the main one, or with Q_CLUSTER_NAME=training in the "
        "environment that of training."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(Worker().run())
