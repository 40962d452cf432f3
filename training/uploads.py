"""The verbs of uploads: take files in, read them by a task, forget them.

Files are read in a child process with limits, some at a time. Each has its own row and
ends by itself: one that cannot be read spoils no other, and a worker that dies loses
nothing that was done.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from training import doorbell
from training.models import Upload, UploadedFile
from training.music.archive import (
    ArchiveLimits,
    Member,
    UnreadableArchive,
    is_archive,
    shown_name,
)
from training.music.books import count_tunes, split_book, title_of_tune
from training.music.formats import Reading, UnreadableScore, read_many_safely
from training.music.reading import decode_text
from training.music.sandbox import Limits, unpack_in_child
from training.pieces import Kept, NotKept, keep_piece, name_of

logger = logging.getLogger(__name__)

MAX_FILES = 1_000  # of an upload, those inside archives and books included
MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_UNFINISHED = 3  # uploads of a person at a time
MAX_REMEMBERED = 20  # of a person's uploads that were read
FILES_AT_ONCE = 25  # for one child to read

#: After so long a task makes way; Q_CLUSTER's timeout would kill it.
TASK_SECONDS = 120.0
#: A task says that it lives between children, each of which has 30 seconds and then
#: some more for files that are read alone.
LEASE = timedelta(seconds=330)
DOORBELL_PATIENCE = timedelta(seconds=60)
MAX_TRIES = 2  # of one file, when the worker died of it
SHOWN_FOR = timedelta(days=7)
PURGED_AT_ONCE = 20

State = UploadedFile.State


class NotTaken(ValueError):
    """Nothing is taken in. The message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that came in: written to ``stored`` in a folder, or why it was not."""

    name: str
    stored: str
    problem: str = ""


# Taking files in ---------------------------------------------------------------------


def make_incoming_folder() -> Path:
    """Where files are written until their upload has a row."""
    root = Path(settings.UPLOADS_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="incoming-", dir=root))


def begin_upload(owner: User, folder: Path, arrived: Sequence[Arrived]) -> Upload:
    """Take over ``folder``, with files that ``arrived``, to be read by a task.

    Raises ``NotTaken``; the folder is then still the caller's.
    """
    if not arrived:
        raise NotTaken("Choose one or more files: MIDI, MusicXML, ABC, kern or a .zip.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)
        if Upload.objects.filter(owner=owner).unfinished().count() >= MAX_UNFINISHED:
            raise NotTaken(
                "Your last uploads are still being read. Wait until one of them is "
                "done, then send this one."
            )
        _forget_older(owner)
        upload = Upload.objects.create(owner=owner, rung_at=timezone.now())
        UploadedFile.objects.bulk_create(
            UploadedFile(
                upload=upload,
                position=position,
                name=file.name,
                stored=file.stored,
                state=State.REFUSED if file.problem else State.WAITING,
                said=file.problem,
            )
            for position, file in enumerate(arrived)
        )
        shutil.rmtree(upload.folder, ignore_errors=True)  # of a database put back
        folder.rename(upload.folder)
        _ring(upload.pk)
    return upload


def _forget_older(owner: User) -> None:
    """Of who sends very often, only the last uploads are remembered."""
    done = Upload.objects.filter(owner=owner, state=Upload.State.DONE)
    older = list(done.values_list("pk", flat=True)[MAX_REMEMBERED - 1 :])
    Upload.objects.filter(pk__in=older).delete()


def _ring(upload_id: int) -> None:
    doorbell.ring("training.tasks.import_upload", upload_id)


# Reading them ------------------------------------------------------------------------


def import_upload(upload_id: int, *, task_seconds: float = TASK_SECONDS) -> None:
    """Read the files that still wait, if that is this task's to do."""
    upload = _claim(upload_id)
    if upload is None:
        return  # Another task is at it, or it is done.
    started = time.monotonic()
    while _still_ours(upload):
        batch = _next_files(upload)
        if not batch:
            _finish(upload)
            return
        if time.monotonic() - started > task_seconds:
            _make_way(upload)
            return
        # Counted before: whoever dies of a file has tried it.
        for file in batch:
            file.tries += 1
        UploadedFile.objects.bulk_update(batch, ["tries"])
        _read(upload, batch)


