"""Text → the value of an event's field: what a cell of a table, or `--set`, stands for.

The schema knows which fields are numbers, lists or times; any other text stays text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Self

import orjson
from marshmallow import ValidationError
from marshmallow.fields import Field

from schemas.digests import MatchKey
from schemas.event import EVENTS
from schemas.event_time import EventTime
from schemas.figures import Number
from schemas.finding import as_noted
from schemas.flags import Flag
from schemas.lists import ListOf
from schemas.objects import Object
from tiktok_events.event.destination import DESTINATION_FIELDS

NOT_JSON: Final = "must be JSON, such as {}"
_PATH: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_LIST: Final = '[{"content_id": "A-7", "price": 9.5, "quantity": 2}]'
_OBJECT: Final = '{"email": "…"}'


class BadValue(ValueError):
    """A text is no value of its field; the message says what is, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field of an event.

    Attributes:
        dotted: such as `user.email`.
        read: text → value; raises BadValue.
    """

    dotted: str
    read: Callable[[str], Any]

    @classmethod
    def of(cls, dotted: str) -> Self | None:
        """Return the field of this name; `None` if no event has it.

        Objects take fields that are not documented, an event itself does not.
        """
        if not _PATH.fullmatch(dotted):
            return None
        top, _, below = dotted.partition(".")
        fields = EVENTS["web"].fields
        if top in DESTINATION_FIELDS and not below:
            return cls(dotted, str)
        if top not in fields or (below and not isinstance(fields[top], Object)):
            return None
        return cls(dotted, _reader(dotted))

    @property
    def is_amount(self) -> bool:
        """Return whether its value is a number."""
        return isinstance(_declared(self.dotted), Number)

    def put(self, event: dict[str, Any], value: Any) -> None:
        """Write a value into an event.

        Raises:
            BadValue: a part of the path holds something else than an object.
        """
        *parents, name = self.dotted.split(".")
        inner: Any = event
        for parent in parents:
            inner = inner.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise BadValue("its parent is no object")
        inner[name] = value


@lru_cache(maxsize=1_024)
def _reader(dotted: str) -> Callable[[str], Any]:
    field = _declared(dotted)
    if isinstance(field, EventTime):
        return _time_reader(field)
    if isinstance(field, ListOf | Object):
        return _json_reader(_LIST if isinstance(field, ListOf) else _OBJECT)
    if isinstance(field, MatchKey):
        return _match_key
    return _mended(field) if isinstance(field, Number | Flag) else str


def _declared(dotted: str) -> Field[Any] | None:
    schema = EVENTS["web"]
    *parents, name = dotted.split(".")
    for parent in parents:
        field = schema.fields.get(parent)
        if isinstance(field, ListOf):
            field = field.item
        if not isinstance(field, Object):
            return None
        schema = field.schema
    return schema.fields.get(name)


def _mended(field: Number | Flag | EventTime) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return as_noted(field.mend(text.strip())).value
        except ValidationError as error:
            raise BadValue("; ".join(map(str, error.messages))) from None

    return read


def _time_reader(field: EventTime) -> Callable[[str], Any]:
    """Return a reader of seconds, or dates with a time zone: databases write dates."""
    seconds = _mended(field)

    def read(text: str) -> Any:
        try:
            parsed = datetime.fromisoformat(text.strip())
        except ValueError:
            return seconds(text)
        return seconds(text) if parsed.tzinfo is None else int(parsed.timestamp())

    return read


def _json_reader(example: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            raise BadValue(NOT_JSON.format(example)) from None

    return read


def _match_key(text: str) -> Any:
    """Read one value, or a JSON array of several."""
    if not text.startswith("["):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
