from __future__ import annotations

import shutil
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from training.models import Upload, UploadedFile
from training.music.archive import is_archive, is_litter, too_big
from training.music.formats import READERS
from training.uploads import (
    MAX_FILE_BYTES,
    MAX_FILES,
    Arrived,
    NotTaken,
    begin_upload,
    import_upload,
    make_incoming_folder,
)

State = UploadedFile.State


class Command(BaseCommand):
    help = (
        "Bring the music in a folder, as if its owner had sent it: MIDI, MusicXML, "
        "ABC, kern and .zip files, in folders below it too."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--user", required=True, help="whose it will be")

    def handle(self, folder: Path, user: str, **options: Any) -> None:
        owner = User.objects.filter(username=user).first()
        if owner is None:
            raise CommandError(f"There is no account {user!r}. Make it first.")
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        paths = sorted(music_in(folder))
        if not paths:
            raise CommandError(f"There is no music in {folder}.")
        ends: Counter[str] = Counter()
        for start in range(0, len(paths), MAX_FILES):
            ends += self._bring(owner, paths[start : start + MAX_FILES])
        self.stdout.write(
            f"{ends[State.IMPORTED]} imported, {ends[State.KNOWN]} there already, "
            f"{ends[State.REFUSED]} not imported."
        )

    def _bring(self, owner: User, paths: list[Path]) -> Counter[str]:
        incoming = make_incoming_folder()
        try:
            arrived = [arrive(path, incoming, n) for n, path in enumerate(paths)]
            upload = begin_upload(owner, incoming, arrived)
        except NotTaken as refusal:
            raise CommandError(str(refusal)) from None
        finally:
            # Nothing is there any more when it became an upload's own.
            shutil.rmtree(incoming, ignore_errors=True)
        wait_until_read(upload)
        for file in upload.files.filter(state=State.REFUSED):
            self.stderr.write(f"{file.name}: {file.said}")
        return Counter(upload.files.values_list("state", flat=True))


def music_in(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        is_music = path.suffix.lower() in READERS or is_archive(path.name)
        if is_music and path.is_file() and not is_litter(path.name):
            yield path


def arrive(path: Path, incoming: Path, number: int) -> Arrived:
    stored = f"f{number}"
    if path.stat().st_size > MAX_FILE_BYTES and not is_archive(path.name):
        return Arrived(path.name[-200:], stored, too_big(MAX_FILE_BYTES))
    shutil.copyfile(path, incoming / stored)
    return Arrived(path.name[-200:], stored)


def wait_until_read(upload: Upload) -> None:
    """Read it here, unless a worker was quicker; then wait for that one."""
    while upload.is_unfinished:
        import_upload(upload.pk)
        upload.refresh_from_db()
        if upload.is_unfinished:
            time.sleep(0.5)
