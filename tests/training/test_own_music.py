"""Datasets of one's own pieces."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from tests.learning.tiny import tune
from training import own_music
from training.datasets import BadDataset, build_dataset
from training.learning.input_pipeline import split_pieces
from training.models import Piece
from training.music.score import Note, Part, Score
from training.own_music import MELODY, PARTS, create_own_dataset, survey
from training.pieces import keep_piece

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bells():
    with patch("training.doorbell.async_task"):
        yield


def chords(seed: int) -> Score:
    """A tune over held chords."""
    melody = tune(seed).parts[0]
    held = tuple(
        Note(bar * 1920, pitch, 1920) for bar in range(4) for pitch in (40, 47)
    )
    return Score(parts=(melody, Part(notes=held)), keys=tune(seed).keys)


def duet(seed: int) -> Score:
    parts = (tune(seed, bars=2).parts[0], tune(seed + 100, bars=2).parts[0])
    return Score(parts=parts, keys=tune(seed).keys)


def own(owner, make, count: int = 12):
    for seed in range(count):
        keep_piece(make(seed), name=f"Piece {seed}", owner=owner)
    return Piece.objects.of(owner).kept()


def built(dataset):
    build_dataset(dataset.pk)
    dataset.refresh_from_db()
    return dataset


def test_single_lines_are_learnt_as_melodies(alice):
    dataset = built(create_own_dataset(own(alice, tune), owner=alice))

    assert (dataset.state, dataset.error) == ("ready", "")
    assert dataset.encoding == {"name": "melody"}
    assert dataset.options["transpose"] is False
    assert dataset.name == "My music"
    assert dataset.counts["pieces"] == 12
    assert min(dataset.counts[side] for side in ("train", "valid", "test")) >= 1


def test_of_pieces_with_chords_the_melody_line_can_be_learnt(alice):
    dataset = built(create_own_dataset(own(alice, chords), owner=alice, way=MELODY))

    assert dataset.encoding == {"name": "melody"}
    assert (dataset.counts["pieces"], dataset.counts["skipped"]) == (12, {})
    assert dataset.counts["notes"] == sum(tune(n).num_notes for n in range(12))


@pytest.mark.parametrize(
    ("make", "encoding"),
    [
        (duet, {"name": "voices", "num_parts": 2}),
        (chords, {"name": "polyphony", "num_parts": 2}),
    ],
)
def test_all_parts_of_pieces_can_be_learnt(alice, make, encoding):
    pieces = own(alice, make)
    assert survey(pieces).usual_way == PARTS

    dataset = built(create_own_dataset(pieces, owner=alice, transpose=False))

    assert (dataset.state, dataset.error) == ("ready", "")
    assert dataset.encoding == encoding
    assert dataset.counts["notes"] == sum(make(n).num_notes for n in range(12))


def test_pieces_for_different_players_are_learnt_together(alice):
    def mixed(seed: int) -> Score:
        return (tune, chords, duet)[seed % 3](seed)

    dataset = built(create_own_dataset(own(alice, mixed), owner=alice))

    assert (dataset.state, dataset.counts["skipped"]) == ("ready", {})
    assert dataset.encoding == {"name": "polyphony", "num_parts": 2}
    assert dataset.options["transpose"] is True


def test_notes_off_the_beat_are_put_on_it(alice):
    def played(seed: int) -> Score:
        part = tune(seed).parts[0]
        notes = tuple(
            Note(n.start_tick + 7, n.pitch, n.duration_ticks + 11) for n in part.notes
        )
        return Score(parts=(Part(notes=notes),))

    dataset = built(create_own_dataset(own(alice, played), owner=alice))

    assert (dataset.counts["pieces"], dataset.counts["skipped"]) == (12, {})
    assert "moved to the nearest place" in dataset.counts["remarks"][0]


def test_too_few_pieces_are_said_to_be_too_few(alice):
    pieces = own(alice, tune, count=9)

    with pytest.raises(BadDataset, match="9 different pieces, and 10 is the least"):
        create_own_dataset(pieces, owner=alice)


def test_the_same_tune_in_other_keys_counts_once(alice):
    def copies(number: int) -> Score:
        return tune(1, tonic=number % 12)

    pieces = own(alice, copies)

    assert (survey(pieces).pieces, survey(pieces).copies) == (12, 11)
    with pytest.raises(BadDataset, match="This is 1 different piece,"):
        create_own_dataset(pieces, owner=alice)


@pytest.mark.parametrize(
    ("transpose", "ceiling", "advice"),
    [
        (True, "MAX_NOTES_IN_ALL_KEYS", "each in its own key"),
        (False, "MAX_NOTES", "Choose fewer pieces"),
    ],
)
def test_there_is_a_ceiling_to_what_is_learnt(
    alice, monkeypatch, transpose, ceiling, advice
):
    monkeypatch.setattr(own_music, ceiling, 100)

    with pytest.raises(BadDataset, match=advice):
        create_own_dataset(own(alice, tune), owner=alice, transpose=transpose)


@pytest.mark.parametrize("seed", range(20))
def test_of_few_pieces_no_side_is_empty(seed):
    scores = [tune(number) for number in range(10)]

    assert set(split_pieces(scores, seed=seed)) == {"train", "valid", "test"}


def test_of_two_pieces_one_is_still_learnt_from():
    assert "train" in split_pieces([tune(1), tune(2)])
    assert split_pieces([]) == []
