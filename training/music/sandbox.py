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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        answer_path = Path(home) / "answer.json"
        with answer_path.open("wb") as answer_file:
            status = _run_child(name, data, limits, home=home, output=answer_file)
        if status is None or status == -signal.SIGXCPU:
            raise UnreadableScore(
                "Reading this file takes too long. Send a shorter piece, or the same "
                "one as MIDI."
            )
        try:
            found = json.loads(answer_path.read_bytes())
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


def _run_child(
    name: str, data: bytes, limits: Limits, *, home: str, output: Any
) -> int | None:
    """The child's exit status, or None when it had to be stopped."""
    command = [sys.executable, "-I", "-c", _CHILD, str(CODE_ROOT), name]
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
    """What the child does: read the file from stdin, write the answer to stdout."""
    name, memory_bytes, cpu_seconds = arguments
    _limit_self(int(memory_bytes), int(cpu_seconds))
    found = _found(name, sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(found, separators=(",", ":")))
    sys.stdout.flush()
    os._exit(0)  # Nothing is left to clean up.


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
