"""What the admin's pages have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from training.runs import CannotStart
from training.services import InUse

#: More rows than this are not acted on by one click: each takes a few queries.
MAX_ROWS = 200


class ByServices(admin.ModelAdmin):
    """Lists that stay quick however long, and actions that services carry out.

    Actions ask for the permission ``act``, which is Django's own to change such rows,
    and ``remove``, its own to delete them. Django's page to delete is not there for
    anyone: it lists everything that would go, however much.
    """

    # Counting every row for each page takes longer than the page.
    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request)

    def act(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        service: Callable[[Any], object],
        *,
        done: str,
        otherwise: str = "",
    ) -> None:
        """Have ``service`` do its work on each row, and log those on which it did.

        It refuses with ``InUse``, or by returning False: then ``otherwise`` says why.
        """
        self._each(request, rows, service, self._log_done(done), done, otherwise)

    def remove(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        service: Callable[[Any], object],
    ) -> None:
        """Have ``service`` delete each row, and log those that it did delete."""
        self._each(request, rows, service, self.log_deletions, "Deleted", "")

    def _log_done(self, done: str) -> Callable[[HttpRequest, Any], None]:
        def log(request: HttpRequest, rows: list[models.Model]) -> None:
            for row in rows:
                self.log_change(request, row, f"{done}.")

        return log

    def _each(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        service: Callable[[Any], object],
        log: Callable[[HttpRequest, Any], object],
        done: str,
        otherwise: str,
    ) -> None:
        chosen = list(rows[: MAX_ROWS + 1])
        if len(chosen) > MAX_ROWS:
            self.message_user(
                request, f"Choose at most {MAX_ROWS} at a time.", messages.ERROR
            )
            return
        changed = 0
        for row in chosen:
            name = str(row)
            try:
                # The line in the log and what it tells of: both or neither.
                with transaction.atomic():
                    log(request, [row])
                    if service(row) is False:
                        raise InUse(f"{name} {otherwise}")
            except (CannotStart, InUse) as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                changed += 1
        if changed:
            what = (
                self.opts.verbose_name
                if changed == 1
                else self.opts.verbose_name_plural
            )
            self.message_user(request, f"{done}: {changed} {what}.", messages.SUCCESS)


class ReadOnly(ByServices):
    """Rows to look at: only the program makes and changes them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def get_readonly_fields(
        self, request: HttpRequest, obj: object = None
    ) -> list[str]:
        return [str(name) for name in self.fields or ()]

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
