"""The verbs of datasets: ask for one, make it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet, RestrictedError
from django.utils import timezone

from training import doorbell
from training.corpora import CORPORA
from training.learning.dataset import LearningSet, TooLittleMusic, prepare
from training.learning.measures import onsets
from training.learning.stored import save_learning_set
from training.models import Dataset, DatasetPiece, Piece
from training.music.arranging import arranged
from training.music.encodings import (
    Encoding,
    MelodyEncoding,
    PolyphonyEncoding,
    from_spec,
)
from training.music.encodings.polyphony import MAX_PARTS
from training.music.playable import PlayableScores, remarks
from training.music.score import Score
from training.music.score_json import score_from_json
from training.pieces import import_piece as import_piece
from training.quotas import dataset_quota_reached
from training.random_notes import (
    BadOptions,
    RandomOptions,
    draw_windows,
    write_windows,
)
from training.services import InUse
from training.speeds import ask_for_calibration

logger = logging.getLogger(__name__)

#: A worker is killed after Q_CLUSTER's timeout, so a task older than this is dead.
LEASE = timedelta(seconds=330)
#: A doorbell not answered for so long is rung again.
DOORBELL_PATIENCE = timedelta(seconds=60)
MAX_ATTEMPTS = 3
MAX_PIECES = 20_000


class BadDataset(ValueError):
    """What no dataset can be made of. The message says what to ask for instead."""


class TooManyDatasets(BadDataset):
    """A person has as many as they may keep."""


# Asking for a dataset ---------------------------------------------------------------


def create_corpus_dataset(
    corpora: Sequence[str],
    *,
    owner: User | None,
    name: str = "",
    transpose: bool | None = None,
    split_seed: int = 0,
) -> Dataset:
    """A dataset of bundled corpora, to be made by a task.

    ``transpose``: whether to learn every piece in all keys that fit its voices; None
    for what suits the corpora.
    """
    chosen = list(dict.fromkeys(corpora))
    unknown = [slug for slug in chosen if slug not in CORPORA]
    if not chosen or unknown:
        raise BadDataset(
            f"Choose one or more of the corpora {', '.join(CORPORA)}"
            + (f"; there is no {unknown[0]!r}." if unknown else ".")
        )
    kinds = [CORPORA[slug] for slug in chosen]
    encoding = kinds[0].encoding
    if any(corpus.encoding.spec() != encoding.spec() for corpus in kinds):
        raise BadDataset(
            "Tunes, hymns in four voices and quartets cannot be mixed. Choose one kind."
        )
    return _create(
        kind=Dataset.Kind.CORPUS,
        name=name or " and ".join(CORPORA[slug].title for slug in chosen)[:100],
        owner=owner,
        encoding=encoding.spec(),
        options={
            "corpora": chosen,
            "transpose": (
                any(corpus.transpose for corpus in kinds)
                if transpose is None
                else transpose
            ),
        },
        split_seed=split_seed,
    )


def create_random_dataset(
    options: RandomOptions,
    *,
    owner: User | None = None,
    name: str = "Random notes",
    split_seed: int = 0,
) -> Dataset:
    """The seed's dataset, to be made by a task."""
    encoding = {
        "name": "pitches",
        "lowest": options.lowest,
        "highest": options.highest,
    }
    return _create(
        kind=Dataset.Kind.RANDOM,
        name=name,
        owner=owner,
        encoding=encoding,
        options=asdict(options),
        split_seed=split_seed,
    )


