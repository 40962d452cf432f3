from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from generation.continuations import continue_piece
from generation.forms import ComposeForm, ContinueForm, initial_from_recipe
from generation.lookup import get_composition, whose
from generation.offers import offers_to
from generation.recipe import BadRequest
from generation.views import composition_context
from training.models import Model


@require_POST
def go_on(request: HttpRequest, id: UUID) -> HttpResponse:
    """A new piece that begins as this one does."""
    composition = get_composition(id)
    models = Model.objects.visible_to(request.user).ready()
    form = ContinueForm(request.POST, composition=composition)
    model = models.filter(slug=composition.model_slug).first()
    if model is None or model.default_version is None:
        form.add_error(None, "The model of this piece is not yours to compose with.")
    elif form.is_valid():
        try:
            made = continue_piece(
                composition,
                model.default_version,
                **form.wishes,
                **whose(request),
            )
        except BadRequest as error:
            form.add_error(None, str(error))
        else:
            return redirect(made)
    again = ComposeForm(
        offers=offers_to(request.user), initial=initial_from_recipe(composition.recipe)
    )
    context = composition_context(request, composition, again, form)
    return render(request, "generation/composition_detail.html", context, status=422)
