"""A piece as a file: which formats there are, and those written in a moment."""

from __future__ import annotations

from dataclasses import replace

from django.utils.text import slugify

from generation.models import Composition
from generation.services import recipe_text
from generation.variants import sound_of
from training.music.abc_writer import write_abc
from training.music.desk import WRITTEN_FOR_NAMES
from training.music.midi import write_midi
from training.music.musicxml import write_musicxml
from training.music.performing import midi_mixer, performed_score, written_score

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
    "png": "image/png",
    "stems": "application/zip",
}
#: Written for a player whose instrument sounds other notes than it reads.
READABLE_FORMATS = ("musicxml", "abc", "pdf", "png")


def is_a_tune(composition: Composition) -> bool:
    """One melody: what ABC is for."""
    return len(composition.score["parts"]) == 1


def written(
    composition: Composition,
    format: str,
    *,
    written_for: str = "concert",
    is_performed: bool = False,
) -> bytes:
    """The piece as a file that is written in a moment, its recipe inside.

    ``is_performed``: the MIDI file plays as the desk does, swing, levels and all.
    """
    score, recipe = composition.as_score(), recipe_text(composition)
    if format == "mid":
        if not is_performed:
            return write_midi(score, recipe=recipe)
        desk = sound_of(composition)
        mixer = midi_mixer(score, desk)
        return write_midi(performed_score(score, desk), recipe=recipe, mixer=mixer)
    if written_for != "concert":
        title = f"{score.title} (for {WRITTEN_FOR_NAMES[written_for]})"
        score = replace(written_score(score, written_for), title=title)
    if format == "abc":
        return write_abc(score, recipe=recipe).encode()
    if format == "recipe":
        return recipe.encode()
    return write_musicxml(score, recipe=recipe).encode()


def file_name(
    composition: Composition, format: str, written_for: str = "concert"
) -> str:
    name = slugify(composition.title) or "piece"
    if written_for != "concert" and format in READABLE_FORMATS:
        name = f"{name}-for-{written_for}"
    ending = {"recipe": "recipe.json", "stems": "stems.zip"}.get(format, format)
    return f"{name}.{ending}"
