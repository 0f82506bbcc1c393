"""Check a request body for what the Events API 2.0 refuses, as far as that is known.

A batch is all or nothing: the first problem refuses the request. We chose the order of the checks.
No message holds a value of the event, only its path.

Source: https://ads.tiktok.com/help/article/event-deduplication and the portal
pages business-api.tiktok.com/portal/docs?id=1771101303285761 (reference),
1771101151059969 (parameters), 1771100779668482 (batch limit), read 2026-11-22;
literal answers: github.com/stape-io/tiktok-tag issues 10 and 33, and
github.com/rudderlabs/rudder-transformer (tests of tiktok_ads), read 2026-11-22.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PARAMETER_ERROR: Final = 40002
NOT_HASHED: Final = 40062

# Seconds stay below this until the year 5138; milliseconds passed it in 1973.
FIRST_MILLISECONDS: Final = 100_000_000_000

SEVERAL_HASHED: Final = ("email", "phone", "external_id")
SINGLE_HASHED: Final = ("first_name", "last_name", "zip_code")
REQUIRED_BY_SOURCE: Final[Mapping[str, tuple[str, str] | None]] = {
    "web": ("page", "url"),
    "app": ("app", "app_id"),
    "offline": None,
    "crm": ("lead", "lead_id"),
}

_is_sha256: Final = re.compile(r"[0-9A-Fa-f]{64}").fullmatch


@dataclass(frozen=True, slots=True)
class Options:
    """Choices where too little is known of the real service to decide for everyone.

    Attributes:
        with_index: whether a message names the event's index, as the answers of
            1.0 did; the few known answers of 2.0 name only the field.
        strict: whether ``null`` is refused, and ``page.url`` (web), ``app.app_id``
            (app) and ``lead.lead_id`` (crm) are enforced. The portal requires them,
            but nobody has shown a refusal: connectors send ``page`` without ``url``.
    """

    with_index: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than success."""

    code: int
    message: str
    http_status: int = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one event: where, and why."""

    path: str
    reason: str
    code: int = PARAMETER_ERROR

    def refusal(self, index: int, *, with_index: bool) -> Refusal:
        """Return the refusal in the words of the service."""
        if with_index:
            where = f"Batch.{index}.{self.path}" if self.path else f"Batch.{index}"
            return Refusal(self.code, f"{where}: {self.reason[0].upper()}{self.reason[1:]}")
        return Refusal(self.code, f"Invalid value for {_field(self.path)}: {self.reason}.")


def check_events(
    source: str, events: Sequence[object], options: Options, *, nulls: bool = True
) -> Refusal | None:
    """Check every event; the first problem refuses them all.

    Args:
        source: one of the four event sources.
        events: the value of ``data``.
        options: how strict to be, and how to word refusals.
        nulls: whether to look for ``null``; ``False`` when the body cannot hold one,
            which saves walking through every value.
    """
    checks = _plan(source, options, nulls=nulls)
    for index, event in enumerate(events):
        for check in checks:
            problem = check(event)
            if problem is not None:
                return problem.refusal(index, with_index=options.with_index)
    return None


def problems_of(source: str, event: Any, options: Options) -> Iterator[Problem]:
    """Return all problems of one event; `check_events` stops at the first."""
    if type(event) is not dict:
        yield Problem("", "not a valid object")
        return
    required = REQUIRED_BY_SOURCE.get(source) if options.strict else None
    checks = (_check_nulls,) if options.strict else ()
    for check in (*checks, _check_identity, *((_requirement(*required),) if required else ())):
        if problem := check(event):
            yield problem
    yield from _user_problems(event)
    yield from _content_problems(event)


def _plan(
    source: str, options: Options, *, nulls: bool
) -> tuple[Callable[[Any], Problem | None], ...]:
    required = REQUIRED_BY_SOURCE[source] if options.strict else None
    return (
        _check_object,
        *((_check_nulls,) if nulls and options.strict else ()),
        _check_identity,
        _check_user,
        _check_contents,
        *((_requirement(*required),) if required else ()),
    )


def _check_object(event: object) -> Problem | None:
    return None if type(event) is dict else Problem("", "not a valid object")


def _check_nulls(event: Mapping[str, object]) -> Problem | None:
    """Refuse ``null`` anywhere.

    Warning: we chose this. What the service does with ``null`` is unknown; no known connector sends
    one, so a sender that does should learn it here.
    """
    path = _find_null(event)
    return None if path is None else Problem(path, "may not be null")


def _check_identity(event: Mapping[str, object]) -> Problem | None:
    name, at, event_id = event.get("event"), event.get("event_time"), event.get("event_id", "")
    if type(name) is not str or not name:
        return Problem("event", "not a valid string")
    if type(at) is not int:
        return Problem("event_time", "not a valid integer")
    if not 0 < at < FIRST_MILLISECONDS:
        return Problem("event_time", "not a Unix time in seconds")
    if type(event_id) is not str:
        return Problem("event_id", "not a valid string")
    return None


def _check_user(event: Mapping[str, Any]) -> Problem | None:
    return next(_user_problems(event), None) if event.get("user") is not None else None


def _user_problems(event: Mapping[str, Any]) -> Iterator[Problem]:
    user = event.get("user")
    if user is None:
        return
    if type(user) is not dict:
        yield Problem("user", "not a valid object")
        return
    for key in SEVERAL_HASHED:
        if key in user and (problem := _check_several(user[key], key)):
            yield problem
    for key in SINGLE_HASHED:
        if key in user and (problem := _check_hash(user[key], f"user.{key}")):
            yield problem


def _check_several(value: object, key: str) -> Problem | None:
    if type(value) is not list:
        return _check_hash(value, f"user.{key}")
    for index, item in enumerate(value):
        if problem := _check_hash(item, f"user.{key}.{index}"):
            return problem
    return None


def _check_hash(value: object, path: str) -> Problem | None:
    if type(value) is not str:
        return Problem(path, "not a valid string")
    if _is_sha256(value):
        return None
    return Problem(path, "not hashed with SHA-256", NOT_HASHED)


def _check_contents(event: Mapping[str, Any]) -> Problem | None:
    return next(_content_problems(event), None) if event.get("properties") is not None else None


def _content_problems(event: Mapping[str, Any]) -> Iterator[Problem]:
    properties = event.get("properties")
    if properties is None:
        return
    if type(properties) is not dict:
        yield Problem("properties", "not a valid object")
        return
    contents = properties.get("contents", ())
    if type(contents) not in (list, tuple):
        yield Problem("properties.contents", "not a valid list")
        return
    for index, content in enumerate(contents):
        if problem := _check_content(content, index):
            yield problem


def _check_content(content: object, index: int) -> Problem | None:
    path = f"properties.contents.{index}"
    if type(content) is not dict:
        return Problem(path, "not a valid object")
    if type(content.get("content_id", "")) is not str:
        return Problem(f"{path}.content_id", "not a valid string")
    return None


def _requirement(group: str, key: str) -> Callable[[Mapping[str, Any]], Problem | None]:
    missing = Problem(f"{group}.{key}", "missing data for required field")
    wrong = Problem(f"{group}.{key}", "not a valid string")

    def check(event: Mapping[str, Any]) -> Problem | None:
        holder = event.get(group)
        if type(holder) is not dict or key not in holder:
            return missing
        return None if type(holder[key]) is str and holder[key] else wrong

    return check


def _find_null(event: Mapping[str, object]) -> str | None:
    """Find a ``null`` without recursion: a body may nest deeper than Python's stack."""
    waiting = list(_children(event, ""))
    while waiting:
        path, value = waiting.pop()
        if value is None:
            return path
        waiting.extend(_children(value, f"{path}."))
    return None


def _children(value: object, prefix: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        return ((f"{prefix}{key}", inner) for key, inner in value.items())
    if isinstance(value, list):
        return ((f"{prefix}{index}", inner) for index, inner in enumerate(value))
    return iter(())


def _field(path: str) -> str:
    """Return a path without positions: a message without the index holds no other number."""
    return ".".join(part for part in path.split(".") if not part.isdigit()) or "data"
