"""What the resources share: how they list, find and make."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from composer_site.api.bodies import PlainJSONParser
from composer_site.api.idempotency import answer_once
from composer_site.api.listing import KeysetPagination, ListQuery
from composer_site.api.problems import as_problem


class ApiView(APIView):
    """JSON in, JSON out, problems in between."""

    parser_classes = [PlainJSONParser]

    def get_exception_handler(self) -> Any:
        return as_problem


class ResourceViewSet(ApiView, GenericViewSet[Any]):
    """Every queryset starts from the user: another's private things are not found."""

    pagination_class = KeysetPagination
    query_class: ClassVar[type[ListQuery]] = ListQuery
    query: dict[str, Any]
    #: What one sends to make one; None where nothing is made.
    body_class: ClassVar[type[serializers.Serializer[Any]] | None] = None
    #: Whether a visitor without an account may make one.
    is_made_by_visitors: ClassVar[bool] = False

    def visible(self) -> QuerySet[Any]:
        """All that the caller may see."""
        raise NotImplementedError

    def listed(self, query: dict[str, Any]) -> QuerySet[Any]:
        """Those that a list with this query shows."""
        return self.visible()

    def get_queryset(self) -> QuerySet[Any]:
        return self.visible()

    def get_own(self) -> Any:
        """The object of this address, for its owner alone to change."""
        if not self.request.user.is_authenticated:
            raise NotAuthenticated
        found = self.get_object()
        if self.owner_of(found) != self.account.pk:
            raise PermissionDenied("This belongs to the site. Only its staff may.")
        return found

    def owner_of(self, found: Any) -> int | None:
        owner_id: int | None = found.owner_id
        return owner_id

    @property
    def account(self) -> User:
        """The caller's, where only people with one come so far."""
        assert isinstance(self.request.user, User)
        return self.request.user


class ListMixin(ResourceViewSet):
    def list(self, request: Request, **kwargs: Any) -> Response:
        asked = self.query_class(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        self.query = asked.validated_data
        page = self.paginate_queryset(self.listed(self.query))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class RetrieveMixin(ResourceViewSet):
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class CreateMixin(ResourceViewSet):
    created_status: ClassVar[int] = 201

    def create(self, request: Request, **kwargs: Any) -> Response:
        if not (request.user.is_authenticated or self.is_made_by_visitors):
            raise NotAuthenticated
        return answer_once(request, self._create)

    def _create(self) -> Response:
        body = self.get_body(self.request.data)
        body.is_valid(raise_exception=True)
        made = self.make(body.validated_data)
        return self.answer(made, self.created_status)

    def get_body(self, data: Any) -> serializers.Serializer[Any]:
        assert self.body_class is not None
        return self.body_class(data=data, context=self.get_serializer_context())

    def make(self, data: dict[str, Any]) -> Model:
        """Call the service."""
        raise NotImplementedError

    def answer(self, made: Model, status: int) -> Response:
        data = self.get_made_serializer(made).data
        return Response(data, status=status, headers={"Location": data["url"]})

    def get_made_serializer(self, made: Model) -> serializers.BaseSerializer[Any]:
        return self.get_serializer(made)
