from __future__ import annotations

import zipfile

import pytest

from tests.training.files import data, midi, zipped
from training.music import sandbox
from training.music.archive import (
    ArchiveLimits,
    UnreadableArchive,
    is_litter,
    shown_name,
)
from training.music.sandbox import Limits

SMALL = ArchiveLimits(files=5, file_bytes=1_000, total_bytes=2_500)


@pytest.fixture
def unpack(tmp_path):
    def unpack(packed: bytes, limits: ArchiveLimits = SMALL):
        (tmp_path / "in.zip").write_bytes(packed)
        out = tmp_path / "out"
        out.mkdir()
        members, more = sandbox.unpack_in_child(tmp_path / "in.zip", out, limits)
        files = {path.name: path.read_bytes() for path in out.iterdir()}
        return members, more, files

    return unpack


def test_files_are_written_under_numbers_of_ours(unpack):
    members, more, files = unpack(zipped({"a/one.mid": b"1", "two.abc": b"2"}))

    assert [(m.name, m.problem) for m in members] == [("one.mid", ""), ("two.abc", "")]
    assert files == {"0": b"1", "1": b"2"}
    assert more == 0


@pytest.mark.parametrize(
    "name", ["../../evil.mid", "/etc/evil.mid", "..\\..\\evil.mid", "a/../../evil.mid"]
)
def test_a_path_that_leads_out_leads_nowhere(unpack, tmp_path, name):
    members, _, files = unpack(zipped({name: b"1"}))

    assert files == {"0": b"1"}
    assert members[0].name == "evil.mid"
    assert not list(tmp_path.rglob("evil*"))


def test_a_link_is_a_file_like_any_other(unpack):
    link = zipfile.ZipInfo("link.mid")
    link.external_attr = 0o120777 << 16

    _, _, files = unpack(zipped({link: b"/etc/passwd"}))  # type: ignore[dict-item]

    assert files == {"0": b"/etc/passwd"}


def test_a_bomb_is_unpacked_no_further_than_it_may_be(unpack):
    members, _, files = unpack(zipped({"bomb.mid": b"0" * 50_000_000, "b.mid": b"1"}))

    assert "too big" in members[0].problem
    assert files == {"1": b"1"}


def test_all_files_together_have_a_ceiling_too(unpack):
    members, _, files = unpack(zipped({f"{n}.mid": b"0" * 900 for n in range(4)}))

    assert [bool(m.problem) for m in members] == [False, False, True, True]
    assert len(files) == 2


def test_sizes_that_the_archive_declares_are_not_believed(unpack):
    data = bytearray(zipped({"bomb.mid": b"0" * 5_000}))
    for at in (data.index(b"PK\1\2") + 24, data.index(b"PK\3\4") + 22):
        data[at : at + 4] = (10).to_bytes(4, "little")

    members, _, files = unpack(bytes(data))

    assert members[0].problem
    assert not files


def test_of_very_many_entries_the_first_are_taken_and_the_others_counted(unpack):
    members, more, files = unpack(zipped({f"{n}.mid": b"0" for n in range(10_000)}))

    assert (len(members), more, len(files)) == (5, 9_995, 5)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_way_of_packing_that_cannot_be_read_in_small_steps_is_not_read(
    unpack, method
):
    members, _, files = unpack(zipped({"a.mid": b"0" * 100}, method))

    assert "ordinary .zip" in members[0].problem
    assert not files


def test_a_zip_in_a_zip_stays_closed(unpack):
    members, _, files = unpack(zipped({"inner.zip": zipped({"a.mid": b"0"})}))

    assert "inside a .zip" in members[0].problem
    assert not files


def test_what_needs_a_password_is_told(unpack):
    data = bytearray(zipped({"a.mid": b"0", "b.mid": b"1"}))
    data[data.index(b"PK\1\2") + 8] |= 1

    members, _, files = unpack(bytes(data))

    assert "password" in members[0].problem
    assert files == {"1": b"1"}


def test_what_is_damaged_inside_spoils_no_other(unpack):
    data = bytearray(zipped({"a.mid": b"abc" * 30, "b.mid": b"1"}, zipfile.ZIP_STORED))
    data[data.index(b"abcabc")] ^= 0xFF

    members, _, files = unpack(bytes(data))

    assert "damaged" in members[0].problem
    assert files == {"1": b"1"}


@pytest.mark.parametrize("data", [b"", b"PK\3\4 and nothing else", b"MThd" * 100])
def test_what_is_no_archive_is_refused(unpack, data):
    with pytest.raises(UnreadableArchive, match="damaged"):
        unpack(data)


def test_a_child_that_dies_is_a_refusal(unpack, monkeypatch):
    monkeypatch.setattr(sandbox, "_CHILD", "import os; os.abort()")

    with pytest.raises(UnreadableArchive, match="could not be opened"):
        unpack(zipped({"a.mid": b"0"}))


def test_litter_is_not_what_was_meant(unpack):
    sent = {"__MACOSX/._a.mid": b"x", ".DS_Store": b"x", "a/Thumbs.db": b"x"}

    members, _, _ = unpack(zipped({**sent, "a.mid": b"0", "folder/": b""}))

    assert [m.name for m in members] == ["a.mid"]
    assert is_litter("a/.hidden/b.mid")
    assert not is_litter("a/../b.mid")


def test_a_name_is_shown_in_plain_characters():
    assert shown_name("a\x00b\x1b[31m.mid") == "a b [31m.mid"
    assert shown_name("/") == "no name"
    assert len(shown_name("x" * 500 + ".musicxml")) == 200
    assert shown_name("x" * 500 + ".musicxml").endswith(".musicxml")


# Reading many


def test_a_child_reads_several_files_each_for_itself():
    files = [("score.mid", midi(1)), ("score.mid", data("truncated.mid"))]
    files.append(("score.abc", data("two_bars.abc")))

    first, second, third = sandbox.read_many_in_child(files)

    assert first.score.num_notes > 4  # type: ignore[union-attr]
    assert "damaged" in str(second)
    assert third.score.title == "Two Bars"  # type: ignore[union-attr]


def test_where_a_child_dies_is_told_by_what_is_missing(monkeypatch):
    died = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from training.music import formats, sandbox\n"
        "read = formats.read_score\n"
        "def deadly(name, data):\n"
        "    import os\n"
        "    return os.abort() if b'deadly' in data else read(name, data)\n"
        "formats.read_score = deadly\n"
        "sandbox.answer(sys.argv[2:])"
    )
    monkeypatch.setattr(sandbox, "_CHILD", died)
    files = [("score.mid", midi(1)), ("score.mid", b"deadly"), ("score.mid", midi(2))]

    found = sandbox.read_many_in_child(files)

    assert len(found) == 1
    assert "damaged" in str(sandbox.read_many_in_child(files[1:2])[0])


def test_a_file_that_takes_too_long_is_told_when_it_is_read_alone():
    slow = Limits(wall_seconds=0.05)
    file = ("score.krn", data("two_bars.krn"))

    assert sandbox.read_many_in_child([file] * 2, slow) == []
    [refusal] = sandbox.read_many_in_child([file], slow)
    assert "too long" in str(refusal)
