"""The admin as a whole, and the log of what was done in it."""

from __future__ import annotations

import django_q.admin  # noqa: F401  (registers what is taken out below)
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry

from training.admin.base import ReadOnly

admin.site.site_header = admin.site.site_title = "AI Music Composer"

# A task's row is a pickle, and a schedule runs whatever function it names: the queue
# only rings, and what there is to see and do is in the rows of runs and renderings.
for model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnly):
    """Who did what here, and when."""

    list_display = ["action_time", "user", "content_type", "object_repr", "what"]
    list_filter = ["action_flag"]
    list_select_related = ["user", "content_type"]
    ordering = ["-pk"]
    search_fields = ["object_repr", "=user__username"]
    fields = ["action_time", "user", "content_type", "object_id", "object_repr", "what"]
    readonly_fields = ["what"]

    @admin.display(description="What")
    def what(self, entry: LogEntry) -> str:
        return str(entry.get_change_message() or entry.get_action_flag_display())
