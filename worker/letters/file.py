"""Read and write dead letters as files, one letter a line, without losing anything.

NDJSON: one letter a line, an object with `format` (``FORMAT``) and every attribute of
`DeadLetter` but its kind; times are Unix seconds, the body is the event with its destination, as
`tiktok-events send` takes it, its match keys hashed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import orjson
from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as kinds

from schemas.unknown import shown_key
from tiktok_events.errors import InvalidDestination, InvalidEvent
from tiktok_events.event.destination import DESTINATION_FIELDS, Destination
from tiktok_events.event.prepare import EventPreparer
from worker.letters.laid_open import fields_of, laid_open
from worker.letters.letter import DeadLetter, Reason
from worker.reporting.redaction import redacted
from worker.reporting.stored import LARGEST, LATEST

FORMAT: Final = "tiktok_events.dead_letter/1"
"""The format of a line; another format has another number after the slash."""

_ID: Final = re.compile(r"\d{1,20}-\d{1,20}i?", re.ASCII)


class LetterFileError(ValueError):
    """A line is not an exported letter; the message quotes nothing of it."""


def _timestamp(*, allow_none: bool = False) -> kinds.Float:
    """Return a schema field for Unix seconds that a calendar knows."""
    return kinds.Float(
        required=True, allow_none=allow_none, validate=validate.Range(min=0, max=LATEST)
    )


def _whole(*, least: int = -LARGEST, allow_none: bool = False) -> kinds.Integer:
    """Return a schema field for a whole number that scripts and JSON can hold."""
    return kinds.Integer(
        required=True, allow_none=allow_none, validate=validate.Range(min=least, max=LARGEST)
    )


class _Attempt(Schema):
    """One line of a letter's log."""

    at = _timestamp()
    verdict = kinds.String(required=True)
    code = _whole(allow_none=True)
    duration_ms = _whole(least=0)
    request_id = kinds.String(required=True, allow_none=True)


class _Edit(Schema):
    """One edit of a letter."""

    at = _timestamp()
    who = kinds.String(required=True)
    paths = kinds.List(kinds.String(), required=True)
    former_event_id = kinds.String(allow_none=True)


class _Line(Schema):
    """The schema of one letter in a file."""

    format = kinds.String(required=True, validate=validate.Equal(FORMAT))
    id = kinds.String(required=True, validate=validate.Regexp(_ID))
    event_id = kinds.String(required=True, allow_none=True)
    event = kinds.String(required=True, allow_none=True)
    destination = kinds.String(required=True)
    reason = kinds.String(required=True, validate=validate.OneOf([*Reason]))
    code = _whole(allow_none=True)
    message = kinds.String(required=True)
    path = kinds.String(required=True, allow_none=True)
    request_id = kinds.String(required=True, allow_none=True)
    attempts = _whole(least=0)
    ambiguous = kinds.Boolean(required=True)
    ambiguous_since = _timestamp(allow_none=True)
    first_accepted_at = _timestamp()
    died_at = _timestamp()
    expires_at = _timestamp()
    value = kinds.Float(required=True, allow_none=True)
    currency = kinds.String(required=True, allow_none=True)
    log = kinds.List(kinds.Nested(_Attempt), required=True)
    replays = kinds.List(_timestamp(), required=True)
    body = kinds.Raw(required=True, allow_none=True)
    edits = kinds.List(kinds.Nested(_Edit), required=True)


_LINE: Final = _Line()
_WRITTEN: Final = tuple(one.name for one in fields(DeadLetter) if one.name != "kind")


def to_line(letter: DeadLetter) -> bytes:
    """Return a letter as a line of NDJSON."""
    known = {name: getattr(letter, name) for name in _WRITTEN}
    if isinstance(letter.body, dict):
        known["body"] = laid_open(letter)
    return orjson.dumps({"format": FORMAT} | known, option=orjson.OPT_APPEND_NEWLINE)


def read_line(
    line: bytes, default_region: str | None = None, user_keys: frozenset[str] = frozenset()
) -> DeadLetter:
    """Return the letter of a line; raw match keys in it are hashed, digests pass.

    Args:
        line: as `to_line` wrote it.
        default_region: region of national phone numbers.
        user_keys: keys of ``user`` that TikTok does not know and that may pass.

    Raises:
        LetterFileError: the line is no exported letter; the message says what is wrong, and where.
    """
    try:
        known = _LINE.load(_object(line))
        Destination.from_key(known["destination"] or "web:none")
        apart = _apart(known["body"], known["destination"])
        body = _hashed(apart, default_region, user_keys)
    except ValidationError as error:
        raise LetterFileError("; ".join(_sentences(error.messages))) from None
    except InvalidDestination as error:
        raise LetterFileError(f"destination: {error}") from None
    except InvalidEvent as error:
        raise LetterFileError(f"body.{error}") from None
    del known["format"]
    return DeadLetter(**known | {"body": body, "message": redacted(known["message"], ours=True)})


def _object(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        # Only its msg: the whole error quotes the text.
        raise LetterFileError(f"this is no JSON: {error.msg}, column {error.colno}") from None


def _apart(body: Any, destination: str) -> Any:
    """Return the event without its destination, which must be the letter's."""
    if not isinstance(body, dict) or not destination:
        return body
    beside = fields_of(Destination.from_key(destination))
    for name, value in beside.items():
        if body.get(name, value) != value:
            raise LetterFileError(f"body.{name}: is not what destination says")
    return {name: value for name, value in body.items() if name not in DESTINATION_FIELDS}


def _hashed(body: Any, default_region: str | None, user_keys: frozenset[str]) -> Any:
    if not isinstance(body, dict):
        return body
    return EventPreparer({}, default_region, max_bytes=0, user_keys=user_keys).closed(body)


def _sentences(messages: Any, path: str = "") -> list[str]:
    """Yield marshmallow's nested errors, each with its path."""
    if isinstance(messages, Mapping):
        return [
            sentence
            for key, inner in messages.items()
            for sentence in _sentences(inner, f"{path}.{_shown(key)}" if path else _shown(key))
        ]
    return [f"{path.removeprefix('_schema.')}: {message}" for message in messages]


def _shown(key: Any) -> str:
    return str(key) if isinstance(key, int) else shown_key(key)
