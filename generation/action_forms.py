"""What a person sends who steers a piece, as a wish."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from generation.composing.recipe import MAX_BARS
from generation.composing.wishes import (
    ACTIONS,
    IN_KEY,
    IN_METRE,
    IN_MODE,
    MAX_MORE_BARS,
    Wish,
)
from generation.desk import Desk
from generation.forms import MetreField, TonicField, whole
from generation.offers import Offer
from generation.services import MAX_SEED
from training.models import ModelVersion
from training.music.pitch import MODES

#: A button has one value; these actions write what they need behind their name.
_WITH_A_VALUE = {IN_KEY: "tonic", IN_METRE: "metre", IN_MODE: "mode"}


class SteerForm(forms.Form):
    """One form for all actions: each reads what it needs and passes over the rest."""

    action = forms.ChoiceField(
        choices=[(action, action) for action in ACTIONS],
        error_messages={
            "required": "Choose what to do with the piece.",
            "invalid_choice": "There is no such action. Use one of the buttons.",
        },
    )
    first_bar = whole("The first bar", 1, MAX_BARS)
    last_bar = whole("The last bar", 1, MAX_BARS)
    more_bars = whole("The number of bars", 1, MAX_MORE_BARS)
    closeness = forms.ChoiceField(
        choices=[
            ("", "As is usual"),
            *(("0.5", "Some"), ("1", "Strongly"), ("0", "Not at all")),
        ],
        required=False,
        error_messages={"invalid_choice": "Choose how close it stays from the list."},
    )
    part = whole("The part", 0, 7)
    tonic = TonicField(required=False)
    mode = forms.ChoiceField(
        choices=[(mode, mode) for mode in MODES],
        required=False,
        error_messages={
            "invalid_choice": f"The mode must be one of {', '.join(MODES)}."
        },
    )
    metre = MetreField(required=False)
    seed = whole("The seed", 0, MAX_SEED)

    def __init__(
        self,
        data: dict[str, Any] | None = None,
        *,
        desk: Desk,
    ) -> None:
        super().__init__(_with_value_apart(data) if data is not None else None)
        self.desk = desk

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.data.get("model", "") not in {"", *self._offers}:
            raise ValidationError("There is no such model. Choose one from the list.")
        return data

    @property
    def wish(self) -> Wish:
        data = {n: v for n, v in self.cleaned_data.items() if v not in (None, "")}
        data.pop("seed", None)
        if "closeness" in data:
            data["closeness"] = float(data["closeness"])
        return Wish(**data)

    @property
    def seed_asked(self) -> int | None:
        seed: int | None = self.cleaned_data["seed"]
        return seed

    @property
    def version(self) -> ModelVersion | None:
        """Of the model that works on the piece."""
        offer = self._offers.get(self.data.get("model", ""), self.desk.chosen)
        return offer.version if offer else None

    @property
    def _offers(self) -> dict[str, Offer]:
        return {choice.offer.slug: choice.offer for choice in self.desk.choices}


def _with_value_apart(data: dict[str, Any]) -> dict[str, Any]:
    """``key D`` as the action ``key`` and its tonic ``D``."""
    action, _, value = str(data.get("action", "")).partition(" ")
    if value and action in _WITH_A_VALUE:
        return {**data, "action": action, _WITH_A_VALUE[action]: value}
    return data
