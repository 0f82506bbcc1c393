"""Errors that a person should see, reported to Sentry without personal data.

    parked destinations     one report per verdict, code and destination and hour
    answers without sense   the same
    alerts                  one report per incident
    unexpected exceptions   one per type, place and hour, in each process
    a worker that stood still, before it ends itself

What is retried by itself is not reported: the log and the counters have it.

Source: which of the SDK's defaults carry values, and its options, docs.sentry.io/platforms/
python/configuration/options and develop.sentry.dev/sdk/foundations/client/data-collection
(read 2026-11-22).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, cast

import sentry_sdk
from sentry_sdk.consts import DEFAULT_OPTIONS
from sentry_sdk.integrations import Integration
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import BadDsn

from tiktok_events.errors import InvalidSetting
from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.attempts.verdict import Answer
from worker.reporting.redaction import Failure, Frame, failures, redacted
from worker.settings import Settings

SILENCE_S: Final = 3600.0
"""The same report is not repeated for so long by one process: an API that stays unclear is one
piece of news."""

LAST_WORDS_S: Final = 3.0
"""A process that ends waits so long for its report to leave."""

MAX_REMEMBERED: Final = 1_024
"""Reports remembered by a process; beyond that the oldest may be repeated early."""

WITHHELD: Final = "(text withheld: it may hold personal data)"

_OFF: Final[Mapping[str, str]] = {"mode": "off"}
_NOTHING: Final[Mapping[str, Any]] = {
    "user_info": False,
    "cookies": _OFF,
    "http_headers": {"request": _OFF},
    "http_bodies": [],
    "url_query_params": _OFF,
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,  # arguments of tasks; on as soon as `data_collection` is given
    "stack_frame_variables": False,
    "frame_context_lines": 0,
}

_KEPT: Final = frozenset(
    {"event_id", "timestamp", "level", "platform", "sdk", "release", "environment"}
    | {"server_name", "transaction", "fingerprint", "modules"}
)
"""Parts of an event that the SDK fills from the program, not from what it handles."""

_TAGS: Final = frozenset({"verdict", "code", "destination", "alert", "incident"})
_CONTEXTS: Final = frozenset({"runtime", "answer"})
_OUR_PACKAGES: Final = frozenset({"worker", "tasks", "schemas", "tiktok_events"})


def init_sentry(
    settings: Settings,
    *,
    transport: Transport | type[Transport] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Report errors from now on, in this process and those it forks.

    To be called before Celery traces its tasks, in the worker's main process; the SDK's
    sender starts itself again in a child.

    Args:
        settings: for `sentry_dsn`.
        transport: instead of HTTP.
        clock: seconds, for the silence between equal reports.

    Returns:
        False when there is no DSN.

    Raises:
        InvalidSetting: the DSN is none.
    """
    if settings.sentry_dsn is None:
        return False
    scrubber = Scrubber(Limiter(SILENCE_S, clock))
    try:
        sentry_sdk.init(
            settings.sentry_dsn, transport=transport, before_send=scrubber, **sdk_options()
        )
    except BadDsn:
        raise InvalidSetting(
            f"{ENVIRONMENT_PREFIX}SENTRY_DSN must look like https://key@host/project"
        ) from None
    return True


def sdk_options() -> dict[str, Any]:
    """The SDK's options, each where its default would carry values or cost time."""
    return {
        **_privacy(),
        # A list of our own: others read command lines, queries and log lines. Without the
        # logging integration an error that is logged and reported is reported once.
        "default_integrations": False,
        "auto_enabling_integrations": False,
        "integrations": _integrations(),
        "include_local_variables": False,
        "include_source_context": False,
        "max_breadcrumbs": 0,
        "max_request_body_size": "never",
        "traces_sample_rate": None,
        "auto_session_tracking": False,
        "send_client_reports": False,
        "spotlight": False,
        "release": os.environ.get("SENTRY_RELEASE") or _release(),
    }


