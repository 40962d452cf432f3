"""What the engine of control does and costs, on real pieces held out of training.

Figures of music: four bars locked out of a piece and written anew, by particles and by
one that is merely forced; sopranos harmonised, beside plain chorales and real ones.
Figures of time: 64 particles against one, in turns; every action on 32 bars. Times are
of the processor, so that neighbours disturb them less.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import mean, median
from typing import Any

from django.core.management.base import BaseCommand

from generation.composing.around import barriers, stretch_of
from generation.composing.composer import Composed, compose, network_of
from generation.composing.constraints import ConstrainedDraft
from generation.composing.filtering import Filter, Particle
from generation.composing.recipe import BadRequest, ComposeRequest
from generation.composing.sampler import Sampling
from generation.composing.source import Source, keep_all, keep_all_but_bars, source_of
from generation.composing.steering import steer
from generation.composing.thinking import alternatives, choose_note, surprise_of
from training.house import HOUSE_MODELS
from training.learning.bundle import HOUSE_MODELS_ROOT, Bundle, load_bundle
from training.learning.dataset import prepare
from training.music.counterpoint import crossing_rate, parallel_rate
from training.music.score import Note, Score

PIECES = 24
ROUNDS = 7
BARS, OPEN_BARS = 32, 4
MANY = 64
FILLERS = 16


class Command(BaseCommand):
    help = "Measure writing around what is kept: how well it joins, and how long."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pieces", type=int, default=PIECES)
        parser.add_argument("--rounds", type=int, default=ROUNDS)
        parser.add_argument("--only", choices=("cost", "actions", "fill", "harmonise"))

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
            # As the web workers run; it is read when NumPy is loaded, so start again.
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
            os.execve(sys.executable, [sys.executable, *sys.argv], environment)
        pieces, rounds, only = options["pieces"], options["rounds"], options["only"]
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "cost": lambda: cost(_bundle("tunes"), rounds),
            "actions": lambda: {
                slug: actions(_bundle(slug), rounds) for slug in ("chorales", "tunes")
            },
            "fill": lambda: {
                slug: fill(_bundle(slug), _held_out(slug, pieces))
                for slug in ("tunes", "chorales")
            },
            "harmonise": lambda: harmonise(
                _bundle("chorales"), _held_out("chorales", pieces)
            ),
        }
        for name, measure in parts.items():
            if only in (None, name):
                self.stdout.write(json.dumps({name: measure()}, indent=1))


def _bundle(slug: str) -> Bundle:
    return load_bundle(HOUSE_MODELS_ROOT / slug)


def _held_out(slug: str, pieces: int) -> list[Score]:
    """Pieces that the house model has never seen, long enough to lock bars out."""
    model, bundle = HOUSE_MODELS[slug], _bundle(slug)
    sides = prepare(
        bundle.encoding, model.scores(), transpose=False, seed=model.split_seed
    )
    long = [
        bundle.encoding.decode(piece.events, piece.form)
        for piece in sides.test
        if piece.form.bars >= 3 * OPEN_BARS
    ]
    return long[:: max(1, len(long) // pieces)][:pieces]


# Time --------------------------------------------------------------------------------


def _piece(bundle: Bundle) -> Source:
    return source_of(compose(bundle, ComposeRequest(seed=1, bars=BARS)).score)


def _locked(source: Source, **wishes: Any) -> ComposeRequest:
    """Four bars in the middle are open."""
    first = source.bars // 2 - OPEN_BARS // 2 + 1
    keep = keep_all_but_bars(source, first, first + OPEN_BARS - 1)
    return ComposeRequest(source=source, keep=keep, **wishes)


def cost(bundle: Bundle, rounds: int) -> dict[str, Any]:
    """Four open bars and what weighs them: 64 particles against one, in turns."""
    request = _locked(_piece(bundle), seed=1)
    steering = steer(bundle, request)
    encoding, network = bundle.encoding, network_of(bundle)

    def seconds(particles: int) -> float:
        free = (None,) * len(encoding.fields)
        draft = ConstrainedDraft(encoding, steering.plan.form, free)
        writers = Filter(
            network,
            Particle(draft, steering.guide.copy(), None),
            seed=1,
            sampling=Sampling(request.temperature),
            max_events=10_000,
        )
        writers.read(stretch_of(steering.wanted).start)
        started = time.process_time()
        writers.part(particles)
        writers.write(barriers(steering.wanted))
        writers.redraw()
        return time.process_time() - started

    found: dict[int, list[float]] = {1: [], MANY: []}
    for _ in range(rounds):
        for particles, times in found.items():
            times.append(min(seconds(particles) for _ in range(3)))
    ratios = [many / one for one, many in zip(found[1], found[MANY], strict=True)]
    config = bundle.model_config
    return {
        "network": f"{config.lstm_layers}x{config.lstm_units}",
        "one_ms": _ms(found[1]),
        f"of_{MANY}_ms": _ms(found[MANY]),
        "ratio": round(median(ratios), 1),
    }


def actions(bundle: Bundle, rounds: int) -> dict[str, Any]:
    """p50 of every action on a piece of 32 bars, in the process, in milliseconds."""
    source = _piece(bundle)
    bars, parts = source.bars, len(source.score.parts)
    whole = (keep_all(source),)
    melody = replace(source.score, parts=source.score.parts[:1])
    soprano = source_of(melody)
    ending = keep_all_but_bars(source, bars - 3, bars)
    middle = len(source.score.parts[-1].notes) // 2
    requests = {
        "rewrite 4 of 32 bars": _locked(source),
        "go on for 8 bars": ComposeRequest(source=source, keep=whole, bars=bars + 8),
        "new ending": ComposeRequest(source=source, keep=ending),
        "vary": ComposeRequest(source=source, likeness=0.5),
        "same rhythm": ComposeRequest(
            source=source, keep=(keep_all(source, "rhythm"),)
        ),
        "same pitches": ComposeRequest(
            source=source, keep=(keep_all(source, "pitches"),)
        ),
        "choose a note, go on": choose_note(source, parts - 1, middle, 60),
    }
    if parts > 1:
        requests["harmonise"] = ComposeRequest(
            source=soprano, keep=(keep_all(soprano),)
        )
    found: dict[str, list[float]] = {}
    for seed in range(rounds):
        for name, request in requests.items():
            seeded = replace(request, seed=seed)
            found.setdefault(name, []).append(_timed(partial(compose, bundle, seeded)))
        for part in range(parts):
            last = len(source.score.parts[part].notes) - 1
            found.setdefault("why this note (the last)", []).append(
                _timed(partial(alternatives, bundle, source.score, part, last))
            )
        found.setdefault("surprise of all", []).append(
            _timed(partial(surprise_of, bundle, source.score))
        )
    return {name: _ms(times) for name, times in found.items()}


def _timed(act: Callable[[], Any]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def _ms(seconds: Sequence[float]) -> float:
    return round(median(seconds) * 1000, 1)


# Music -------------------------------------------------------------------------------


def fill(bundle: Bundle, scores: Sequence[Score]) -> dict[str, Any]:
    """Four bars locked out of real pieces: particles against one that is forced.

    Log-likelihoods are of the whole filled piece under the model, in nats, at a
    temperature of 1; joins are the intervals across both edges, in semitones.
    """
    gains, rows = [], []
    for number, score in enumerate(scores):
        try:
            source = source_of(score)
            request = _locked(source, seed=number, temperature=1.0)
            forced = compose(bundle, replace(request, candidates=1))
            filled = compose(bundle, replace(request, candidates=FILLERS))
        except BadRequest:
            continue
        span = request.keep[0].end_tick, request.keep[1].start_tick
        for piece in (forced, filled):
            _check(piece, source, span)
        gains.append((filled.log2_likelihood - forced.log2_likelihood) * 0.6931)
        rows.append(
            [_joins(p.score, span) for p in (forced, filled)] + [_joins(score, span)]
        )
    forced_joins, filled_joins, real_joins = (
        [leap for row in rows for leap in row[column]] for column in range(3)
    )
    return {
        "pieces": len(gains),
        "likelier_by_nats": round(mean(gains), 2),
        "likelier_in_share": round(mean(gain > 0 for gain in gains), 2),
        "leap_at_joins_forced": round(mean(forced_joins), 2),
        "leap_at_joins_particles": round(mean(filled_joins), 2),
        "leap_at_joins_real": round(mean(real_joins), 2),
    }


def _check(piece: Composed, source: Source, span: tuple[int, int]) -> None:
    """Kept notes are the source's, and the bar lines at both edges are met."""
    start, end = span
    for old, new in zip(source.score.parts, piece.score.parts, strict=True):
        for first, last in ((0, start), (end, source.length_ticks)):
            assert _inside(new.notes, first, last) == _inside(old.notes, first, last)
        assert all(
            (n.end_tick <= start) == (n.start_tick < start)
            and (n.end_tick <= end) == (n.start_tick < end)
            for n in new.notes
        )


