from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from generation.actions import act
from generation.composing.recipe import BadRequest
from generation.forms import ComposeForm, initial_from_recipe
from generation.lookup import get_composition, whose
from generation.offers import offers_to
from generation.views.pieces import composition_context, steer_form_of


@require_POST
def steer(request: HttpRequest, id: UUID) -> HttpResponse:
    """Another piece, made from this one by one of the actions of its page."""
    composition = get_composition(id)
    offers = offers_to(request.user)
    form = steer_form_of(request, composition, offers, request.POST.dict())
    if form.is_valid():
        try:
            made = act(
                composition,
                form.version,
                form.wish,
                seed=form.seed_asked,
                **whose(request),
            )
        except BadRequest as error:
            form.add_error(None, str(error))
        else:
            return redirect(made)
    again = ComposeForm(offers=offers, initial=initial_from_recipe(composition.recipe))
    context = composition_context(request, composition, again, steer_form=form)
    return render(request, "generation/composition_detail.html", context, status=422)
