from __future__ import annotations

from django.contrib.auth.forms import PasswordResetForm


def mail_reset(email: str, *, host: str, is_https: bool) -> None:
    """Django's own form finds the accounts and writes to each."""
    form = PasswordResetForm({"email": email})
    if form.is_valid():
        form.save(
            domain_override=host,
            use_https=is_https,
            subject_template_name="accounts/reset_subject.txt",
            email_template_name="accounts/reset_mail.txt",
        )
