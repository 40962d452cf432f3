"""What is known of a machine's speed: asked for, measured, and corrected by runs."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import asdict
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db.models.functions import Now

from tests.learning.tiny import tune
from tests.training.rows import TINY, make_dataset, make_run, report
from training import calibration, datasets, offers, runs, speeds
from training.learning.config import ModelConfig, TrainConfig
from training.learning.cost import CHECKPOINT_SECONDS, Timing, epoch_seconds
from training.machine import fingerprint
from training.models import Calibration, Dataset, Speed, WorkerBeat
from training.music.encodings import MelodyEncoding, VoicesEncoding
from training.presets import PRESETS
from training.random_notes import RandomOptions

pytestmark = pytest.mark.django_db

TIMING = Timing(2.0, 0.1, 1e-5, 1e-4)
MELODY = MelodyEncoding()
HERE = fingerprint(settings.TRAINING_THREADS)


@pytest.fixture(autouse=True)
def no_queue():
    with patch("training.doorbell.async_task"):
        yield


@pytest.fixture
def dataset(alice) -> Dataset:
    pieces = [
        datasets.import_piece(tune(seed), name=f"Tune {seed}", owner=alice)
        for seed in range(30)
    ]
    dataset = datasets.create_pieces_dataset(
        pieces, owner=alice, name="My tunes", encoding=MELODY
    )
    datasets.build_dataset(dataset.pk)
    dataset.refresh_from_db()
    return dataset


@pytest.fixture
def rung(no_measuring, django_capture_on_commit_callbacks):
    """What ``act`` rang the bell for."""

    def rung_by(act):
        no_measuring.reset_mock()
        with django_capture_on_commit_callbacks(execute=True):
            act()
        return [call.args[1] for call in no_measuring.call_args_list]

    return rung_by


def measured(preset: str = "quick", timing: Timing = TIMING, machine: str = HERE):
    chosen = PRESETS[preset]
    speeds.note_timing(
        machine, MELODY, chosen.model_config, chosen.train_config, timing
    )


def ask(dataset) -> Calibration:
    return speeds.ask_for_calibration(dataset)


# Asking -----------------------------------------------------------------------------


def test_a_dataset_that_is_ready_has_the_machine_measured(dataset):
    row = Calibration.objects.get()

    assert (row.machine, row.dataset) == (HERE, dataset)
    assert row.is_under_way


def test_a_machine_is_measured_once_for_each_encoding(dataset, rung):
    same = make_dataset(encoding=MELODY.spec())
    other = make_dataset(encoding=VoicesEncoding().spec())

    assert rung(lambda: ask(same)) == []
    assert rung(lambda: ask(other)) == [Calibration.objects.latest("pk").pk]


def test_it_rings_again_where_nobody_answered(dataset, rung):
    row = Calibration.objects.get()
    assert rung(lambda: ask(dataset)) == []
    Calibration.objects.update(rung_at=Now() - timedelta(hours=1))

    assert rung(lambda: ask(dataset)) == [row.pk]
    assert rung(lambda: ask(dataset)) == []


def test_it_does_not_ring_while_a_run_keeps_the_worker_busy(dataset, rung):
    runs.claim_run(make_run(dataset=dataset).pk)
    Calibration.objects.update(rung_at=Now() - timedelta(hours=1))

    assert rung(lambda: ask(dataset)) == []


def test_another_machine_is_measured_again(dataset, rung):
    WorkerBeat.objects.beat(settings.TRAINING_QUEUE, machine="another")

    assert len(rung(lambda: ask(dataset))) == 1
    assert {row.machine for row in Calibration.objects.all()} == {HERE, "another"}


# Measuring --------------------------------------------------------------------------


def child(code: str):
    """Instead of a process that measures, one that runs ``code``."""

    def start(words, *, threads):
        assert words[0] == "calibrate"
        return subprocess.Popen([sys.executable, "-c", code])

    return patch("training.calibration.start_command", start)


def test_a_measured_machine_is_not_measured_again(dataset):
    row = Calibration.objects.get()
    with child("pass"):
        calibration.calibrate(row.pk)
    row.refresh_from_db()
    assert row.measured_at is not None
    assert not row.is_under_way

    with child("raise SystemExit('Again!')"):
        calibration.calibrate(row.pk)

    row.refresh_from_db()
    assert (row.attempts, row.error) == (1, "")


def test_after_three_failures_nobody_tries_again(dataset, rung):
    row = Calibration.objects.get()
    for _ in range(4):
        with child("raise SystemExit(3)"):
            calibration.calibrate(row.pk)
    row.refresh_from_db()

    assert (row.attempts, row.is_under_way) == (3, False)
    assert "status 3" in row.error
    Calibration.objects.update(rung_at=Now() - timedelta(hours=1))
    assert rung(lambda: ask(dataset)) == []


def test_a_worker_that_stops_measures_no_more(dataset, monkeypatch):
    monkeypatch.setattr(calibration, "is_stopping", lambda: True)

    calibration.calibrate(Calibration.objects.get().pk)

    assert Calibration.objects.get().attempts == 0


def test_a_run_that_waits_goes_first(dataset):
    make_run(dataset=dataset)
    row = Calibration.objects.get()

    with child("import time; time.sleep(60)"):
        calibration.calibrate(row.pk)

    row.refresh_from_db()
    assert (row.attempts, row.is_under_way) == (0, True)


@pytest.mark.parametrize("kind", ["music", "random"])
def test_measuring_notes_each_network(dataset, kind, monkeypatch):
    # What compiling takes is not asked here, and need not be done twice.
    monkeypatch.setattr("jax.clear_caches", lambda: None)
    if kind == "random":
        dataset = datasets.create_random_dataset(RandomOptions(samples=60, window=8))
        datasets.build_dataset(dataset.pk)
        dataset.refresh_from_db()
    tiny = ModelConfig(embedding_dim=8, lstm_units=8, lstm_layers=1, head_units=8)
    how = TrainConfig(batch_size=4, window=9)
    seen = []

    with patch.object(calibration, "networks_of", lambda dataset: [(tiny, how)]):
        calibration.measure_here(dataset, report=seen.append)

    speed = Speed.objects.get()
    assert (speed.machine, speed.window) == (HERE, 9)
    assert speed.timing == seen[0].timing
    assert all(value > 0 for value in asdict(speed.timing).values())


def test_every_network_of_a_preset_is_measured(dataset):
    measured = dict(calibration.networks_of(dataset))

    for preset in PRESETS.values():
        plan = offers.plan_for(dataset, preset)
        planned, timed = plan.train_config, measured[plan.model_config]
        # An event takes longer where fewer pieces are read side by side.
        assert (planned.batch_size, planned.window) == (timed.batch_size, timed.window)


# Telling ----------------------------------------------------------------------------


def tell(preset: str = "quick", encoding=MELODY, machine: str = HERE):
    chosen = PRESETS[preset]
    clock = speeds.clock_of(encoding, machine)
    return clock(chosen.model_config, chosen.train_config)


def test_of_an_unknown_machine_nothing_is_told(dataset):
    measured(machine="another")

    assert tell() is None
    assert offers.offers_for(dataset)[0].cost == ""


def test_what_was_measured_is_told():
    measured()

    assert (tell().timing, tell().is_rough) == (TIMING, False)


def test_of_other_music_it_tells_roughly():
    measured()

    known = tell(encoding=VoicesEncoding())

    assert known.is_rough
    assert 0.03 < known.timing.step_seconds < 0.3


def test_a_cost_is_told_in_words(dataset):
    measured()
    measured("standard", Timing(2.0, 1.0, 1e-4, 1e-3))

    for offer in offers.offers_for(dataset):
        # Of so few tunes each may stop early.
        assert re.fullmatch(r"At most \d+ \w+ on this machine", offer.cost)


def test_files_that_were_away_are_read_when_they_are_back(dataset):
    offers._read_work.cache_clear()
    away = dataset.folder.with_name("away")
    dataset.folder.rename(away)
    assert offers.work_of(dataset) is None

    away.rename(dataset.folder)

    assert offers.work_of(dataset) is not None


# Real runs --------------------------------------------------------------------------


def trained(dataset, alice, seconds: list[float], **values):
    run = runs.start_run(dataset, TINY, owner=alice, title="Mine", **values)
    token = runs.claim_run(run.pk)
    assert token is not None
    for number, each in enumerate(seconds, 1):
        runs.record_epoch(run.pk, token, report(number, seconds=each))
    run.refresh_from_db()
    return run


def epoch_foretold(run) -> float:
    clock = speeds.clock_of(MELODY, HERE)
    training = TrainConfig(**run.train_config)
    known = clock(ModelConfig(**run.model_config), training)
    work = offers.work_of(run.dataset)
    assert known is not None
    assert work is not None
    return epoch_seconds(work, training, known.timing) - CHECKPOINT_SECONDS


def note(run, *, is_done: bool = True) -> None:
    speeds.note_run(run, offers.work_of(run.dataset), is_done=is_done)


def test_a_run_corrects_what_was_measured(dataset, alice):
    run = trained(dataset, alice, [30.0, 4.0, 5.0])
    network, training = ModelConfig(**run.model_config), TrainConfig(**run.train_config)
    speeds.note_timing(HERE, MELODY, network, training, TIMING)

    note(run, is_done=False)
    assert not Speed.objects.get().is_from_run  # it may be a slow moment
    note(run)

    assert Speed.objects.get().is_from_run
    assert epoch_foretold(run) == pytest.approx(4.5)


def test_a_second_run_meets_the_first_in_the_middle(dataset, alice):
    for seconds in (2.0, 8.0):
        run = trained(dataset, alice, [30.0, seconds])
        note(run)

    assert epoch_foretold(run) == pytest.approx(4.0)


def test_a_calibration_does_not_overrule_a_run(dataset, alice):
    run = trained(dataset, alice, [30.0, 4.0])
    note(run)

    network, training = ModelConfig(**run.model_config), TrainConfig(**run.train_config)
    speeds.note_timing(HERE, MELODY, network, training, TIMING)

    assert epoch_foretold(run) == pytest.approx(4.0)


def test_where_nothing_is_known_a_run_under_way_tells(dataset, alice):
    note(trained(dataset, alice, [30.0]), is_done=False)
    assert not Speed.objects.exists()

    run = trained(dataset, alice, [30.0, 4.0])
    note(run, is_done=False)

    assert epoch_foretold(run) == pytest.approx(4.0)


def test_a_run_keeps_what_was_foretold(dataset, alice):
    measured()

    run = runs.start_run(dataset, PRESETS["quick"], owner=alice, title="Mine")

    assert run.expected_seconds == offers.plan_for(dataset, PRESETS["quick"]).seconds


def test_a_machine_has_one_fingerprint_until_it_changes(monkeypatch):
    once = fingerprint(2)
    fingerprint.cache_clear()
    assert fingerprint(2) == once
    assert fingerprint(3) != once

    fingerprint.cache_clear()
    monkeypatch.setenv("JAX_PLATFORMS", "abacus")
    assert fingerprint(2) != once
    fingerprint.cache_clear()
