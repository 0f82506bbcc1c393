"""Spans of what a producer hands over: where the request that delivers it finds them.

An application that traces with OpenTelemetry, or with Sentry, sees a span for each call of `track`
and `track_many`. Its context travels in the mark of the blocks, so the worker links the request to
it. No attribute is of a person: neither an event nor its id is in a span.

Without either, or while a trace is not sampled, nothing is added to a block.

Source: names of attributes from opentelemetry-semantic-conventions 0.66b2, messaging spans, and
docs.sentry.io/platforms/python/tracing/instrumentation/custom-instrumentation/queues-module
(read 2026-12-01); the form of a context from w3.org/TR/trace-context (read 2026-12-01).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Final

from tiktok_events.event.prepare import PreparedEvent

trace: Any
try:
    from opentelemetry import trace
except ImportError:  # the extra `otel` is not installed
    trace = None

SYSTEM: Final = "redis"
"""What the messaging conventions call the server of the outbox."""

SEVERAL: Final = "*"
"""The destination of a call whose events go to several."""

UNTRACED: Final = nullcontext()

_NAME: Final = "tiktok_events"


class _Sdk:
    """Whether OpenTelemetry's SDK is set up: an application may do it after its first call.

    To ask costs a microsecond, a tenth of preparing an event, so it is asked once a second.
    """

    def __init__(self) -> None:
        self._is_set_up = False
        self._asked_at = float("-inf")
        self._provider: Any = None
        self._tracer: Any = None

    def is_set_up(self) -> bool:
        if trace is None or self._is_set_up:
            return self._is_set_up
        now = time.monotonic()
        if now - self._asked_at >= 1.0:
            self._asked_at = now
            provider = trace.get_tracer_provider()
            self._is_set_up = not isinstance(provider, trace.ProxyTracerProvider)
        return self._is_set_up

    def tracer(self) -> Any:
        """Ours; to make one takes as long as a span. A process may be given another provider."""
        provider = trace.get_tracer_provider()
        if provider is not self._provider:
            self._provider, self._tracer = provider, provider.get_tracer(_NAME)
        return self._tracer


_SDK: Final = _Sdk()


def is_traced() -> bool:
    """Whether a span would be seen by anybody: an SDK is set up, or Sentry traces this call."""
    return _SDK.is_set_up() or _sentry_span() is not None


def _sentry_span() -> Any:
    """The sampled span of Sentry in which this is called; `None` of an SDK that has others."""
    tracing = sys.modules.get("sentry_sdk.tracing")
    ask = tracing and getattr(sys.modules["sentry_sdk"], "get_current_span", None)
    span = ask() if ask else None
    return span if tracing and isinstance(span, tracing.Span) and span.sampled else None


@contextmanager
def published(events: Sequence[PreparedEvent]) -> Iterator[Sequence[PreparedEvent]]:
    """A span while events are handed over; yields them with its context, if it is sampled.

    Args:
        events: of one call, one or more.
    """
    destinations = {event.destination.key for event in events}
    destination = destinations.pop() if len(destinations) == 1 else SEVERAL
    size = sum(len(event.body) for event in events)
    attributes = {
        "messaging.system": SYSTEM,
        "messaging.operation.name": "track",
        "messaging.operation.type": "send",
        "messaging.destination.name": destination,
        "messaging.batch.message_count": len(events),
        "messaging.message.body.size": size,
    }
    name = f"track {destination.partition(':')[0]}"
    with ExitStack() as spans:
        ours = spans.enter_context(_opentelemetry(name, attributes)) if _SDK.is_set_up() else ""
        parent = _sentry_span()
        its = spans.enter_context(_sentry(parent, name, attributes)) if parent else ""
        context = f"{ours};{its}".rstrip(";")
        yield [replace(event, context=context) for event in events] if context else events


@contextmanager
def _opentelemetry(name: str, attributes: Mapping[str, Any]) -> Iterator[str]:
    with _SDK.tracer().start_as_current_span(
        name,
        kind=trace.SpanKind.PRODUCER,
        attributes=attributes,
        record_exception=False,  # nor as its status: the text of an error is for the caller
        set_status_on_exception=False,
    ) as span:
        context = span.get_span_context()
        is_sampled = context.is_valid and context.trace_flags.sampled
        try:
            yield f"00-{context.trace_id:032x}-{context.span_id:016x}-01" if is_sampled else ""
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(trace.StatusCode.ERROR)
            raise


@contextmanager
def _sentry(parent: Any, name: str, attributes: Mapping[str, Any]) -> Iterator[str]:
    """Within a span that is sampled; by what every version of its SDK has."""
    with parent.start_child(op="queue.publish") as span:
        span.description = name
        for key, value in attributes.items():
            span.set_data(key, value)
        span.set_data("messaging.message.id", span.span_id)
        yield f"00-{span.trace_id}-{span.span_id}-01"
