from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from composer_site.children import web_server, workers
from composer_site.supervisor import Supervisor
from generation.models import Composition


class Command(BaseCommand):
    help = "Bring the database up to date and run the site with its workers."

    def handle(self, *args: Any, **options: Any) -> None:
        self.require_free_port()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("register_house_models", stdout=self.stderr)
        pages = self.pages()
        # The database is the children's: nothing of it may be open when they start.
        connections.close_all()
        self.is_announced = False

        def announce_once() -> None:
            if not self.is_announced and self.answers():
                self.is_announced = True
                self.stdout.write(pages)
                self.stdout.flush()

        supervisor = Supervisor(
            [web_server(), *workers()], say=self.say, on_tick=announce_once
        )
        sys.exit(supervisor.run())

    def say(self, sentence: str) -> None:
        self.stderr.write(sentence)

    def require_free_port(self) -> None:
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, settings.PORT))
            except OSError as error:
                raise CommandError(
                    f"Cannot listen on {settings.HOST} port {settings.PORT}: "
                    f"{error.strerror}. Choose another, for example: "
                    f"PORT={settings.PORT + 1} make start"
                ) from None

    def pages(self) -> str:
        lines = ["", f"AI Music Composer is ready: {base_url()}/"]
        showcase = Composition.objects.showcases().first()
        if showcase:
            lines.append(
                f"Hear a finished piece:      {base_url()}{showcase.get_absolute_url()}"
            )
        return "\n".join([*lines, "Ctrl-C stops it.", ""])

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{base_url()}/healthz", timeout=2) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def base_url() -> str:
    # A site that listens everywhere is looked at from here.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"
