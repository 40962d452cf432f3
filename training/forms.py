"""What a person fills in to make a dataset and to train on it."""

from __future__ import annotations

from typing import Any

from django import forms

from training.advanced import NUMBERS, Number
from training.corpora import CORPORA
from training.models import Model
from training.own_music import MELODY, PARTS
from training.presets import PRESETS
from training.random_notes import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    MAX_SAMPLES,
    MAX_WINDOW,
    NUM_SAMPLES,
    WINDOW,
    RandomOptions,
)

MAX_SEED = 2**31 - 1


def whole(what: str, lowest: int, highest: int, **kwargs: Any) -> forms.IntegerField:
    sentence = f"{what} must be a whole number from {lowest} to {highest}."
    return forms.IntegerField(
        min_value=lowest,
        max_value=highest,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), sentence
        ),
        **kwargs,
    )


def name_field(help_text: str) -> forms.CharField:
    return forms.CharField(
        label="Name",
        max_length=100,
        required=False,
        help_text=help_text,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def split_seed_field() -> forms.IntegerField:
    return whole(
        "The seed",
        0,
        MAX_SEED,
        label="Seed of the split",
        initial=0,
        help_text="Decides which pieces are held back. The same number holds back the "
        "same ones.",
    )


def transpose_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label="Learn every piece in all keys that fit",
        choices=[("", "As it suits the music"), ("yes", "Yes"), ("no", "No")],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        required=False,
        help_text="More to learn from, and as much longer to train.",
    )


class CorpusDatasetForm(forms.Form):
    corpora = forms.MultipleChoiceField(
        choices=[(slug, corpus.title) for slug, corpus in CORPORA.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one collection.",
            "invalid_choice": "There is no such collection. Choose from the list.",
        },
    )
    name = name_field("Left empty, it is called what the collections are called.")
    transpose = transpose_field()
    split_seed = split_seed_field()


class RandomDatasetForm(forms.Form):
    name = name_field("Left empty, it is called Random notes.")
    samples = whole(
        "The number of windows",
        1,
        MAX_SAMPLES,
        label="Windows",
        initial=NUM_SAMPLES,
        help_text="How many rows of notes. At least 20, to train on them.",
    )
    window = whole(
        "The length of a window",
        1,
        MAX_WINDOW,
        label="Notes in a window",
        initial=WINDOW,
        help_text="After them comes the note to be foretold.",
    )
    lowest = whole(
        "The lowest pitch",
        0,
        127,
        label="Lowest pitch",
        initial=LOWEST_PITCH,
        help_text="As in MIDI: 60 is middle C.",
    )
    highest = whole(
        "The highest pitch",
        0,
        127,
        label="Highest pitch",
        initial=HIGHEST_PITCH,
        help_text="71 is the B above it.",
    )
    seed = whole(
        "The seed",
        0,
        MAX_SEED,
        label="Seed",
        initial=0,
        help_text="The same number draws the same notes.",
    )

    def options(self) -> RandomOptions:
        """Raises ``BadOptions`` where the fields do not go together."""
        names = ("samples", "window", "lowest", "highest", "seed")
        return RandomOptions(**{name: self.cleaned_data[name] for name in names})


def plain(value: float) -> str:
    """Without an exponent: 0.00001."""
    return f"{value:.5f}".rstrip("0").rstrip(".")


def field_of(number: Number) -> forms.Field:
    """Empty: as the preset has it."""
    bounds = f"from {plain(number.lowest)} to {plain(number.highest)}"
    kind = forms.IntegerField if number.is_whole else forms.FloatField
    what = "a whole number" if number.is_whole else "a number"
    sentence = f"{number.label} must be {what} {bounds}, or empty."
    attributes = {"placeholder": "as the preset"}
    if not number.is_whole:
        attributes["step"] = "any"
    field = kind(
        label=number.label,
        min_value=number.lowest,  # type: ignore[arg-type]
        max_value=number.highest,  # type: ignore[arg-type]
        required=False,
        help_text=f"{number.help_text} {bounds.capitalize()}.",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), sentence),
    )
    field.widget.attrs.update(attributes)
    return field


class StartRunForm(forms.Form):
    preset = forms.ChoiceField(
        choices=[(preset.slug, preset.title) for preset in PRESETS.values()],
        widget=forms.RadioSelect,
        initial=next(iter(PRESETS)),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), "Choose how long to train."
        ),
    )
    model = forms.ModelChoiceField(
        label="Model",
        queryset=Model.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label="A new model",
        help_text="Or the next version of one you have.",
        error_messages={"invalid_choice": "Choose a new model or one of your own."},
    )
    title = forms.CharField(
        label="Name of the new model",
        max_length=100,
        required=False,
        help_text="You find it by this name when you compose.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    seed = whole(
        "The seed",
        0,
        MAX_SEED,
        label="Seed",
        initial=0,
        help_text="The same dataset, epochs and number give the same network.",
    )

    def __init__(
        self,
        *args: Any,
        owner_id: int | None,
        is_random: bool = False,
        is_preview: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.is_preview = is_preview
        # Random notes have windows of their own.
        left_out = {"window"} if is_random else set()
        self.numbers = [n for n in NUMBERS if n.name not in left_out]
        for number in self.numbers:
            self.fields[number.name] = field_of(number)
        # A model field's queryset is the form's own copy.
        field = self.fields["model"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Model.objects.filter(owner=owner_id).exclude(owner=None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if (
            not self.is_preview
            and "model" not in self.errors
            and not cleaned.get("model")
            and not cleaned.get("title", "").strip()
        ):
            self.add_error("title", "Give the model a name.")
        return cleaned

    def changes(self) -> dict[str, float]:
        """The numbers that were set by hand."""
        found = {n.name: self.cleaned_data.get(n.name) for n in self.numbers}
        return {name: value for name, value in found.items() if value is not None}

    def has_advanced(self) -> bool:
        """Whether there is something in the fold to look at."""
        names = [*(number.name for number in self.numbers), "seed"]
        return any(name in self.errors for name in names) or any(
            self[number.name].value() not in (None, "") for number in self.numbers
        )


class OwnDatasetForm(forms.Form):
    """Of one's own pieces. Which, the address of the form says."""

    name = name_field("Left empty, it is called My music.")
    way = forms.ChoiceField(
        choices=[(MELODY, "The melody line"), (PARTS, "All parts")],
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": "Choose the melody line or all parts."},
    )
    transpose = transpose_field()
    split_seed = split_seed_field()


class FindForm(forms.Form):
    find = forms.CharField(label="Find", max_length=100, required=False)
