"""Django's own forms, in the site's words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import (
    AuthenticationForm,
    PasswordChangeForm,
    PasswordResetForm,
    SetPasswordForm,
    UserCreationForm,
)
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

NAME_HELP = "Letters, digits and @ . + - _, without spaces."
EMAIL_HELP = "Only for a link when you forget your password. May be left empty."
PASSWORD_HELP = "At least 8 characters; not only digits, not one that many people use."
MISMATCH: dict[str, Any] = {"password_mismatch": "The two passwords are not the same."}
TAKEN = "That name is taken. Choose another."


def own_password(label: str = "Your password") -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def in_our_words(form: forms.BaseForm, **labels: str) -> None:
    for name, label in labels.items():
        form.fields[name].label = label
    for name in ("password1", "new_password1"):
        if name in form.fields:
            form.fields[name].help_text = PASSWORD_HELP
    for name in ("password2", "new_password2"):
        if name in form.fields:
            form.fields[name].help_text = ""
    for field in form.fields.values():
        # The page says where to begin; Django would also take the focus elsewhere.
        field.widget.attrs.pop("autofocus", None)


class LogInForm(AuthenticationForm):
    # The same for a name nobody has and for a password that is wrong.
    error_messages = {
        "invalid_login": "There is no account with this name and password. "
        "Look at both again; capital letters count.",
        "inactive": "This account is closed.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self, username="Name")


class SignUpForm(UserCreationForm):
    error_messages = MISMATCH

    class Meta:
        model = User
        fields = ["username", "email"]
        help_texts = {"username": NAME_HELP, "email": EMAIL_HELP}
        error_messages = {"username": {"unique": TAKEN}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(
            self,
            username="Name",
            email="Email",
            password1="Password",
            password2="Password again",
        )
        self.fields["email"].widget.attrs["autocomplete"] = "email"


class DetailsForm(forms.ModelForm):
    """Name and address. Both are keys to the account: the password is asked for."""

    password = own_password()

    class Meta:
        model = User
        fields = ["username", "email"]
        labels = {"username": "Name", "email": "Email"}
        help_texts = {"username": NAME_HELP, "email": EMAIL_HELP}
        error_messages = {"username": {"unique": TAKEN}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocomplete"] = "username"
        self.fields["email"].widget.attrs["autocomplete"] = "email"

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        others = User.objects.exclude(pk=self.instance.pk)
        if others.filter(username__iexact=name).exists():
            raise ValidationError(TAKEN)
        return name

    def clean_password(self) -> None:
        check_own_password(self.instance, self.cleaned_data["password"])


class DeleteForm(forms.Form):
    password = own_password()

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> None:
        check_own_password(self.user, self.cleaned_data["password"])


def check_own_password(user: User, password: str) -> None:
    if not user.check_password(password):
        raise ValidationError("That is not your password.")


class NewPasswordForm(PasswordChangeForm):
    error_messages = MISMATCH | {
        "password_incorrect": "That is not your password.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(
            self,
            old_password="Your password now",
            new_password1="New password",
            new_password2="New password again",
        )


class AfterResetForm(SetPasswordForm):
    error_messages = MISMATCH

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(
            self, new_password1="New password", new_password2="New password again"
        )


class AskForResetForm(PasswordResetForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self, email="Email")
