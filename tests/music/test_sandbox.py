from __future__ import annotations

import io
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from training.music import formats, sandbox
from training.music.reading import UnreadableScore
from training.music.sandbox import Limits

DATA = Path(__file__).parent.parent / "data"


@pytest.mark.parametrize(
    "name", ["two_bars.abc", "two_bars.krn", "two_bars.musicxml", "ticks_96.mid"]
)
def test_a_child_reads_what_we_would_read(name):
    data = (DATA / name).read_bytes()

    reading = formats.read_safely(name, data)

    assert reading.score == formats.read_score(name, data)
    assert reading.recipe == formats.read_recipe(name, data)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("empty.mid", "no notes"),
        ("months_long.mid", "too long"),
        ("billion_laughs.musicxml", "entities"),
        ("reads_a_secret.musicxml", "entities"),
    ],
)
def test_the_childs_advice_comes_through(name, advice):
    with pytest.raises(UnreadableScore, match=advice):
        formats.read_score_safely(name, (DATA / name).read_bytes())


def test_an_empty_file_needs_no_child(monkeypatch):
    monkeypatch.setattr(sandbox, "CODE_ROOT", Path("/nowhere"))

    with pytest.raises(UnreadableScore, match="empty"):
        formats.read_score_safely("tune.mid", b"")


def test_a_child_that_takes_too_long_is_killed(monkeypatch):
    children = []

    class Remembered(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            children.append(self)

    monkeypatch.setattr(sandbox.subprocess, "Popen", Remembered)

    with pytest.raises(UnreadableScore, match="too long"):
        formats.read_score_safely(
            "two_bars.krn",
            (DATA / "two_bars.krn").read_bytes(),
            Limits(wall_seconds=0.05),
        )

    [child] = children
    assert child.returncode == -signal.SIGKILL


def test_a_child_that_computes_too_long_is_stopped():
    with pytest.raises(UnreadableScore, match="too long"):
        formats.read_score_safely(
            "long.krn", _long_kern(), Limits(cpu_seconds=1, wall_seconds=60)
        )


def _long_kern() -> bytes:
    bar = "".join(f"4{'cdefgab'[i % 7]}\n" for i in range(4))
    bars = "".join(f"={i}\n{bar}" for i in range(1, 8000))
    return f"**kern\n*M4/4\n{bars}*-\n".encode()


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux limits address space.")
def test_a_child_that_wants_too_much_memory_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        notes = "<a><b/></a>" * 1_000_000  # 11 MB as text, hundreds as a tree
        archive.writestr("score.xml", f"<score-partwise>{notes}</score-partwise>")

    # Time enough that on a busy machine memory is what runs out.
    limits = Limits(memory_bytes=200 * 2**20, cpu_seconds=120, wall_seconds=300.0)

    with pytest.raises(UnreadableScore, match="memory|too big"):
        formats.read_score_safely("bomb.mxl", buffer.getvalue(), limits)


def test_a_child_that_dies_without_a_word_is_a_refusal(monkeypatch):
    monkeypatch.setattr(sandbox, "_CHILD", "import os; os.abort()")

    with pytest.raises(UnreadableScore, match="damaged"):
        formats.read_score_safely("tune.mid", b"MThd")


def test_a_child_cannot_talk_us_into_believing_nonsense(monkeypatch):
    monkeypatch.setattr(sandbox, "_CHILD", 'print(\'{"score": [1, 2], "recipe": 3}\')')

    with pytest.raises(UnreadableScore, match="damaged"):
        formats.read_score_safely("tune.mid", b"MThd")


def test_the_parent_imports_none_of_the_heavy_parsers():
    code = (
        "import sys\n"
        "from training.music import formats\n"
        f"data = open({str(DATA / 'two_bars.krn')!r}, 'rb').read()\n"
        "assert formats.read_score_safely('a.krn', data).num_notes == 8\n"
        "assert not {'music21', 'symusic', 'numpy'} & set(sys.modules)\n"
    )

    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=DATA.parent.parent, timeout=60
    )
