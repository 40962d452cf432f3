"""What stands beside the resources: the list of them, the schema, its page."""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from composer_site.api.viewsets import ApiView

RESOURCES = ("pieces", "datasets", "runs", "models", "versions", "compositions")


class Root(ApiView):
    """Where everything is."""

    schema = None

    def get(self, request: Request) -> Response:
        addresses = {
            name: reverse(f"api:{name.removesuffix('s')}-list", request=request)
            for name in RESOURCES
        }
        addresses["schema"] = reverse("api:schema", request=request)
        addresses["docs"] = reverse("api_docs", request=request)
        return Response(addresses)


class Unknown(ApiView):
    """A path that leads nowhere, answered as everything here is."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


class Schema(SpectacularAPIView):
    """The same for everyone: what one may do, the answers say."""

    schema = None
    authentication_classes = []
    permission_classes = []


@method_decorator(never_cache, name="dispatch")  # its script holds the CSRF token
class Docs(SpectacularSwaggerSplitView):
    """Swagger UI, from files of our own and without inline scripts."""

    schema = None
    url_name = "api:schema"
    template_name = "api/docs.html"
    authentication_classes = []
    permission_classes = []
