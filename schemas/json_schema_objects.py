"""The objects and arrays of an event → their JSON Schema."""

from __future__ import annotations

import re
from typing import Any, Final

from schemas import limits
from schemas.fields import EventField, Text
from schemas.json_schema_fields import Json, define, nullable, with_reading
from schemas.lists import ListOf, Objects, Texts
from schemas.meanings import meanings
from schemas.objects import NOT_AN_OBJECT, EventObject, Object
from schemas.unknown import NOT_BOUNDED
from tiktok_events.event.match_rules import MATCH_RULES, MatchRule

FILLED_IN: Final[dict[str, list[Any]]] = {"event_time": [None, ""], "event_id": [None, ""]}
"""What a producer may leave out, and what stands for nothing there."""

_CUSTOM_VALUE: Final = "custom_value_{}"
_CUSTOM_KEYS: Final = {
    "propertyNames": {"maxLength": limits.KEY_CHARS},
    "additionalProperties": {"$ref": "#/$defs/" + _CUSTOM_VALUE.format(limits.UNKNOWN_LEVELS)},
}
"""Keys that nobody documents pass, within bounds."""

_is_for_one_source: Final = re.compile(r"^Required|^(?:Web|App|Offline|Crm)(?=Event)")
_inner_capital: Final = re.compile(r"(?<!^)(?=[A-Z])")


class Definitions:
    """What stands under `$defs`, found on the way through the events.

    Attributes:
        found: name → schema.
        meanings: class of the client's types → key → what it means.
    """

    def __init__(self) -> None:
        self.found: dict[str, Json] = {}
        self.meanings = meanings()
        for level in range(limits.UNKNOWN_LEVELS + 1):
            self.found[_CUSTOM_VALUE.format(level)] = _custom_value(level)

    def add_event(self, source: str, schema: EventObject) -> None:
        """Add the event of a source, as it stands in the outbox and as it is handed over."""
        stored = self._object(schema, needed=True)
        known = stored["properties"]
        raw = {key: _or_nothing(known[key], nothing) for key, nothing in FILLED_IN.items()}
        user = {**known["user"], "$ref": self._add("raw_user", self._raw_user(schema))}
        self.found[f"{source}_event"] = {
            **stored,
            "x-vital": sorted(schema.vital_paths()),
            "x-wanted": sorted(schema.wanted_paths()),
        }
        self.found[f"raw_{source}_event"] = {
            **stored,
            "required": [key for key in stored["required"] if key not in FILLED_IN],
            "properties": {**known, **raw, "user": user},
        }

    def _raw_user(self, schema: EventObject) -> Json:
        """Return the user before its match keys are hashed."""
        field = schema.fields["user"]
        assert isinstance(field, Object)
        user = self._object(field.schema, needed=False)
        for key, schema_of_key in user["properties"].items():
            if key in MATCH_RULES:
                schema_of_key["$ref"] = self._add(*_raw_match_key(MATCH_RULES[key]))
            else:
                user["properties"][key] = _or_alone(schema_of_key)
        return user

    def _object(self, schema: EventObject, *, needed: bool) -> Json:
        described = self.meanings[_is_for_one_source.sub("", type(schema).__name__)]
        fields = {key: f for key, f in schema.fields.items() if isinstance(f, EventField)}
        return {
            "description": NOT_AN_OBJECT,
            "type": ["object", *nullable(needed=needed)],
            "maxProperties": limits.OBJECT_KEYS,
            "required": [key for key, field in fields.items() if field.required],
            "x-needed": {key: field.needed for key, field in fields.items() if field.required},
            "properties": {
                key: {"description": described[key], "$ref": self._add(*self._define(field, key))}
                for key, field in fields.items()
            },
            **({} if schema.closed else _CUSTOM_KEYS),
        }

    def _define(self, field: EventField, key: str) -> tuple[str, Json]:
        if isinstance(field, Object):
            schema = self._object(field.schema, needed=field.required)
            return _snake(type(field.schema).__name__), with_reading(field, schema)
        if isinstance(field, Texts):
            assert isinstance(field.item, Text)
            return f"texts_{field.item.longest}", self._texts(field, key)
        if isinstance(field, Objects):
            return key, self._objects(field, key)
        name, schema = define(field, key)
        return name, with_reading(field, schema)

    def _texts(self, field: Texts, key: str) -> Json:
        return {
            "description": field.shape,
            "type": ["array", "string", "number", "null"],
            **self._of_items(field, key, ["array"]),
        }

    def _objects(self, field: Objects, key: str) -> Json:
        return {
            "description": field.shape,
            "anyOf": [{"type": ["array", "object", "null"]}, {"const": ""}],
            **self._of_items(field, key, ["array", "string", "null"]),
        }

    def _of_items(self, field: ListOf, key: str, many: list[str]) -> Json:
        """Return the rule of the items, which is that of a single value too: it is wrapped."""
        item = {"$ref": self._add(*self._define(field.item, key))}
        all_of_them = {"maxItems": limits.LIST_ITEMS, "items": item}
        return {"if": {"type": many}, "then": all_of_them, "else": item}

    def _add(self, name: str, schema: Json) -> str:
        """Add a definition and return the reference to it; one name is one schema."""
        assert self.found.setdefault(name, schema) == schema, name
        return f"#/$defs/{name}"


def _or_nothing(schema: Json, nothing: list[Any]) -> Json:
    return {
        "description": schema["description"],
        "anyOf": [{"enum": nothing}, {"$ref": schema["$ref"]}],
    }


def _or_alone(schema: Json) -> Json:
    """Take an array of one, too: the client reads it as its value."""
    one = {"$ref": schema["$ref"]}
    alone = {"type": "array", "maxItems": 1, "items": one}
    return {"description": schema["description"], "anyOf": [one, alone]}


def _raw_match_key(rule: MatchRule) -> tuple[str, Json]:
    """Return what the client takes for a match key; what it makes of it is checked after."""
    one = ["string", *(["integer"] if rule.takes_number else []), "null"]
    schema: Json = {"type": [*one, "array"], "items": {"type": one}}
    if not rule.takes_array:  # then an array of one is its value
        return "_".join(["raw", *one[:-1]]), {**schema, "maxItems": 1}
    return "_".join(["raw", *one[:-1], "array"]), schema


def _custom_value(levels: int) -> Json:
    scalar: Json = {
        "description": NOT_BOUNDED,
        "type": ["string", "number", "boolean", "null"],
        "maxLength": limits.UNKNOWN_TEXT_CHARS,
    }
    if not levels:
        return scalar
    inner = {"$ref": "#/$defs/" + _CUSTOM_VALUE.format(levels - 1)}
    return {
        **scalar,
        "type": [*scalar["type"], "array", "object"],
        "maxItems": limits.LIST_ITEMS,
        "items": inner,
        "maxProperties": limits.OBJECT_KEYS,
        "propertyNames": {"maxLength": limits.KEY_CHARS},
        "additionalProperties": inner,
    }


def _snake(name: str) -> str:
    return _inner_capital.sub("_", name).lower()
