"""A message of a producer that has only Celery, or not even that: what it carries.

Messages come from programs that nobody here has seen, so they are read as what they are
most likely meant to be. Three things can come of one:

an event       also in a message without an envelope, with a broken one, or past its `expires`:
               a conversion has happened however late it is read
`Unreadable`   it may hold an event, but none can be found; it becomes a dead letter
`Foreign`      it cannot hold an event of ours; it is counted

No error text quotes a value: match keys are raw here.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

import orjson

from tiktok_events.errors import InvalidEvent
from worker.runtime.task_table import TRACK

MOST_LEVELS: Final = 64
"""Nesting of an event; the deepest that the API documents is 4."""

ID_CHARS: Final = 200

_SPACE: Final = UUID("0d0f3f0e-6b0b-5a53-9a3c-7d1c3f3a8a10")
"""The name space of the ids of events that have none, and whose messages have none."""

_INFLATED: Final = frozenset({"application/x-gzip", "gzip", "zlib"})
"""What kombu calls the format of zlib."""


class Unreadable(Exception):
    """No event can be found in a message that may hold one; the text says what is wrong."""


class Foreign(Exception):
    """A message holds no event of ours; the text names its kind, one of a few."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a message carries.

    Attributes:
        event: as the producer wrote it; any JSON value.
        event_id: for an event that has none of its own.
    """

    event: Any
    event_id: str


def read(message: bytes, number: str, most_bytes: int) -> Carried:
    """Find the event that a message carries.

    Args:
        message: as it stood in its list.
        number: of the message, the same at each reading.
        most_bytes: of a body that is compressed, when it has been expanded.

    Raises:
        Unreadable: it is to be buried.
        Foreign: it is to be counted.
        InvalidEvent: the task was called with other arguments than an event.
    """
    envelope = _json(message, "it")
    event = _event(envelope, most_bytes)
    if _depth_exceeds(event, MOST_LEVELS):
        raise Unreadable(f"its event is nested more than {MOST_LEVELS} levels deep")
    return Carried(event, _own_id(envelope) or str(uuid5(_SPACE, f"{number} {message!r}")))


def _event(envelope: Any, most_bytes: int) -> Any:
    if not isinstance(envelope, dict):
        if not isinstance(envelope, list):
            raise Foreign("scalar")
        return _argument(envelope)
    if not envelope:
        raise Foreign("empty")
    name = _task_name(envelope)
    if name is None:
        return _argument(_body(envelope, most_bytes))
    raise _misdirected(envelope, name, most_bytes)


def _argument(body: Any) -> Any:
    """The event in a body, in each form in which one is seen."""
    match body:
        case {"event": _}:
            return body  # without an envelope, or without lists of arguments
        case {"args": arguments, **rest}:
            return _argument([arguments, rest.get("kwargs") or {}])  # Celery's first protocol
        case [{"event": _} as event]:
            return event
        case [[event], dict(named), *_] if not named:
            return event
        case [[], {"event": event, **others}, *_] if not others:
            return event
        case [list(), dict(), *_]:
            raise InvalidEvent("the task takes one argument, the event")
    raise Unreadable("its body is no list of arguments: [[event], {}, {}]")


def _task_name(envelope: dict[str, Any]) -> str | None:
    """The name of another task than ours, if it has one."""
    headers = envelope.get("headers")
    name = (headers if isinstance(headers, dict) else envelope).get("task")
    if name is not None and not isinstance(name, str):
        raise Unreadable("its task is no text")
    return None if name is None or name == TRACK.name else name


def _misdirected(envelope: dict[str, Any], name: str, most_bytes: int) -> Unreadable | Foreign:
    """A message for another task; with an event in it, its name is likely misspelt."""
    try:
        event = _argument(_body(envelope, most_bytes))
    except (Unreadable, InvalidEvent):
        return Foreign("task")
    if isinstance(event, dict) and "event" in event:
        return Unreadable(f"it is for the task {name[:ID_CHARS]}, not {TRACK.name}")
    return Foreign("task")


def _body(envelope: dict[str, Any], most_bytes: int) -> Any:
    if "body" not in envelope and "headers" not in envelope:
        return envelope
    body = envelope.get("body")
    if isinstance(body, list | dict):
        return body
    if not isinstance(body, str) or not body:
        raise Unreadable("it has no body")
    return _json(_expanded(envelope, _bytes(body), most_bytes), "its body")


def _bytes(body: str) -> bytes:
    """What stands in it, as base64 or plainly."""
    if body.lstrip()[:1] in {"{", "["}:
        return body.encode(errors="replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("its body is no base64") from None


def _expanded(envelope: dict[str, Any], body: bytes, most_bytes: int) -> bytes:
    headers = envelope.get("headers")
    compression = headers.get("compression") if isinstance(headers, dict) else None
    if not isinstance(compression, str) or compression not in _INFLATED:
        return body
    inflate = zlib.decompressobj()
    try:
        expanded = inflate.decompress(body, most_bytes)
    except zlib.error:
        raise Unreadable("its body cannot be expanded") from None
    if inflate.unconsumed_tail:
        raise Unreadable(f"its body has more than {most_bytes:,} bytes when expanded")
    return expanded


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Its text tells a place and what was expected there, and nothing of the document.
        raise Unreadable(f"{what} is no JSON: {error}") from None


def _own_id(envelope: Any) -> str | None:
    """The id of the task, if it can be that of an event."""
    match envelope:
        case {"headers": {"id": str(id_)}} | {"task": _, "id": str(id_)} if (
            0 < len(id_) <= ID_CHARS
        ):
            return id_
    return None


def _depth_exceeds(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_depth_exceeds(one, levels - 1) for one in inner)
