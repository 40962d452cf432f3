"""The site's long-running programs, for a supervisor to keep."""

from __future__ import annotations

import os
import sys

from django.conf import settings

from composer_site.settings import envint
from composer_site.supervisor import Child


def web_server() -> Child:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    gunicorn = {
        "--bind": f"{host}:{settings.PORT}",
        "--workers": str(envint("WEB_WORKERS", 2)),
        "--threads": str(envint("WEB_THREADS", 4)),
        # Longer than any proxy keeps its side, so that it is never we who hang up.
        "--keep-alive": "75",
        "--graceful-timeout": "8",
        "--timeout": "60",
        "--log-level": "warning",
    }
    words = [word for pair in gunicorn.items() for word in pair]
    web = [sys.executable, "-m", "gunicorn", "composer_site.wsgi", *words]
    return Child(
        "web server",
        [*web, "--no-control-socket"],
        # One BLAS thread, see manage.py.
        {"OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1")},
        is_vital=True,
    )


def workers() -> list[Child]:
    """One for each queue: an hour of training never delays a rendering."""
    worker = [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker"]
    return [
        Child("task worker", worker, {"Q_CLUSTER_NAME": settings.MAIN_QUEUE}),
        Child("training worker", worker, {"Q_CLUSTER_NAME": settings.TRAINING_QUEUE}),
    ]
