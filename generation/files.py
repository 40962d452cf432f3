"""A piece as a file: which formats there are, and those written in a moment."""

from __future__ import annotations

from django.utils.text import slugify

from generation.models import Composition
from generation.services import recipe_text
from training.music.abc_writer import write_abc
from training.music.midi import write_midi
from training.music.musicxml import write_musicxml

DIRECT_FORMATS = {
    "mid": ("MIDI", "audio/midi"),
    "musicxml": ("MusicXML", "application/vnd.recordare.musicxml+xml"),
    "abc": ("ABC", "text/vnd.abc; charset=utf-8"),
    "recipe": ("Recipe", "application/json"),
}
RENDERED_TYPES = {
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pdf": "application/pdf",
}


def is_a_tune(composition: Composition) -> bool:
    """One melody: what ABC is for."""
    return len(composition.score["parts"]) == 1


def written(composition: Composition, format: str) -> bytes:
    """The piece as a file that is written in a moment, its recipe inside."""
    score, recipe = composition.as_score(), recipe_text(composition)
    if format == "mid":
        return write_midi(score, recipe=recipe)
    if format == "abc":
        return write_abc(score, recipe=recipe).encode()
    if format == "recipe":
        return recipe.encode()
    return write_musicxml(score, recipe=recipe).encode()


def file_name(composition: Composition, format: str) -> str:
    ending = "recipe.json" if format == "recipe" else format
    return f"{slugify(composition.title) or 'piece'}.{ending}"
