"""What needs no network: the figures that a trained model has to beat.

* ``repeat_last``: the next note is the last one again.
* ``ridge``: linear regression from the last 32 notes of a voice, the seed's task.
* ``ngram``: counted; an order-3 n-gram with Witten-Bell smoothing (Witten & Bell 1991).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from training.learning.measures import (
    Predictions,
    after_first,
    measure,
    onsets,
    regression,
)
from training.music.encodings import EncodedPiece, Encoding

RIDGE_LAGS = 32
RIDGE_PENALTY = 1.0
NGRAM_ORDER = 3
MAX_HELD = 8  # how many holds since the last note an n-gram tells apart


def measure_baselines(
    encoding: Encoding, train: Sequence[EncodedPiece], test: Sequence[EncodedPiece]
) -> dict[str, dict[str, Any]]:
    """The measures of every baseline, learnt on ``train`` and tried on ``test``."""
    ngram = NGram(encoding, train)
    return {
        "repeat_last": repeat_last(encoding, test),
        "ridge": ridge(encoding, train, test),
        "ngram": measure(encoding, test, [ngram.predict(piece) for piece in test]),
    }


def repeat_last(encoding: Encoding, pieces: Sequence[EncodedPiece]) -> dict[str, float]:
    """R2, MSE, RMSE, and how often the next note really is the last one again."""
    lags, targets = _lagged(encoding, pieces)
    result = regression(lags[:, 0], targets)
    return {**result, "note_accuracy": float(np.mean(lags[:, 0] == targets))}


def ridge(
    encoding: Encoding, train: Sequence[EncodedPiece], test: Sequence[EncodedPiece]
) -> dict[str, float]:
    """R2, MSE and RMSE of ridge regression on the last ``RIDGE_LAGS`` notes."""
    lags, targets = _lagged(encoding, train)
    mean_lags, mean_target = lags.mean(axis=0), targets.mean()
    centred = lags - mean_lags
    gram = centred.T @ centred + RIDGE_PENALTY * np.eye(RIDGE_LAGS)
    slope = np.linalg.solve(gram, centred.T @ (targets - mean_target))
    test_lags, test_targets = _lagged(encoding, test)
    return regression((test_lags - mean_lags) @ slope + mean_target, test_targets)


def _lagged(
    encoding: Encoding, pieces: Sequence[EncodedPiece]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(notes, RIDGE_LAGS) pitches before each note of a voice, latest first; the note.

    Where a voice is younger than that, its first note stands for those before it.
    """
    rows: list[list[int]] = []
    targets: list[int] = []
    for piece in pieces:
        found = list(onsets(encoding, piece))
        past: dict[int, list[int]] = defaultdict(list)
        wanted = set(after_first(found))
        for onset in found:
            voice = past[onset.voice]
            if onset in wanted:
                latest = voice[: -RIDGE_LAGS - 1 : -1]
                rows.append(latest + [voice[0]] * (RIDGE_LAGS - len(latest)))
                targets.append(onset.pitch)
            voice.append(onset.pitch)
    return np.array(rows, float).reshape(-1, RIDGE_LAGS), np.array(targets, float)


class NGram:
    """Counts of each field after its last three values and the fields before it.

    The last three are its voice's own: where an event says whose it is, each part has a
    history of its own. Holds do not count as values (three sixteenths of holding would
    say nothing): a field's history is the last three that are not, and for how many
    events the last has been held.
    """

    def __init__(self, encoding: Encoding, pieces: Sequence[EncodedPiece]) -> None:
        self._encoding = encoding
        self._counts: list[defaultdict[Hashable, Counter[int]]] = [
            defaultdict(Counter) for _ in encoding.fields
        ]
        for piece in pieces:
            for time_contexts, event in self._contexts(piece):
                for f, contexts in enumerate(time_contexts):
                    for context in contexts:
                        self._counts[f][context][event[f]] += 1

    def predict(self, piece: EncodedPiece) -> Predictions:
        """Log-probabilities (time, size) of every field, in nats.

        From the longest context down: with N counts of D different values after a
        context, N / (N + D) of the probability goes by those counts and the rest by the
        next shorter context; after the shortest, all values are alike.
        """
        sizes = [field.size for field in self._encoding.fields]
        out = [np.zeros((len(piece.events), size), np.float32) for size in sizes]
        for time, (time_contexts, _) in enumerate(self._contexts(piece)):
            for f, contexts in enumerate(time_contexts):
                probs = np.full(sizes[f], 1.0 / sizes[f])
                for context in reversed(contexts):  # the shortest first
                    counts = self._counts[f].get(context)
                    if not counts:
                        continue
                    total, kinds = counts.total(), len(counts)
                    probs *= kinds / (total + kinds)
                    for value, count in counts.items():
                        probs[value] += count / (total + kinds)
                out[f][time] = np.log(probs)
        return out

    def _contexts(
        self, piece: EncodedPiece
    ) -> Sequence[tuple[list[list[Hashable]], list[int]]]:
        """For every event: each field's contexts, longest first, and the event."""
        fields = self._encoding.fields
        voices = self._encoding.voices(piece.events).tolist()
        # By field and voice:
        history: defaultdict[tuple[int, int], list[int]] = defaultdict(
            lambda: [-1] * NGRAM_ORDER
        )
        held: defaultdict[tuple[int, int], int] = defaultdict(int)
        result = []
        for event, whose in zip(piece.events.tolist(), voices, strict=True):
            places = list(enumerate(whose))
            time_contexts: list[list[Hashable]] = []
            for f, place in enumerate(places):
                voice = place[1]
                past = tuple(history[place][-NGRAM_ORDER:])
                now = min(held[place], MAX_HELD)
                contexts: list[Hashable] = [
                    ("given", voice, past, now, tuple(event[:f]))
                ]
                contexts += [(voice, past[i:], now) for i in range(NGRAM_ORDER)]
                time_contexts.append([*contexts, (voice, now), ()])
            for place, value in zip(places, event, strict=True):
                if value == fields[place[0]].hold:
                    held[place] += 1
                else:
                    history[place].append(value)
                    held[place] = 0
            result.append((time_contexts, event))
        return result
