"""Whose things are, as the API tells it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class OwnerField(serializers.ChoiceField):
    """``me``, or ``site`` for what everybody may use. Nobody sees another's."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs |= {"read_only": True, "source": kwargs.get("source", "owner_id")}
        super().__init__(choices=["me", "site"], **kwargs)

    def get_attribute(self, instance: Any) -> str:
        # None is an answer here, and would be passed over by the field.
        for name in self.source_attrs:
            instance = getattr(instance, name)
        return "site" if instance is None else "me"

    def to_representation(self, value: str) -> str:
        return value
