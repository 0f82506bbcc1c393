"""The spans of `track` and its like, and what of them travels with the events."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import ANY

import pytest
import sentry_sdk
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from redis import Redis

from tests.builders.canaries import EMAIL
from tests.builders.sentry import DSN, Collector
from tests.builders.stores import keys
from tiktok_events import AsyncClient, Client, OutboxUnavailable
from tiktok_events.outbox import tracing
from worker.outbox.claim import ClaimedBlock

PIXEL = "C0TRACED"
EVENT: Any = {
    "event": "Lead",
    "event_id": "order-1042",
    "user": {"email": EMAIL},
    "page": {"url": "https://shop.example/?email=jo"},
}


def set_up(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set OpenTelemetry up for one test; an application can do it once."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    monkeypatch.setattr(tracing, "_SDK", tracing._Sdk())


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What an application's OpenTelemetry exports; each test has a provider of its own."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    set_up(provider, monkeypatch)
    return exporter


@pytest.fixture
def sentry() -> Iterator[Collector]:
    """Sentry as an application sets it up, with every trace sampled."""
    collector = Collector()
    sentry_sdk.init(
        DSN, transport=collector, traces_sample_rate=1.0, default_integrations=False,
        auto_enabling_integrations=False,
    )  # fmt: skip
    yield collector
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    """Of a shop."""
    with Client(redis_url, event_source_id=PIXEL) as one:
        yield one


def contexts(redis: Redis) -> list[tuple[str | None, str | None]]:
    """What a worker believes of the blocks' marks: OpenTelemetry's context, and Sentry's."""
    entries: Any = redis.xrange(keys.outbox(f"web:{PIXEL}"))
    blocks = [ClaimedBlock("1-1", 1, 1, b"", b"", fields[b"c"]) for _, fields in entries]
    return [(block.context, block.sentry_context) for block in blocks]


def parent_of(span: Any) -> str:
    """The `traceparent` that leads to a span."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def test_a_call_is_a_span_that_its_event_leads_to(
    client: Client, redis: Redis, spans: InMemorySpanExporter
) -> None:
    """A producer's span by the conventions, and nothing of the event."""
    client.track(EVENT)
    (span,) = spans.get_finished_spans()
    assert (span.name, span.kind) == ("track web", trace.SpanKind.PRODUCER)
    assert dict(span.attributes or {}) == {
        "messaging.system": "redis",
        "messaging.operation.name": "track",
        "messaging.operation.type": "send",
        "messaging.destination.name": f"web:{PIXEL}",
        "messaging.batch.message_count": 1,
        "messaging.message.body.size": ANY,
    }
    assert contexts(redis) == [(parent_of(span), None)]


def test_a_span_stands_within_that_of_the_caller(
    client: Client, spans: InMemorySpanExporter
) -> None:
    """A request's trace shows what it handed over."""
    with trace.get_tracer("shop").start_as_current_span("checkout"):
        client.track(EVENT)
    tracked, checkout = spans.get_finished_spans()
    assert tracked.parent is not None
    assert parent_of(checkout).split("-")[2] == f"{tracked.parent.span_id:016x}"


def test_many_events_have_one_context_in_each_block(
    client: Client, redis: Redis, spans: InMemorySpanExporter
) -> None:
    """Not one an event."""
    client.track_many(EVENT | {"event_id": str(number)} for number in range(250))
    (span,) = spans.get_finished_spans()
    assert (span.attributes or {})["messaging.batch.message_count"] == 250
    assert contexts(redis) == [(parent_of(span), None)] * 3


async def _track(url: str) -> None:
    async with AsyncClient(url, event_source_id=PIXEL) as client:
        await client.track(EVENT)
        await client.track_many([EVENT, EVENT])


def test_the_asynchronous_client_has_the_same_spans(
    redis: Redis, redis_url: str, spans: InMemorySpanExporter
) -> None:
    """In whatever loop."""
    import asyncio  # noqa: PLC0415 — because nothing else here needs it

    asyncio.run(_track(redis_url))
    one, many = spans.get_finished_spans()
    assert contexts(redis) == [(parent_of(one), None), (parent_of(many), None)]


