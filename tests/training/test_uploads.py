"""Files that people bring: each ends by itself, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.training import files
from tests.training.files import bring, midi, read, zipped
from training import uploads
from training.models import Piece, Upload, UploadedFile
from training.pieces import keep_piece

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rung():
    """The uploads whose doorbell was rung."""
    with patch("training.doorbell.async_task") as ring:
        yield lambda: [call.args[1] for call in ring.call_args_list]


def test_every_format_is_imported(alice, rung, django_capture_on_commit_callbacks):
    names = ["ticks_96.mid", "two_bars.abc", "two_bars.krn", "two_bars.musicxml"]
    with django_capture_on_commit_callbacks(execute=True):
        upload = bring(alice, {name: files.data(name) for name in names})
    assert rung() == [upload.pk]

    ends = read(upload)

    assert upload.state == Upload.State.DONE
    assert ends == dict.fromkeys(names, ("imported", ""))
    pieces = Piece.objects.of(alice)
    assert {piece.source for piece in pieces} == set(names)
    assert pieces.get(source="two_bars.abc").name == "Two Bars"
    assert pieces.get(source="ticks_96.mid").name == "ticks_96"
    assert not upload.folder.exists()


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("billion_laughs.musicxml", "XML entities"),
        ("reads_a_secret.musicxml", "XML entities"),
        ("broken.mid", "damaged"),
        ("truncated.mid", "damaged"),
        ("empty.mid", "no notes"),
        ("film_frames.mid", "ticks per quarter"),
        ("months_long.mid", "too long"),
        ("type2.mid", "type 0 or 1"),
    ],
)
def test_a_hostile_file_spoils_no_other(alice, name, advice):
    upload = bring(alice, {"a.mid": midi(1), name: files.data(name), "b.mid": midi(2)})

    ends = read(upload)

    assert ends["a.mid"] == ends["b.mid"] == ("imported", "")
    state, said = ends[name]
    assert state == "refused"
    assert advice in said


def test_each_file_says_what_is_wrong_with_it(alice):
    sent = {
        "drums.mid": files.drums(),
        "notes.txt": b"not music",
        "nothing.mid": b"",
        "a.mid": midi(1),
        "again.mid": midi(1),
        "beat.mid": files.data("pickup_and_drums.mid"),
    }

    ends = read(bring(alice, sent))

    assert "drums only" in ends["drums.mid"][1]
    assert "MIDI (.mid)" in ends["notes.txt"][1]
    assert "empty" in ends["nothing.mid"][1]
    assert ends["again.mid"] == ("known", "")
    assert ends["beat.mid"] == ("imported", "")
    assert Piece.objects.of(alice).count() == 2


def test_the_files_of_a_zip_end_each_for_itself(alice):
    inside = {
        "reels/a.mid": midi(1),
        "../../b.mid": midi(2),
        "c.mid": b"MThd nonsense",
        "more.zip": zipped({"d.mid": midi(3)}),
        "e.mid": b"\0" * 5_000_000,
        ".DS_Store": b"",
    }

    ends = read(bring(alice, {"all.zip": zipped(inside), "f.mid": midi(4)}))

    states = {name: state for name, (state, _) in ends.items()}
    assert states == {
        **{"a.mid": "imported", "b.mid": "imported", "c.mid": "refused"},
        **{"more.zip": "refused", "e.mid": "refused", "f.mid": "imported"},
    }


@pytest.mark.parametrize("sent", [b"PK nothing", zipped({}), zipped({".a": b""})])
def test_a_zip_with_nothing_in_it_says_so(alice, sent):
    ends = read(bring(alice, {"all.zip": sent, "a.mid": midi(1)}))

    assert ends["all.zip"][0] == "refused"
    assert ends["a.mid"][0] == "imported"


def test_of_a_zip_with_ten_thousand_files_the_first_are_read(alice, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_FILES", 4)
    sent = {f"{n}.mid": midi(n % 3) for n in range(10_000)}

    upload = bring(alice, {"a.mid": midi(9), "all.zip": zipped(sent)})
    ends = read(upload)

    assert "9,997 more" in ends["all.zip"][1]
    assert upload.files.filter(state__in=["imported", "known"]).count() == 4


def test_the_tunes_of_a_book_become_pieces(alice):
    ends = read(bring(alice, {"book.abc": files.book(30)}))

    assert set(ends.values()) == {("imported", "")}
    names = set(Piece.objects.of(alice).values_list("name", flat=True))
    assert names == {f"Tune {number}" for number in range(1, 31)}


def test_a_child_that_dies_costs_one_file(alice, monkeypatch):
    read_many = uploads.read_many_safely

    def dies_of_b(contents):
        names = [name for name, _ in contents]
        if "b.mid" in names and len(names) > 1:
            return read_many(contents[: names.index("b.mid")])
        return read_many(contents)

    monkeypatch.setattr(uploads, "read_many_safely", dies_of_b)
    sent = {"a.mid": midi(1), "b.mid": b"MThd nonsense", "c.mid": midi(2)}

    ends = read(bring(alice, {**sent, "d.mid": midi(3)}))

    assert [state for state, _ in ends.values()] == [
        *("imported", "refused", "imported", "imported")
    ]


def test_files_that_are_gone_are_told_and_do_not_wait_for_ever(alice):
    upload = bring(alice, {"a.mid": midi(1), "b.abc": files.book(2)})
    shutil.rmtree(upload.folder)  # as when the rows were put back, and not the files

    ends = read(upload)

    assert [state for state, _ in ends.values()] == ["refused", "refused"]
    assert upload.state == Upload.State.DONE


def test_what_goes_wrong_in_us_is_told_and_the_others_are_read(alice, monkeypatch):
    def breaks(score, *, name, **values):
        if values["source"] == "a.mid":
            raise RuntimeError
        return keep_piece(score, name=name, **values)

    monkeypatch.setattr(uploads, "keep_piece", breaks)
    monkeypatch.setattr(uploads, "FILES_AT_ONCE", 1)

    ends = read(bring(alice, {"a.mid": midi(1), "b.mid": midi(2)}))

    assert "Send it once more" in ends["a.mid"][1]
    assert ends["b.mid"][0] == "imported"


# Workers that die


def test_a_task_makes_way_and_another_goes_on(
    alice, rung, django_capture_on_commit_callbacks, monkeypatch
):
    monkeypatch.setattr(uploads, "FILES_AT_ONCE", 1)
    upload = bring(alice, {"a.mid": midi(1), "b.mid": midi(2)})
    with (
        django_capture_on_commit_callbacks(execute=True),
        patch("training.uploads.time.monotonic", side_effect=[0, 1, 999]),
    ):
        read(upload)
    assert upload.state == Upload.State.QUEUED
    assert rung()[-1] == upload.pk

    ends = read(upload)

    assert upload.state == Upload.State.DONE
    assert set(ends.values()) == {("imported", "")}


def test_what_a_dead_worker_held_is_read_by_another(
    alice, rung, django_capture_on_commit_callbacks
):
    upload = bring(alice, {"a.mid": midi(1)})
    long_ago = timezone.now() - timedelta(hours=1)
    Upload.objects.filter(pk=upload.pk).update(state="running", beat_at=long_ago)

    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.sweep_uploads() == 1
        assert uploads.sweep_uploads() == 0

    assert rung()[-1] == upload.pk
    assert read(upload) == {"a.mid": ("imported", "")}


def test_a_file_that_stopped_two_workers_is_given_up(alice):
    upload = bring(alice, {"a.mid": midi(1), "b.mid": midi(2)})
    upload.files.filter(name="a.mid").update(tries=2)

    ends = read(upload)

    assert "stopped the worker twice" in ends["a.mid"][1]
    assert ends["b.mid"][0] == "imported"


def test_a_doubled_doorbell_reads_once(alice):
    upload = bring(alice, {"a.mid": midi(1)})
    read(upload)
    attempt = upload.attempt

    read(upload)

    assert upload.attempt == attempt == 1


def test_who_was_thought_dead_stops_when_another_took_over(alice, monkeypatch):
    monkeypatch.setattr(uploads, "FILES_AT_ONCE", 1)
    upload = bring(alice, {"a.mid": midi(1), "b.mid": midi(2)})
    keep = uploads.keep_piece

    def overtaken(*args, **kwargs):
        Upload.objects.filter(pk=upload.pk).update(attempt=7)
        return keep(*args, **kwargs)

    monkeypatch.setattr(uploads, "keep_piece", overtaken)

    ends = read(upload)

    assert ends["b.mid"][0] == "waiting"
    assert upload.state == Upload.State.RUNNING


# Ceilings


def test_one_person_has_only_some_uploads_at_a_time(alice, charlie):
    for number in range(uploads.MAX_UNFINISHED):
        bring(alice, {"a.mid": midi(number)})

    with pytest.raises(uploads.NotTaken, match="still being read"):
        bring(alice, {"a.mid": midi(9)})

    assert bring(charlie, {"a.mid": midi(9)})


def test_of_who_sends_often_the_last_uploads_are_remembered(alice, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_REMEMBERED", 2)
    sent = []
    for number in range(4):
        sent.append(bring(alice, {"a.mid": midi(number)}))
        read(sent[-1])

    assert list(Upload.objects.all()) == [sent[3], sent[2]]
    assert Piece.objects.of(alice).count() == 4


def test_nothing_is_no_upload(alice):
    with pytest.raises(uploads.NotTaken, match="Choose one or more"):
        bring(alice, {})


def test_what_became_of_old_uploads_is_forgotten_and_the_pieces_stay(alice):
    upload = bring(alice, {"a.mid": midi(1)})
    read(upload)

    assert uploads.purge_uploads() == 0
    later = timezone.now() + timedelta(days=8)
    assert uploads.purge_uploads(now=later) == 1

    assert Piece.objects.of(alice).count() == 1
    assert not UploadedFile.objects.exists()


def test_folders_that_came_to_nothing_are_removed(alice):
    old, new = uploads.make_incoming_folder(), uploads.make_incoming_folder()
    upload = bring(alice, {"a.mid": midi(1)})
    hours_ago = time.time() - 7200
    os.utime(old, (hours_ago, hours_ago))
    os.utime(upload.folder, (hours_ago, hours_ago))

    assert uploads.purge_incoming() == 1

    assert (old.exists(), new.exists(), upload.folder.exists()) == (False, True, True)
    new.rmdir()


def test_files_go_with_their_owners_account(alice, django_capture_on_commit_callbacks):
    upload = bring(alice, {"a.mid": midi(1)})
    folder = upload.folder
    assert folder.exists()

    with django_capture_on_commit_callbacks(execute=True):
        alice.delete()

    assert not folder.exists()


@pytest.mark.parametrize("values", [{"state": "lost"}, {"state": "refused"}])
def test_the_database_refuses_states_that_cannot_be(alice, values):
    upload = bring(alice, {"a.mid": midi(1)})

    with pytest.raises(IntegrityError), transaction.atomic():
        upload.files.update(**values)
