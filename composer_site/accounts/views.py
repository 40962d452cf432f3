from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from composer_site.accounts import services
from composer_site.accounts.forms import (
    TAKEN,
    AfterResetForm,
    AskForResetForm,
    DeleteForm,
    DetailsForm,
    LogInForm,
    NewPasswordForm,
    SignUpForm,
)
from composer_site.accounts.throttle import (
    Counted,
    Limit,
    client_address,
    give_back,
    in_words,
    take_all,
)

# Guesses at one account from one place, from one place at all accounts, and from all
# places at one account.
LOGIN_HERE = Limit("login here", tries=10, seconds=15 * 60)
LOGIN_FROM = Limit("login from", tries=50, seconds=15 * 60)
LOGIN_TO = Limit("login to", tries=100, seconds=60 * 60)
SIGN_UP = Limit("sign up", tries=20, seconds=60 * 60)
RESET_FROM = Limit("reset from", tries=20, seconds=60 * 60)
RESET_TO = Limit("reset to", tries=5, seconds=60 * 60)
OWN_PASSWORD = Limit("own password", tries=10, seconds=15 * 60)


class Throttled(FormView):
    """A form that may be sent only so often, right or wrong.

    The try is counted before anything is looked up: a hundred at once get no further
    than one after the other.
    """

    counted: list[Counted] = []

    def limits(self, request: HttpRequest) -> list[Counted]:
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.counted = self.limits(request)
        if wait_seconds := take_all(self.counted):
            return self.refuse(wait_seconds)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def refuse(self, wait_seconds: float) -> HttpResponse:
        """The page without its form: nothing of what was sent has been looked at."""
        sentence = f"Too many tries. Wait {in_words(wait_seconds)}, then try again."
        response: HttpResponse = self.render_to_response(
            self.get_context_data(form=None, refusal=sentence)
        )
        response.status_code = 429
        response["Retry-After"] = str(int(wait_seconds) + 1)
        return response


def what_came_along(adopted: int) -> str:
    if not adopted:
        return ""
    if adopted == 1:
        return "The piece you composed before is in your account now."
    return f"The {adopted} pieces you composed before are in your account now."


class LogInView(Throttled, auth_views.LoginView):
    form_class = LogInForm
    template_name = "accounts/login.html"

    def limits(self, request: HttpRequest) -> list[Counted]:
        address = client_address(request)
        name = request.POST.get("username", "").casefold()[:150]
        return [
            LOGIN_HERE.of(name, address),
            LOGIN_FROM.of(address),
            LOGIN_TO.of(name),
        ]

    def form_valid(self, form: Any) -> HttpResponse:
        give_back(self.counted)
        if adopted := services.log_in(self.request, form.get_user()):
            messages.success(self.request, what_came_along(adopted))
        return HttpResponseRedirect(self.get_success_url())


class LogOutView(auth_views.LogoutView):
    next_page = "home"


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class SignUpView(Throttled, auth_views.RedirectURLMixin, FormView):
    form_class = SignUpForm
    template_name = "accounts/sign_up.html"
    next_page = "history"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            return redirect("account")
        return super().dispatch(request, *args, **kwargs)

    def limits(self, request: HttpRequest) -> list[Counted]:
        return [SIGN_UP.of(client_address(request))]

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        try:
            with transaction.atomic():
                user = form.save()
        except IntegrityError:
            # Somebody took the name after the form had looked.
            form.add_error("username", TAKEN)
            return self.form_invalid(form)
        adopted = services.log_in(self.request, user)
        welcome = f"Welcome, {user.get_username()}. {what_came_along(adopted)}"
        messages.success(self.request, welcome.strip())
        return HttpResponseRedirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("next", self.get_redirect_url())
        return super().get_context_data(**kwargs)


class OwnAccount(Throttled):
    """A page of the account itself, which asks for its password."""

    request: HttpRequest

    def limits(self, request: HttpRequest) -> list[Counted]:
        return [OWN_PASSWORD.of(request.user.pk)]

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)  # login_required
        return self.request.user

    def form_valid(self, form: Any) -> HttpResponse:
        give_back(self.counted)
        response: HttpResponse = super().form_valid(form)
        return response


private = method_decorator(
    [sensitive_post_parameters(), never_cache, login_required], name="dispatch"
)


@private
class AccountView(OwnAccount, FormView):
    form_class = DetailsForm
    template_name = "accounts/account.html"
    success_url = reverse_lazy("account")

    def get_form_kwargs(self) -> dict[str, Any]:
        # Not the user of the request, which the page's header shows: a name that is
        # refused must not be seen there.
        return {
            **super().get_form_kwargs(),
            "instance": User.objects.get(pk=self.user.pk),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                form.save()
        except IntegrityError:
            form.add_error("username", TAKEN)
            return self.form_invalid(form)
        messages.success(self.request, "Saved.")
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["usage"] = services.usage_of(self.user)
        return super().get_context_data(**kwargs)


@private
class PasswordChangeView(OwnAccount, auth_views.PasswordChangeView):
    form_class = NewPasswordForm
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(
            self.request,
            "Your password is changed. Other browsers have to log in again.",
        )
        return super().form_valid(form)


@private
class DeleteView(OwnAccount, FormView):
    form_class = DeleteForm
    template_name = "accounts/delete.html"
    success_url = reverse_lazy("home")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["usage"] = services.usage_of(self.user)
        return super().get_context_data(**kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            services.delete_account(self.user)
        except services.StillNeeded as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        logout(self.request)
        messages.success(
            self.request, "Your account and all that was in it are deleted."
        )
        return HttpResponseRedirect(str(self.success_url))


class PasswordResetView(Throttled, auth_views.PasswordResetView):
    form_class = AskForResetForm
    template_name = "accounts/password_reset.html"

    def limits(self, request: HttpRequest) -> list[Counted]:
        address = request.POST.get("email", "").strip().casefold()[:254]
        return [RESET_TO.of(address), RESET_FROM.of(client_address(request))]

    def form_valid(self, form: Any) -> HttpResponse:
        services.ask_for_reset(
            form.cleaned_data["email"],
            host=self.request.get_host(),
            is_https=self.request.is_secure(),
        )
        return HttpResponseRedirect(str(self.success_url))


class PasswordResetDoneView(auth_views.PasswordResetDoneView):
    template_name = "accounts/password_reset_done.html"


class PasswordResetConfirmView(auth_views.PasswordResetConfirmView):
    form_class = AfterResetForm
    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your new password is set. Log in with it.")
        return super().form_valid(form)