def test_calls_at_once_keep_their_own_contexts(
    client: Client, redis: Redis, spans: InMemorySpanExporter
) -> None:
    """They share round trips, and no block."""
    threads = [threading.Thread(target=client.track, args=(EVENT,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [str(ours) for ours, _ in contexts(redis)]
    assert sorted(found) == sorted(map(parent_of, spans.get_finished_spans()))


@pytest.mark.usefixtures("spans")
def test_processes_that_were_forked_have_contexts_of_their_own(
    client: Client, redis: Redis
) -> None:
    """The provider and the client are those of before the fork."""
    client.track(EVENT)
    for _ in range(2):
        if (child := os.fork()) == 0:
            try:
                client.track(EVENT)
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    found = [ours for ours, _ in contexts(redis)]
    assert len(found) == len({*found} - {None}) == 3


def test_a_provider_that_takes_the_place_of_another_is_used(
    client: Client, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some servers make one in each process, over that of before the fork."""
    client.track(EVENT)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", TracerProvider(sampler=ALWAYS_OFF))
    client.track(EVENT)
    assert len(spans.get_finished_spans()) == 1


def test_what_is_not_sampled_leaves_no_trace(
    client: Client, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block is then as it is without tracing."""
    set_up(TracerProvider(sampler=ALWAYS_OFF), monkeypatch)
    client.track(EVENT)
    entries: Any = redis.xrange(keys.outbox(f"web:{PIXEL}"))
    assert [fields[b"c"] for _, fields in entries] == [b"1"]


def test_a_delayed_event_has_a_span_and_begins_a_new_trace_later(
    client: Client, redis: Redis, spans: InMemorySpanExporter
) -> None:
    """It is stored as it is without tracing."""
    client.track(EVENT, delay=60)
    (span,) = spans.get_finished_spans()
    stored: Any = redis.hvals(keys.delayed_events)
    assert parent_of(span).split("-")[1].encode() not in b"".join(stored)


def test_a_failed_call_tells_the_kind_of_its_error(spans: InMemorySpanExporter) -> None:
    """Not its text, which is for the caller."""
    away = Client("redis://127.0.0.1:1/0", event_source_id=PIXEL)
    with away as client, pytest.raises(OutboxUnavailable):
        client.track(EVENT)
    (span,) = spans.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "NotAppended"
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, None)
    assert not span.events


def test_sentry_sees_what_is_published(client: Client, redis: Redis, sentry: Collector) -> None:
    """Its Queues: a span within the application's transaction, and the trace goes on with it."""
    with sentry_sdk.start_transaction(op="http.server", name="checkout"):
        client.track(EVENT)
    (span,) = sentry.event()["spans"]
    assert (span["op"], span["description"]) == ("queue.publish", "track web")
    assert span["data"]["messaging.destination.name"] == f"web:{PIXEL}"
    assert span["data"]["messaging.message.body.size"] > 100
    assert contexts(redis) == [(None, f"00-{span['trace_id']}-{span['span_id']}-01")]
    assert sentry.leaks() == []


def test_outside_of_a_transaction_sentry_sees_nothing(
    client: Client, redis: Redis, sentry: Collector
) -> None:
    """The application decides what is traced."""
    client.track(EVENT)
    assert (sentry.events(), contexts(redis)) == ([], [(None, None)])


def test_both_see_a_call_and_each_has_its_own_context(
    client: Client, redis: Redis, spans: InMemorySpanExporter, sentry: Collector
) -> None:
    """An application may use the one for operations, and the other for errors."""
    with sentry_sdk.start_transaction(op="http.server", name="checkout"):
        client.track(EVENT)
    (ours,) = spans.get_finished_spans()
    (its,) = sentry.event()["spans"]
    assert contexts(redis) == [(parent_of(ours), f"00-{its['trace_id']}-{its['span_id']}-01")]


@pytest.mark.parametrize("missing", ["get_current_span", "Span"])
def test_an_sdk_of_sentry_that_is_not_known_is_left_alone(
    client: Client, redis: Redis, sentry: Collector, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Old ones cannot be asked, and newer ones may have other spans; no call fails for that."""
    if missing == "Span":
        monkeypatch.setattr("sentry_sdk.tracing.Span", type("Span", (), {}))
    else:
        monkeypatch.delattr(sentry_sdk, missing)
    with sentry_sdk.start_transaction(op="http.server", name="checkout"):
        client.track(EVENT)
    assert contexts(redis) == [(None, None)]
