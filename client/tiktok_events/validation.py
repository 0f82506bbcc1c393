"""What the worker would say about an event, before it is enqueued."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from tiktok_events.errors import InvalidEvent, MissingExtra
from tiktok_events.event.destination import EVENT_SOURCES
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.settings import ClientSettings
from tiktok_events.types import AnyEvent, EventSource

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

MOST_PROBLEMS: Final = 100
"""Of one event; beyond them their number says enough."""

_LIMITS: Final = {
    "maxLength": "must be at most {} characters",
    "maxItems": "must have at most {} items",
    "maxProperties": "must have at most {} keys",
    "additionalProperties": "is a custom key, which must be JSON within the bounds of the schema",
}
"""What is said of keywords that many rules share; of the others, the rule's own description."""

_PREPARER: Final = EventPreparer(
    dict.fromkeys(EVENT_SOURCES, "the client's default"),
    default_region=None,
    max_bytes=ClientSettings().max_event_bytes,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an event cannot be sent. No text of it holds a value of the event.

    Attributes:
        path: where, dotted, with list positions: ``properties.contents.0.price``; empty for the
            whole event.
        message: what is allowed there.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def validate(event: AnyEvent, *, event_source: EventSource = "web") -> list[Problem]:
    """Return why the event could not be sent; nothing for an event that can.

    The event is prepared as `Client.track` does it, and checked by the JSON Schema that is made
    from the worker's own rules. It says what the worker would find, at the same places; meant
    for tests and staging, because it takes a millisecond or two.

    What only a worker can say is not in it: that an event is too old for the window of its
    source, warnings on an event that can be sent, and what TikTok itself refuses. A destination
    that the event does not name is taken for granted.

    Example:
        >>> validate({"event": "Purchase", "page": {"url": "/thanks"}})  # doctest: +SKIP
        [Problem(path='page.url', message='must be a full http or https URL, such as …')]

    Args:
        event: as for `Client.track`; it is not changed.
        event_source: of an event that names none.

    Raises:
        MissingExtra: jsonschema is not installed; it comes with `tiktok-events-client[validate]`.
    """
    validator_of = _load_validators()
    try:
        prepared = _PREPARER.prepare(_with_source(event, event_source))
    except InvalidEvent as error:
        return [Problem(error.path, error.message)]
    validator = validator_of(prepared.destination.event_source)
    return problems_of(orjson.loads(prepared.body), validator)


def problems_of(body: Any, validator: Validator) -> list[Problem]:
    """Return what the validator has against an event as it stands in the outbox.

    Args:
        body: decoded JSON, without the destination.
        validator: of its source.
    """
    problems = list(_outermost(validator.iter_errors(body)))
    beyond = len(problems) - MOST_PROBLEMS
    if beyond > 0:
        problems[MOST_PROBLEMS:] = [Problem("", f"and {beyond} more")]
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
            "validate() needs jsonschema: pip install 'tiktok-events-client[validate]'"
        ) from error
    return validator_of


def _outermost(errors: Iterator[ValidationError]) -> Iterator[Problem]:
    """Leave out what stands at or below a place that has been reported."""
    reported: set[tuple[str | int, ...]] = set()
    for error in errors:
        place = tuple(error.absolute_path)
        if any(place[:length] in reported for length in range(len(place) + 1)):
            continue
        reported.add(place)
        yield Problem(".".join(map(str, place)), _message(error))


def _message(error: ValidationError) -> str:
    """Return what is allowed; jsonschema's own sentence would repeat the value."""
    keyword, limit = str(error.validator), error.validator_value
    if keyword == "required" or error.instance is None:
        return "is required"
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(limit)
    rule = cast("Mapping[str, Any]", error.schema)
    return str(rule["description"])
