"""A trained network of Chorales-16 as a folder of JSON and safetensors; no pickle.

model.json            its config, how it was trained, what it reached
weights.safetensors   float32 arrays by the names of ``network``
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from training.learning.benchmarks.chorales16.network import (
    FrameModelConfig,
    init_params,
)

#: 1: the first.
FORMAT_VERSION = 1
#: The best one, shipped with the program.
BEST = Path(__file__).resolve().parents[3] / "benchmark_models" / "chorales-16"

_DESCRIPTION, _WEIGHTS = "model.json", "weights.safetensors"


class UnreadableFrameModel(ValueError):
    """A folder that is not a network of Chorales-16."""


@dataclass(frozen=True, slots=True)
class FrameModel:
    """A network, its weights, and what is told of how it came about."""

    config: FrameModelConfig
    params: dict[str, npt.NDArray[np.float32]]
    story: Mapping[str, Any]

    @property
    def num_parameters(self) -> int:
        return sum(array.size for array in self.params.values())


def save_frame_model(folder: Path, model: FrameModel) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    description = {
        "format_version": FORMAT_VERSION,
        "model_config": asdict(model.config),
        "story": model.story,
    }
    arrays = {name: np.ascontiguousarray(a) for name, a in sorted(model.params.items())}
    (folder / _WEIGHTS).write_bytes(save(arrays))
    text = json.dumps(description, indent=1, sort_keys=True) + "\n"
    (folder / _DESCRIPTION).write_text(text, encoding="utf-8")


def load_frame_model(folder: Path) -> FrameModel:
    """Read it back; raises ``UnreadableFrameModel`` when it is damaged or not one."""
    try:
        description = json.loads((folder / _DESCRIPTION).read_bytes())
        params = load((folder / _WEIGHTS).read_bytes())
        version, options = description["format_version"], description["model_config"]
        options["voice_order"] = tuple(options["voice_order"])
        config = FrameModelConfig(**options)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UnreadableFrameModel(
            f"{folder} holds no network of Chorales-16 ({error}). Name a folder that "
            "`manage.py benchmark chorales-16 --save` wrote, or 'best'."
        ) from None
    if version != FORMAT_VERSION:
        raise UnreadableFrameModel(
            f"{folder} has format {version}; this program reads {FORMAT_VERSION}."
        )
    expected = {name: array.shape for name, array in init_params(config, 0).items()}
    if expected != {name: array.shape for name, array in params.items()}:
        raise UnreadableFrameModel(f"{folder}: its weights do not fit its config.")
    return FrameModel(config, params, description.get("story", {}))
