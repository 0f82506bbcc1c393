"""One field of an event → its JSON Schema: what `take` and `mend` let pass, and nothing else.

Every definition is a set of keywords that each apply to one JSON type, so that an error stands
at the place where the worker reports it. Its description is the sentence that the worker says.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import Any, Final, TypeAlias

from schemas import limits
from schemas.addresses import NOT_A_PAGE, NOT_AN_IP, IpAddress, PageUrl, ReferrerUrl
from schemas.catalogue import RESERVED_NAMES
from schemas.digests import NOT_HASHED, MatchKey
from schemas.event_time import NOT_PLAUSIBLE, EventTime
from schemas.fields import NOT_A_STRING, Choice, CutText, EventField, Text
from schemas.figures import (
    NOT_A_CURRENCY,
    NOT_A_NUMBER,
    NOT_WHOLE,
    Count,
    Currency,
    Number,
    Quantity,
)
from schemas.flags import Flag, Limit
from schemas.json_schema_patterns import digits_between, in_any_case, optional
from schemas.names import NAME_RULE, NO_NAME, STANDARD_ONLY, EventName, standard_events
from schemas.vehicle import NOT_A_RANGE, PriceRange
from tiktok_events.event.readings import NAME_CHARS

Json: TypeAlias = dict[str, Any]

_LARGEST_ID: Final = 10**40
_TIME_CHARS: Final = 40
_IP_CHARS: Final = 45
_DIGEST: Final = "^[0-9A-Fa-f]{64}$"
_CONTROL: Final = r"\x00-\x1f\x7f-\x9f"
_HTTP: Final = r"[hH][tT][tT][pP][sS]?://[^\s/?#]"


def with_reading(field: EventField, schema: Json) -> Json:
    """Return the schema with a note of how the worker reads what does not fit it.

    Validators leave keywords alone that they do not know; the client's `validate` reads this one.
    """
    if field.reading is None:
        return schema
    return {**schema, "x-reading": [field.reading, list(field.reading_options)]}


@singledispatch
def define(field: EventField, key: str) -> tuple[str, Json]:
    """Return the name and the schema of a field that is neither object nor array.

    Args:
        field: one of an event's.
        key: where it stands.

    Raises:
        TypeError: there is no definition for fields of this class.
    """
    raise TypeError(f"{key}: {type(field).__name__} has no JSON Schema yet")


def text(longest: int, *, needed: bool) -> Json:
    """Return what a text may be: a string, or a whole number that becomes one."""
    return {
        "description": NOT_A_STRING,
        "type": ["string", "number", *nullable(needed=needed)],
        **({"pattern": r"\S"} if needed else {}),
        "maxLength": longest,
        "multipleOf": 1,
        "exclusiveMinimum": -_LARGEST_ID,
        "exclusiveMaximum": _LARGEST_ID,
    }


def nullable(*, needed: bool) -> list[str]:
    """Return the type of null for a key that may be left out."""
    return [] if needed else ["null"]


@define.register
def _(field: Text, _key: str) -> tuple[str, Json]:
    needed = field.required
    name = f"text_{field.longest}"
    return f"required_{name}" if needed else name, text(field.longest, needed=needed)


@define.register
def _(field: CutText, _key: str) -> tuple[str, Json]:
    return f"cut_text_{field.longest}", text(field.longest, needed=field.required)


@define.register
def _(field: PageUrl, _key: str) -> tuple[str, Json]:
    needed = field.required
    schema = {
        "description": NOT_A_PAGE,
        "type": ["string", *nullable(needed=needed)],
        "maxLength": field.longest,
        "pattern": f"^{_HTTP}" if needed else f"^(?:$|{_HTTP})",
    }
    return "required_url" if needed else "url", schema


@define.register
def _(field: ReferrerUrl, _key: str) -> tuple[str, Json]:
    schema = {
        "description": NOT_A_PAGE,
        "type": ["string", "null"],
        "maxLength": field.longest,
        "pattern": r"^(?:$|[A-Za-z][A-Za-z0-9+.\-]*://[^\s/?#])",
    }
    return "referrer", schema


@define.register
def _(_field: IpAddress, _key: str) -> tuple[str, Json]:
    schema = {
        "description": NOT_AN_IP,
        "type": ["string", "null"],
        "maxLength": _IP_CHARS,
        "pattern": r"^(?:[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)?$",
        "anyOf": [
            {"type": "null"},
            {"maxLength": 0},
            {"format": "ipv4"},
            {"format": "ipv6"},
        ],
    }
    return "ip", schema


@define.register
def _(_field: MatchKey, _key: str) -> tuple[str, Json]:
    schema = {
        "description": NOT_HASHED,
        "type": ["string", "array", "null"],
        "pattern": _DIGEST,
        "minItems": 1,
        "maxItems": limits.MATCH_KEY_VALUES,
        "items": {"description": NOT_HASHED, "type": "string", "pattern": _DIGEST},
    }
    return "match_key", schema


@define.register
def _(_field: EventTime, _key: str) -> tuple[str, Json]:
    first, beyond = limits.EARLIEST_EVENT_TIME, limits.LATEST_EVENT_TIME
    schema = {
        "description": NOT_PLAUSIBLE,
        "type": ["number", "string"],
        "minimum": first,
        "exclusiveMaximum": beyond,
        "maxLength": _TIME_CHARS,
        "pattern": rf"^\s*0*(?:{digits_between(first, beyond - 1)})(?:\.[0-9]*)?\s*$",
    }
    return "event_time", schema


@define.register
def _(field: EventName, _key: str) -> tuple[str, Json]:
    standard = sorted(standard_events(field.event_source))
    visible, any_char = rf"[^\s{_CONTROL}]", f"[^{_CONTROL}]"
    if field.event_source == "crm":
        any_name = f"^{visible}(?:{any_char}{{0,{NAME_CHARS - 2}}}{visible})?$"
        rule: Json = {"description": NO_NAME, "pattern": any_name, "examples": standard}
    elif field.event_source == "offline":
        names = sorted({*standard, *RESERVED_NAMES})
        rule = {"description": STANDARD_ONLY, "enum": names}
    else:
        letters = f"^[A-Za-z][A-Za-z0-9_-]{{0,{limits.EVENT_NAME_CHARS - 1}}}$"
        rule = {"description": NAME_RULE, "pattern": letters, "examples": standard}
    return f"{field.event_source}_event_name", {"type": "string", **rule}


@define.register
def _(field: Choice, key: str) -> tuple[str, Json]:
    allowed: Json = (
        {"maxLength": limits.LABEL_CHARS}
        if field.open_list
        else {"pattern": optional(_one_of(field.options))}
    )
    schema = {
        "description": "must be one of " + ", ".join(field.options),
        "type": ["string", "null"],
        **allowed,
        "examples": list(field.options),
    }
    return key, schema


@define.register
def _(_field: Flag, _key: str) -> tuple[str, Json]:
    schema = {
        "description": "must be true or false",
        "type": ["boolean", "string", "number", "null"],
        "pattern": optional(_one_of(("true", "false", "0", "1"))),
        "multipleOf": 1,
        "minimum": 0,
        "maximum": 1,
    }
    return "flag", schema


@define.register
def _(_field: Limit, _key: str) -> tuple[str, Json]:
    return "limit", define(Flag(), _key)[1]


@define.register
def _(_field: Number, _key: str) -> tuple[str, Json]:
    decimal = r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?"
    return "number", {"description": NOT_A_NUMBER, **_figure(decimal)}


@define.register
def _(_field: Count, _key: str) -> tuple[str, Json]:
    whole = r"-?[0-9]{1,15}(?:\.0{1,15})?"
    schema = {"description": NOT_WHOLE, **_figure(whole), "multipleOf": 1}
    return "count", schema


@define.register
def _(_field: Quantity, key: str) -> tuple[str, Json]:
    return "quantity", define(Count(), key)[1]


@define.register
def _(_field: Currency, _key: str) -> tuple[str, Json]:
    schema = {
        "description": NOT_A_CURRENCY,
        "type": ["string", "null"],
        "pattern": optional("[A-Za-z]{3}"),
    }
    return "currency", schema


@define.register
def _(field: PriceRange, key: str) -> tuple[str, Json]:
    schema = {
        "description": NOT_A_RANGE,
        "type": ["array", "null"],
        "minItems": 2,
        "maxItems": 2,
        "not": {"type": "array", "contains": {"enum": [None, ""]}},
        "items": with_reading(field.item, define(field.item, key)[1]),
    }
    return "price_range", schema


def _figure(pattern: str) -> Json:
    return {
        "type": ["number", "string", "null"],
        "minimum": -limits.AMOUNT,
        "maximum": limits.AMOUNT,
        "pattern": optional(pattern),
    }


def _one_of(options: Iterable[str]) -> str:
    return "|".join(map(in_any_case, options))
