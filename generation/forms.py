"""The controls of composing: one form behind the page and the four plain paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from generation.composing.recipe import (
    MAX_BARS,
    MAX_CANDIDATES,
    MAX_NOTES,
    MAX_TOP_K,
    BadRequest,
    ComposeRequest,
)
from generation.composing.repertoire import Repertoire
from generation.offers import Offer, chosen
from generation.services import MAX_SEED
from generation.shelf import clean_title
from training.models import ModelVersion
from training.music.pitch import MODES, Key
from training.music.score import Metre

TONICS = tuple(Key(pitch_class).tonic_name for pitch_class in range(12))
METRES = ("2/2", "3/2", "2/4", "3/4", "4/4", "3/8", "6/8", "9/8", "12/8")
PITCH_CLASSES = {
    letter + sign: (pitch_class + alteration) % 12
    for letter, pitch_class in zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True)
    for sign, alteration in (("", 0), ("#", 1), ("b", -1), ("♯", 1), ("♭", -1))
}
ANY = "The model's choice"


def in_print(tonic: str) -> str:
    """``B♭`` for ``Bb``; the value sent stays what a keyboard can type."""
    return tonic[:1] + tonic[1:].replace("b", "♭").replace("#", "♯")


def whole(what: str, lowest: int, highest: int, **kwargs: Any) -> forms.IntegerField:
    sentence = f"{what} must be a whole number from {lowest} to {highest}."
    return forms.IntegerField(
        required=False,
        min_value=lowest,
        max_value=highest,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), sentence),
        **kwargs,
    )


class NumberField(forms.FloatField):
    # The stubs call a float field a kind of integer field.
    def to_python(self, value: Any) -> float | None:  # type: ignore[override]
        try:
            return super().to_python(value)
        except OverflowError:  # a whole number of hundreds of digits, from JSON
            raise ValidationError(self.error_messages["invalid"]) from None


def number(what: str, example: float, **kwargs: Any) -> NumberField:
    # How large it may be, the request knows.
    sentence = f"{what} must be a number, for example {example:g}."
    return NumberField(required=False, error_messages={"invalid": sentence}, **kwargs)


class TonicField(forms.Field):
    """The name of a note, or a pitch class from 0 to 11."""

    widget = forms.Select(
        choices=[("", ANY), *((name, in_print(name)) for name in TONICS)]
    )

    def to_python(self, value: Any) -> int | None:
        name = str(value if value is not None else "").strip()
        if not name:
            return None
        if name.isascii() and name.isdigit() and len(name) < 3 and int(name) < 12:
            return int(name)
        try:
            return PITCH_CLASSES[name[0].upper() + name[1:]]
        except KeyError:
            raise ValidationError(
                "The key note must be the name of a note, for example D, F# or Bb."
            ) from None

    def prepare_value(self, value: Any) -> Any:
        return TONICS[value] if isinstance(value, int) and 0 <= value < 12 else value


class MetreField(forms.Field):
    """A time signature as musicians write it in a line of text."""

    widget = forms.Select(choices=[("", ANY), *((metre, metre) for metre in METRES)])

    def to_python(self, value: Any) -> Metre | None:
        text = str(value if value is not None else "").strip()
        if not text:
            return None
        numerator, _, denominator = text.partition("/")
        try:
            return Metre(int(numerator[:3]), int(denominator[:3]))
        except ValueError:
            raise ValidationError(
                "The metre must be written like 4/4, 3/4 or 6/8."
            ) from None


class ControlsForm(forms.Form):
    """Every control may be left out; what is left out, the model decides."""

    tonic = TonicField(required=False, label="Key note")
    mode = forms.ChoiceField(
        choices=[("", ANY), *((mode, mode.capitalize()) for mode in MODES)],
        required=False,
        error_messages={
            "invalid_choice": f"The mode must be one of {', '.join(MODES)}."
        },
    )
    metre = MetreField(required=False, label="Metre")
    bars = whole("The number of bars", 1, MAX_BARS)
    num_notes = whole("The number of notes", 1, MAX_NOTES, label="Notes")
    lowest_pitch = whole("The lowest pitch", 0, 127)
    highest_pitch = whole("The highest pitch", 0, 127)
    scale_only = forms.BooleanField(required=False, label="Only notes of the key")
    tempo = number("The tempo", 120)
    temperature = number("The temperature", 1)
    top_k = whole("Top-k", 0, MAX_TOP_K, label="Top-k")
    top_p = number("Top-p", 0.95, label="Top-p")
    candidates = whole("The number of candidates", 0, MAX_CANDIDATES)
    seed = whole("The seed", 0, MAX_SEED)

    # Names that a program may send; filled in where they are not the field's own.
    request_names = {"tempo": "qpm"}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.compose_request(seed=0)
            except BadRequest as error:
                raise ValidationError(str(error)) from None
        return data

    def compose_request(self, *, seed: int) -> ComposeRequest:
        """What was asked for, with ``seed`` where no seed was given."""
        given = {
            self.request_names.get(name, name): value
            for name, value in self.cleaned_data.items()
            if name in ControlsForm.base_fields and value not in (None, "")
        }
        return ComposeRequest(**{"seed": seed, **given})

    @property
    def sentence(self) -> str:
        """The first thing that is wrong, for a program."""
        for errors in self.errors.values():
            return str(errors[0])
        return ""


class ComposeForm(ControlsForm):
    """The page's form: the controls, and which model.

    What is there to choose is what the chosen model knows. What it does not know may
    still be sent, and is answered with a sentence.
    """

    field_order = ["model"]

    def __init__(self, *args: Any, offers: Sequence[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers = offers
        self.fields["model"] = forms.ChoiceField(
            choices=[(offer.slug, offer.title) for offer in offers],
            label="Model",
            error_messages={
                "invalid_choice": "There is no such model. Choose one from the list.",
                "required": "Choose a model.",
            },
        )
        self.order_fields(self.field_order)
        self.chosen = chosen(offers, self["model"].value())
        if self.chosen:
            self._offer_what_it_knows(self.chosen.repertoire)

    def _offer_what_it_knows(self, known: Repertoire) -> None:
        self._offer("metre", [(str(m), str(m)) for m in known.metres])
        self._offer("mode", [(mode, mode.capitalize()) for mode in known.modes])
        self._offer("tonic", [(TONICS[t], in_print(TONICS[t])) for t in known.tonics])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        # What was sent stays in view, beside the sentence that refuses it.
        sent = str(self[name].value() or "")
        if sent and sent not in dict(choices):
            choices = [*choices, (sent, sent)]
        widget = self.fields[name].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", ANY), *choices]

    @property
    def usual_temperature(self) -> str:
        """What is taken where none is given."""
        return f"{ComposeRequest(seed=0).temperature:g}"

    @property
    def compass(self) -> tuple[int, int] | None:
        """The lowest and highest pitch of the model's own music, where it says so."""
        return self.chosen.repertoire.compass if self.chosen else None

    @property
    def version(self) -> ModelVersion:
        """Of the model that was chosen; asked of a form that is valid."""
        assert self.chosen is not None
        return self.chosen.version


class TitleField(forms.CharField):
    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        return clean_title(text) if text else text


class RenameForm(forms.Form):
    title = TitleField(
        max_length=120,
        error_messages={
            "required": "Give the piece a title.",
            "max_length": "A title has at most %(limit_value)d characters; "
            "this one has %(show_value)d.",
        },
    )


def initial_from_recipe(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe as the form shows it, without the seed: again means another piece."""
    initial = {name: recipe.get(name) for name in ControlsForm.base_fields}
    initial["tempo"] = recipe.get("qpm") or None
    if recipe.get("metre"):
        initial["metre"] = "/".join(map(str, recipe["metre"]))
    initial["seed"] = None
    initial["model"] = recipe.get("model")
    return initial
