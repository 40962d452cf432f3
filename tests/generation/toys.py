"""Bundles with tiny, untrained networks: what they write is legal and senseless."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.learning.bundle import Bundle, CountedForms, Weights
from training.learning.config import ModelConfig, TrainConfig
from training.music.encodings import (
    Encoding,
    Form,
    Instrument,
    MelodyEncoding,
    PitchesEncoding,
    PolyphonyEncoding,
    VoicesEncoding,
)
from training.music.pitch import Key
from training.music.score import Metre

TINY = ModelConfig(embedding_dim=6, lstm_units=8, lstm_layers=2, head_units=5)
QUARTER = 480
JIG, REEL = Metre(6, 8), Metre(4, 4)
TUNE_FORMS: CountedForms = (
    (Form(16 * 1440, JIG, Key(2, "major"), pickup_ticks=240), 30),
    (Form(16 * 1920, REEL, Key(7, "major")), 20),
    (Form(8 * 1920, REEL, Key(9, "dorian"), pickup_ticks=480), 10),
    (Form(32 * 1920, REEL, Key(4, "minor")), 5),
)
CHORALE_FORMS: CountedForms = (
    (
        Form(
            length_ticks=8 * 1920,
            metre=REEL,
            key=Key(0, "major"),
            pickup_ticks=480,
            phrase_end_ticks=(3360, 7200, 11040, 14400),
        ),
        3,
    ),
)


TRIO = (
    Instrument("Flute", 73, 60, 96),
    Instrument("Viola", 41, 48, 76),
    Instrument("Cello", 42, 36, 64),
)
TRIO_FORMS: CountedForms = (
    (Form(90 * 1440, Metre(3, 4), Key(7, "major"), 480, instruments=TRIO), 1),
    (Form(120 * 1920, REEL, Key(2, "minor"), instruments=TRIO), 2),
)


def random_weights(
    encoding: Encoding, config: ModelConfig, seed: int = 0, scale: float = 0.3
) -> Weights:
    """Normal numbers under the names of ``training.learning.model``."""
    dim, units, hidden = config.embedding_dim, config.lstm_units, config.head_units
    shapes: dict[str, tuple[int, ...]] = {
        f"embedding.{k}": (field.size, dim)
        for k, field in enumerate(encoding.context_fields)
    }
    for layer in range(config.lstm_layers):
        shapes[f"lstm.{layer}.kernel"] = (units if layer else dim, 4 * units)
        shapes[f"lstm.{layer}.recurrent"] = (units, 4 * units)
        shapes[f"lstm.{layer}.bias"] = (4 * units,)
    for f, field in enumerate(encoding.fields):
        shapes[f"head.{f}.kernel"] = (units, hidden)
        shapes[f"head.{f}.bias"] = (hidden,)
        for g in range(f):
            shapes[f"head.{f}.given.{g}"] = (encoding.fields[g].size, hidden)
        shapes[f"head.{f}.out.kernel"] = (hidden, field.size)
        shapes[f"head.{f}.out.bias"] = (field.size,)
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(0, scale, shape).astype(np.float32)
        for name, shape in shapes.items()
    }


def toy_bundle(
    encoding: Encoding,
    forms: CountedForms,
    *,
    golden_events: Sequence[tuple[int, ...]] = (),
) -> Bundle:
    events = np.array(golden_events, np.int16).reshape(-1, len(encoding.fields))
    return Bundle(
        hash=repr((encoding.spec(), len(events))),
        name="toy",
        encoding=encoding,
        model_config=TINY,
        train_config=TrainConfig(),
        weights=random_weights(encoding, TINY),
        forms=forms,
        metrics={},
        provenance={},
        golden={"events": events},
    )


def toy_tunes() -> Bundle:
    # The golden tune: the tonic's octave, going up by steps (the symbol of 0 is 38).
    events = [(11, 38 + interval) for interval in (0, 2, 4, 5, 7, 9, 11, 12)]
    return toy_bundle(MelodyEncoding(), TUNE_FORMS, golden_events=events)


def toy_chorales() -> Bundle:
    return toy_bundle(VoicesEncoding(), CHORALE_FORMS)


def toy_pitches() -> Bundle:
    return toy_bundle(PitchesEncoding(), ((Form(32 * QUARTER), 1),))


def toy_trios() -> Bundle:
    return toy_bundle(PolyphonyEncoding(3), TRIO_FORMS)
