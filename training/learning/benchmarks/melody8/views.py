"""Counted models of a whole set at once: every fold, every note, in a few products.

What ``short_term.CountedModel`` does note by note with dictionaries is done here with
tables, and a test holds the two equal. A *view* gives every note its nested contexts,
as integers, and every pitch of the alphabet the symbol it would be. Three kinds of
counts are then looked up for every note and context:

* *long-term*: of the training folds, without the note's own tune. A tune of the test
  fold is so seen as it should be, and a tune of the training folds as if it were new,
  which is what a network has to see that learns how far counts can be trusted;
* *short-term*: of the note's own tune, before the note;
* both together: the long-term model goes on learning in the tune.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.learning.benchmarks.melody8.data import FOLDS, Ints, MelodySet
from training.learning.short_term import Escape

Floats = npt.NDArray[np.float32]
_COUNTED_TICKS = 20  # a 24th of a quarter: what times are told apart by
ABSENT = -1  # the context of a note that has not so many notes before it


@dataclass(frozen=True, slots=True)
class Notes:
    """All notes of a set end to end."""

    pitch: Ints  # (N,) index into the alphabet
    tune: Ints  # (N,) which tune
    place: Ints  # (N,) how many notes of the tune come before
    fold: Ints  # (N,) the fold of the tune
    alphabet: Ints  # (S,) MIDI pitches
    bounds: tuple[tuple[int, int], ...]  # of each tune: first note, end
    # What task B knows of a note before its pitch, in ticks where it is a time:
    tonic: Ints  # (N,) pitch class of the major key that the signature stands for
    onset: Ints  # (N,)
    duration: Ints  # (N,)
    since_last: Ints  # (N,) from the last onset; 0 at the first note
    in_bar: Ints  # (N,) from the bar line
    bar_number: Ints  # (N,) from 0
    bar_ticks: Ints  # (N,)
    beat_ticks: Ints  # (N,)
    # The same as symbols to count: equal numbers for equal values.
    length: Ints  # (N,) of the duration
    gap: Ints  # (N,) of the time since the last onset
    bar_place: Ints  # (N,) of the place in a bar of this metre

    def __len__(self) -> int:
        return len(self.pitch)

    @property
    def size(self) -> int:
        return len(self.alphabet)


def lay_out(melodies: MelodySet, folds: Ints) -> Notes:
    """The notes of ``melodies``; ``folds`` (tunes,) as ``fold_of_tunes`` gives them."""
    tunes = melodies.tunes
    alphabet = np.array(melodies.alphabet, np.int64)
    lengths = np.array([len(tune) for tune in tunes])
    ends = np.cumsum(lengths)
    tune = np.repeat(np.arange(len(tunes)), lengths)
    place = np.arange(len(tune)) - (ends - lengths)[tune]
    onset = np.concatenate([t.onsets for t in tunes])
    duration = np.concatenate([t.durations for t in tunes])
    bar_ticks = np.array([t.bar_ticks for t in tunes])[tune]
    beat_ticks = np.array([t.beat_ticks for t in tunes])[tune]
    since_bar_line = onset - np.array([t.pickup_ticks for t in tunes])[tune]
    since_last = np.where(place > 0, np.diff(onset, prepend=0), 0)
    in_bar = since_bar_line % bar_ticks
    return Notes(
        pitch=np.searchsorted(alphabet, np.concatenate([t.pitches for t in tunes])),
        tune=tune,
        place=place,
        fold=folds[tune],
        alphabet=alphabet,
        bounds=tuple(zip((ends - lengths).tolist(), ends.tolist(), strict=True)),
        tonic=np.array([t.fifths * 7 % 12 for t in tunes])[tune],
        onset=onset,
        duration=duration,
        since_last=since_last,
        in_bar=in_bar,
        bar_number=np.maximum(since_bar_line // bar_ticks, 0),
        bar_ticks=bar_ticks,
        beat_ticks=beat_ticks,
        length=classes(duration // _COUNTED_TICKS),
        gap=classes(since_last // _COUNTED_TICKS),
        bar_place=classes(bar_ticks, beat_ticks, in_bar // _COUNTED_TICKS),
    )


def classes(*columns: Ints) -> Ints:
    """(N,): notes that agree in all ``columns`` share a number, counted from 0."""
    ids = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, ids = np.unique(np.stack([ids, column], axis=1), axis=0, return_inverse=True)
        ids = ids.reshape(-1)
    return ids


def earlier(notes: Notes, column: Ints, back: int) -> Ints:
    """(N,): ``column`` of the note ``back`` notes before; ABSENT before the tune."""
    shifted = np.full(len(column), ABSENT)
    shifted[back:] = column[: len(column) - back]
    shifted[notes.place < back] = ABSENT
    return shifted


@dataclass(frozen=True, slots=True)
class TableView:
    """One view of every note of a set."""

    name: str
    symbol: Ints  # (N,) what came, as a symbol
    candidates: Ints  # (N, S) the symbol that each pitch would be
    contexts: tuple[Ints, ...]  # (N,) each, from the shortest; ABSENT when too long

    @property
    def symbols(self) -> int:
        return int(self.candidates.max()) + 1


def suffixes(notes: Notes, symbol: Ints, order: int, *given: Ints) -> tuple[Ints, ...]:
    """Contexts of the last 0, 1, .. ``order`` symbols, each beside all ``given``.

    With ``given`` the first context is empty and the second holds them alone. The
    start of a tune is a symbol; what lies before it is ABSENT.
    """
    ids = np.zeros(len(notes), np.int64)
    contexts = [ids]
    if given:
        ids = classes(*given)
        contexts.append(ids)
    for back in range(1, order + 1):
        ids = classes(ids, earlier(notes, symbol, back))
        contexts.append(np.where(notes.place >= back - 1, ids, ABSENT))
    return tuple(contexts)


def long_term_counts(
    notes: Notes, view: TableView, context: Ints, test_fold: int
) -> Floats:
    """(N, symbols): how often what came after each note's context, in other tunes of
    the training folds; zero where the context is ABSENT."""
    width, known = view.symbols, context != ABSENT
    train = known & (notes.fold != test_fold)
    contexts = int(context.max()) + 1
    cells = context[train] * width + view.symbol[train]
    table = np.bincount(cells, minlength=contexts * width).reshape(contexts, width)
    counts = table[np.where(known, context, 0)].astype(np.float32)
    counts[~known] = 0.0
    return counts


def own_counts(
    notes: Notes, view: TableView, context: Ints, *, past_only: bool
) -> Floats:
    """(N, symbols): the same in the note's own tune; of all of it, or of its past."""
    counts = np.zeros((len(notes), view.symbols), np.float32)
    for first, end in notes.bounds:
        mine = context[first:end]
        same = (mine[:, None] == mine) & (mine != ABSENT)
        if past_only:
            same = np.tril(same, -1)
        came = np.zeros((end - first, view.symbols), np.float32)
        came[np.arange(end - first), view.symbol[first:end]] = 1.0
        counts[first:end] = same.astype(np.float32) @ came
    return counts