def _next_files(upload: Upload) -> list[UploadedFile]:
    """The next to read: what holds others by itself, or some plain files.

    One that was tried before, when a child or the worker died of it, comes by itself.
    """
    waiting = list(upload.files.filter(state=State.WAITING)[:FILES_AT_ONCE])
    for place, file in enumerate(waiting):
        if file.tries or is_archive(file.name) or _is_book(upload, file):
            return waiting[:place] or [file]
    return waiting


def _is_book(upload: Upload, file: UploadedFile) -> bool:
    if not file.name.lower().endswith(".abc"):
        return False
    # Should the file be gone, whoever reads it as a score will say so.
    with contextlib.suppress(FileNotFoundError):
        return count_tunes(_text(upload, file)) > 1
    return False


def _text(upload: Upload, file: UploadedFile) -> str:
    return decode_text(_path(upload, file).read_bytes())


def _path(upload: Upload, file: UploadedFile) -> Path:
    return upload.folder / file.stored


def _read(upload: Upload, batch: list[UploadedFile]) -> None:
    first = batch[0]
    try:
        if first.tries > MAX_TRIES:
            raise NotKept("Reading it stopped the worker twice. Send another version.")
        if is_archive(first.name):
            _open_archive(upload, first)
        elif _is_book(upload, first):
            _open_book(upload, first)
        else:
            _read_scores(upload, batch)
    except (NotKept, UnreadableArchive) as refusal:
        _end(first, State.REFUSED, str(refusal))
    except Exception:
        # Whatever went wrong, the others are still to be read.
        logger.exception("File %s of upload %s", first.pk, upload.pk)
        for file in batch:
            if file.state == State.WAITING:
                _end(file, State.REFUSED, "Something went wrong. Send it once more.")


def _read_scores(upload: Upload, batch: list[UploadedFile]) -> None:
    contents = [(file.name, _path(upload, file).read_bytes()) for file in batch]
    readings = read_many_safely(contents)
    for file, read in zip(batch, readings, strict=False):
        try:
            if isinstance(read, UnreadableScore):
                raise NotKept(str(read))
            _note(file, _keep(read, file.name, upload.owner))
        except NotKept as refusal:
            _end(file, State.REFUSED, str(refusal))
    # A child died of the next; those after it have not been tried at all.
    untried = [file.pk for file in batch[len(readings) + 1 :]]
    UploadedFile.objects.filter(pk__in=untried).update(tries=F("tries") - 1)


def _keep(read: Reading, file_name: str, owner: User) -> Kept:
    name = name_of(read.score, file_name)
    return keep_piece(read.score, name=name, owner=owner, source=file_name)


def _note(file: UploadedFile, kept: Kept) -> None:
    file.piece = kept.piece
    if kept.is_new:
        _end(file, State.IMPORTED, "")
    else:
        _end(file, State.KNOWN, "")


def _end(file: UploadedFile, state: str, said: str) -> None:
    file.state, file.said = state, said[:500]
    file.save(update_fields=["state", "said", "piece"])


# What has others inside --------------------------------------------------------------


def _open_archive(upload: Upload, file: UploadedFile) -> None:
    """Give each file in an archive a row of its own."""
    room = _room(upload)
    limits = ArchiveLimits(files=max(0, room), file_bytes=MAX_FILE_BYTES)
    with tempfile.TemporaryDirectory(dir=upload.folder) as folder:
        members, more = unpack_in_child(
            _path(upload, file), Path(folder), limits, Limits(memory_bytes=512 * 2**20)
        )
        if not members and not more:
            raise NotKept("There is nothing in it. Send the files themselves.")
        for member in members:
            if not member.problem:
                source = Path(folder) / str(int(member.number))
                source.rename(upload.folder / f"{file.pk}-{member.number}")
    _opened(upload, file, members, more)


