from __future__ import annotations

from django.apps import AppConfig


class ComposerSiteConfig(AppConfig):
    """The site itself: it has no rows, only commands that start and watch it."""

    name = "composer_site"
    verbose_name = "AI Music Composer"
