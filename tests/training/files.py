"""Files as people send them."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.learning.tiny import tune
from training import uploads
from training.models import Upload
from training.music.midi import write_midi
from training.music.score import Note, Part, Score

DATA = Path(__file__).parent.parent / "data"


def midi(seed: int) -> bytes:
    return write_midi(tune(seed))


def drums() -> bytes:
    part = Part(notes=(Note(0, 38, 480),), is_drum=True)
    return write_midi(Score(parts=(part,)))


def data(name: str) -> bytes:
    return (DATA / name).read_bytes()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def book(count: int) -> bytes:
    """An ABC book whose tunes all differ."""
    tunes = []
    for number in range(1, count + 1):
        notes = "".join("CDEFGABc"[(number // 8**place) % 8] for place in range(4))
        tunes.append(f"X:{number}\nT:Tune {number}\nK:C\n{notes} CEGE|{notes} c4|\n")
    return ("M:4/4\nL:1/8\n\n" + "\n".join(tunes)).encode()


def form_of(files: dict[str, bytes]) -> dict[str, list[SimpleUploadedFile]]:
    return {"files": [SimpleUploadedFile(name, files[name]) for name in files]}


def bring(owner: User, files: dict[str, bytes]) -> Upload:
    """An upload of ``files`` that waits for its task."""
    folder = uploads.make_incoming_folder()
    arrived = []
    for number, (name, content) in enumerate(files.items()):
        (folder / f"f{number}").write_bytes(content)
        arrived.append(uploads.Arrived(name, f"f{number}"))
    try:
        return uploads.begin_upload(owner, folder, arrived)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read(upload: Upload, **options: float) -> dict[str, tuple[str, str]]:
    """State and sentence of each file, once a task has been at it."""
    uploads.import_upload(upload.pk, **options)
    upload.refresh_from_db()
    shown = upload.files.exclude(state="opened")
    return {file.name: (file.state, file.said) for file in shown}
