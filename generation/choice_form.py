"""Which of what was read is kept: the parts, the bars, all that sounds or the top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms

from generation.bringing import (
    MAX_BARS,
    MAX_NOTES,
    MAX_TITLE,
    Excerpt,
    bars_of,
    pitched_parts,
    title_of_brought,
)
from generation.forms import TitleField, whole
from generation.sent import score_text
from training.music.instruments import PROGRAM_NAMES
from training.music.pitch import Key, spell_pitch
from training.music.score import Part, Score


@dataclass(frozen=True, slots=True)
class PartChoice:
    """A part as one chooses it."""

    number: int
    name: str
    facts: str
    is_chosen: bool


class ChoiceForm(forms.Form):
    title = TitleField(
        max_length=MAX_TITLE,
        required=False,
        error_messages={
            "max_length": "A title has at most %(limit_value)d characters; "
            "this one has %(show_value)d.",
        },
    )
    parts = forms.TypedMultipleChoiceField(
        coerce=int,
        error_messages={
            "required": "Choose one or more parts.",
            "invalid_choice": "Choose one or more of its parts.",
        },
    )
    is_melody = forms.BooleanField(required=False)

    def __init__(self, *args: Any, score: Score, file_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.score, self.file_name = score, file_name
        self.bars = bars_of(score)
        self.there = pitched_parts(score)
        self.has_chords = any(not part.is_monophonic for _, part in self.there)
        self.fields["parts"].choices = [(n, str(n)) for n, _ in self.there]  # type: ignore[attr-defined]
        self.fields["first_bar"] = whole("The first bar", 1, max(1, self.bars))
        self.fields["last_bar"] = whole("The last bar", 1, max(1, self.bars))
        self.initial = {
            "title": title_of_brought(score, file_name),
            "parts": self._usual_parts,
            "first_bar": 1,
            "last_bar": min(max(1, self.bars), MAX_BARS),
        }

    @property
    def _usual_parts(self) -> list[int]:
        """All where they can all be kept, else the first."""
        numbers = [number for number, _ in self.there]
        is_little = len(numbers) <= 4 and self.score.num_notes <= MAX_NOTES
        return numbers if is_little else numbers[:1]

    @property
    def part_choices(self) -> list[PartChoice]:
        if self.is_bound:
            asked = set(self.data.getlist("parts"))  # type: ignore[attr-defined]
        else:
            asked = {str(number) for number in self.initial["parts"]}
        return [
            PartChoice(
                number,
                part.name or f"Part {place}",
                facts_of(part, self.score.key),
                str(number) in asked,
            )
            for place, (number, part) in enumerate(self.there, 1)
        ]

    @property
    def score_text(self) -> str:
        return score_text(self.score)

    @property
    def excerpt(self) -> Excerpt:
        data = self.cleaned_data
        first, last = data.get("first_bar"), data.get("last_bar")
        is_all = (first or 1) == 1 and (last or self.bars) == self.bars
        return Excerpt(
            parts=tuple(data["parts"]),
            first_bar=None if is_all else first,
            last_bar=None if is_all else last,
            is_melody=data["is_melody"],
        )


def facts_of(part: Part, key: Key | None) -> str:
    """``Violin, 120 notes from G3 to D6, one at a time``."""
    pitches = [note.pitch for note in part.notes]
    low, high = (name_of_pitch(pitch, key) for pitch in (min(pitches), max(pitches)))
    count = f"{len(pitches):,} note{'' if len(pitches) == 1 else 's'}"
    chords = "one at a time" if part.is_monophonic else "with chords"
    return f"{PROGRAM_NAMES[part.program]}, {count} from {low} to {high}, {chords}"


def name_of_pitch(pitch: int, key: Key | None) -> str:
    letter, alteration, octave = spell_pitch(pitch, key or Key())
    sign = "♯" * alteration if alteration > 0 else "♭" * -alteration
    return f"{letter}{sign}{octave}"