def _inside(notes: Sequence[Note], start: int, end: int) -> list[tuple[int, int, int]]:
    return [
        (max(n.start_tick, start), min(n.end_tick, end), n.pitch)
        for n in notes
        if n.start_tick < end and n.end_tick > start
    ]


def _joins(score: Score, span: tuple[int, int]) -> list[int]:
    """Leaps from the last note before each edge to the first after it, by part."""
    leaps = []
    for part in score.parts:
        for edge in span:
            before = [n for n in part.notes if n.start_tick < edge]
            after = [n for n in part.notes if n.start_tick >= edge]
            if before and after:
                leaps.append(abs(after[0].pitch - before[-1].pitch))
    return leaps


def harmonise(bundle: Bundle, scores: Sequence[Score]) -> dict[str, Any]:
    """Held-out sopranos with three new voices, beside plain chorales and real ones."""
    new, plain, kept = [], [], 0
    for seed, score in enumerate(scores):
        soprano = source_of(replace(score, parts=score.parts[:1]))
        request = ComposeRequest(source=soprano, keep=(keep_all(soprano),), seed=seed)
        piece = compose(bundle, request)
        kept += piece.score.parts[0].notes == soprano.score.parts[0].notes
        new.append(piece.score)
        plain.append(compose(bundle, ComposeRequest(seed=seed)).score)
    return {
        "sopranos": len(new),
        "kept_exactly": kept,
        "harmonised": _counterpoint(new),
        "plain": _counterpoint(plain),
        "real": _counterpoint(scores),
    }


def _counterpoint(scores: Sequence[Score]) -> dict[str, float]:
    notes = [
        len(score.parts[part].notes) / max(1, len(score.parts[0].notes))
        for score in scores
        for part in (1, 2, 3)
    ]
    return {
        "parallel_fifths": round(mean(parallel_rate(s, 7) for s in scores), 2),
        "parallel_octaves": round(mean(parallel_rate(s, 0) for s in scores), 2),
        "crossing": round(mean(crossing_rate(s) for s in scores), 3),
        "notes_against_soprano": round(mean(notes), 2),
    }
