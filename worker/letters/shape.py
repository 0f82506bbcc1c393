"""What a dead letter in Redis must look like to be read as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from worker.reporting.stored import LARGEST, is_timestamp

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value)


def _is_timestamp(value: Any) -> bool:
    return _is_number(value) and is_timestamp(value)


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _has(checks: Mapping[str, Check]) -> Check:
    return lambda value: (
        isinstance(value, dict) and all(check(value.get(name)) for name, check in checks.items())
    )


_ATTEMPT: Final = _has(
    {
        "at": _is_timestamp,
        "verdict": _is_text,
        "code": _or_none(_is_whole),
        "duration_ms": _is_whole,
        "request_id": _or_none(_is_text),
    }
)
_EDIT: Final = _has({"at": _is_timestamp, "who": _is_text, "paths": _list_of(_is_text)})

FIELDS: Final[Mapping[str, Check]] = {
    "event_id": _or_none(_is_text),
    "event": _or_none(_is_text),
    "destination": _is_text,
    "reason": _is_text,
    "code": _or_none(_is_whole),
    "message": _is_text,
    "path": _or_none(_is_text),
    "request_id": _or_none(_is_text),
    "attempts": _is_whole,
    "ambiguous": lambda value: isinstance(value, bool),
    "ambiguous_since": _or_none(_is_timestamp),
    "first_accepted_at": _is_timestamp,
    "died_at": _is_timestamp,
    "expires_at": _is_timestamp,
    "value": _or_none(lambda value: isinstance(value, float | int)),
    "currency": _or_none(_is_text),
    "log": _list_of(_ATTEMPT),
    "replays": _list_of(_is_timestamp),
    "body": lambda _: True,
    "edits": _list_of(_EDIT),
}
"""Every attribute of a letter that is in its JSON."""


def is_letter(document: Any) -> bool:
    """Return whether decoded JSON is exactly a letter as `DeadLetter.write` writes one."""
    return (
        isinstance(document, dict)
        and document.keys() == FIELDS.keys()
        and all(check(document[name]) for name, check in FIELDS.items())
    )
