"""Who may come in where one trains."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

View = Callable[..., HttpResponse]


def needs_account(why: str) -> Callable[[View], View]:
    """Others are sent to log in first, and told why."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated:
                return view(request, *args, **kwargs)
            messages.info(request, why)
            # A form that was sent must not be asked for: back to where it stands.
            is_sent = request.method == "POST"
            here = reverse("dataset_list") if is_sent else request.get_full_path()
            query = urlencode({"next": here})
            return redirect(f"{reverse('login')}?{query}")

        return checked

    return decorate


def account_of(request: HttpRequest) -> User:
    """The caller's, behind ``needs_account``."""
    assert isinstance(request.user, User)
    return request.user


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: nothing, as long as it is only looked at."""
    return request.POST if request.method == "POST" else None
