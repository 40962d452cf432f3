"""What a preset comes to, for this music on this machine: a network and its epochs.

Pure: how much there is to read and how fast it is read are handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.advanced import (
    Changes,
    change_network,
    change_training,
    check_memory,
    is_of_network,
)
from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import (
    Timing,
    Work,
    epoch_seconds,
    fixed_seconds,
    macs_per_event,
    nominal_timing,
)
from training.music.encodings import Encoding
from training.presets import Preset


@dataclass(frozen=True, slots=True)
class Known:
    """How fast a network is, and how well that is known."""

    timing: Timing
    is_rough: bool  # from networks on other music, not from this one or its like


#: How fast a network trains here; None where nothing has been measured yet.
Clock = Callable[[ModelConfig, TrainConfig], Known | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run would be trained and what it would cost."""

    model_config: ModelConfig
    train_config: TrainConfig
    seconds: float | None  # None where the machine has not been measured yet
    is_rough: bool = False

    @property
    def epochs(self) -> int:
        return self.train_config.epochs

    def number(self, name: str) -> float:
        """One of ``advanced.NUMBERS``, as it is planned."""
        holder = self.model_config if is_of_network(name) else self.train_config
        return float(getattr(holder, name))

    @property
    def may_stop_early(self) -> bool:
        return 0 < self.train_config.patience < self.epochs


def make_plan(
    preset: Preset,
    encoding: Encoding,
    work: Work | None,
    clock: Clock,
    *,
    on_random_notes: bool,
    seed: int,
    changes: Changes | None = None,
) -> Plan:
    """The plan of ``preset`` with ``changes`` to its numbers.

    Without ``work``, where the music cannot be read, every epoch is planned and nothing
    foretold. Raises ``TooLarge`` where the changes ask for too much memory.
    """
    wanted = changes or {}
    training = preset.training(on_random_notes=on_random_notes, seed=seed, work=work)
    networks = [
        change_network(config, wanted)
        for config in preset.networks(on_random_notes=on_random_notes)
    ]
    training = change_training(training, wanted)
    if work and not on_random_notes and "epochs" not in wanted:
        # Pieces at a time and windows set by hand make other updates of it.
        most = preset.most_epochs(training, work)
        training = change_training(training, {"epochs": most})
    if on_random_notes and work:
        # A window of random notes is what a piece is elsewhere.
        training = change_training(training, {"window": work.train[0]})
    if wanted:
        check_memory(encoding, networks[0], training)
    network, epochs = networks[0], training.epochs
    if work and preset.seconds and "epochs" not in wanted:
        for network in networks:
            epochs, has_time = _epochs_within(
                preset, encoding, work, network, training, clock
            )
            if has_time:
                break
    training = preset.with_epochs(
        training,
        epochs,
        on_random_notes=on_random_notes,
        work=None if "epochs" in wanted else work,
    )
    if "patience" in wanted:
        training = change_training(training, {"patience": wanted["patience"]})
    return _priced(encoding, work, network, training, clock)


def _epochs_within(
    preset: Preset,
    encoding: Encoding,
    work: Work,
    network: ModelConfig,
    training: TrainConfig,
    clock: Clock,
) -> tuple[int, bool]:
    """As many as the preset's time holds, and whether that is enough of them."""
    known = clock(network, training)
    timing = known.timing if known else _nominal(encoding, network, training)
    left = preset.seconds - fixed_seconds(work, encoding, timing)
    affordable = int(left / epoch_seconds(work, training, timing))
    fewest = preset.fewest_epochs(training, work)
    return min(max(affordable, fewest), training.epochs), affordable >= fewest


def _priced(
    encoding: Encoding,
    work: Work | None,
    network: ModelConfig,
    training: TrainConfig,
    clock: Clock,
) -> Plan:
    known = clock(network, training) if work else None
    if work is None or known is None:
        return Plan(network, training, None)
    seconds = (
        fixed_seconds(work, encoding, known.timing)
        + epoch_seconds(work, training, known.timing) * training.epochs
    )
    return Plan(network, training, seconds, known.is_rough)


def least_seconds(encoding: Encoding, work: Work | None, plan: Plan) -> float:
    """What the plan costs, and where that is unknown, what it would cost somewhere."""
    if plan.seconds is not None or work is None:
        return plan.seconds or 0.0
    timing = _nominal(encoding, plan.model_config, plan.train_config)
    return epoch_seconds(work, plan.train_config, timing) * plan.epochs


def _nominal(encoding: Encoding, network: ModelConfig, training: TrainConfig) -> Timing:
    return nominal_timing(macs_per_event(encoding, network), training)
