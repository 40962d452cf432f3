from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The door for programs, at /api/v1/."""

    name = "composer_site.api"
    label = "api"

    def ready(self) -> None:
        # Tells drf-spectacular how our tokens are sent.
        from composer_site.api import schema  # noqa: F401