def create_pieces_dataset(
    pieces: QuerySet[Piece] | Sequence[Piece],
    *,
    owner: User | None,
    name: str,
    encoding: Encoding | None = None,
    transpose: bool = False,
    split_seed: int = 0,
) -> Dataset:
    """A dataset of people's own pieces. The list is frozen here.

    ``encoding`` None: melodies are learnt as such, all else as polyphony.
    """
    chosen = list(pieces)
    if not 1 <= len(chosen) <= MAX_PIECES:
        raise BadDataset(f"Choose 1 to {MAX_PIECES:,} pieces.")
    encoding = encoding or encoding_for(chosen)
    with transaction.atomic():
        dataset = _create(
            kind=Dataset.Kind.PIECES,
            name=name,
            owner=owner,
            encoding=encoding.spec(),
            options={"pieces": len(chosen), "transpose": transpose},
            split_seed=split_seed,
        )
        DatasetPiece.objects.bulk_create(
            DatasetPiece(
                dataset=dataset,
                position=position,
                piece=piece,
                name=piece.name,
                content_hash=piece.content_hash,
            )
            for position, piece in enumerate(chosen)
        )
    return dataset


def encoding_for(pieces: Sequence[Piece]) -> Encoding:
    """Melody, when each of ``pieces`` is one; or polyphony for as many parts as needed.

    Drums do not count: they will be left out.
    """
    most = 1
    is_melody = True
    for piece in pieces:
        parts = [
            part["notes"]
            for part in piece.score["parts"]
            if part["notes"] and not part["is_drum"]
        ]
        most = max(most, len(parts))
        is_melody = is_melody and len(parts) == 1 and _is_line(parts[0])
    return MelodyEncoding() if is_melody else PolyphonyEncoding(min(most, MAX_PARTS))


def _is_line(notes: Sequence[Sequence[int]]) -> bool:
    """Whether no two notes, as ``score_json`` has them, sound together."""
    return all(a[0] + a[2] <= b[0] for a, b in pairwise(notes))


def _create(**values: Any) -> Dataset:
    values["name"] = values["name"].strip()[:100] or "Dataset"
    with transaction.atomic():
        if reached := dataset_quota_reached(values["owner"]):
            raise TooManyDatasets(reached)
        dataset = Dataset.objects.create(rung_at=timezone.now(), **values)
        _ring(dataset.pk)
    return dataset


def _ring(dataset_id: int) -> None:
    doorbell.ring("training.tasks.build_dataset", dataset_id)


def delete_dataset(dataset: Dataset) -> None:
    """Delete it, files and all. Raises ``InUse`` while runs learnt from it."""
    try:
        dataset.delete()
    except RestrictedError:
        raise InUse(
            f"Models were trained on {dataset}. Delete their runs first."
        ) from None


# Making it --------------------------------------------------------------------------


def build_dataset(dataset_id: int) -> None:
    """Write the dataset's files, if that is this task's to do."""
    dataset = _claim(dataset_id)
    if dataset is None:
        return  # Another task is at it, or it is done.
    if dataset.attempt > MAX_ATTEMPTS:
        _finish(dataset, error="It stopped the worker three times. Choose less music.")
        return
    try:
        made = _build_random(dataset) if _is_random(dataset) else _build_music(dataset)
    except (BadDataset, BadOptions, TooLittleMusic) as error:
        _finish(dataset, error=str(error))
    except Exception:
        # Whatever went wrong, the row must not say "being made" for ever.
        logger.exception("Dataset %s failed", dataset_id)
        _finish(dataset, error="Something went wrong while it was made. Try again.")
    else:
        if _finish(dataset, **made):
            # By the time somebody asks what training costs, it is known.
            ask_for_calibration(dataset)


def _is_random(dataset: Dataset) -> bool:
    return dataset.kind == Dataset.Kind.RANDOM


def _build_random(dataset: Dataset) -> dict[str, Any]:
    options = RandomOptions(**dataset.options)
    content_hash = write_windows(dataset.folder, draw_windows(options))
    return {
        "content_hash": content_hash,
        "counts": {
            "windows": options.samples,
            "window": options.window,
            "notes": options.samples * (options.window + 1),
        },
    }


