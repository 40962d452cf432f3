"""What all requests have in common: they say nothing we do not know."""

from __future__ import annotations

import json
from typing import IO, Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

#: The largest whole number that every program reading JSON holds exactly.
MAX_SEED = 2**53 - 1


class PlainJSONParser(JSONParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        try:
            value = super().parse(stream, media_type, parser_context)
            # What could not be sent back, half a character or 1e400, is refused here.
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except (RecursionError, ValueError):
            # RecursionError: brackets nested a thousand deep.
            raise ParseError from None
        return value


class StrictSerializer(serializers.Serializer[Any]):
    """A misspelt name is told, not passed over, and so is what may be chosen."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            # Of a list, the choice is in what it holds.
            choice = getattr(field, "child", field)
            if isinstance(choice, serializers.ChoiceField):
                known = ", ".join(str(key) for key in choice.choices)
                choice.error_messages["invalid_choice"] = f"Send one of {known}."
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if hasattr(data, "keys"):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                known = ", ".join(self.fields)
                raise serializers.ValidationError(
                    {
                        name[:40]: [f"There is no such field. Send any of {known}."]
                        for name in unknown[:10]
                    }
                )
        return super().to_internal_value(data)


def seed_field(**kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0, max_value=MAX_SEED, required=False, **kwargs
    )
