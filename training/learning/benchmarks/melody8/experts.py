"""The counted models of either task: what the network is given to trust or not.

Views of pitch (task A): the pitch, the interval from the last note, the distance from
the first. Task B knows the key signature and the rhythm too: views are also above the
signature's tonic, and contexts hold durations and places in the bar, those of the note
to come among them. Which views and orders are worth having was chosen on sets 2 and 4,
by how much each adds to the product of the others on the folds that are tried: figures
of those two sets are a little flattered by it, those of the other six are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from training.learning.benchmarks.melody8.data import FOLDS, Ints
from training.learning.benchmarks.melody8.views import (
    ABSENT,
    Floats,
    Notes,
    Predicted,
    TableView,
    classes,
    earlier,
    long_term,
    short_term,
    suffixes,
)

Task = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class Experts:
    """What K counted models say of all N notes, for each of the test folds F."""

    names: tuple[str, ...]
    learning: npt.NDArray[np.bool_]  # (K,) which learn from the tune at hand
    log_probs: Floats  # (F, K, N, S)
    # (F, N, 3K): entropy over log S, length of the longest context seen, log of how
    # often, each scaled to about one
    confidence: Floats


def ask_experts(notes: Notes, task: Task) -> Experts:
    """Long-term models, those that go on learning, and short-term ones."""
    if task == "A":
        orders = {"pitch": 3, "interval": 4, "from first": 3}
        fixed = [pitch_views(notes, order)[name] for name, order in orders.items()]
        learning, short = fixed, list(pitch_views(notes, 6).values())
    else:
        rhythmic = rhythmic_views(notes)
        fixed = [rhythmic[name] for name in _LONG_TERM_B]
        learning, short = [], [rhythmic[name] for name in _SHORT_TERM_B]
    said = [list(long_term(notes, view, "C", learns=False)) for view in fixed]
    said += [list(long_term(notes, view, "C", learns=True)) for view in learning]
    said += [[short_term(notes, view, "X")] * FOLDS for view in short]
    return Experts(
        names=(
            *(f"long-term {view.name}" for view in fixed),
            *(f"learning {view.name}" for view in learning),
            *(f"short-term {view.name}" for view in short),
        ),
        learning=np.arange(len(said)) >= len(fixed),
        log_probs=np.stack(
            [np.stack([fold.log_probs for fold in folds]) for folds in said], axis=1
        ),
        confidence=np.concatenate(
            [np.stack([_confidence(fold) for fold in folds]) for folds in said], axis=-1
        ),
    )


def _confidence(predicted: Predicted) -> Floats:
    size = predicted.log_probs.shape[-1]
    nats = -(np.exp(predicted.log_probs) * predicted.log_probs).sum(axis=-1)
    columns = [
        nats / np.log(max(size, 2)),
        predicted.reached / 4,
        np.log1p(predicted.seen) / 3,
    ]
    return np.stack(columns, axis=-1).astype(np.float32)


def relative(notes: Notes, reference: Ints) -> tuple[Ints, Ints]:
    """Symbols by semitones above ``reference`` (N,), an index of the alphabet.

    Where that is ABSENT the pitches themselves are the symbols, beside all intervals.

    Returns:
        (N,) the symbols that came and (N, S) that each pitch would be.
    """
    span = int(notes.alphabet[-1] - notes.alphabet[0])
    known = reference != ABSENT
    base = notes.alphabet[np.where(known, reference, 0)]
    candidates = notes.alphabet[None, :] - base[:, None] + span
    alone = 2 * span + 1 + np.arange(notes.size)
    candidates = np.where(known[:, None], candidates, alone)
    return candidates[np.arange(len(notes)), notes.pitch], candidates


def above_tonic(notes: Notes) -> tuple[Ints, Ints]:
    """The same by semitones above the signature's major tonic, octaves kept."""
    lowest = int(notes.alphabet[0]) - 11
    candidates = notes.alphabet[None, :] - notes.tonic[:, None] - lowest
    return candidates[np.arange(len(notes)), notes.pitch], candidates


def last_pitch(notes: Notes) -> Ints:
    return earlier(notes, notes.pitch, 1)


def first_pitch(notes: Notes) -> Ints:
    """(N,): the tune's first pitch; ABSENT at the first note itself."""
    first = notes.pitch[np.array([first for first, _ in notes.bounds])][notes.tune]
    return np.where(notes.place > 0, first, ABSENT)


def pitch_views(notes: Notes, order: int) -> dict[str, TableView]:
    """Views of pitch alone."""
    absolute = np.broadcast_to(np.arange(notes.size), (len(notes), notes.size))
    interval, intervals = relative(notes, last_pitch(notes))
    first, firsts = relative(notes, first_pitch(notes))
    views = {
        "pitch": (notes.pitch, absolute),
        "interval": (interval, intervals),
        "from first": (first, firsts),
    }
    return {
        name: TableView(name, symbol, candidates, suffixes(notes, symbol, order))
        for name, (symbol, candidates) in views.items()
    }


_LONG_TERM_B = (
    "degree",
    "degree x length | length",
    "interval x length | length",
    "interval x place | place",
    "interval after degree",
    "from first x length",
    "from first x place | place",
)
_SHORT_TERM_B = (
    "degree | place, length",
    "interval | place, length, gap",
    "from first | place, length, gap",
    "degree x length",
)


def rhythmic_views(notes: Notes) -> dict[str, TableView]:
    """Views that link pitch and rhythm; ``| place``: what is known of the next note."""
    length, place, gap = notes.length, notes.bar_place, notes.gap
    degree, degrees = above_tonic(notes)
    interval, intervals = relative(notes, last_pitch(notes))
    first, firsts = relative(notes, first_pitch(notes))
    of_scale = (notes.alphabet[notes.pitch] - notes.tonic) % 12

    def linked(symbol: Ints, *others: Ints) -> Ints:
        return classes(symbol, *others)

    contexts = {
        "degree": suffixes(notes, degree, 2),
        "degree x length": suffixes(notes, linked(degree, length), 3),
        "degree x length | length": suffixes(notes, linked(degree, length), 3, length),
        "degree | place, length": suffixes(notes, degree, 3, place, length),
        "interval x length | length": suffixes(
            notes, linked(interval, length), 3, length
        ),
        "interval x place | place": suffixes(notes, linked(interval, place), 3, place),
        "interval after degree": suffixes(notes, linked(of_scale, interval), 3),
        "interval | place, length, gap": suffixes(
            notes, interval, 3, place, length, gap
        ),
        "from first x length": suffixes(notes, linked(first, length), 3),
        "from first x place | place": suffixes(notes, linked(first, place), 3, place),
        "from first | place, length, gap": suffixes(
            notes, first, 3, place, length, gap
        ),
    }
    kinds = {
        "degree": (degree, degrees),
        "interval": (interval, intervals),
        "from": (first, firsts),
    }
    return {
        name: TableView(name, *kinds[name.split()[0]], contexts=found)
        for name, found in contexts.items()
    }
