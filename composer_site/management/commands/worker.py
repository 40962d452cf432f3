from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand

from composer_site.children import workers
from composer_site.supervisor import Supervisor
from composer_site.worker import Worker


class Command(BaseCommand):
    help = (
        "Serve the queues of tasks, each by a process that is started again when it "
        "ends; or only the queue named in Q_CLUSTER_NAME, composer or training."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("Q_CLUSTER_NAME"):
            sys.exit(Worker().run())
        sys.exit(Supervisor(workers(), say=self.stderr.write).run())