def _open_book(upload: Upload, file: UploadedFile) -> None:
    """Give each tune of an ABC file a row of its own."""
    text = _text(upload, file)
    members = []
    for number, tune in enumerate(split_book(text, max(0, _room(upload)))):
        (upload.folder / f"{file.pk}-{number}").write_text(tune, encoding="utf-8")
        title = shown_name(title_of_tune(tune).replace("/", " "))
        members.append(Member(number, f"{title}.abc"))
    _opened(upload, file, members, count_tunes(text) - len(members))


def _room(upload: Upload) -> int:
    """How many more rows the upload may have."""
    return MAX_FILES - upload.files.exclude(state=State.OPENED).count() + 1


def _opened(
    upload: Upload, file: UploadedFile, members: Sequence[Member], more: int
) -> None:
    rows = [
        UploadedFile(
            upload=upload,
            position=file.position,
            name=member.name[:200],
            stored=f"{file.pk}-{int(member.number)}",
            state=State.REFUSED if member.problem else State.WAITING,
            said=member.problem[:500],
        )
        for member in members
    ]
    with transaction.atomic():
        UploadedFile.objects.bulk_create(rows)
        if more:
            said = (
                f"{more:,} more in it were left out: {MAX_FILES:,} files are read at a "
                "time. Send the others once these are done."
            )
            _end(file, State.REFUSED, said)
        else:
            _end(file, State.OPENED, "")
    _path(upload, file).unlink(missing_ok=True)


# States ------------------------------------------------------------------------------


def _claim(upload_id: int) -> Upload | None:
    queued = Upload.objects.filter(pk=upload_id, state=Upload.State.QUEUED)
    upload = queued.select_related("owner").first()
    if upload is None:
        return None
    num_updated = queued.filter(attempt=upload.attempt).update(
        state=Upload.State.RUNNING, attempt=F("attempt") + 1, beat_at=timezone.now()
    )
    upload.attempt += 1
    return upload if num_updated == 1 else None


def _still_ours(upload: Upload) -> bool:
    """Say that we live; False when another has taken over."""
    return bool(_ours(upload).update(beat_at=timezone.now()))


def _ours(upload: Upload) -> QuerySet[Upload]:
    return Upload.objects.filter(
        pk=upload.pk, state=Upload.State.RUNNING, attempt=upload.attempt
    )


def _make_way(upload: Upload) -> None:
    with transaction.atomic():
        if _ours(upload).update(state=Upload.State.QUEUED, rung_at=timezone.now()):
            _ring(upload.pk)


def _finish(upload: Upload) -> None:
    if _ours(upload).update(state=Upload.State.DONE, finished_at=timezone.now()):
        shutil.rmtree(upload.folder, ignore_errors=True)


def sweep_uploads(*, now: datetime | None = None) -> int:
    """Free what a dead worker held, ring what nobody answered. Returns how many."""
    now = now or timezone.now()
    Upload.objects.filter(state=Upload.State.RUNNING, beat_at__lt=now - LEASE).update(
        state=Upload.State.QUEUED, rung_at=now - 2 * DOORBELL_PATIENCE
    )
    forgotten = Upload.objects.filter(
        state=Upload.State.QUEUED, rung_at__lt=now - DOORBELL_PATIENCE
    )
    rung = 0
    for upload in forgotten[:100]:
        if forgotten.filter(pk=upload.pk).update(rung_at=now):
            _ring(upload.pk)
            rung += 1
    return rung


def purge_uploads(*, now: datetime | None = None) -> int:
    """Forget what became of old uploads; the pieces stay. Returns how many went."""
    before = (now or timezone.now()) - SHOWN_FOR
    old = Upload.objects.filter(state=Upload.State.DONE, created_at__lt=before)
    ids = list(old.values_list("pk", flat=True)[:PURGED_AT_ONCE])
    Upload.objects.filter(pk__in=ids).delete()
    return len(ids)


def purge_incoming(*, now: float | None = None) -> int:
    """Remove folders of uploads that broke off before they had a row."""
    before = (time.time() if now is None else now) - 3600
    gone = 0
    for folder in Path(settings.UPLOADS_ROOT).glob("incoming-*"):
        with contextlib.suppress(FileNotFoundError):  # its upload has a row by now
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone
