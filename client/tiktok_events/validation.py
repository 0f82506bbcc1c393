"""Say before an event is enqueued what the worker would do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from tiktok_events.errors import InvalidEvent, MissingExtra
from tiktok_events.event.destination import EVENT_SOURCES
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.event.readings import BLANKS, Reading, read
from tiktok_events.event.remarks import REMARKS, sentence_of, without_remarks
from tiktok_events.event.times import read_time
from tiktok_events.settings import ClientSettings
from tiktok_events.types import AnyEvent, EventSource

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

MOST_PROBLEMS: Final = 100
"""How many problems of one event are described; the rest are only counted."""

_LIMITS: Final = {
    "maxLength": "must be at most {} characters",
    "maxItems": "must have at most {} items",
    "maxProperties": "must have at most {} keys",
    "additionalProperties": "is a custom key, which must be JSON within the bounds of the schema",
}
"""Sentences for keywords that many rules share; other rules have their own description."""

_PREPARER: Final = EventPreparer(
    dict.fromkeys(EVENT_SOURCES, "the client's default"),
    default_region=None,
    max_bytes=ClientSettings().max_event_bytes,
)


class ProblemKind(StrEnum):
    """What becomes of an event with a problem."""

    ERROR = "error"
    """The event is not sent."""

    OMITTED = "left_out"
    """The event is sent without this key."""

    MENDED = "mended"
    """The event is sent with the one safe reading of this value."""

    REMARK = "remark"
    """The event is sent as it is."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of an event. Its texts hold no value of the event.

    Attributes:
        path: dotted path of the place, with list positions: ``properties.contents.0.price``; empty
            for the whole event.
        message: what is allowed there, or what is done about it.
        kind: what becomes of the event.
    """

    path: str
    message: str
    kind: ProblemKind = ProblemKind.ERROR

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def validate(event: AnyEvent, *, event_source: EventSource = "web") -> list[Problem]:
    """Return what is wrong with the event; nothing if it would be sent as it is.

    An event is sent unless one of its problems is an ``error``, or the worker's setting ``STRICT``
    makes errors of what is ``mended`` or ``left_out``.

    The event is prepared as by `Client.track`, and checked by the JSON Schema that is made from the
    worker's own rules. The result has what the worker would find, at the same places. This is for
    tests and staging, because it takes a millisecond or two.

    Some things only a worker can tell: that an event is too old for the window of its source, other
    remarks on an event that can be sent, and what TikTok itself refuses. A destination that the
    event does not name is assumed to exist.

    Example:
        >>> validate({"event": "Purchase", "page": {"url": "/thanks"}})  # doctest: +SKIP
        [Problem(path='page.url', message='must be a full http or https URL, such as …',
                 kind=<ProblemKind.OMITTED: 'left_out'>)]

    Args:
        event: as for `Client.track`; it is not changed.
        event_source: event source of an event that names none.

    Raises:
        MissingExtra: jsonschema is not installed; it comes with `tiktok-events-client[validate]`.
    """
    validator_of = _load_validators()
    try:
        prepared = _PREPARER.prepare(_with_source(event, event_source))
    except InvalidEvent as error:
        return [Problem(error.path, error.message)]
    validator = validator_of(prepared.destination.event_source)
    stored = orjson.loads(prepared.body)
    return [
        *_mended_at_the_call(event),
        *_remarked_at_the_call(stored),
        *problems_of(without_remarks(stored), validator),
    ]


def _remarked_at_the_call(stored: dict[str, Any]) -> Iterator[Problem]:
    """Yield what `Client.track` has read under another name, or left out, among the match keys."""
    for path, counter in stored.get(REMARKS, {}).items():
        is_read = counter.startswith("read_as:")
        kind = ProblemKind.MENDED if is_read else ProblemKind.OMITTED
        yield Problem(path, sentence_of(counter), kind)


def _mended_at_the_call(event: Any) -> Iterator[Problem]:
    """Yield what `Client.track` itself mends: id and time, which have one form in the outbox."""
    if found := read_time(event.get("event_time")):
        yield Problem("event_time", found.sentence, ProblemKind.MENDED)
    for key in ("event_id", "event_source"):
        value = event.get(key)
        if isinstance(value, str) and value.strip() != value:
            yield Problem(key, BLANKS, ProblemKind.MENDED)


def problems_of(body: Any, validator: Validator) -> list[Problem]:
    """Return what the worker will do about an event as it stands in the outbox.

    Args:
        body: decoded JSON, without the destination.
        validator: the validator for its source.
    """
    vital, wanted = _paths(validator, "x-vital"), _paths(validator, "x-wanted")
    problems = [_problem(error, vital, wanted) for error in _outermost(validator.iter_errors(body))]
    beyond = len(problems) - MOST_PROBLEMS
    if beyond > 0:
        problems.sort(key=lambda problem: problem.kind is not ProblemKind.ERROR)
        more = Problem("", f"and {beyond} more", problems[MOST_PROBLEMS].kind)
        problems[MOST_PROBLEMS:] = [more]
    return problems


def _with_source(event: Any, event_source: EventSource) -> Any:
    if isinstance(event, Mapping) and not event.get("event_source"):
        return {**event, "event_source": event_source}
    return event


def _load_validators() -> Callable[[str], Validator]:
    try:
        from tiktok_events.event.schema import (  # noqa: PLC0415 — jsonschema is an extra
            validator_of,
        )
    except ImportError as error:
        raise MissingExtra(
            "validate() needs jsonschema: install the client with its extra `validate`"
        ) from error
    return validator_of


def _outermost(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    """Drop errors at or below a place that has been reported."""
    reported: set[tuple[str | int, ...]] = set()
    for error in errors:
        place = tuple(error.absolute_path)
        if any(place[:length] in reported for length in range(len(place) + 1)):
            continue
        reported.add(place)
        yield error


def _paths(validator: Validator, keyword: str) -> frozenset[str]:
    """Return the places that the schema of the validator's source lists under this keyword."""
    schema = cast("Mapping[str, Any]", validator.schema)
    name = str(schema["$ref"]).rpartition("/")[2]
    return frozenset(schema["$defs"][name][keyword])


def _problem(error: ValidationError, vital: frozenset[str], wanted: frozenset[str]) -> Problem:
    path = ".".join(map(str, error.absolute_path))
    found = _reading(error)
    if found and found.value is not None:
        kind = ProblemKind.REMARK if found.value is error.instance else ProblemKind.MENDED
        return Problem(path, found.sentence, kind)
    if path in vital or not path:
        return Problem(path, _message(error))
    if found or (path in wanted and _is_absent(error)):
        return Problem(path, found.sentence if found else _message(error), ProblemKind.REMARK)
    return Problem(path, _message(error), ProblemKind.OMITTED)


def _is_absent(error: ValidationError) -> bool:
    """Return whether a required key is missing."""
    return error.validator == "required" or error.instance == "" or error.validator_value == r"\S"


def _reading(error: ValidationError) -> Reading | None:
    """Return how the worker reads the value, if it has a reading."""
    rule = cast("Mapping[str, Any]", error.schema)
    if error.validator == "required" or "x-reading" not in rule:
        return None
    kind, options = rule["x-reading"]
    return read(kind, error.instance, options)


def _message(error: ValidationError) -> str:
    """Return what is allowed; jsonschema's own sentence would repeat the value."""
    keyword, limit = str(error.validator), error.validator_value
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(limit)
    rule = cast("Mapping[str, Any]", error.schema)
    return str(rule["description"])
