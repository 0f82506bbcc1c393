"""Validate an event by its JSON Schema, with the answers that the worker gives.

jsonschema does the work: it is Python's reference implementation, kept by the authors of the
specification's test suite, and lets single keywords be replaced. Our replacements judge as the
originals do, but report at the worker's places and in its order.

Import this module only where it is needed: jsonschema comes with an extra.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

EXACT_FLOAT: Final = 2**53
"""From here on, a float cannot tell which whole number was meant."""

Errors = Iterator[ValidationError]

_shows_nobody: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,63}").fullmatch


def schema_text() -> str:
    """Return the JSON Schema document, for other tools and languages."""
    return files("tiktok_events.event").joinpath("event.schema.json").read_text("utf-8")


@cache
def validator_of(event_source: str) -> Validator:
    """Return the validator of events of this source, in the form in which the outbox has them."""
    definitions = json.loads(schema_text())["$defs"]
    schema = {"$defs": definitions, "$ref": f"#/$defs/{event_source}_event"}
    validator: Validator = _AsTheWorker(schema, format_checker=_FORMATS)
    return validator


def _properties(
    validator: Any, properties: Mapping[str, Any], instance: Any, schema: Mapping[str, Any]
) -> Errors:
    """Check each known key in the order of the schema, missing ones included."""
    if not validator.is_type(instance, "object"):
        return
    for key, subschema in properties.items():
        if key in schema["required"] and instance.get(key) is None:
            needed = {"description": schema["x-needed"][key]}
            yield ValidationError("", validator="required", path=[key], schema=needed)
        elif key in instance:
            yield from validator.descend(instance[key], subschema, path=key)


def _additional(
    validator: Any, allowed: Mapping[str, Any], instance: Any, schema: Mapping[str, Any]
) -> Errors:
    """Report each unknown key as a whole; a key that may be personal is not shown."""
    if not validator.is_type(instance, "object"):
        return
    values, longest = validator.evolve(schema=allowed), schema["propertyNames"]["maxLength"]
    for key in _additional_keys(instance, schema):
        if len(key) > longest or not values.is_valid(instance[key]):
            yield ValidationError("", path=[key if _shows_nobody(key) else "<key>"])


def _additional_keys(instance: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Return the unknown keys without nulls: the worker drops a null before it checks its key."""
    known = schema.get("properties")
    if known is None:
        return list(instance)
    return [key for key, value in instance.items() if key not in known and value is not None]


def _if(validator: Any, condition: Any, instance: Any, schema: Mapping[str, Any]) -> Errors:
    """Check an array, or a single value as an array's first item: the worker wraps it."""
    if validator.evolve(schema=condition).is_valid(instance):
        yield from validator.descend(instance, schema["then"])
    else:
        yield from validator.descend(instance, schema["else"], path=0)


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Errors:
    """Check a pattern whose dollar is the end; Python's also matches before a last newline."""
    if validator.is_type(instance, "string") and not re.search(
        pattern.replace("$", r"\Z"), instance
    ):
        yield ValidationError("")


def _multiple_of(validator: Any, _one: int, instance: Any, _schema: Any) -> Errors:
    """Check that a value is a whole number, and one that a float can represent."""
    if not validator.is_type(instance, "number"):
        return
    if (isinstance(instance, float) and not abs(instance) < EXACT_FLOAT) or instance % 1:
        yield ValidationError("")


def _said_elsewhere(*_: Any) -> Errors:
    """Do nothing: the functions above check these keywords themselves."""
    return iter(())


def _is_address(family: socket.AddressFamily, text: object) -> bool:
    try:
        socket.inet_pton(family, str(text))
    except (OSError, ValueError):
        return False
    return True


_FORMATS: Final = FormatChecker(formats=())
_FORMATS.checks("ipv4")(partial(_is_address, socket.AF_INET))
_FORMATS.checks("ipv6")(partial(_is_address, socket.AF_INET6))

_AsTheWorker: Final[Any] = extend(  # type: ignore[no-untyped-call]  # its stub has no types
    Draft202012Validator,
    {
        "properties": _properties,
        "required": _said_elsewhere,
        "additionalProperties": _additional,
        "propertyNames": _said_elsewhere,
        "if": _if,
        "pattern": _pattern,
        "multipleOf": _multiple_of,
    },
)
