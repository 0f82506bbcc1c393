"""Spans of requests: to a collector by OpenTelemetry, and to Sentry's page *Queues*.

Each is set up once in a process that sends, after the fork, and only if it is asked for: the
first by the `OTEL_*` variables of the environment, the second by `SENTRY_TRACES_SAMPLE_RATE`. A
span waits in memory until it is exported; a collector that is away costs spans, no delivery.

No attribute is of a person: neither an event, nor its id, nor a URL is in a span.

Source: names of attributes from opentelemetry-semantic-conventions 0.66b2, messaging and HTTP
spans, and docs.sentry.io/platforms/python/tracing/instrumentation/custom-instrumentation/
queues-module; variables from opentelemetry.io/docs/specs/otel/configuration/
sdk-environment-variables (read 2026-12-01).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final, Protocol

import sentry_sdk

from tiktok_events.outbox.tracing import SYSTEM
from worker.attempts.verdict import Answer, Verdict

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

MOST_LINKS: Final = 128
"""How many links a span may have; an SDK's default."""

LAST_WORDS_S: Final = 2.0
"""Seconds that a process which ends waits for its spans to be exported."""

QUEUE_PROCESS: Final = "queue.process"
"""The operation that Sentry's page *Queues* looks for."""

_NAME: Final = "tiktok_events"
_SERVICE: Final = "tiktok-events-worker"
_OPERATION: Final = "deliver"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OTLP: Final = "otlp"
_HTTP: Final = "http/protobuf"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a request carries, as far as spans tell.

    Attributes:
        destination: its key.
        events: how many.
        size_bytes: of the request's body.
        contexts: of the calls that handed them over, as W3C's `traceparent`; traced ones only,
            each once, and at most `MOST_LINKS`.
        sentry_context: that of the first call that Sentry traces, in the same form.
        oldest_s: since the first of them was accepted.
        attempts: how often that one had been sent before.
    """

    destination: str
    events: int
    size_bytes: int
    contexts: Sequence[str]
    sentry_context: str | None
    oldest_s: float
    attempts: int

    @property
    def name(self) -> str:
        """Return the name of its spans; there are few names, whatever the number of pixels."""
        return f"{_OPERATION} {self.destination.partition(':')[0]}"

    def attributes(self) -> dict[str, Any]:
        """What both kinds of span say before the answer is there."""
        return {
            "messaging.system": SYSTEM,
            "messaging.operation.name": _OPERATION,
            "messaging.operation.type": "process",
            "messaging.destination.name": self.destination,
            "messaging.batch.message_count": self.events,
            "messaging.message.body.size": self.size_bytes,
        }


class Tracer(Protocol):
    """Makes a span for a request."""

    def around(self, send: Callable[[], Answer], parcel: Parcel) -> Answer:
        """Send while the span is open."""

    def close(self) -> None:
        """Export the spans that still wait."""


class Collected:
    """Spans for a collector.

    Args:
        provider: of the SDK; it is closed with this.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(_NAME, _version())

    def around(self, send: Callable[[], Answer], parcel: Parcel) -> Answer:
        """Send while the span is open, which is linked to the producers' spans."""
        from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415 — an extra

        with self._tracer.start_as_current_span(
            parcel.name,
            kind=SpanKind.CONSUMER,
            attributes=parcel.attributes(),
            links=list(map(_link, parcel.contexts)),
            record_exception=False,  # nor as its status: the text of a bug may hold a value
            set_status_on_exception=False,
        ) as span:
            answer = send()
            span.set_attributes(_answered(answer))
            if answer.verdict is not Verdict.DELIVERED:
                span.set_attribute("error.type", answer.verdict.value)
                span.set_status(Status(StatusCode.ERROR))
            return answer

    def close(self) -> None:
        """Export the spans, for at most `LAST_WORDS_S`: a collector may not answer."""
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(LAST_WORDS_S)