def _build_music(dataset: Dataset) -> dict[str, Any]:
    encoding = from_spec(dataset.encoding)
    raw = _scores(dataset)
    scores = PlayableScores(raw)
    # The corpora are as they should be, and fermatas matter to voices.
    is_own = dataset.kind == Dataset.Kind.PIECES
    whole = scores if is_own and encoding.name != "voices" else raw
    pieces = prepare(
        encoding,
        (arranged(score, encoding.name) for score in whole) if is_own else whole,
        transpose=dataset.options["transpose"],
        seed=dataset.split_seed,
    )
    return {
        "content_hash": save_learning_set(dataset.folder, encoding, pieces),
        "counts": {
            "pieces": pieces.pieces,
            "notes": pieces.notes,
            "train": len(pieces.train),
            "valid": len(pieces.valid),
            "test": len(pieces.test),
            "skipped": pieces.skipped,
            "remarks": list(remarks(scores.changes)),
        },
        "charts": charts(encoding, pieces),
    }


def _scores(dataset: Dataset) -> Iterator[Score]:
    if dataset.kind == Dataset.Kind.CORPUS:
        for slug in dataset.options["corpora"]:
            yield from CORPORA[slug].read()
        return
    for entry in dataset.entries.select_related("piece").iterator(chunk_size=200):
        if entry.piece is None:
            raise BadDataset(
                f"{entry.name} was deleted before the dataset was made. "
                "Make a new dataset without it."
            )
        yield score_from_json(entry.piece.score)


def charts(encoding: Encoding, pieces: LearningSet) -> dict[str, list[list[Any]]]:
    """What the pieces are like: for each chart its bars, as labels and counts."""
    whole = [*(versions[0] for versions in pieces.train), *pieces.valid, *pieces.test]
    pitches: Counter[int] = Counter()
    for piece in whole:
        pitches.update(onset.pitch for onset in onsets(encoding, piece))
    metres = Counter(str(piece.form.metre) for piece in whole)
    keys = Counter(str(piece.form.key) for piece in whole if piece.form.key)
    bars = Counter(piece.form.bars for piece in whole)
    return {
        "pitches": [[pitch, count] for pitch, count in sorted(pitches.items())],
        "metres": [[metre, count] for metre, count in metres.most_common()],
        "keys": [[key, count] for key, count in keys.most_common()],
        "bars": [[number, count] for number, count in sorted(bars.items())],
    }


def _claim(dataset_id: int) -> Dataset | None:
    dataset = Dataset.objects.filter(pk=dataset_id, state=Dataset.State.QUEUED).first()
    if dataset is None:
        return None
    num_updated = Dataset.objects.filter(
        pk=dataset_id, state=Dataset.State.QUEUED, attempt=dataset.attempt
    ).update(
        state=Dataset.State.RUNNING,
        attempt=F("attempt") + 1,
        started_at=timezone.now(),
    )
    if num_updated != 1:
        return None
    dataset.attempt += 1
    return dataset


def _finish(dataset: Dataset, *, error: str = "", **values: Any) -> bool:
    """Whether the result still counts: a later attempt may have taken over."""
    return bool(
        Dataset.objects.filter(
            pk=dataset.pk, state=Dataset.State.RUNNING, attempt=dataset.attempt
        ).update(
            state=Dataset.State.FAILED if error else Dataset.State.READY,
            error=error[:500],
            finished_at=timezone.now(),
            **values,
        )
    )


def sweep_datasets(*, now: datetime | None = None) -> int:
    """Free what a dead worker held, ring what nobody answered. Returns how many."""
    now = now or timezone.now()
    Dataset.objects.filter(
        state=Dataset.State.RUNNING, started_at__lt=now - LEASE
    ).update(state=Dataset.State.QUEUED, rung_at=now - 2 * DOORBELL_PATIENCE)
    forgotten = Dataset.objects.filter(
        state=Dataset.State.QUEUED, rung_at__lt=now - DOORBELL_PATIENCE
    )
    rung = 0
    for dataset in forgotten[:100]:
        claimed = forgotten.filter(pk=dataset.pk).update(rung_at=now)
        if claimed:
            _ring(dataset.pk)
            rung += 1
    return rung
