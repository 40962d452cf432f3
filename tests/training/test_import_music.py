from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command

from tests.training import files
from training.management.commands import import_music
from training.models import Piece

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bells():
    with patch("training.doorbell.async_task"):
        yield


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "a.mid").write_bytes(files.midi(1))
    (tmp_path / "deep" / "again.MID").write_bytes(files.midi(1))
    (tmp_path / "deep" / "er" / "b.abc").write_bytes(files.data("two_bars.abc"))
    (tmp_path / "deep" / "c.zip").write_bytes(files.zipped({"c.mid": files.midi(2)}))
    (tmp_path / "deep" / "broken.mid").write_bytes(b"MThd")
    (tmp_path / "notes.txt").write_bytes(b"no music")
    (tmp_path / ".hidden.mid").write_bytes(files.midi(3))
    return tmp_path


def test_a_folder_is_brought_with_all_below_it(alice, folder, capsys):
    call_command("import_music", folder, user="alice")

    out, err = capsys.readouterr()
    assert out == "3 imported, 1 there already, 1 not imported.\n"
    assert err.startswith("broken.mid: This MIDI file is damaged")
    assert Piece.objects.of(alice).count() == 3


def test_many_files_are_brought_some_at_a_time(alice, folder, monkeypatch, capsys):
    monkeypatch.setattr(import_music, "MAX_FILES", 2)

    call_command("import_music", folder, user="alice")

    assert capsys.readouterr().out.startswith("3 imported, 1 there already")


def test_a_file_that_is_too_big_is_told(alice, folder, monkeypatch, capsys):
    monkeypatch.setattr(import_music, "MAX_FILE_BYTES", 100)

    call_command("import_music", folder, user="alice")

    assert "a.mid: It is too big" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("user", "place", "advice"),
    [
        ("bob", "", "no account"),
        ("alice", "x", "no folder"),
        ("alice", "e", "no music"),
    ],
)
def test_what_cannot_be_is_told(alice, tmp_path, user, place, advice):
    (tmp_path / "e").mkdir()

    with pytest.raises(CommandError, match=advice):
        call_command("import_music", tmp_path / place, user=user)
