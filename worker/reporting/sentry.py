"""Report errors that a person should see to Sentry, without personal data.

    parked destinations     one report per verdict, code and destination and hour
    answers without sense   the same
    alerts                  one report per incident
    unexpected exceptions   one per type, place and hour, in each process
    a worker that stood still, before it ends itself

What is retried automatically is not reported: the log and the counters have it.

Source: which of the SDK's defaults carry values, and its options, docs.sentry.io/platforms/
python/configuration/options and develop.sentry.dev/sdk/foundations/client/data-collection
(read 2026-11-22).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import sentry_sdk
from sentry_sdk.consts import DEFAULT_OPTIONS
from sentry_sdk.integrations import Integration
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.utils import BadDsn

from tiktok_events.errors import InvalidSetting
from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.attempts.verdict import Answer
from worker.reporting.redaction import redacted
from worker.reporting.scrubber import Limiter, Scrubber, clean_transaction
from worker.reporting.tracing import QUEUE_PROCESS
from worker.settings import Settings

SILENCE_S: Final = 3600.0
"""Seconds in which a process does not repeat a report: an unclear API is one piece of news."""

LAST_WORDS_S: Final = 3.0
"""Seconds that a process which ends waits for its report to be sent."""

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


def init_sentry(
    settings: Settings,
    *,
    transport: Transport | type[Transport] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Report errors from now on, in this process and those it forks.

    Call it before Celery traces its tasks, in the worker's main process; the SDK's sender restarts
    in a child.

    Args:
        settings: settings with `sentry_dsn`.
        transport: used instead of HTTP.
        clock: returns seconds, for the silence between equal reports.

    Returns:
        False when there is no DSN.

    Raises:
        InvalidSetting: the DSN is invalid.
    """
    if settings.sentry_dsn is None:
        return False
    scrubber = Scrubber(Limiter(SILENCE_S, clock))
    try:
        sentry_sdk.init(
            settings.sentry_dsn,
            transport=transport,
            before_send=scrubber,
            before_send_transaction=clean_transaction,
            **sdk_options(settings.sentry_traces_sample_rate),
        )
    except BadDsn:
        raise InvalidSetting(
            f"{ENVIRONMENT_PREFIX}SENTRY_DSN must look like https://key@host/project"
        ) from None
    return True


def sdk_options(traces_sample_rate: float = 0.0) -> dict[str, Any]:
    """Return the SDK's options, set wherever a default would reveal values or cost time.

    Args:
        traces_sample_rate: share of requests to trace, from 0 to 1; tasks are not traced.
    """
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
        "traces_sampler": _sampler(traces_sample_rate) if traces_sample_rate else None,
        "auto_session_tracking": False,
        "send_client_reports": False,
        "spotlight": False,
        "release": os.environ.get("SENTRY_RELEASE") or _release(),
    }


def report_answer(destination: str, answer: Answer) -> None:
    """Report an answer that needs a person; ignore any other.

    Sentry gets one group per verdict and code, whatever the destination.
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
    """Report that an incident has begun; Sentry gets one group per alert.

    Args:
        alert: name of the alert.
        message: what has happened, without personal data.
        since: when it began, Unix seconds; it tells incidents apart.
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
    """Report that this worker stood still, and wait until the report is sent."""
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


def _sampler(rate: float) -> Callable[[Mapping[str, Any]], float]:
    """Return the sampler: a request is traced by the rate, or as the call that it continues."""

    def sample(context: Mapping[str, Any]) -> float:
        if context["transaction_context"].get("op") != QUEUE_PROCESS:
            return 0.0
        parent = context.get("parent_sampled")
        return rate if parent is None else float(parent)

    return sample


def _title(answer: Answer) -> str:
    code = "" if answer.code is None else f" {answer.code}"
    return f"{answer.verdict}{code}: {redacted(answer.message)}"


def _integrations() -> list[Integration]:
    return [
        CeleryIntegration(propagate_traces=False),
        ExcepthookIntegration(),
        AtexitIntegration(callback=lambda _pending, _timeout: None),
    ]


def _privacy() -> dict[str, Any]:
    """Return what the SDK may collect by itself: nothing, in its version's options."""
    if "data_collection" in DEFAULT_OPTIONS:
        return {"data_collection": dict(_NOTHING)}
    return {"send_default_pii": False}


def _release() -> str | None:
    try:
        return f"tiktok-events-worker@{version('tiktok-events-worker')}"
    except PackageNotFoundError:
        return None
