"""What learning from the piece at hand is worth, on pieces that nobody has read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.learning.event_memory import EventMemory
from training.learning.measures import onsets
from training.music.encodings import EncodedPiece, Encoding

#: "Some": the closeness at which held-out pieces are measured, and continued.
SOME = 0.5


@dataclass(frozen=True, slots=True)
class AdaptiveBits:
    """Bits per note among legal values: of the network alone, and with a memory.

    ``late``: of the events of the second half of every piece, over their notes.
    """

    alone: float
    adaptive: float
    late_alone: float
    late_adaptive: float
    pieces: int
    closeness: float = SOME

    @property
    def gain(self) -> float:
        """The share of its bits that the memory saves."""
        return 1.0 - self.adaptive / self.alone


def adaptive_to_json(bits: AdaptiveBits) -> dict[str, Any]:
    return {
        name: round(value, 5) if isinstance(value, float) else value
        for name, value in asdict(bits).items()
    }


def adaptive_from_json(stored: Any) -> AdaptiveBits | None:
    """What ``stored`` was made from; None where it is missing.

    Raises ``ValueError`` or ``TypeError`` for anything else.
    """
    if stored is None:
        return None
    bits = AdaptiveBits(**stored)
    numbers = asdict(bits).values()
    if not all(type(n) in (int, float) and 0 < n < math.inf for n in numbers):
        raise ValueError("These are no bits per note.")
    return bits


def measure_adaptive(
    encoding: Encoding,
    pieces: Sequence[EncodedPiece],
    logits: Iterable[Sequence[npt.NDArray[np.float32]]],
    *,
    closeness: float = SOME,
) -> AdaptiveBits:
    """Read ``pieces`` event by event, each with a memory that starts empty.

    ``logits`` are the network's, of each piece and field (time, V), given the true
    past; log-probabilities will do.
    """
    bits = np.zeros((2, 2))  # (alone or adaptive, all or the second half)
    notes = np.zeros(2)
    count = 0
    for piece, own in zip(pieces, logits, strict=True):
        spent = bits_of_events(encoding, piece, own, closeness=closeness)
        half = len(piece.events) // 2
        bits += [[row.sum(), row[half:].sum()] for row in spent]
        times = [onset.time for onset in onsets(encoding, piece)]
        notes += len(times), sum(time >= half for time in times)
        count += 1
    alone, adaptive = bits / np.maximum(notes, 1)
    return AdaptiveBits(
        alone=float(alone[0]),
        adaptive=float(adaptive[0]),
        late_alone=float(alone[1]),
        late_adaptive=float(adaptive[1]),
        pieces=count,
        closeness=closeness,
    )


def bits_of_events(
    encoding: Encoding,
    piece: EncodedPiece,
    logits: Sequence[npt.NDArray[np.float32]],
    *,
    closeness: float,
) -> npt.NDArray[np.float64]:
    """(2, T): what every event cost the network alone, and with a memory."""
    memory = EventMemory(encoding, closeness=closeness)
    walk = encoding.walk(piece.form)
    spent = np.zeros((2, len(piece.events)))
    for time, values in enumerate(piece.events.tolist()):
        event = tuple(values)
        context = walk.context()
        for field, value in enumerate(event):
            chosen = event[:field]
            legal = logits[field][time] + walk.legal(field, chosen)
            spent[0, time] += _cost(legal, value)
            spent[1, time] += _cost(memory.mix(field, context, chosen, legal), value)
        memory.learn(context, event)
        walk.advance(event)
    return spent


def _cost(logits: npt.NDArray[np.float32], value: int) -> float:
    """-log2 of the probability of ``value``."""
    shifted = logits.astype(np.float64) - float(logits.max())
    total = math.log(float(np.exp(shifted).sum()))
    return (total - float(shifted[value])) / math.log(2)