class Queued:
    """Spans for Sentry's page *Queues*; `init_sentry` has set the rate of samples."""

    def around(self, send: Callable[[], Answer], parcel: Parcel) -> Answer:
        """Send while a transaction is open that continues a producer's trace."""
        context = parcel.sentry_context or ""
        header = {"sentry-trace": context[3:-3] + "-1"} if context else {}
        transaction = sentry_sdk.continue_trace(
            header, op=QUEUE_PROCESS, name=parcel.name, source="task"
        )
        with sentry_sdk.start_transaction(transaction) as span:
            for key, value in parcel.attributes().items():
                span.set_data(key, value)
            span.set_data("messaging.message.id", context[36:52] or span.span_id)
            span.set_data("messaging.message.receive.latency", round(parcel.oldest_s * 1000))
            span.set_data("messaging.message.retry.count", parcel.attempts)
            answer = send()
            for key, value in _answered(answer).items():
                span.set_data(key, value)
            is_delivered = answer.verdict is Verdict.DELIVERED
            span.set_status("ok" if is_delivered else "internal_error")
            return answer

    def close(self) -> None:
        """Export the spans, for at most `LAST_WORDS_S`."""
        sentry_sdk.flush(LAST_WORDS_S)


def tracers(environment: Mapping[str, str] = os.environ) -> list[Tracer]:
    """What this process is to trace with; empty when nothing is asked for."""
    found: list[Tracer] = []
    if wants_opentelemetry(environment) and not _refused(environment):
        with suppress(ImportError, ValueError):  # `why_untraced` says it
            found.append(Collected(_provider()))
    if sentry_sdk.get_client().options.get("traces_sampler"):
        found.append(Queued())
    return found


def wants_opentelemetry(environment: Mapping[str, str]) -> bool:
    """Return whether the environment names a collector, and does not turn tracing off."""
    off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    return not off and exporter != "none" and any(environment.get(name) for name in _ENDPOINTS)


def why_untraced(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return why requests have no spans although a collector is named; `None` if they have.

    The SDK believes the variables of its own process, and refuses some of their values.
    """
    if not wants_opentelemetry(environment):
        return None
    if said := _refused(environment):
        return said
    try:
        _provider().shutdown()
    except ImportError:
        return "OpenTelemetry is not installed: requirements/otel.txt"
    except ValueError as error:
        return str(error)
    return None


def _refused(environment: Mapping[str, str]) -> str | None:
    """Return what the variables want that is missing: spans are only sent by OTLP over HTTP."""
    if (environment.get("OTEL_TRACES_EXPORTER") or _OTLP).strip().lower() != _OTLP:
        return f"OTEL_TRACES_EXPORTER must be {_OTLP} or none"
    protocols = (environment.get(name, "").strip() for name in _PROTOCOLS)
    if next(filter(None, protocols), _HTTP) != _HTTP:
        return f"{_PROTOCOLS[1]} must be {_HTTP} (port 4318 of most collectors)"
    endpoints = (environment.get(name, "").strip() for name in _ENDPOINTS)
    if not next(filter(None, endpoints), "").startswith(("http://", "https://")):
        return f"{_ENDPOINTS[1]} must begin with http:// or https://"
    return None


def _provider() -> TracerProvider:
    """Return the SDK's provider, set up by its own variables.

    Raises:
        ImportError: it is not installed.
        ValueError: a variable has a value that it refuses.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 — extra
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    named = "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    service = {} if named or os.environ.get("OTEL_SERVICE_NAME") else {"service.name": _SERVICE}
    resource = Resource.create({**service, "service.version": _version()})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _version() -> str:
    try:
        return version(_SERVICE)
    except PackageNotFoundError:  # it runs from its checkout
        return ""


def _link(context: str) -> Any:
    from opentelemetry.trace import Link, SpanContext, TraceFlags  # noqa: PLC0415 — an extra

    _, trace_id, span_id, flags = context.split("-")
    return Link(
        SpanContext(
            int(trace_id, 16),
            int(span_id, 16),
            is_remote=True,
            trace_flags=TraceFlags(int(flags, 16)),
        )
    )


def _answered(answer: Answer) -> dict[str, Any]:
    known = {
        "http.request.method": "POST",
        "http.response.status_code": answer.http_status,
        "tiktok_events.verdict": answer.verdict.value,
        "tiktok_events.code": answer.code,
        "tiktok_events.request_id": answer.request_id,
    }
    return {key: value for key, value in known.items() if value is not None}
