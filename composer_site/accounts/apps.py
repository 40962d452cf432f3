from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People: how they come in, what they may change of themselves, how they leave."""

    name = "composer_site.accounts"
    label = "accounts"
    verbose_name = "Accounts"