def report_answer(destination: str, answer: Answer) -> None:
    """Report an answer that needs a person; any other is left out.

    One group in Sentry per verdict and code, whatever the destination.
    """
    if not answer.verdict.leads_to.reported or not sentry_sdk.is_initialized():
        return
    sentry_sdk.capture_event(
        {
            "level": "error",
            "message": _title(answer),
            "fingerprint": ["tiktok-events", answer.verdict.value, str(answer.code)],
            "tags": {
                "verdict": answer.verdict.value,
                "code": str(answer.code),
                "destination": destination,
            },
            "contexts": {
                "answer": {"request_id": answer.request_id, "http_status": answer.http_status}
            },
        }
    )


def report_alert(alert: str, message: str, since: float) -> None:
    """Report that an incident has begun; every one, and one group in Sentry per alert.

    Args:
        alert: its name.
        message: what has happened, without personal data.
        since: Unix seconds; tells incidents apart.
    """
    if not sentry_sdk.is_initialized():
        return
    sentry_sdk.capture_event(
        {
            "level": "error",
            "message": message,
            "fingerprint": ["tiktok-events", "alert", alert],
            "tags": {"alert": alert, "incident": f"{since:.3f}"},
        }
    )


def report_failure(destination: str, error: BaseException) -> None:
    """Report an exception that ended a delivery and should not have happened."""
    with sentry_sdk.new_scope() as scope:
        scope.set_tag("destination", destination)
        scope.capture_exception(error)


def report_stall() -> None:
    """Report that this worker stood still, and wait until the report has left."""
    if not sentry_sdk.is_initialized():
        return
    sentry_sdk.capture_event(
        {
            "level": "error",
            "message": "a worker stood still while its queue aged, and was ended",
            "fingerprint": ["tiktok-events", "stalled"],
        }
    )
    sentry_sdk.flush(LAST_WORDS_S)


def _title(answer: Answer) -> str:
    code = "" if answer.code is None else f" {answer.code}"
    return f"{answer.verdict}{code}: {redacted(answer.message)}"


class Limiter:
    """Lets the first of equal things pass, and one more after each silence.

    Args:
        silence_s: seconds between two of them.
        clock: seconds.
    """

    def __init__(self, silence_s: float, clock: Callable[[], float]) -> None:
        self._silence_s = silence_s
        self._clock = clock
        self._passed: dict[Hashable, float] = {}
        self._lock = threading.Lock()

    def allows(self, key: Hashable) -> bool:
        """Whether this one passes; if so, its silence begins."""
        now = self._clock()
        with self._lock:
            last = self._passed.get(key)
            if last is not None and now - last < self._silence_s:
                return False
            self._passed.pop(key, None)  # so that the order is that of the times
            self._passed[key] = now
            if len(self._passed) > MAX_REMEMBERED:
                del self._passed[next(iter(self._passed))]
            return True


class Scrubber:
    """The SDK's `before_send`: an event made anew from what is known to be harmless.

    Args:
        limiter: drops what was reported lately.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def __call__(self, event: Event, hint: Hint) -> Event | None:
        """The event as it may be sent; ``None`` when it may not."""
        exc_info = hint.get("exc_info")
        chain = failures(exc_info[1]) if exc_info and exc_info[1] else ()
        if not self._limiter.allows(_identity(event, chain)):
            return None
        return cast("Event", _clean(event, chain))


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


def _integrations() -> list[Integration]:
    return [
        CeleryIntegration(propagate_traces=False),
        ExcepthookIntegration(),
        AtexitIntegration(callback=lambda _pending, _timeout: None),
    ]


def _privacy() -> dict[str, Any]:
    """What the SDK itself collects: nothing, in the words of its version."""
    if "data_collection" in DEFAULT_OPTIONS:
        return {"data_collection": dict(_NOTHING)}
    return {"send_default_pii": False}


def _release() -> str | None:
    try:
        return f"tiktok-events-worker@{version('tiktok-events-worker')}"
    except PackageNotFoundError:
        return None
