"""What can be trained on a dataset, and what each of it would cost on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from training.advanced import Changes, TooLarge
from training.learning.cost import Work
from training.learning.stored import UnreadableLearningSet, read_lengths
from training.models import Dataset, TrainingRun
from training.music.encodings import from_spec
from training.plans import Plan, least_seconds, make_plan
from training.presets import PRESETS, Preset
from training.random_control import MIN_WINDOWS, num_held_out
from training.speeds import clock_of, this_machine


@dataclass(frozen=True, slots=True)
class Offer:
    """A preset and what it comes to."""

    preset: Preset
    plan: Plan

    @property
    def cost(self) -> str:
        return cost_in_words(self.plan)


def offers_for(dataset: Dataset) -> list[Offer]:
    return [Offer(preset, plan_for(dataset, preset)) for preset in PRESETS.values()]


def plan_for(
    dataset: Dataset,
    preset: Preset,
    *,
    seed: int = 0,
    changes: Changes | None = None,
) -> Plan:
    """How ``preset`` with ``changes`` would be trained.

    Raises ``TooLarge`` where it would need too much memory or time.
    """
    encoding = from_spec(dataset.encoding)
    work = work_of(dataset)
    plan = make_plan(
        preset,
        encoding,
        work,
        clock_of(encoding, this_machine()),
        on_random_notes=dataset.kind == Dataset.Kind.RANDOM,
        seed=seed,
        changes=changes,
    )
    most = settings.TRAINING_MAX_HOURS
    if changes and least_seconds(encoding, work, plan) > most * 3600:
        raise TooLarge(
            f"This would take longer than {most} hours, the most that is allowed "
            "here. Choose fewer epochs or a smaller network."
        )
    return plan


def work_of(dataset: Dataset) -> Work | None:
    """How much there is to read; None where the files are not there to tell."""
    if dataset.kind == Dataset.Kind.RANDOM:
        windows = dataset.counts.get("windows", 0)
        length = dataset.counts.get("window", 0) + 1
        if windows < MIN_WINDOWS:
            return None
        test, valid = num_held_out(windows)
        return Work(
            train=(length,) * (windows - test - valid),
            valid=(length,) * valid,
            test=(length,) * test,
            is_random=True,
        )
    sides = [dataset.counts.get(side, 0) for side in ("train", "valid", "test")]
    try:
        return _read_work(dataset.folder, dataset.content_hash, *sides)
    except UnreadableLearningSet:
        return None


# What was read is kept; what could not be read may be there again the next time.
@lru_cache(maxsize=64)
def _read_work(
    folder: Path, content_hash: str, train: int, valid: int, test: int
) -> Work:
    lengths = tuple(read_lengths(folder))
    if len(lengths) != train + valid + test or not min(train, valid, test):
        raise UnreadableLearningSet("Its pieces are not those that were counted.")
    return Work(
        lengths[:train], lengths[train : train + valid], lengths[train + valid :]
    )


# In words ---------------------------------------------------------------------------


def cost_in_words(plan: Plan) -> str:
    """``About 12 minutes on this machine``, or "" while nobody knows."""
    if plan.seconds is None:
        return ""
    most = "At most" if plan.may_stop_early else "About"
    roughly = ", roughly" if plan.is_rough else ""
    return f"{most} {_plain(plan.seconds)} on this machine{roughly}"


def in_words(seconds: float | None) -> str:
    """About how long: nobody needs it to the second."""
    if seconds is None:
        return ""
    if seconds < 50:
        return "less than a minute"
    return f"about {_plain(seconds)}"


def _plain(seconds: float) -> str:
    if seconds < 50:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{round(minutes / 60)} hours"


def waits_behind() -> str:
    """What would have to end first, or "": nothing of theirs is told."""
    before = list(TrainingRun.objects.unfinished().prefetch_related("epochs"))
    if not before:
        return ""
    if len(before) > 1:
        return (
            f"{len(before)} networks are trained before it: it starts when they are "
            "done."
        )
    left = before[0].seconds_left() or before[0].expected_seconds
    when = f", in {in_words(left)}" if left else ""
    return f"Another network is being trained. This one starts when it is done{when}."
