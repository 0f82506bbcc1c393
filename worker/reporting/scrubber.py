"""Decide what may be sent to Sentry: few events, rebuilt from what is known to be harmless."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, cast

from sentry_sdk.types import Event, Hint

from worker.reporting.redaction import Failure, Frame, failures, redacted

MAX_REMEMBERED: Final = 1_024
"""How many reports a process remembers; beyond that the oldest may be repeated early."""

WITHHELD: Final = "(text withheld: it may hold personal data)"

_KEPT: Final = frozenset(
    {"event_id", "timestamp", "level", "platform", "sdk", "release", "environment"}
    | {"server_name", "transaction", "fingerprint", "modules"}
)
"""Parts of an event that the SDK takes from the program, not from the data it handles."""

_TAGS: Final = frozenset({"verdict", "code", "destination", "alert", "incident"})
_CONTEXTS: Final = frozenset({"runtime", "answer"})
_OF_TRANSACTION: Final = frozenset({"type", "start_timestamp", "transaction_info"})
_SPAN_DATA: Final = ("messaging.", "http.", "tiktok_events.")
_OUR_PACKAGES: Final = frozenset({"worker", "tasks", "schemas", "tiktok_events"})


class Limiter:
    """Lets the first of several equal reports pass, and another one after each pause.

    Args:
        silence_s: seconds between two equal reports.
        clock: returns seconds.
    """

    def __init__(self, silence_s: float, clock: Callable[[], float]) -> None:
        self._silence_s = silence_s
        self._clock = clock
        self._passed: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def allows(self, key: Hashable) -> bool:
        """Return whether this report passes; if so, its silence begins."""
        now = self._clock()
        with self._lock:
            last = self._passed.get(key)
            if last is not None and now - last < self._silence_s:
                return False
            self._passed.pop(key, None)  # keeps the order of the times
            self._passed[key] = now
            if len(self._passed) > MAX_REMEMBERED:
                del self._passed[next(iter(self._passed))]
            return True


class Scrubber:
    """The SDK's `before_send`, which rebuilds an event from what is known to be harmless.

    Args:
        limiter: drops what was reported recently.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def __call__(self, event: Event, hint: Hint) -> Event | None:
        """Return the event as it may be sent, or ``None`` if it may not."""
        exc_info = hint.get("exc_info")
        chain = failures(exc_info[1]) if exc_info and exc_info[1] else ()
        if not self._limiter.allows(_identity(event, chain)):
            return None
        return cast("Event", _clean(event, chain))


def clean_transaction(event: Event, _hint: Hint) -> Event | None:
    """Return a request's span without the SDK's additions, as its `before_send_transaction`."""
    trace: dict[str, Any] = dict((event.get("contexts") or {}).get("trace") or {})
    data: dict[str, Any] = trace.get("data") or {}
    trace["data"] = {key: value for key, value in data.items() if key.startswith(_SPAN_DATA)}
    clean = {name: value for name, value in event.items() if name in _KEPT | _OF_TRANSACTION}
    return cast("Event", clean | {"contexts": {"trace": trace}, "spans": []})


def _identity(event: Mapping[str, Any], chain: tuple[Failure, ...]) -> Hashable:
    tags = event.get("tags") or {}
    whose = (tags.get("destination"), tags.get("incident"))
    if chain:
        return (*whose, chain[0].type, chain[0].place)
    return (*whose, *event.get("fingerprint", ()))


def _clean(event: Mapping[str, Any], chain: tuple[Failure, ...]) -> dict[str, Any]:
    clean = {name: value for name, value in event.items() if name in _KEPT}
    clean["tags"] = _only(event.get("tags"), _TAGS)
    clean["contexts"] = _only(event.get("contexts"), _CONTEXTS)
    if chain:
        # Causes first, as the protocol has it.
        clean["exception"] = {"values": [_value(one) for one in reversed(chain)]}
    else:
        clean["message"] = redacted(str(event.get("message") or WITHHELD))
    return clean


def _only(given: Any, names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in (given or {}).items() if name in names}


def _value(failure: Failure) -> dict[str, Any]:
    return {
        "type": failure.kind,
        "module": failure.module,
        "value": failure.text or WITHHELD,
        "stacktrace": {"frames": [_frame(frame) for frame in failure.frames]},
    }


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "filename": frame.file,
        "lineno": frame.line,
        "function": frame.function,
        "module": frame.module,
        "in_app": frame.module.partition(".")[0] in _OUR_PACKAGES,
    }
