"""The way in: one event, checked for its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas import limits
from schemas.catalogue import EVENT_SOURCES
from schemas.event import EVENTS
from schemas.fields import DOUBT
from schemas.finding import Checked, Finding
from schemas.objects import NOT_AN_OBJECT
from schemas.rules import warnings_on

UNKNOWN_SOURCE: Final = Finding("event_source", "must be one of " + ", ".join(EVENT_SOURCES))

_PLANS: Final = {source: schema.plan("") for source, schema in EVENTS.items()}


def check_event(event: Mapping[str, Any] | Any, event_source: str) -> Checked:
    """Return what is to be sent for ``event``, or why it cannot be.

    It never raises for a JSON value, never changes its input, and shares no list or object with it.

    Args:
        event: one event as decoded JSON, without its destination, match keys already hashed.
        event_source: ``web``, ``app``, ``offline`` or ``crm``.
    """
    if event_source not in EVENT_SOURCES:
        return Checked({}, (UNKNOWN_SOURCE,))
    warnings: list[Finding] = []
    clean = _PLANS[event_source].run(event, warnings)
    if clean is DOUBT:
        return check_thoroughly(event, event_source)
    return Checked(clean, (), _capped(warnings + warnings_on(clean, event_source)))


def check_thoroughly(event: Mapping[str, Any] | Any, event_source: str) -> Checked:
    """Check by plain marshmallow: slower, for any event, with the full report.

    Args:
        event: as in `check_event`.
        event_source: one of the four.
    """
    if not isinstance(event, Mapping):
        return Checked({}, (Finding("", NOT_AN_OBJECT),))
    noted, messages = EVENTS[event_source].sift(event)
    errors = _flattened(messages)
    warnings = [*noted.findings, *_unmarred(warnings_on(noted.value, event_source), errors)]
    return Checked(noted.value, _capped(errors), _capped(warnings))


def _flattened(messages: Any) -> list[Finding]:
    """Return marshmallow's nested errors as findings with dotted paths."""
    if not isinstance(messages, Mapping):
        return [Finding("", message) for message in messages]
    return [
        finding.under(str(key)) if key != "" else finding
        for key, inner in messages.items()
        for finding in _flattened(inner)
    ]


def _unmarred(warnings: list[Finding], errors: list[Finding]) -> list[Finding]:
    """Return the warnings that are not merely the shadow of an error at their place."""
    marred = {error.path for error in errors}
    return [
        warning
        for warning in warnings
        if not any(f"{path}.".startswith(f"{warning.path}.") for path in marred)
    ]


def _capped(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return the first findings, and how many there are beyond them."""
    if len(findings) <= limits.FINDINGS:
        return tuple(findings)
    beyond = len(findings) - limits.FINDINGS
    return (*findings[: limits.FINDINGS], Finding("", f"and {beyond} more"))
