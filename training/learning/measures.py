"""What predictions are worth: the numbers printed beside every model and baseline.

*Bits per note* is the one that compares models: all bits spent on a piece, rhythm and
rests included, over its number of notes. A model that halves its probability of the
true note everywhere costs one bit more.

R2, MSE and RMSE are the seed project's: at every note after a voice's first, the pitch
expected under the prediction (given that a note begins) against the pitch that came, in
semitones. R2 misleads when it stands alone: repeating the last note already reaches 0.6
on folk songs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.music.encodings import EncodedPiece, Encoding

Predictions = list[npt.NDArray[np.float32]]  # per field (time, size), log-probabilities


@dataclass(frozen=True, slots=True)
class Onset:
    """A note that begins: in which event and field, whose, at which pitch."""

    time: int
    field: int
    voice: int
    pitch: int


def onsets(encoding: Encoding, piece: EncodedPiece) -> Iterator[Onset]:
    """The notes of a piece in the order of its events."""
    voices = encoding.voices(piece.events).tolist()
    for time, event in enumerate(piece.events.tolist()):
        for field, value in enumerate(event):
            pitch = encoding.pitch_of(field, value, piece.form)
            if pitch is not None:
                yield Onset(time, field, voices[time][field], pitch)


def measure(
    encoding: Encoding, pieces: Sequence[EncodedPiece], predictions: list[Predictions]
) -> dict[str, Any]:
    """Bits per note and event, each field's accuracy, R2, MSE, RMSE in semitones."""
    nats = 0.0
    hits = [0] * len(encoding.fields)
    events = notes = 0
    expected: list[float] = []
    actual: list[float] = []
    for piece, predicted in zip(pieces, predictions, strict=True):
        rows = np.arange(len(piece.events))
        for f, log_probs in enumerate(predicted):
            true = piece.events[:, f]
            nats -= float(log_probs[rows, true].sum())
            hits[f] += int((log_probs.argmax(axis=-1) == true).sum())
        events += len(piece.events)
        found = list(onsets(encoding, piece))
        notes += len(found)
        for onset in after_first(found):
            log_probs = predicted[onset.field][onset.time]
            expected.append(expected_pitch(encoding, piece, onset.field, log_probs))
            actual.append(onset.pitch)
    bits = nats / math.log(2)
    return {
        "bits_per_note": bits / notes,
        "bits_per_event": bits / events,
        "accuracy": {
            field.name: hits[f] / events for f, field in enumerate(encoding.fields)
        },
        **regression(np.array(expected), np.array(actual)),
    }


def after_first(found: Sequence[Onset]) -> Iterator[Onset]:
    """Onsets that have another before them in the same voice."""
    seen = set()
    for onset in found:
        if onset.voice in seen:
            yield onset
        seen.add(onset.voice)


def expected_pitch(
    encoding: Encoding,
    piece: EncodedPiece,
    field: int,
    log_probs: npt.NDArray[np.float32],
) -> float:
    """The mean pitch under ``log_probs`` (size,), given that some note begins."""
    pitches = [
        encoding.pitch_of(field, value, piece.form) for value in range(len(log_probs))
    ]
    sounding = np.array([pitch is not None for pitch in pitches])
    values = np.array([pitch for pitch in pitches if pitch is not None], float)
    weights = np.exp(log_probs[sounding] - log_probs[sounding].max())
    return float(weights @ values / weights.sum())


def regression(
    expected: npt.NDArray[np.float64], actual: npt.NDArray[np.float64]
) -> dict[str, float]:
    """R2 (1 - residual over total sum of squares), MSE and RMSE."""
    mse = float(np.mean((expected - actual) ** 2))
    variance = float(np.var(actual))
    r2 = 1.0 - mse / variance if variance else 0.0
    return {"r2": r2, "mse": mse, "rmse": mse**0.5}
