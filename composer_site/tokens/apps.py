from __future__ import annotations

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """Keys that people make for their programs."""

    name = "composer_site.tokens"
    label = "tokens"
