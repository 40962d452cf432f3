"""Reading files from strangers in a short-lived child process.

Parsers of music hang, swallow memory or crash on hostile files. The child has limits of
memory, processor time and output; the parent waits only so long and then kills it. The
answer comes back as JSON, never as a pickle.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.music.archive import (
    ArchiveLimits,
    Member,
    UnreadableArchive,
    unpack,
)
from training.music.reading import UnreadableScore
from training.music.score import Score
from training.music.score_json import score_from_json, score_to_json

CODE_ROOT = Path(__file__).resolve().parents[2]
MAX_ANSWER_BYTES = 32 * 1024 * 1024

_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); "
_CHILD += "from training.music.sandbox import answer; answer(sys.argv[2:])"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use up."""

    memory_bytes: int = 1024 * 1024 * 1024  # of address space
    cpu_seconds: int = 20
    wall_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a child found in a file."""

    score: Score
    recipe: str | None


def read_in_child(name: str, data: bytes, limits: Limits | None = None) -> Reading:
    """Read ``data``, of a file called ``name``; raises ``UnreadableScore``."""
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="reading-") as home:
        status, answer = _ask_child(["read", name], data, limits, home=home)
    if status is None or status == -signal.SIGXCPU:
        raise UnreadableScore(
            "Reading this file takes too long. Send a shorter piece, or the same "
            "one as MIDI."
        )
    return _believed(answer)


def read_many_in_child(
    files: Sequence[tuple[str, bytes]], limits: Limits | None = None
) -> list[Reading | UnreadableScore]:
    """Read ``files``, names and contents, in turn: that spares starting a child each.

    Where the child dies, what it had read by then is returned: the first file that is
    missing is the one it died of. A single file is never missing.
    """
    limits = limits or Limits()
    if len(files) < 2:
        return [_read_alone(name, data, limits) for name, data in files]
    heads = json.dumps([[name, len(data)] for name, data in files]).encode() + b"\n"
    blob = heads + b"".join(data for _, data in files)
    with tempfile.TemporaryDirectory(prefix="reading-") as home:
        _, answer = _ask_child(["read-many", ""], blob, limits, home=home)
    # What follows the last line end was cut off.
    return [_answered(line) for line in answer.split(b"\n")[:-1][: len(files)]]


def _read_alone(name: str, data: bytes, limits: Limits) -> Reading | UnreadableScore:
    try:
        return read_in_child(name, data, limits)
    except UnreadableScore as refusal:
        return refusal


def _answered(line: bytes) -> Reading | UnreadableScore:
    try:
        return _believed(line)
    except UnreadableScore as refusal:
        return refusal


def unpack_in_child(
    source: Path,
    folder: Path,
    archive_limits: ArchiveLimits,
    limits: Limits | None = None,
) -> tuple[list[Member], int]:
    """As ``archive.unpack``, of a stranger's archive; ``UnreadableArchive`` if not."""
    asked = json.dumps([str(source), asdict(archive_limits)])
    _, answer = _ask_child(["unpack", asked], b"", limits or Limits(), home=str(folder))
    try:
        told = json.loads(answer)
        if "error" in told:
            raise UnreadableArchive(str(told["error"]))
        return [Member(**member) for member in told["members"]], int(told["more"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, UnreadableArchive):
            raise
        raise UnreadableArchive(
            "This .zip could not be opened: it is damaged, or too big. Send fewer "
            "files in it, or the files as they are."
        ) from error


def _believed(answer: bytes) -> Reading:
    """What a child says it read; raises ``UnreadableScore``."""
    try:
        found = json.loads(answer)
        if "error" in found:
            raise UnreadableScore(str(found["error"]))
        return Reading(score_from_json(found["score"]), found["recipe"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, UnreadableScore):
            raise
        raise UnreadableScore(
            "This file could not be read: it is damaged, or too big. Export it "
            "again, or send it as MIDI."
        ) from error


def _ask_child(
    verb: list[str], data: bytes, limits: Limits, *, home: str
) -> tuple[int | None, bytes]:
    """The exit status of a child (None: it had to be stopped) and its answer."""
    with tempfile.TemporaryFile() as answer_file:
        status = _run_child(verb, data, limits, home=home, output=answer_file)
        answer_file.seek(0)
        return status, answer_file.read(MAX_ANSWER_BYTES)


def _run_child(
    verb: list[str], data: bytes, limits: Limits, *, home: str, output: Any
) -> int | None:
    command = [sys.executable, "-I", "-c", _CHILD, str(CODE_ROOT), *verb]
    command += [str(limits.memory_bytes), str(limits.cpu_seconds)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.DEVNULL,
        cwd=home,
        env={"HOME": home, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    ) as child:
        try:
            child.communicate(data, timeout=limits.wall_seconds)
        except BaseException as error:
            os.killpg(child.pid, signal.SIGKILL)  # and whatever it may have started
            child.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                return None
            raise
        return child.returncode


def answer(arguments: list[str]) -> None:
    """What the child does: take from stdin, write the answer to stdout."""
    verb, asked, memory_bytes, cpu_seconds = arguments
    _limit_self(int(memory_bytes), int(cpu_seconds))
    if verb == "read":
        _say(_found(asked, sys.stdin.buffer.read()))
    elif verb == "read-many":
        for name, size in json.loads(sys.stdin.buffer.readline()):
            _say(_found(name, sys.stdin.buffer.read(size)), end="\n")
    else:
        _say(_unpacked(asked))
    os._exit(0)  # Nothing is left to clean up.


def _say(found: dict[str, Any], end: str = "") -> None:
    sys.stdout.write(json.dumps(found, separators=(",", ":")) + end)
    sys.stdout.flush()


def _unpacked(asked: str) -> dict[str, Any]:
    source, limits = json.loads(asked)
    try:
        members, more = unpack(Path(source), Path.cwd(), ArchiveLimits(**limits))
    except UnreadableArchive as error:
        return {"error": str(error)}
    return {"members": [asdict(member) for member in members], "more": more}


def _limit_self(memory_bytes: int, cpu_seconds: int) -> None:
    import resource

    for limit, value, grace in (
        (resource.RLIMIT_AS, memory_bytes, 0),
        (resource.RLIMIT_CPU, cpu_seconds, 1),  # first a signal that says why
        (resource.RLIMIT_FSIZE, MAX_ANSWER_BYTES, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, hard = resource.getrlimit(limit)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard - grace)
        resource.setrlimit(limit, (value, value + grace))


def _found(name: str, data: bytes) -> dict[str, Any]:
    from training.music import formats

    try:
        score = formats.read_score(name, data)
        recipe = formats.read_recipe(name, data)
        return {"score": score_to_json(score), "recipe": recipe}
    except UnreadableScore as error:
        return {"error": str(error)}
    except (MemoryError, RecursionError):
        return {
            "error": "This file needs too much memory to be read. Send a shorter "
            "piece, or the same one as MIDI."
        }
