from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from composer_site.tokens import services
from composer_site.tokens.forms import TokenForm
from composer_site.tokens.models import Token


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def token_list(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = TokenForm(request.POST if request.method == "POST" else None)
    new_token = _create(form, request.user) if form.is_bound else None
    return render(
        request,
        "tokens/token_list.html",
        {
            "tokens": Token.objects.of(request.user),
            "form": form if form.errors else TokenForm(),
            # Shown in this answer and never again, so there is no redirect.
            "new_token": new_token,
        },
        status=422 if form.errors else 200,
    )


def _create(form: TokenForm, owner: User) -> services.NewToken | None:
    """A token, or None: then the form says why not."""
    if not form.is_valid():
        return None
    try:
        return services.create_token(owner, **form.cleaned_data)
    except services.BadToken as error:
        form.add_error(None, str(error))
        return None


@require_POST
@login_required
def token_revoke(request: HttpRequest, id: int) -> HttpResponse:
    assert isinstance(request.user, User)
    token = get_object_or_404(Token.objects.of(request.user), pk=id)
    services.revoke_token(token)
    messages.success(request, f"{token.name} is withdrawn: it opens nothing any more.")
    return redirect("token_list")
