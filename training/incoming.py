"""Files as they come in: written to disk one after the other, with a ceiling for each.

Django's own handlers keep every file of a request open until its end.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from training.music.archive import is_archive, is_litter, shown_name, too_big
from training.uploads import MAX_FILE_BYTES, MAX_FILES, Arrived


class IncomingFiles(FileUploadHandler):
    """Writes what comes in the field ``files`` to ``folder``; ``arrived`` lists it.

    A file that is too big is left out and told, and the others are taken.
    """

    def __init__(self, request: HttpRequest, folder: Path) -> None:
        super().__init__(request)
        self.folder = folder
        self.taken: list[Arrived] = []
        self.left_out = 0
        self._writing: IO[bytes] | None = None
        self._name = ""

    @property
    def arrived(self) -> list[Arrived]:
        if not self.left_out:
            return self.taken
        told = Arrived(
            f"{self.left_out:,} more",
            "more",
            f"They were left out: {MAX_FILES:,} files are read at a time. Send the "
            "others once these are done.",
        )
        return [*self.taken, told]

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._name = shown_name(self.file_name or "")
        if self.field_name != "files" or is_litter(self._name):
            raise SkipFile
        if len(self.taken) >= MAX_FILES:
            self.left_out += 1
            raise SkipFile
        self._writing = self._path.open("wb")

    @property
    def _stored(self) -> str:
        return f"f{len(self.taken)}"

    @property
    def _path(self) -> Path:
        return self.folder / self._stored

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self._writing is not None
        self._writing.write(raw_data)
        most = MAX_FILE_BYTES
        if is_archive(self._name):
            most = settings.UPLOAD_MAX_BYTES
        if start + len(raw_data) > most:
            self._writing.close()
            self._path.unlink()
            self.taken.append(Arrived(self._name, self._stored, too_big(most)))
            raise SkipFile

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        assert self._writing is not None
        self._writing.close()
        self.taken.append(Arrived(self._name, self._stored))
        # What Django closes in the end is already closed.
        return UploadedFile(BytesIO(), name=self._name, size=file_size)

    def upload_interrupted(self) -> None:
        if self._writing is not None:
            self._writing.close()
