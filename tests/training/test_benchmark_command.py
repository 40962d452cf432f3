from __future__ import annotations

import gzip
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from training.learning.benchmarks.chorales16.bundle import FrameModel, save_frame_model
from training.learning.benchmarks.chorales16.network import (
    FrameModelConfig,
    init_params,
)

TINY = FrameModelConfig(embedding_dim=6, lstm_units=8, lstm_layers=1, head_units=4)


@pytest.fixture
def data(tmp_path):
    frames = [[67, 64, 60, 48], [67, 64, 60, 48], [69, 65, 60, 53], [67, 64, 60, 48]]
    splits = {"train": [frames * 3], "valid": [frames * 2, frames[1:] * 3]}
    text = json.dumps(splits).encode()
    (tmp_path / "chorales16.json.gz").write_bytes(gzip.compress(text))
    return tmp_path


@pytest.fixture
def networks(tmp_path):
    folders = []
    for seed in (1, 2):
        story = {"train_config": {"seed": seed}}
        folder = tmp_path / f"network-{seed}"
        save_frame_model(folder, FrameModel(TINY, init_params(TINY, seed), story))
        folders.append(str(folder))
    return folders


def run(*words):
    out = StringIO()
    call_command("benchmark", *words, stdout=out)
    return out.getvalue()


def test_it_rates_networks_and_ends_with_a_line_of_json(data, networks):
    printed = run("chorales-16", "--data", str(data), "--all", "--bundle", *networks)

    found = json.loads(printed.splitlines()[-1])
    assert found["benchmark"] == "chorales-16"
    assert found["split"] == "valid"
    assert found["seed"] == 1
    assert found["nats_per_token"] == found["rows"]["one LSTM"]
    assert 2.0 < found["nats_per_token"] < 5.0  # log 47 is 3.85
    assert "2 LSTMs together" in found["rows"]
    assert "one LSTM, in all keys" in found["rows"]
    assert "Music Transformer" in printed
    assert "counted hold or move" in printed


def test_what_is_missing_is_said_in_a_sentence(data, networks, tmp_path):
    with pytest.raises(CommandError, match="no test split"):
        run("chorales-16", "--data", str(data), "--split", "test", "--bundle", "best")
    with pytest.raises(CommandError, match="no network of Chorales-16"):
        run("chorales-16", "--data", str(data), "--bundle", str(tmp_path))
    with pytest.raises(CommandError, match="There is no folder"):
        run("chorales-16", "--data", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match=r"\.$"):
        run("melody-8", "--data", str(data))
