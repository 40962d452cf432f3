from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from composer_site.tokens.models import Token


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):
    """To see whose tokens are about, and to withdraw one. Only its owner makes one."""

    list_display = ["name", "prefix", "owner", "scope", "expires_at", "last_used_at"]
    list_filter = ["scope"]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__username"]
    show_full_result_count = False
    exclude = ["sha256"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Token | None = None
    ) -> bool:
        return False
