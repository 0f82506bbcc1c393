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
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol

import sentry_sdk

from tiktok_events.outbox.tracing import SYSTEM
from worker.attempts.verdict import Answer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

MOST_LINKS: Final = 128
"""Of one span; what an SDK takes by default."""

LAST_WORDS_S: Final = 2.0
"""A process that ends waits so long for its spans to leave."""

QUEUE_PROCESS: Final = "queue.process"
"""What Sentry's page *Queues* looks for."""

_NAME: Final = "tiktok_events"
_SERVICE: Final = "tiktok-events-worker"
_OPERATION: Final = "deliver"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a request carries, as far as a span tells.

    Attributes:
        destination: its key.
        events: how many.
        size_bytes: of the request's body.
        contexts: of the calls that handed them over, as W3C's `traceparent`; traced ones only.
        oldest_s: since the first of them was accepted.
        attempts: how often that one had been sent before.
    """

    destination: str
    events: int
    size_bytes: int
    contexts: Sequence[str]
    oldest_s: float
    attempts: int

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
    """Makes a span of a request."""

    def around(self, send: Callable[[], Answer], parcel: Parcel) -> Answer:
        """Send while the span is open."""

    def close(self) -> None:
        """Let the spans leave that still wait."""


class Collected:
    """Spans for a collector.

    Args:
        provider: of the SDK; it is closed with this.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(_NAME, version(_SERVICE))

    def around(self, send: Callable[[], Answer], parcel: Parcel) -> Answer:
        """Send while the span is open, which is linked to those of the producers."""
        from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415 — an extra

        links = [link for link in map(_link, parcel.contexts[:MOST_LINKS]) if link is not None]
        name = f"{_OPERATION} {parcel.destination}"
        with self._tracer.start_as_current_span(
            name, kind=SpanKind.CONSUMER, attributes=parcel.attributes(), links=links
        ) as span:
            answer = send()
            span.set_attributes(_answered(answer))
            if not answer.verdict.leads_to.healthy:
                span.set_attribute("error.type", answer.verdict.value)
                span.set_status(Status(StatusCode.ERROR))
            return answer

    def close(self) -> None:
        """Let the spans leave, for at most `LAST_WORDS_S`: a collector may be mute."""
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(LAST_WORDS_S)


class Queued:
    """Spans for Sentry's page *Queues*; `init_sentry` has set the rate of samples."""

    def around(self, send: Callable[[], Answer], parcel: Parcel) -> Answer:
        """Send while a transaction is open, which continues the trace of a producer."""
        context = parcel.contexts[0] if parcel.contexts else ""
        header = {"sentry-trace": context[3:-3] + "-1"} if context else {}
        transaction = sentry_sdk.continue_trace(
            header, op=QUEUE_PROCESS, name=f"{_OPERATION} {parcel.destination}"
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
            span.set_status("ok" if answer.verdict.leads_to.healthy else "internal_error")
            return answer

    def close(self) -> None:
        """The SDK's own sender is flushed elsewhere."""


def tracers(environment: Mapping[str, str] = os.environ) -> list[Tracer]:
    """What this process is to trace with; empty when nothing is asked for."""
    found: list[Tracer] = []
    if wants_opentelemetry(environment) and (provider := _provider()) is not None:
        found.append(Collected(provider))
    if sentry_sdk.get_client().options.get("traces_sampler"):
        found.append(Queued())
    return found


def wants_opentelemetry(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a collector, and does not turn tracing off."""
    off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    return not off and exporter != "none" and any(environment.get(name) for name in _ENDPOINTS)


def _provider() -> TracerProvider | None:
    """The SDK, as its own variables say; `None` where it is not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 — extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        return None
    named = "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    service = {} if named or os.environ.get("OTEL_SERVICE_NAME") else {"service.name": _SERVICE}
    resource = Resource.create({**service, "service.version": version(_SERVICE)})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _link(context: str) -> Any:
    from opentelemetry.trace import Link, SpanContext, TraceFlags  # noqa: PLC0415 — an extra

    _, trace_id, span_id, flags = context.split("-")
    span = SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )
    return Link(span) if span.is_valid else None


def _answered(answer: Answer) -> dict[str, Any]:
    known = {
        "http.request.method": "POST",
        "http.response.status_code": answer.http_status,
        "tiktok_events.verdict": answer.verdict.value,
        "tiktok_events.code": answer.code,
        "tiktok_events.request_id": answer.request_id,
    }
    return {key: value for key, value in known.items() if value is not None}