class Interpolated:
    """The recursion of ``short_term`` for all notes, one context after another."""

    def __init__(self, view: TableView, escape: Escape) -> None:
        notes, size = view.candidates.shape
        self._candidates = view.candidates
        self._escape = escape
        self.probs = np.full((notes, size), 1.0 / size, np.float32)
        self.reached = np.zeros(notes, np.float32)  # contexts that had been seen
        self.seen = np.zeros(notes, np.float32)  # what the longest of them counted

    def add(self, counts: Floats) -> None:
        total = counts.sum(axis=1)
        if self._escape == "A":
            escape = np.ones_like(total)
        elif self._escape == "C":
            escape = (counts > 0).sum(axis=1).astype(np.float32)
        else:
            escape = 1.0 + (counts == 1).sum(axis=1).astype(np.float32)
        known = total > 0
        by_pitch = np.take_along_axis(counts, self._candidates, axis=1)
        whole = np.where(known, total + escape, 1.0)[:, None]
        mixed = (by_pitch + escape[:, None] * self.probs) / whole
        self.probs = np.where(known[:, None], mixed, self.probs)
        self.reached += known
        self.seen = np.where(known, total, self.seen)

    def result(self) -> Floats:
        """(N, S) probabilities that sum to one."""
        normalised: Floats = self.probs / self.probs.sum(axis=1, keepdims=True)
        return normalised


@dataclass(frozen=True, slots=True)
class Predicted:
    """What one counted model says of every note, and how much it had seen."""

    log_probs: Floats  # (N, S)
    reached: Floats  # (N,) length of the longest context seen before
    seen: Floats  # (N,) how often


def short_term(notes: Notes, view: TableView, escape: Escape) -> Predicted:
    model = Interpolated(view, escape)
    for context in view.contexts:
        model.add(own_counts(notes, view, context, past_only=True))
    return Predicted(np.log(model.result()), model.reached, model.seen)


def long_term(
    notes: Notes, view: TableView, escape: Escape, *, learns: bool
) -> Iterator[Predicted]:
    """For every test fold the predictions of the model counted without it.

    Args:
        learns: whether it also counts the past of the tune at hand.
    """
    own = [own_counts(notes, view, c, past_only=False) for c in view.contexts]
    past = (
        [own_counts(notes, view, c, past_only=True) for c in view.contexts]
        if learns
        else None
    )
    for fold in range(FOLDS):
        model = Interpolated(view, escape)
        trained = (notes.fold != fold)[:, None]
        for k, context in enumerate(view.contexts):
            counts = long_term_counts(notes, view, context, fold)
            counts -= own[k] * trained
            if past is not None:
                counts += past[k]
            model.add(counts)
        yield Predicted(np.log(model.result()), model.reached, model.seen)
