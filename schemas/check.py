"""The check of one event by the rules of its source.

An event ends only if what makes it one cannot be read: its name, its time, its id, its value, the
id of an app. Any other key that cannot be used is left out, and the event goes without it. A
strict check ends an event for every such key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from schemas import limits
from schemas.catalogue import EVENT_SOURCES
from schemas.event import EVENTS
from schemas.fields import DOUBT, STRICT
from schemas.finding import Checked, Finding, Kind
from schemas.objects import NOT_AN_OBJECT
from schemas.rules import warnings_on
from schemas.user import PASSING
from schemas.wanted import is_wanted

UNKNOWN_SOURCE: Final = Finding("event_source", "must be one of " + ", ".join(EVENT_SOURCES))

_PLANS: Final = {source: schema.plan("") for source, schema in EVENTS.items()}
_STRICT_PLANS: Final = {source: schema.plan("", strict=True) for source, schema in EVENTS.items()}

VITAL: Final = {source: frozenset({"", *schema.vital_paths()}) for source, schema in EVENTS.items()}
"""Source → the places at which an error ends the event; the empty path is the event itself."""


def check_event(
    event: Mapping[str, Any] | Any,
    event_source: str,
    *,
    strict: bool = False,
    passing: frozenset[str] = frozenset(),
) -> Checked:
    """Return what is to be sent for ``event``, or why it cannot be.

    It never raises for a JSON value, never changes its input, and shares no list or object with it.

    Args:
        event: one event as decoded JSON, without its destination, match keys already hashed.
        event_source: ``web``, ``app``, ``offline`` or ``crm``.
        strict: whether every key that cannot be used as it is ends the event.
        passing: further keys of ``user`` that pass as they are.
    """
    if event_source not in EVENT_SOURCES:
        return Checked({}, (UNKNOWN_SOURCE,))
    warnings: list[Finding] = []
    clean = (_STRICT_PLANS if strict else _PLANS)[event_source].run(event, warnings)
    if clean is DOUBT:
        return check_thoroughly(event, event_source, strict=strict, passing=passing)
    warnings += warnings_on(clean, event_source)
    return Checked(clean, (), _capped(warnings) if warnings else ())


def check_thoroughly(
    event: Mapping[str, Any] | Any,
    event_source: str,
    *,
    strict: bool = False,
    passing: frozenset[str] = frozenset(),
) -> Checked:
    """Check by plain marshmallow: slower, for any event, with the full report.

    Args:
        event: as in `check_event`.
        event_source: one of the four.
        strict: as in `check_event`.
        passing: as in `check_event`.
    """
    if not isinstance(event, Mapping):
        return Checked({}, (Finding("", NOT_AN_OBJECT),))
    strictness, keys = STRICT.set(strict), PASSING.set(passing)
    try:
        noted, messages = EVENTS[event_source].sift(event)
    finally:
        STRICT.reset(strictness)
        PASSING.reset(keys)
    found = _flattened(messages)
    errors, omitted = (found, []) if strict else _judged(found, event_source)
    others = _unmarred(warnings_on(noted.value, event_source), [*errors, *omitted])
    warnings = [*noted.findings, *omitted, *others]
    return Checked(noted.value, _capped(errors), _capped(warnings))


def _judged(found: Sequence[Finding], event_source: str) -> tuple[list[Finding], list[Finding]]:
    """Return what ends the event, and what it goes without.

    What is merely missing is said by the rules, on both ways of the check.
    """
    vital = VITAL[event_source]
    errors = [error for error in found if error.path in vital]
    omitted = [
        replace(error, kind=Kind.OMITTED)
        for error in found
        if error.path not in vital and not is_wanted(error, event_source)
    ]
    return errors, omitted


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
