from __future__ import annotations

from django import forms

from composer_site.tokens.models import Token

LASTING = [(30, "30 days"), (90, "90 days"), (365, "A year")]


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        label="What is it for?",
        error_messages={
            "required": "Give the token a name.",
            "max_length": "Choose a name of at most 60 characters.",
        },
    )
    scope = forms.ChoiceField(
        choices=Token.Scope.choices,
        initial=Token.Scope.READ,
        label="It may",
        error_messages={"required": "Choose what it may do."},
    )
    days = forms.TypedChoiceField(
        choices=LASTING,
        coerce=int,
        initial=90,
        label="It lasts",
        error_messages={"required": "Choose how long it lasts."},
    )
